"""Tracks of faces: never two people in one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.face import Box, Face
from edge.tracking.tracker import TrackId, TrackingLimits, Tracks, TrackUpdate, assign, nearest

MS = 1_000_000
PLACES = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.4, 0.8), (0.6, 0.8))


def face(x: float, y: float = 100.0, size: float = 60.0, seq: int = 1) -> Face:
    landmarks = np.array([[x + size * u, y + size * v] for u, v in PLACES], np.float32)
    return Face(frame_seq=seq, box=Box(x, y, size, size), landmarks=landmarks, score=0.9)


def play(*frames: list[Face], step_ms: int = 50, limits: TrackingLimits | None = None) -> list[TrackUpdate]:
    tracks, updates = Tracks(limits=limits or TrackingLimits()), []
    for index, faces in enumerate(frames):
        updates.append(tracks.update(faces, index * step_ms * MS))
        tracks = updates[-1].tracks
    return updates


def ids(update: TrackUpdate) -> list[int]:
    return [track.track_id for track in update.tracks.live]


def test_a_walking_face_keeps_its_track() -> None:
    updates = play(*[[face(100 + 15 * i, seq=i)] for i in range(20)])
    assert all(ids(update) == [1] for update in updates)
    assert updates[-1].tracks.live[0].frames == 20
    assert updates[-1].tracks.live[0].face.frame_seq == 19


def test_a_track_survives_missed_frames_but_not_long_ones() -> None:
    limits = TrackingLimits(longest_gap_ns=100 * MS)
    updates = play([face(100)], [], [face(102)], [], [], [], [face(102)], limits=limits)
    assert [ids(update) for update in updates] == [[1], [1], [1], [1], [1], [], [2]]
    assert not updates[1].tracks.live[0].is_visible
    assert [track.track_id for track in updates[5].ended] == [1]
    assert updates[5].unsure == ()


def test_a_face_in_the_same_place_after_a_break_of_the_feed_is_somebody_new() -> None:
    tracks = Tracks().update([face(100)], 0).tracks
    later = tracks.update([face(100)], 2_000 * MS)
    assert ids(later) == [2]
    assert [track.track_id for track in later.ended] == [1]


def test_a_slow_machine_keeps_its_tracks() -> None:
    updates = play(*[[face(100 + 5 * i)] for i in range(5)], step_ms=700)
    assert all(ids(update) == [1] for update in updates)


def test_a_jump_is_somebody_else() -> None:
    updates = play([face(100)], [face(400)])
    assert [track.track_id for track in updates[1].started] == [2]


def test_two_people_who_pass_each_other_apart_keep_their_tracks() -> None:
    updates = play(*[[face(100 + 20 * i, y=50), face(500 - 20 * i, y=200)] for i in range(20)])
    last = {track.track_id: track.face.box.x for track in updates[-1].tracks.live}
    assert last == {1: 480, 2: 120}


def test_two_people_who_cross_within_reach_of_each_other_never_swap() -> None:
    paths = [[face(100 + 9 * i, seq=0), face(300 - 9 * i, seq=1)] for i in range(23)]
    owners: dict[int, set[int]] = {}
    for update in play(*paths):
        for track in update.tracks.live:
            owners.setdefault(track.track_id, set()).add(track.face.frame_seq)
    assert all(len(people) == 1 for people in owners.values())


@given(st.integers(1, 60), st.integers(1, 60), st.integers(200, 700), st.integers(0, 60))
@settings(deadline=None, max_examples=200)
def test_two_people_who_change_places_at_any_speed_never_share_a_judged_track(
    left_px: int, right_px: int, apart_px: int, drop_px: int
) -> None:
    frames = [
        [face(100 + left_px * i, seq=0), face(100 + apart_px - right_px * i, 100 + drop_px, seq=1)] for i in range(40)
    ]
    owners: dict[int, set[int]] = {}
    for update in play(*frames, step_ms=33):
        for track in update.tracks.live:
            if not track.is_doubtful:
                owners.setdefault(track.track_id, set()).add(track.face.frame_seq)
    assert all(len(people) == 1 for people in owners.values())


def test_who_stands_where_another_went_is_not_taken_for_that_one() -> None:
    paths = [[face(100 + 45 * i), face(700 - 45 * i)] for i in range(8)]
    updates = play(*paths, step_ms=33)
    assert ids(updates[-2]) == [1, 2]
    assert sorted(track.track_id for track in updates[-1].unsure) == [1, 2]


def test_after_doubt_a_face_is_judged_only_when_it_was_followed_without() -> None:
    doubt = [face(100), face(140)], [face(120), face(400)]
    apart, together = [face(120), face(400)], [face(120), face(150)]
    assert nearest(play(*doubt)[-1].tracks) is None
    assert nearest(play(*doubt, apart)[-1].tracks) is not None
    assert nearest(play(*doubt, together, together)[-1].tracks) is None


def test_a_fast_walker_is_followed_at_a_cameras_pace() -> None:
    updates = play(*[[face(100 + 80 * i)] for i in range(8)], step_ms=54)
    assert all(ids(update) == [1] for update in updates)


@pytest.mark.parametrize("gap_ms", [200, 400])
def test_across_a_gap_a_face_must_be_near_where_one_was(gap_ms: int) -> None:
    tracks = Tracks().update([face(100)], 0).tracks
    assert ids(tracks.update([face(100 + 2 * 60)], gap_ms * MS)) == [1, 2]


def test_a_face_that_was_looked_for_in_vain_must_be_near_where_it_was() -> None:
    tracks = Tracks().update([face(100)], 0).tracks
    assert ids(tracks.update([face(100 + 120)], 100 * MS)) == [1]
    assert ids(tracks.update([], 50 * MS).tracks.update([face(100 + 120)], 100 * MS)) == [1, 2]


def test_a_camera_whose_clock_steps_back_starts_nothing_new() -> None:
    tracks = Tracks().update([face(100)], 50 * MS).tracks
    assert ids(tracks.update([face(102)], 20 * MS)) == [1]


def test_one_face_between_two_tracks_ends_both() -> None:
    update = play([face(100), face(140)], [face(120)])[-1]
    assert sorted(track.track_id for track in update.unsure) == [1, 2]
    assert sorted(track.track_id for track in update.ended) == [1, 2]
    assert ids(update) == [3]


def test_one_track_between_two_faces_ends() -> None:
    update = play([face(120)], [face(100), face(140)])[-1]
    assert [track.track_id for track in update.unsure] == [1]
    assert ids(update) == [2, 3]


def test_a_clear_pair_frees_its_neighbor() -> None:
    scores = np.array([[0.55, 0.5], [0.0, 1.0]])
    assert assign(scores, TrackingLimits()) == ({0: 0, 1: 1}, set())


def test_twenty_faces_are_followed() -> None:
    def crowd(shift: int) -> list[Face]:
        return [face(20 + 120 * (i % 5) + shift, 20 + 110 * (i // 5)) for i in range(20)]

    updates = play(*[crowd(4 * i) for i in range(10)])
    assert all(ids(update) == list(range(1, 21)) for update in updates)


def test_no_faces_ever() -> None:
    update = play([], [])[-1]
    assert update.tracks.live == ()
    assert nearest(update.tracks) is None


def test_cleared_tracks_never_give_an_id_again() -> None:
    cleared = play([face(10), face(200)])[-1].tracks.cleared()
    assert cleared.live == ()
    assert [track.track_id for track in cleared.update([face(10)], 0).started] == [3]


faces = st.builds(face, st.integers(0, 300), st.integers(0, 200), st.integers(20, 120))
scenes = st.lists(st.lists(faces, max_size=5), min_size=1, max_size=8)


@settings(deadline=None)
@given(scenes)
def test_ids_are_unique_and_ended_tracks_never_return(frames: list[list[Face]]) -> None:
    updates = play(*frames)
    started = [track.track_id for update in updates for track in update.started]
    assert started == list(range(1, len(started) + 1))
    gone: set[TrackId] = set()
    for update in updates:
        assert len(set(ids(update))) == len(ids(update))
        gone |= {track.track_id for track in update.ended}
        assert not gone & {track.track_id for track in update.tracks.live}
        assert {t.track_id for t in update.unsure} <= {t.track_id for t in update.ended}


@settings(deadline=None)
@given(scenes)
def test_every_face_is_in_exactly_one_track(frames: list[list[Face]]) -> None:
    for update, seen in zip(play(*frames), frames, strict=True):
        held = [id(track.face) for track in update.tracks.live if track.is_visible]
        assert sorted(held) == sorted(id(one) for one in seen)


@settings(deadline=None)
@given(scenes, st.randoms(use_true_random=False))
def test_the_order_of_faces_does_not_matter(frames: list[list[Face]], random: object) -> None:
    shuffled = [sorted(seen, key=lambda _: random.random()) for seen in frames]  # type: ignore[attr-defined]

    def story(update: TrackUpdate) -> list[tuple[float, ...]]:
        return [(t.track_id, t.face.box.x, t.face.box.y, t.face.box.width, t.frames) for t in update.tracks.live]

    assert [story(update) for update in play(*frames)] == [story(update) for update in play(*shuffled)]


@given(
    st.integers(0, 6).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, 20), min_size=n, max_size=n), min_size=1, max_size=6)
    )
)
def test_assignments_are_clear_and_one_to_one(rows: list[list[int]]) -> None:
    scores, limits = np.array(rows, float) / 20, TrackingLimits()
    scores = scores.reshape(len(rows), -1)
    matches, unsure = assign(scores.copy(), limits)
    assert len(set(matches.values())) == len(matches)
    assert not unsure & set(matches)
    assert all(scores[track, one] >= limits.least_likeness for track, one in matches.items())
    for (a, fa), (b, fb) in pairwise(matches.items()):
        kept, swapped = scores[a, fa] + scores[b, fb], scores[a, fb] + scores[b, fa]
        assert kept > swapped


def test_the_largest_face_is_judged() -> None:
    tracks = play([face(10, size=40), face(200, size=80), face(400, size=60)])[-1].tracks
    track = nearest(tracks)
    assert track is not None
    assert track.face.box.width == 80


def test_the_choice_does_not_flicker_between_equal_faces() -> None:
    updates = play(*[[face(100, size=80 + i % 2), face(300, size=80 + (i + 1) % 2)] for i in range(10)])
    current: TrackId | None = None
    chosen = set()
    for update in updates:
        track = nearest(update.tracks, current)
        assert track is not None
        current = track.track_id
        chosen.add(current)
    assert len(chosen) == 1


def test_a_clearly_nearer_face_takes_over() -> None:
    tracks = play([face(100, size=60), face(300, size=80)])[-1].tracks
    smaller = next(track.track_id for track in tracks.live if track.face.box.width == 60)
    track = nearest(tracks, smaller)
    assert track is not None
    assert track.track_id != smaller


def test_the_current_face_is_held_while_it_is_missed() -> None:
    tracks = play([face(100, size=80), face(300, size=78)], [face(300, size=78)])[-1].tracks
    held = nearest(tracks, TrackId(1))
    assert held is not None
    assert held.track_id == 1
    assert not held.is_visible


def test_when_the_current_face_has_ended_the_next_is_chosen() -> None:
    tracks = play([face(300, size=78)])[-1].tracks
    track = nearest(tracks, TrackId(99))
    assert track is not None
    assert track.track_id == 1


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_is_assigned_to_nothing(shape: tuple[int, int]) -> None:
    assert assign(np.zeros(shape), TrackingLimits()) == ({}, set())

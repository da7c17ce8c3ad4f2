"""Tracks of faces over frames, and the one face that is judged. Pure: values in, values out.

A track must never pass from one person to another. So a face goes to a track only when no other pairing of either
comes near; where two pairings do, every track concerned ends and the faces start new ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NewType

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.tracking.likeness import likeness

TrackId = NewType("TrackId", int)
"""Counts up by one per track; never used again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingLimits:
    """When a face continues a track.

    Attributes:
        least_likeness: least likeness in place and size, 0..1, of a face to a track's last one.
        least_margin: how much better that must be than any other pairing of the track or of the face.
        longest_gap_ns: how long a track lives while frames come in which its face is not found.
        longest_break_ns: how long it lives from one frame to the next; a slow machine needs some time for a frame.
        nearest_lead: how many times larger another face must be to be judged instead of the current one.
    """

    least_likeness: float = 0.3
    least_margin: float = 0.15
    longest_gap_ns: int = 400_000_000
    longest_break_ns: int = 1_000_000_000
    nearest_lead: float = 1.25


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """One face over time.

    Attributes:
        track_id: its identity.
        face: where it was found last.
        started_ns: monotonic time of its first frame.
        seen_ns: monotonic time of the last frame in which it was found.
        frames: in how many frames it was found.
        is_visible: whether it was found in the latest frame.
        pace_px_ns: how its middle moved from the last but one frame to the last, (x, y) pixels a nanosecond.
        is_doubtful: whether it began as other tracks ended because nobody could tell whose face was whose. It is not
            judged until it was followed once without doubt.
    """

    track_id: TrackId
    face: Face
    started_ns: int
    seen_ns: int
    frames: int = 1
    is_visible: bool = True
    pace_px_ns: tuple[float, float] = (0.0, 0.0)
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackUpdate:
    """What a frame changed.

    Attributes:
        tracks: the tracks after this frame.
        started: tracks that began with it.
        ended: tracks that ended with it, as they were last.
        unsure: those of ``ended`` that ended because it was not certain which face is theirs.
    """

    tracks: "Tracks"
    started: tuple[Track, ...]
    ended: tuple[Track, ...]
    unsure: tuple[Track, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracks:
    """All living tracks.

    Attributes:
        limits: when a face continues a track.
        live: living tracks, oldest first.
        next_id: id of the next track.
    """

    limits: TrackingLimits = field(default_factory=TrackingLimits)
    live: tuple[Track, ...] = ()
    next_id: TrackId = TrackId(1)

    def update(self, faces: Sequence[Face], now_ns: int) -> TrackUpdate:
        """Return the tracks after a frame with ``faces``, in any order, captured at ``now_ns`` (monotonic)."""
        # Whoever was out of sight for too long is somebody new, even if a face stands in the same place.
        ended = [track for track in self.live if self._is_lost(track, now_ns)]
        live = [track for track in self.live if track not in ended]
        gaps_ns = [max(0, now_ns - track.seen_ns) for track in live]  # a camera's clock may step back
        missed = [not track.is_visible for track in live]
        scores = likeness([track.face for track in live], faces, gaps_ns, missed)
        # One track and one face have no rival to be told from: the usual frame pays nothing for the others.
        rivals = self._rivals(live, faces, gaps_ns, scores) if scores.size > 1 else scores
        matches, unsure = assign(scores, self.limits, rivals)
        kept = []
        for index, track in enumerate(live):
            if index in matches:
                kept.append(_continued(track, faces[matches[index]], now_ns))
            elif index in unsure:
                ended.append(track)
            else:
                kept.append(replace(track, is_visible=False))
        taken = set(matches.values())
        new = sorted((face for index, face in enumerate(faces) if index not in taken), key=_size_then_place)
        started = tuple(
            Track(
                track_id=TrackId(self.next_id + offset),
                face=face,
                started_ns=now_ns,
                seen_ns=now_ns,
                is_doubtful=bool(unsure),
            )
            for offset, face in enumerate(new)
        )
        following = replace(self, live=(*kept, *started), next_id=TrackId(self.next_id + len(new)))
        return TrackUpdate(
            tracks=following,
            started=started,
            ended=tuple(ended),
            unsure=tuple(live[index] for index in sorted(unsure)),
        )

    def _rivals(
        self, live: Sequence[Track], faces: Sequence[Face], gaps_ns: Sequence[int], scores: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what each pairing counts as a rival of others; float64 (tracks, faces).

        Two people who change places between two frames each stand where the other stood. Where somebody was going
        speaks against a pairing, never for one; where nobody knows that, any face in reach may be theirs.
        """
        going = [_gone_on(track, gap) for track, gap in zip(live, gaps_ns, strict=True)]
        missed = [not track.is_visible for track in live]
        rivals: NDArray[np.float64] = np.maximum(scores, likeness(going, faces, gaps_ns, missed))
        is_doubtful = np.array([track.is_doubtful for track in live], bool)[:, None]
        rivals[is_doubtful & (scores >= self.limits.least_likeness)] = 1.0
        return rivals

    def _is_lost(self, track: Track, now_ns: int) -> bool:
        """Whether a track was missed for too long, or the feed itself broke off for longer than a slow frame."""
        unseen_ns = now_ns - track.seen_ns
        longest_ns = self.limits.longest_break_ns if track.is_visible else self.limits.longest_gap_ns
        return unseen_ns > longest_ns

    def cleared(self) -> "Tracks":
        """Return no tracks, as after a fault; ids go on, so that nobody inherits an earlier track's."""
        return replace(self, live=())


def assign(
    scores: NDArray[np.float64], limits: TrackingLimits, rivals: NDArray[np.float64] | None = None
) -> tuple[dict[int, int], set[int]]:
    """Pair tracks with faces; what the order of either is does not matter.

    Round by round every pairing is taken that beats all others of its track and of its face by the margin, and both
    leave the game, until no round finds any.

    Args:
        scores: float64 (tracks, faces), likeness.
        limits: what a pairing needs.
        rivals: float64 (tracks, faces), what a pairing counts as another one's rival; by default its score.

    Returns:
        The face of each paired track, and the tracks that have a good enough face but no certain one.
    """
    left, others = scores.copy(), (scores if rivals is None else rivals).copy()
    matches: dict[int, int] = {}
    while True:
        clear = np.argwhere((left >= limits.least_likeness) & (_margins(left, others) >= limits.least_margin))
        if not len(clear):
            break
        for track, face in clear:
            matches[int(track)] = int(face)
            left[track, :] = left[:, face] = others[track, :] = others[:, face] = 0.0
    unsure = np.flatnonzero((left >= limits.least_likeness).any(axis=1))
    return matches, {int(track) for track in unsure}


def _margins(scores: NDArray[np.float64], rivals: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much each pairing beats the best other one of its track and of its face."""
    return scores - np.maximum(_best_other(rivals), _best_other(rivals.T).T)


def _best_other(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return, at each place, the best score of its row's other places; 0 where there is none."""
    if scores.shape[1] < 2:
        return np.zeros_like(scores)
    second, first = np.partition(scores, -2, axis=1)[:, -2:].T
    is_best = np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    others: NDArray[np.float64] = np.where(is_best, second[:, None], first[:, None])
    return others


def nearest(tracks: Tracks, current: TrackId | None = None) -> Track | None:
    """Return the track that is judged: the largest visible face, with patience for the current one.

    Args:
        tracks: the tracks after this frame.
        current: who was judged before. It stays, even while it is missed for a few frames, until it ends or another
            visible face is ``nearest_lead`` times larger: two people at one distance do not take turns.

    Returns:
        The track, or None when there is no visible face and no current one. It may be one that is not visible now:
        then nobody is judged on this frame.
    """
    visible = [track for track in tracks.live if track.is_visible and not track.is_doubtful]
    largest = max(visible, key=lambda track: (track.face.box.area, -track.track_id), default=None)
    held = next((track for track in tracks.live if track.track_id == current), None)
    if held is None or largest is None:
        return held or largest
    is_overtaken = largest.face.box.area > tracks.limits.nearest_lead * held.face.box.area
    return largest if is_overtaken else held


def _continued(track: Track, face: Face, now_ns: int) -> Track:
    (old_x, old_y), (x, y), gap_ns = track.face.box.center, face.box.center, now_ns - track.seen_ns
    pace = ((x - old_x) / gap_ns, (y - old_y) / gap_ns) if gap_ns > 0 else (0.0, 0.0)
    return replace(
        track,
        face=face,
        seen_ns=now_ns,
        frames=track.frames + 1,
        is_visible=True,
        pace_px_ns=pace,
        is_doubtful=False,
    )


def _gone_on(track: Track, gap_ns: int) -> Face:
    """Return a track's face where it would be by now, had it gone on as before."""
    face, (x, y) = track.face, (pace * gap_ns for pace in track.pace_px_ns)
    box = replace(face.box, x=face.box.x + x, y=face.box.y + y)
    return replace(face, box=box, landmarks=face.landmarks + np.array([x, y], np.float32))


def _size_then_place(face: Face) -> tuple[float, ...]:
    return (-face.box.area, face.box.x, face.box.y, *map(float, face.landmarks.ravel()))

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
    """

    track_id: TrackId
    face: Face
    started_ns: int
    seen_ns: int
    frames: int = 1
    is_visible: bool = True


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
        gaps_ns = [now_ns - track.seen_ns for track in live]
        matches, unsure = assign(likeness([track.face for track in live], faces, gaps_ns), self.limits)
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
            Track(track_id=TrackId(self.next_id + offset), face=face, started_ns=now_ns, seen_ns=now_ns)
            for offset, face in enumerate(new)
        )
        following = replace(self, live=(*kept, *started), next_id=TrackId(self.next_id + len(new)))
        return TrackUpdate(
            tracks=following,
            started=started,
            ended=tuple(ended),
            unsure=tuple(live[index] for index in sorted(unsure)),
        )

    def _is_lost(self, track: Track, now_ns: int) -> bool:
        """Whether a track was missed for too long, or the feed itself broke off for longer than a slow frame."""
        unseen_ns = now_ns - track.seen_ns
        longest_ns = self.limits.longest_break_ns if track.is_visible else self.limits.longest_gap_ns
        return unseen_ns > longest_ns

    def cleared(self) -> "Tracks":
        """Return no tracks, as after a fault; ids go on, so that nobody inherits an earlier track's."""
        return replace(self, live=())


def assign(scores: NDArray[np.float64], limits: TrackingLimits) -> tuple[dict[int, int], set[int]]:
    """Pair tracks with faces; what the order of either is does not matter.

    Round by round every pairing is taken that beats all others of its track and of its face by the margin, and both
    leave the game, until no round finds any.

    Args:
        scores: float64 (tracks, faces), likeness.
        limits: what a pairing needs.

    Returns:
        The face of each paired track, and the tracks that have a good enough face but no certain one.
    """
    left = scores.copy()
    matches: dict[int, int] = {}
    while True:
        clear = np.argwhere((left >= limits.least_likeness) & (_margins(left) >= limits.least_margin))
        if not len(clear):
            break
        for track, face in clear:
            matches[int(track)] = int(face)
            left[track, :] = left[:, face] = 0.0
    unsure = np.flatnonzero((left >= limits.least_likeness).any(axis=1))
    return matches, {int(track) for track in unsure}


def _margins(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much each pairing beats the best other one of its track and of its face."""
    return scores - np.maximum(_best_other(scores), _best_other(scores.T).T)


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
    visible = [track for track in tracks.live if track.is_visible]
    largest = max(visible, key=lambda track: (track.face.box.area, -track.track_id), default=None)
    held = next((track for track in tracks.live if track.track_id == current), None)
    if held is None or largest is None:
        return held or largest
    is_overtaken = largest.face.box.area > tracks.limits.nearest_lead * held.face.box.area
    return largest if is_overtaken else held


def _continued(track: Track, face: Face, now_ns: int) -> Track:
    return replace(track, face=face, seen_ns=now_ns, frames=track.frames + 1, is_visible=True)


def _size_then_place(face: Face) -> tuple[float, ...]:
    return (-face.box.area, face.box.x, face.box.y, *map(float, face.landmarks.ravel()))

"""Measures whether the time of a denial tells a stranger from a candidate who was refused.

``python scripts/measure_outcome_times.py`` plays attempts through the real gate, policy, schedule and release queue,
with a fake clock, fake eyes and a fake judge: a stranger is judged cheaply; a candidate is verified and refused by a
defense, which takes many times as long and slows the looking meanwhile. Whoever stands at the door knows when they
came, when they left and when "denied" was shown. The best threshold on each of these differences is scored by its
AUC: 0.5 tells nothing, 1 everything. Prints one JSON object a row and exits 1 if a row of the gate as it is, is above
the bar. The row "as soon as known" is a gate that denies when a candidate's verifications are used up.
"""

import argparse
import datetime as dt
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.domain.assessment import Assessment
from edge.domain.errors import EdgeError
from edge.domain.face import Box, Face, Quality
from edge.domain.finding import Finding
from edge.domain.frame import Frame
from edge.domain.level import Level
from edge.domain.match import Match, SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome
from edge.pipeline.attempts import AttemptTerms
from edge.pipeline.checks import CheckTerms, FrameChecks
from edge.pipeline.eye import Sight
from edge.pipeline.gate import Gate, GateStages
from edge.pipeline.judging import Judgment
from edge.pipeline.release import ReleaseQueue
from edge.policy.decide import AttemptEvidence, Policy, may_verify
from edge.policy.limits import LimitTerms
from edge.policy.rules import FrameTerms
from edge.settings.sections import PolicySection

BAR = 0.55
MS = 1_000_000
FRAME_MS, LOOK_MS = 33.3, 9.0
CONTENTION = 1.6  # how much slower looking is while a face is judged on the same cores
STRANGER_MS, CANDIDATE_MS = (26.0, 4.0), (170.0, 30.0)  # mean and deviation of one judgment, two cores
SPIKES, SPIKE = 0.03, 1.35  # now and then a judgment takes longer
PATIENCE_FRAMES = 8  # the tracker waits so long for a face that it lost
LEAVES_MS, WAITS_MS = 1_200.0, 8_000.0  # a screen that goes dark before the attempt's time is up, and one that waits
SETTINGS = PolicySection()
POINT = MatchPoint(threshold=0.5, weights={"a": 0.5, "b": 0.5}, floors={"a": 0.3, "b": 0.3}, alone={})
FACE = Face(frame_seq=1, box=Box(10, 10, 50, 50), landmarks=np.zeros((5, 2), np.float32), score=0.9)
NOON = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def policy(tick_ms: float) -> Policy:
    """Return the default policy of a camera, without limits that would end the measurement in a hold."""
    return Policy(
        frames_needed=SETTINGS.frames_needed,
        frames_window=SETTINGS.frames_window,
        most_verifications=SETTINGS.most_verifications,
        frame=FrameTerms(match=POINT, mandatory=frozenset({"d"}), reasons={}, most_age_ms=SETTINGS.most_frame_age_ms),
        limits=LimitTerms(failures=10**6, window_ms=1.0, hold_ms=1.0),
        level=Level.CONVENIENCE,
        sequence_mandatory=frozenset(),
        tick_ms=tick_ms,
    )


class Door:
    """A place with a camera: the clock, the eyes and the judge of one gate."""

    def __init__(self, rng: np.random.Generator, tick_ms: float, judge_scale: float) -> None:
        self._rng = rng
        self._scale = judge_scale
        self._pending: tuple[int, Judgment] | None = None
        self.now_ns = 10_000 * MS
        self.seq = 0
        self.visitor = 0
        self.is_candidate = False
        self.is_there = False
        self.missed = 0
        self.queue = ReleaseQueue()
        self.gate = Gate(
            GateStages(
                checks=FrameChecks(CheckTerms(stale_after_ms=5_000, frozen_after_frames=300, dark_below=1)),
                eye=self,
                judging=self,
                policy=policy(tick_ms),
                terms=AttemptTerms(
                    timeout_ms=SETTINGS.attempt_timeout_ms,
                    rearm_after_denial_ms=SETTINGS.rearm_after_denial_ms,
                    rearm_after_grant_ms=SETTINGS.rearm_after_grant_ms,
                ),
                clock=self,
            )
        )

    @property
    def fault(self) -> EdgeError | None:
        """Nothing is wrong with what judges."""
        return None

    @property
    def answered_ns(self) -> None:
        """Nobody asks."""
        return None

    def rest(self) -> None:
        """Do nothing between attempts."""

    def monotonic_ns(self) -> int:
        """Return the time."""
        return self.now_ns

    def utc(self) -> dt.datetime:
        """Return noon."""
        return NOON

    def look(self, frame: Frame) -> Sight:
        """Find the visitor; it takes longer while somebody is judged."""
        busy = CONTENTION if self.is_busy else 1.0
        self.now_ns += int(max(1.0, self._rng.normal(LOOK_MS * busy, 1.0)) * MS)
        self.missed = 0 if self.is_there else self.missed + 1
        has_ended = self.missed >= PATIENCE_FRAMES
        return Sight(
            frame=frame,
            faces=(FACE,) if self.is_there else (),
            nearest=None if has_ended else self.visitor,
            face=FACE if self.is_there else None,
            ended=frozenset({self.visitor}) if has_ended else frozenset(),
            unsure=frozenset(),
        )

    def forget(self) -> None:
        """Forget nobody: visitors have numbers of their own."""

    @property
    def is_spent(self) -> bool:
        """Whether the open attempt can only be denied any more."""
        evidence = self.gate.evidence
        return evidence is not None and not may_verify(evidence, self.now_ns, policy(0.0))

    @property
    def is_busy(self) -> bool:
        """Whether a judgment is pending."""
        return self._pending is not None

    def begin(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> None:
        """Judge: cheaply a stranger, dearly a candidate."""
        del face
        mean, deviation = CANDIDATE_MS if self.is_candidate else STRANGER_MS
        cost_ms = max(2.0, self._rng.normal(mean, deviation)) * self._scale
        cost_ms *= SPIKE if self._rng.random() < SPIKES else 1.0
        outcome = _refused(frame) if self.is_candidate else _unknown(frame)
        judgment = Judgment(
            attempt_id=evidence.attempt_id, frame_seq=frame.seq, captured_ns=frame.captured_ns, outcome=outcome
        )
        self._pending = (self.now_ns + int(cost_ms * MS), judgment)

    def take(self, *, wait: bool) -> Judgment | None:
        """Return the judgment when it is ready; waiting takes time."""
        if self._pending is None or not (wait or self.now_ns >= self._pending[0]):
            return None
        (ready_ns, judgment), self._pending = self._pending, None
        self.now_ns = max(self.now_ns, ready_ns)
        return judgment

    def frame(self) -> int | None:
        """Let one frame pass; return when a denial was shown, if one was."""
        self.seq += 1
        due_ns = self.now_ns + int(self._rng.normal(FRAME_MS, 0.5) * MS)
        pixels = np.full((4, 4, 3), 100, np.uint8)
        pixels[0, 0] = self.seq % 251
        pixels[1, 1] = self.seq // 251 % 251
        frame = Frame(camera_id="c", seq=self.seq, captured_ns=self.now_ns, captured_utc=NOON, pixels=pixels)
        self.queue.add(self.gate.process(frame))
        released = [v for step in self.queue.due(self.now_ns) for v in step.verdicts]
        shown_ns = self.now_ns if released else None
        self.now_ns = max(self.now_ns, due_ns)
        return shown_ns


@dataclass(frozen=True, slots=True)
class Visit:
    """What somebody at the door can measure, milliseconds.

    Attributes:
        since_came: from coming to the denial.
        since_over: from leaving, or from the end of the attempt's time, to the denial.
        known: from coming to the moment from which the gate could only deny.
    """

    since_came: float
    since_over: float
    known: float


def visit(door: Door, *, is_candidate: bool, stay_ms: float) -> Visit:
    """Let somebody come, stay and leave."""
    door.visitor += 1
    door.is_candidate, door.is_there, door.missed = is_candidate, True, 0
    came_ns, shown_ns, known_ns = door.now_ns, None, None
    left_ns = came_ns + int(stay_ms * MS)
    while shown_ns is None:
        door.is_there = door.now_ns < left_ns
        shown_ns = door.frame()
        if known_ns is None and door.is_spent:
            known_ns = door.now_ns
    over_ns = min(left_ns, came_ns + int(SETTINGS.attempt_timeout_ms * MS))
    door.is_there = False
    for _ in range(PATIENCE_FRAMES + 2):
        door.frame()
    known_ns = min(shown_ns, known_ns or shown_ns)
    return Visit((shown_ns - came_ns) / MS, (shown_ns - over_ns) / MS, (known_ns - came_ns) / MS)


def auc_of(strangers: Sequence[float], candidates: Sequence[float]) -> tuple[float, float, float]:
    """Return the AUC of the better direction with its 95 % interval (Hanley and McNeil, Radiology 1982)."""
    a, b = np.asarray(strangers), np.asarray(candidates)
    below = np.searchsorted(np.sort(a), b, side="left").sum()
    upto = np.searchsorted(np.sort(a), b, side="right").sum()
    area = float((below + upto) / 2 / (len(a) * len(b)))
    area = max(area, 1 - area)
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    variance = area * (1 - area) + (len(b) - 1) * (q1 - area**2) + (len(a) - 1) * (q2 - area**2)
    half = 1.96 * math.sqrt(max(0.0, variance) / (len(a) * len(b)))
    return area, max(0.0, area - half), min(1.0, area + half)


def measure(
    attempts: int,
    tick_ms: float,
    judge_scale: float,
    seed: int,
    *,
    fixed_stay_ms: float | None = None,
    is_told_when_known: bool = False,
) -> dict[str, object]:
    """Play attempts, in turn of a stranger and of a candidate, and return the row.

    Args:
        attempts: how many.
        tick_ms: of the outcomes; 0 = at once.
        judge_scale: how much slower judging is than on two cores.
        seed: of all that is drawn.
        fixed_stay_ms: everybody stays just so long, as a screen that shows faces could; None = as people do.
        is_told_when_known: the denial is shown as soon as the gate can only deny.
    """
    rng = np.random.default_rng(seed)
    door = Door(rng, tick_ms, judge_scale)
    seen: dict[bool, list[Visit]] = {False: [], True: []}
    for index in range(attempts):
        drawn_ms = float(np.clip(rng.lognormal(math.log(2_500), 0.7), 400, 12_000))
        stay_ms = drawn_ms if fixed_stay_ms is None else fixed_stay_ms
        is_candidate = bool(index % 2)
        seen[is_candidate].append(visit(door, is_candidate=is_candidate, stay_ms=stay_ms))
    views: dict[str, Callable[[Visit], float]] = {
        "since_came": lambda v: v.since_came,
        "since_over": lambda v: v.since_over,
    }
    if is_told_when_known:
        views = {"known": lambda v: v.known}
    found = {name: auc_of(*([view(v) for v in seen[who]] for who in (False, True))) for name, view in views.items()}
    name, (area, low, high) = max(found.items(), key=lambda item: item[1][0])
    return {
        "tick_ms": tick_ms,
        "judge_scale": judge_scale,
        "attempts": attempts,
        "by": name,
        "auc": round(area, 4),
        "auc_ci95": [round(low, 4), round(high, 4)],
        "median_wait_ms": round(float(np.median([v.since_over for visits in seen.values() for v in visits]))),
    }


def main() -> int:
    """Measure the gate as it is, for people and for a screen; and, to compare, without a tick or as soon as known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=2_000, help="attempts a row, half of them candidates'")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    tick_ms = SETTINGS.outcome_tick_ms
    rows: dict[str, Callable[[int, int], dict[str, object]]] = {
        "gate": lambda n, seed: measure(n, tick_ms, 1.0, seed),
        "gate, everybody leaves": lambda n, seed: measure(n, tick_ms, 1.0, seed, fixed_stay_ms=LEAVES_MS),
        "gate, everybody waits": lambda n, seed: measure(n, tick_ms, 1.0, seed, fixed_stay_ms=WAITS_MS),
        "judging twice as slow, same tick": lambda n, seed: measure(n, tick_ms, 2.0, seed),
        "no tick": lambda n, seed: measure(n, 0.0, 1.0, seed),
        "no tick, everybody waits": lambda n, seed: measure(n, 0.0, 1.0, seed, fixed_stay_ms=WAITS_MS),
        "as soon as known": lambda n, seed: measure(n, 0.0, 1.0, seed, is_told_when_known=True),
    }
    is_quiet = True
    for name, play in rows.items():
        row = play(chosen.attempts, chosen.seed)
        print(json.dumps({"row": name, **row}), flush=True)
        is_quiet = is_quiet and (not name.startswith("gate") or float(str(row["auc"])) <= BAR)
    return 0 if is_quiet else 1


def _unknown(frame: Frame) -> Assessment:
    quality = Quality(width_px=100, sharpness=1, brightness=100, yaw_ratio=0)
    return Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, quality=quality)


def _refused(frame: Frame) -> Assessment:
    subject = SubjectRef("somebody")
    return replace(
        _unknown(frame),
        screen=Match(subject=subject, fused=0.8, per_model={"a": 0.8}),
        verified=Match(subject=subject, fused=0.8, per_model={"a": 0.8, "b": 0.8}),
        findings=(Finding(defense="d", outcome=Outcome.FAIL, statistic=0.3, threshold=0.2),),
    )


if __name__ == "__main__":
    sys.exit(main())

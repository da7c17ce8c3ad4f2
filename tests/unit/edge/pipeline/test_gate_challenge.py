"""An attempt with a challenge lasts until the challenge can be done, whatever frames come meanwhile."""

from dataclasses import replace
from typing import Any

from edge.domain.challenge import Challenge, ChallengeOutcome, Movement
from edge.domain.reasons import Reason
from edge.domain.verdict import Verdict
from edge.pipeline.gate import Gate
from edge.policy.decide import AttemptEvidence
from tests.support.gate_scene import MS, Scene


class Asking:
    """A sequence watch that asks for a challenge at once and sees nothing of it."""

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge

    def see(self, *_: object) -> bool:
        return False

    def wants(self, *_: object) -> bool:
        return False

    def completed(self, evidence: AttemptEvidence) -> AttemptEvidence:
        return replace(evidence, challenge=self._challenge)

    def challenge(self, _: AttemptEvidence) -> Challenge:
        return self._challenge


def asked(scene: Scene, *, deadline_ms: int) -> None:
    watch: Any = Asking(
        Challenge(
            movements=(Movement.LOOK_UP, Movement.TURN_LEFT, Movement.LOOK_DOWN),
            done=0,
            started_ns=scene.now_ns,
            deadline_ns=scene.now_ns + deadline_ms * MS,
            outcome=ChallengeOutcome.PENDING,
        )
    )
    scene.stages = replace(scene.stages, sequence=watch)
    scene.gate = Gate(scene.stages)


def verdicts_until(scene: Scene, ms: int, *, every_other_stale: bool = False) -> list[Verdict]:
    end_ns = scene.now_ns + ms * MS
    found: list[Verdict] = []
    while scene.now_ns < end_ns:
        is_stale = every_other_stale and scene.seq % 2 == 1
        found += scene.frame(age_ms=700 if is_stale else 0).verdicts
    return found


def test_an_attempt_lasts_as_long_as_its_challenge() -> None:
    scene = Scene()
    asked(scene, deadline_ms=6_000)
    assert verdicts_until(scene, 7_900) == []
    (verdict,) = verdicts_until(scene, 300)
    assert verdict.reason is not Reason.MATCH


def test_stale_frames_meanwhile_do_not_cut_it_short() -> None:
    scene = Scene()
    asked(scene, deadline_ms=6_000)
    assert verdicts_until(scene, 7_900, every_other_stale=True) == []

"""The gate itself: a frame in, verdicts and anomalies out. It acts on nothing; see :mod:`edge.pipeline.act`."""

from dataclasses import dataclass, replace
from typing import Protocol

from edge.domain.anomaly import AnomalyReport, anomaly_of, report_of_verdict
from edge.domain.assessment import Assessment
from edge.domain.clock import Clock
from edge.domain.errors import EdgeError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.reasons import Reason
from edge.domain.verdict import AttemptEnd, AttemptId, Verdict
from edge.pipeline.attempts import Attempts, AttemptTerms
from edge.pipeline.checks import FrameChecks
from edge.pipeline.conditions import Conditions
from edge.pipeline.eye import Sight
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence, Instant, Policy, decide
from edge.policy.limits import Limits

_FRAME_CONDITIONS = (Reason.STALE_FRAME, Reason.FROZEN_FEED, Reason.DARK_FRAME)


class Sees(Protocol):
    """Finds and follows faces; :class:`edge.pipeline.eye.Eye`."""

    def look(self, frame: Frame, now_ns: int) -> Sight:
        """Return what is seen in a frame."""
        ...

    def forget(self) -> None:
        """Drop all tracks."""
        ...


class Assesses(Protocol):
    """Collects the evidence of one face in one frame; :class:`edge.pipeline.judge.FaceJudge`."""

    def assess(self, frame: Frame, face: Face, evidence: AttemptEvidence) -> Assessment:
        """Return what a frame contributes to an attempt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStages:
    """What a gate is made of."""

    checks: FrameChecks
    eye: Sees
    judge: Assesses
    policy: Policy
    terms: AttemptTerms
    clock: Clock


class Gate:
    """Follows faces, collects evidence and lets the policy decide. One thread; one camera."""

    def __init__(self, stages: GateStages) -> None:
        self._stages = stages
        self._attempts = Attempts(stages.terms)
        self._limits = Limits()
        self._conditions = Conditions()
        self._has_decided = False

    def process(self, frame: Frame) -> Step:
        """Look at one frame. Faults of a stage become faults of the attempt, never exceptions."""
        now = self._now()
        problem = self._stages.checks.problem_of(frame, now.monotonic_ns)
        if problem is not None:
            return self._refuse(frame, problem, now)
        self._conditions.clear(*_FRAME_CONDITIONS)
        try:
            sight = self._stages.eye.look(frame, now.monotonic_ns)
        except EdgeError as error:
            return self.fault(error.reason, f"{error} ({error.hint})")
        verdicts = self._follow(sight, now)
        assessment, anomalies = self._assess(frame, sight)
        if assessment is not None and (verdict := self._decide(self._attempts.add(assessment))):
            verdicts.append(verdict)
        return self._step(verdicts, anomalies, assessment, sight)

    def fault(self, reason: Reason, hint: str) -> Step:
        """End the open attempt, if any, with a fault, and tell of it once while it lasts."""
        evidence = self._attempts.fail(reason, hint)
        verdict = self._decide(evidence) if evidence else None
        anomalies = self._rise(reason, hint, verdict.attempt_id if verdict else None)
        self._stages.eye.forget()
        return Step(verdicts=(verdict,) if verdict else (), anomalies=anomalies)

    def refuse(self, reason: Reason, hint: str) -> Step:
        """End in a denial what could not even be looked at, such as an unreadable picture."""
        if self._attempts.evidence is not None:
            return self.fault(reason, hint)
        nobody = replace(
            self._attempts.leave(self._now().monotonic_ns), end=AttemptEnd.FAULT, fault=reason, hint=hint
        )
        verdict = self._decide(nobody)
        anomalies = self._rise(reason, hint, nobody.attempt_id)
        return Step(verdicts=(verdict,) if verdict else (), anomalies=anomalies)

    def recovered(self, *reasons: Reason) -> None:
        """Note that faults are over, so that the next one is told again."""
        self._conditions.clear(*reasons)

    def finish(self) -> Step:
        """End a source: everybody left. A source in which nothing was decided ends denied, with why."""
        now = self._now()
        step = Step()
        if self._attempts.evidence is not None or not self._has_decided:
            lasting = next((r for r in _FRAME_CONDITIONS if r in self._conditions.active), None)
            if lasting is not None and self._attempts.evidence is None:
                step = self.refuse(lasting, "the camera gave no usable picture")
            else:
                verdict = self._decide(self._attempts.leave(now.monotonic_ns))
                step = self._step([verdict] if verdict else [], (), None, None)
        self._stages.eye.forget()
        self._stages.checks.forget()
        self._conditions.clear()
        self._has_decided = False
        return step

    def _refuse(self, frame: Frame, reason: Reason, now: Instant) -> Step:
        """A frame that must not be judged: it counts against the open attempt, and ends it if the feed is bad."""
        if self._stages.checks.is_lasting(reason):
            return self.fault(reason, f"camera {frame.camera_id}: {reason.value.replace('_', ' ')}")
        over = self._attempts.follow(self._attempts.track, (), now.monotonic_ns)
        if self._attempts.evidence is None:
            return Step()
        assessment = Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, fault=reason)
        evidence = self._attempts.add(assessment)
        verdict = self._decide(replace(evidence, end=over.end) if over else evidence, now)
        return self._step([verdict] if verdict else [], (), assessment, None)

    def _follow(self, sight: Sight, now: Instant) -> list[Verdict]:
        over = self._attempts.follow(sight.nearest, sight.ended, now.monotonic_ns)
        if over is None:
            return []
        if self._attempts.track in sight.unsure:
            over = replace(over, fault=Reason.IDENTITY_CHANGED)
        verdict = self._decide(over, now)
        self._attempts.follow(sight.nearest, (), now.monotonic_ns)
        return [verdict] if verdict else []

    def _assess(self, frame: Frame, sight: Sight) -> tuple[Assessment | None, tuple[AnomalyReport, ...]]:
        evidence = self._attempts.evidence
        if evidence is None or sight.face is None or self._attempts.track != sight.nearest:
            return None, ()
        try:
            assessment = self._stages.judge.assess(sight.frame, sight.face, evidence)
        except EdgeError as error:
            assessment = Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, fault=error.reason)
            return assessment, self._rise(error.reason, f"{error} ({error.hint})", evidence.attempt_id)
        self._conditions.clear(Reason.FAULT_ENGINE, Reason.FAULT_INTEGRITY)
        return assessment, ()

    def _decide(self, evidence: AttemptEvidence, now: Instant | None = None) -> Verdict | None:
        verdict, self._limits = decide(evidence, self._limits, now or self._now(), self._stages.policy)
        if verdict is not None:
            self._attempts.settle(verdict)
            self._has_decided = True
        return verdict

    def _step(
        self,
        verdicts: list[Verdict],
        anomalies: tuple[AnomalyReport, ...],
        assessment: Assessment | None,
        sight: Sight | None,
    ) -> Step:
        told = tuple(report for v in verdicts if (report := self._report_of(v)) is not None)
        return Step(
            verdicts=tuple(verdicts),
            anomalies=(*anomalies, *told),
            assessment=assessment,
            faces=sight.faces if sight else (),
        )

    def _report_of(self, verdict: Verdict) -> AnomalyReport | None:
        """Return the anomaly that a verdict tells of, unless it was told when its condition began."""
        return None if verdict.reason in self._conditions.active else report_of_verdict(verdict)

    def _rise(self, reason: Reason, detail: str, attempt_id: AttemptId | None) -> tuple[AnomalyReport, ...]:
        anomaly = anomaly_of(reason)
        if anomaly is None or not self._conditions.rises(reason):
            return ()
        now_utc = self._stages.clock.utc()
        return (AnomalyReport(anomaly=anomaly, detail=detail, attempt=attempt_id, occurred_utc=now_utc),)

    def _now(self) -> Instant:
        return Instant(self._stages.clock.monotonic_ns(), self._stages.clock.utc())

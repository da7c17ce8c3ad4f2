"""The gate itself: a frame in, verdicts and anomalies out. It acts on nothing; see :mod:`edge.pipeline.act`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from edge.domain.anomaly import Anomaly, AnomalyReport, anomaly_of, report_of_verdict
from edge.domain.assessment import Assessment
from edge.domain.claim import Claim
from edge.domain.clock import Clock
from edge.domain.errors import DeviceGoneError, EdgeError
from edge.domain.frame import Frame
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd, AttemptId, Verdict
from edge.pipeline.attempt_watch import AttemptWatch
from edge.pipeline.attempts import Attempts, AttemptTerms
from edge.pipeline.checks import FrameChecks
from edge.pipeline.claims import ClaimKeeper
from edge.pipeline.conditions import Conditions
from edge.pipeline.eye import Sight
from edge.pipeline.judging import Judging, Judgment
from edge.pipeline.measures import measures_of
from edge.pipeline.sequence import SequenceWatch
from edge.pipeline.step import Step
from edge.policy.decide import AttemptEvidence, Instant, Policy, decide, may_verify
from edge.policy.limits import Limits

_FRAME_CONDITIONS = (Reason.STALE_FRAME, Reason.FROZEN_FEED, Reason.DARK_FRAME, Reason.BLANK_FRAME)
_LONGEST_REST_NS = 50_000_000  # in that time nobody walks out of reach of the tracker


class Sees(Protocol):
    """Finds and follows faces; :class:`edge.pipeline.eye.Eye`."""

    def look(self, frame: Frame) -> Sight:
        """Return what is seen in a frame."""
        ...

    def forget(self) -> None:
        """Drop all tracks."""
        ...


def _is_well() -> None:
    """Nothing is watched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStages:
    """What a gate is made of.

    Attributes:
        checks: whether a frame may be judged at all.
        eye: sees and follows faces.
        judging: collects evidence.
        policy: decides.
        terms: how long attempts last.
        clock: of the frames.
        watch: knows earlier attempts; without it nothing is known of them, and nothing told.
        health: asked before every frame: the fault of something else that must be right while the gate decides, such
            as its models' files or the wall clock; None = all is well. It must not raise.
    """

    checks: FrameChecks
    eye: Sees
    judging: Judging
    policy: Policy
    terms: AttemptTerms
    clock: Clock
    watch: AttemptWatch | None = None
    health: Callable[[], EdgeError | None] = _is_well
    sequence: SequenceWatch | None = None


class Gate:
    """Follows faces, collects evidence and lets the policy decide. One thread; one camera."""

    def __init__(self, stages: GateStages, limits: Limits | None = None) -> None:
        """Begin with ``limits``; by default nobody has failed and the posture is normal."""
        self._stages = stages
        self._attempts = Attempts(stages.terms)
        self._claims = ClaimKeeper()
        self._limits = limits or Limits()
        self._conditions = Conditions()
        self._has_decided = False
        self._defect: Exception | None = None
        self._rests_until_ns = 0
        self._noticed = Step()
        self._ill: Reason | None = None

    def process(self, frame: Frame) -> Step:
        """Look at one frame. Faults of a stage become faults of the attempt, never exceptions.

        A judgment that came in since the last frame is worked off first; while one is pending, frames are only
        followed. An attempt is never decided without the judgment that is still pending. A defect of ours is kept as
        ``defect``, so that what was decided before it is not lost.
        """
        step = self.collect()
        try:
            return step + self._look(frame)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller ends the gate for it
            self._defect = error
            return step

    def _look(self, frame: Frame) -> Step:
        now = self._now()
        if self._stages.judging.is_busy and now.monotonic_ns < self._rests_until_ns:
            return Step()  # as if it had not been taken: on a slow machine looking must not starve judging
        problem = self._stages.checks.problem_of(frame, now.monotonic_ns)
        if problem is not None:
            step = self._refuse(frame, problem, now)
            self._rest()  # a dark night is no reason to lose sight of the engines
            return step
        self._conditions.clear(*_FRAME_CONDITIONS)
        illness = self._stages.health() or self._stages.judging.fault
        if illness is not None:
            return self._suffer(illness)
        self._recover()
        try:
            sight = self._stages.eye.look(frame)
        except EdgeError as error:
            self._note_end(error)
            return self.fault(error.reason, f"{error} ({error.hint})")
        looked_ns = self._now().monotonic_ns
        took_ns = looked_ns - now.monotonic_ns
        self._rests_until_ns = looked_ns + min(took_ns, _LONGEST_REST_NS)
        step = replace(self._follow(sight, now), faces=sight.faces, looked_ms=took_ns / 1e6)
        self._hand_claim()
        step += self._watch(sight)
        self._begin(sight)
        self._rest()
        return step + self.collect()

    def collect(self) -> Step:
        """Decide with the judgment that is ready, if one is; called between frames that are slow to come."""
        judgment = self._stages.judging.take(wait=False)
        if judgment is None:
            return Step()
        step = self._add(judgment)
        evidence = self._attempts.evidence
        return step + self._told(self._decide(evidence)) if step.assessments and evidence else step

    @property
    def evidence(self) -> AttemptEvidence | None:
        """What is known of the open attempt, with what was seen of it over time."""
        evidence, sequence = self._attempts.evidence, self._stages.sequence
        return evidence if evidence is None or sequence is None else sequence.completed(evidence)

    @property
    def limits(self) -> Limits:
        """What is remembered of failures, and the posture; to be kept over restarts."""
        return self._limits

    def unlock(self, detail: str) -> Step:
        """Forget every failure. ``detail`` says who wants it, for the record."""
        self._limits = self._limits.unlocked()
        return Step(anomalies=(self._report(Anomaly.LIMITS_UNLOCKED, detail),))

    def take_posture(self, posture: Posture, detail: str) -> Step:
        """Take a posture, from the next decision on; it is told when it begins. ``detail`` says who wants it."""
        before, self._limits = self._limits.posture, self._limits.in_posture(posture)
        if posture is not before and before.reason is not None:
            self._conditions.clear(before.reason)
        if posture.reason is not None:
            return Step(anomalies=self._rise(posture.reason, detail, None))
        if before is Posture.NORMAL:
            return Step()
        return Step(anomalies=(self._report(Anomaly.POSTURE_NORMAL, detail),))

    @property
    def defect(self) -> Exception | None:
        """Why the gate must not go on: a defect of ours, or the loss of the device that its engines run on."""
        return self._defect

    @property
    def answered_ns(self) -> int | None:
        """When the engines last gave a sound answer, monotonic; None where they answer on this thread."""
        return self._stages.judging.answered_ns

    def fault(self, reason: Reason, hint: str) -> Step:
        """End the open attempt, if any, with a fault, and tell of it once while it lasts."""
        now_ns = self._now().monotonic_ns
        last = self._last_look()
        evidence = self._attempts.fail(reason, hint, now_ns)
        verdict = self._decide(evidence) if evidence else None
        anomalies = self._rise(reason, hint, verdict.attempt_id if verdict else None)
        self._stages.eye.forget()
        return last + Step(verdicts=(verdict,) if verdict else (), anomalies=anomalies) + self._take_noticed()

    def refuse(self, reason: Reason, hint: str) -> Step:
        """End in a denial what could not even be looked at, such as an unreadable picture."""
        if self._attempts.evidence is not None:
            return self.fault(reason, hint)
        nobody = replace(
            self._attempts.leave(self._now().monotonic_ns), end=AttemptEnd.FAULT, fault=reason, hint=hint
        )
        verdict = self._decide(nobody)
        anomalies = self._rise(reason, hint, nobody.attempt_id)
        return Step(verdicts=(verdict,) if verdict else (), anomalies=anomalies) + self._take_noticed()

    def claim(self, claim: Claim) -> None:
        """Take a claim of identity, for the open attempt or the next one that starts while it counts."""
        self._claims.offer(claim)
        self._hand_claim()

    def recovered(self, *reasons: Reason) -> None:
        """Note that faults are over, so that the next one is told again."""
        self._conditions.clear(*reasons)

    def finish(self, *, is_stopped: bool = False) -> Step:
        """End a source: everybody left. A source in which nothing was decided ends denied, with why.

        Args:
            is_stopped: the source is not over, the gate is told to stop: then only an open attempt ends.
        """
        now_ns = self._now().monotonic_ns
        step = self._last_look()
        if self._attempts.evidence is not None or not (self._has_decided or is_stopped):
            lasting = next(
                (r for r in (Reason.FAULT_CAMERA, *_FRAME_CONDITIONS) if r in self._conditions.active), None
            )
            if lasting is not None and self._attempts.evidence is None:
                step += self.refuse(lasting, "the camera gave no usable picture")
            else:
                step += self._told(self._decide(self._attempts.leave(now_ns)))
        self._stages.eye.forget()
        self._stages.checks.forget()
        self._conditions.clear()
        self._has_decided = False
        return step

    def close(self) -> None:
        """Wait for a judgment that nobody needs any more, so that what it uses can be closed."""
        self._stages.judging.take(wait=True)

    def _rest(self) -> None:
        """While nobody is there, let the engines prove themselves."""
        if self._attempts.evidence is None:
            self._stages.judging.rest()

    def _suffer(self, illness: EdgeError) -> Step:
        """While something is wrong with the gate itself nobody is judged; told once, and again if it changes."""
        self._note_end(illness)
        if self._ill is not illness.reason:
            self._recover()
            self._ill = illness.reason
        step = self.fault(illness.reason, f"{illness} ({illness.hint})")
        self._stages.judging.rest()
        return step

    def _recover(self) -> None:
        if self._ill is not None:
            self._conditions.clear(self._ill)
            self._ill = None

    def _refuse(self, frame: Frame, reason: Reason, now: Instant) -> Step:
        """A frame that must not be judged: it counts against the open attempt, and ends it if the feed is bad."""
        if self._stages.checks.is_lasting(reason):
            return self.fault(reason, f"camera {frame.camera_id}: {reason.value.replace('_', ' ')}")
        over = self._attempts.follow(self._attempts.track, (), now.monotonic_ns)
        evidence = self._attempts.evidence
        if evidence is None or (over is None and self._stages.judging.is_busy):
            return Step()  # nobody waits for this frame: as little evidence as one that was never taken
        last = self._last_look()
        assessment = Assessment(frame_seq=frame.seq, captured_ns=frame.captured_ns, fault=reason)
        evidence = self._attempts.add(assessment)
        verdict = self._decide(replace(evidence, end=over.end, ended_ns=over.ended_ns) if over else evidence)
        return last + Step(assessments=(assessment,)) + self._told(verdict)

    def _follow(self, sight: Sight, now: Instant) -> Step:
        over = self._attempts.follow(sight.nearest, sight.ended, now.monotonic_ns)
        if over is None:
            return Step()
        last = self._last_look()
        over = replace(self._attempts.evidence or over, end=over.end, ended_ns=over.ended_ns)
        if self._attempts.track in sight.unsure:
            over = replace(over, fault=Reason.IDENTITY_CHANGED)
        verdict = self._decide(over)
        self._attempts.follow(sight.nearest, (), self._now().monotonic_ns)
        return last + self._told(verdict)

    def _watch(self, sight: Sight) -> Step:
        """Let the sequence watch see the judged face, and decide if that may change anything."""
        evidence, sequence = self._attempts.evidence, self._stages.sequence
        if evidence is None or sequence is None or self._attempts.track != sight.nearest:
            return Step()
        is_told = sequence.see(sight, evidence, self._now())
        challenge = sequence.challenge(evidence)
        if challenge is not None:
            self._attempts.ask(challenge)
        if not is_told or self._stages.judging.is_busy:
            return Step()
        return self._told(self._decide(evidence))

    def _begin(self, sight: Sight) -> None:
        evidence, sequence = self._attempts.evidence, self._stages.sequence
        if evidence is None or sight.face is None or self._attempts.track != sight.nearest:
            return
        if sequence is not None and not sequence.wants(evidence, self._now()):
            return
        if not self._stages.judging.is_busy and may_verify(evidence, self._now().monotonic_ns, self._stages.policy):
            self._stages.judging.begin(sight.frame, sight.face, evidence)

    def _hand_claim(self) -> None:
        """Give the open attempt the claim that waits, if there is one and it still counts."""
        if self._attempts.lacks_claim:
            claim = self._claims.take(self._now().monotonic_ns)
            if claim is not None:
                self._attempts.attach(claim)

    def _last_look(self) -> Step:
        """Wait for the pending judgment of an attempt that ends: what was seen counts, for it and against it."""
        judgment = self._stages.judging.take(wait=True)
        return Step() if judgment is None else self._add(judgment)

    def _add(self, judgment: Judgment) -> Step:
        """Add a judgment to its attempt: never to another one."""
        evidence = self._attempts.evidence
        if evidence is None or evidence.attempt_id != judgment.attempt_id:
            return Step()
        outcome = judgment.outcome
        anomalies: tuple[AnomalyReport, ...] = ()
        if isinstance(outcome, Assessment):
            self._conditions.clear(*({Reason.FAULT_ENGINE, Reason.FAULT_INTEGRITY} - {self._ill}))
            assessment = outcome
        else:
            reason, text = Reason.FAULT_INTERNAL, f"{type(outcome).__name__} while a frame was judged"
            if isinstance(outcome, EdgeError):
                reason, text = outcome.reason, f"{outcome} ({outcome.hint})"
            self._note_end(outcome)
            assessment = Assessment(frame_seq=judgment.frame_seq, captured_ns=judgment.captured_ns, fault=reason)
            anomalies = self._rise(reason, text, evidence.attempt_id)
        evidence = self._attempts.add(assessment)
        if self._stages.watch is not None:
            self._attempts.know(self._stages.watch.see(evidence, assessment, self._now().monotonic_ns))
        return Step(assessments=(assessment,), anomalies=anomalies)

    def _note_end(self, error: Exception) -> None:
        """Note what the gate must not outlive; whoever is judged is denied for it all the same."""
        if isinstance(error, DeviceGoneError) or not isinstance(error, EdgeError):
            self._defect = error

    def _decide(self, evidence: AttemptEvidence) -> Verdict | None:
        if self._stages.sequence is not None:
            evidence = self._stages.sequence.completed(evidence)
        verdict, self._limits = decide(evidence, self._limits, self._now(), self._stages.policy)
        if verdict is not None:
            self._attempts.settle(verdict)
            self._has_decided = True
            self._notice(evidence, verdict)
        return verdict

    def _told(self, verdict: Verdict | None) -> Step:
        """Return the step of a verdict, with the anomaly that it tells of."""
        if verdict is None:
            return Step()
        report = self._report_of(verdict)
        return Step(verdicts=(verdict,), anomalies=(report,) if report else ()) + self._take_noticed()

    def _notice(self, evidence: AttemptEvidence, verdict: Verdict) -> None:
        """Keep what else there is to tell of an attempt until its verdict is told."""
        watch = self._stages.watch
        told = watch.settle(evidence, verdict) if watch is not None else ()
        measured = measures_of(evidence.assessments) if verdict.decision is Decision.GRANTED else None
        self._noticed += Step(anomalies=told, granted=(measured,) if measured else ())

    def _take_noticed(self) -> Step:
        noticed, self._noticed = self._noticed, Step()
        return noticed

    def _report_of(self, verdict: Verdict) -> AnomalyReport | None:
        """Return the anomaly that a verdict tells of, unless it was told when its condition began."""
        return None if verdict.reason in self._conditions.active else report_of_verdict(verdict)

    def _rise(self, reason: Reason, detail: str, attempt_id: AttemptId | None) -> tuple[AnomalyReport, ...]:
        anomaly = anomaly_of(reason)
        if anomaly is None or not self._conditions.rises(reason):
            return ()
        return (self._report(anomaly, detail, attempt_id),)

    def _report(self, anomaly: Anomaly, detail: str, attempt_id: AttemptId | None = None) -> AnomalyReport:
        now_utc = self._stages.clock.utc()
        return AnomalyReport(anomaly=anomaly, detail=detail, attempt=attempt_id, occurred_utc=now_utc)

    def _now(self) -> Instant:
        return Instant(self._stages.clock.monotonic_ns(), self._stages.clock.utc())

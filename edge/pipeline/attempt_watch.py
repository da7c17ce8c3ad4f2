"""Watches attempts beside the policy: one face refused again and again, the enrolled picture itself, repeated bytes.

It can only tell. What it knows of faces lies in memory and is forgotten after a while.
"""

from collections import deque
from dataclasses import dataclass

from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.assessment import Assessment
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import Verdict
from edge.policy.decide import AttemptEvidence
from edge.recognition.clusters import FaceClusters

SAME_PICTURE = 0.999
"""Cosine to one template, in every model, that only the enrolled picture itself reaches. It decides nothing.
Frames of the very clip that was enrolled reach 0.994, that picture as JPEG 0.995, enlarged 0.998 (docs/how-to)."""

_REFUSED_FACES = frozenset(
    {Reason.UNKNOWN_PERSON, Reason.MODEL_DISAGREEMENT, Reason.ADVERSARIAL_INPUT, Reason.IDENTITY_CHANGED}
)
"""Refusals for what the face is, as against a camera, a fault, a hold or somebody in a hurry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTerms:
    """When refusals of one face are told: so many within the window, once in it."""

    refusals: int
    window_ms: float


class AttemptWatch:
    """What is noticed about attempts, one at a time. One thread, the gate's.

    Args:
        clusters: the faces refused lately.
        terms: when refusals of one face are told.
    """

    def __init__(self, clusters: FaceClusters, terms: WatchTerms) -> None:
        self._clusters = clusters
        self._terms = terms
        self._refused_ns: dict[str, deque[int]] = {}
        self._told_ns: dict[str, int] = {}
        self._seen: set[str] = set()
        self._attempt = ""

    def see(self, evidence: AttemptEvidence, assessment: Assessment, now_ns: int) -> str | None:
        """Return the cluster of an attempt after one more frame; None while no face was embedded.

        It stays with the first face, unless a later frame shows one that was refused before.
        """
        if evidence.attempt_id != self._attempt:
            self._forget_unrefused()
            self._attempt = evidence.attempt_id
        if assessment.probe is None:
            return evidence.cluster
        name = self._clusters.cluster_of(assessment.probe, now_ns)
        self._seen.add(name)
        known = evidence.cluster
        if known is None or (self._clusters.was_refused(name) and not self._clusters.was_refused(known)):
            return name
        return known

    def settle(self, evidence: AttemptEvidence, verdict: Verdict) -> tuple[AnomalyReport, ...]:
        """Return what there is to tell of an attempt that was decided; a granted face is forgotten."""
        found = [
            (Anomaly.TOO_PERFECT, "the face is the enrolled picture itself"),
            (Anomaly.REPEATED_FACE, "frames of an attempt show the very same bytes of a face"),
        ]
        happened = (_is_enrolled_picture(evidence), _has_repeated_face(evidence))
        told = [
            _report(anomaly, detail, verdict)
            for (anomaly, detail), is_so in zip(found, happened, strict=True)
            if is_so
        ]
        is_refused = verdict.decision is Decision.DENIED and verdict.reason in _REFUSED_FACES
        if is_refused and evidence.cluster is not None:
            self._clusters.refuse(evidence.cluster, verdict.decided_ns)
            if self._is_too_often(evidence.cluster, verdict.decided_ns):
                minutes = self._terms.window_ms / 60_000
                detail = f"one face was refused {self._terms.refusals} times or more within {minutes:g} minutes"
                told.append(_report(Anomaly.REPEATED_REFUSALS, detail, verdict))
        self._forget_unrefused()
        return tuple(told)

    def _is_too_often(self, name: str, now_ns: int) -> bool:
        """Note a refusal, and return whether it is to be told."""
        window_ns = int(self._terms.window_ms * 1e6)
        for old in [n for n in self._refused_ns if not self._clusters.was_refused(n)]:
            del self._refused_ns[old]
            self._told_ns.pop(old, None)
        refused = self._refused_ns.setdefault(name, deque(maxlen=self._terms.refusals))
        refused.append(max(now_ns, refused[-1] if refused else now_ns))
        is_often = len(refused) == self._terms.refusals and refused[-1] - refused[0] <= window_ns
        last_told = self._told_ns.get(name)
        if not is_often or (last_told is not None and refused[-1] - last_told < window_ns):
            return False
        self._told_ns[name] = refused[-1]
        return True

    def _forget_unrefused(self) -> None:
        for name in self._seen:
            self._clusters.release(name)
        self._seen.clear()


def _is_enrolled_picture(evidence: AttemptEvidence) -> bool:
    every = (a.verified.nearest for a in evidence.assessments if a.verified is not None)
    return any(nearest is not None and nearest >= SAME_PICTURE for nearest in every)


def _has_repeated_face(evidence: AttemptEvidence) -> bool:
    """Whether different frames show the same bytes; a frame that was judged twice is no other frame."""
    frames_of: dict[bytes, set[int]] = {}
    for assessment in evidence.assessments:
        if assessment.face_digest is not None:
            frames_of.setdefault(assessment.face_digest, set()).add(assessment.frame_seq)
    return any(len(frames) > 1 for frames in frames_of.values())


def _report(anomaly: Anomaly, detail: str, verdict: Verdict) -> AnomalyReport:
    return AnomalyReport(anomaly=anomaly, detail=detail, attempt=verdict.attempt_id, occurred_utc=verdict.decided_utc)

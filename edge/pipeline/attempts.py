"""The life of an attempt: it starts when a face is tracked and ends in exactly one verdict.

At most one attempt is open: only the nearest face is judged. A face that stays after its verdict may start another
attempt when its rearm time is over.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace

from edge.domain.assessment import Assessment
from edge.domain.challenge import Challenge
from edge.domain.claim import Claim
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptEnd, AttemptId, Verdict
from edge.policy.decide import AttemptEvidence
from edge.policy.schedule import deadline_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptTerms:
    """How long attempts last and when a face that stays may try again; milliseconds.

    Attributes:
        timeout_ms: an attempt ends then, if its face has not left before.
        rearm_after_denial_ms: until a face that stays may try again.
        rearm_after_grant_ms: the same after a grant.
        after_challenge_ms: an attempt with a challenge lasts so long beyond the challenge's deadline.
    """

    timeout_ms: float
    rearm_after_denial_ms: float
    rearm_after_grant_ms: float
    after_challenge_ms: float = 2_000.0  # frames of a face that came back to the front: as long as they stay fresh


@dataclass(frozen=True, slots=True)
class _Open:
    track: int
    evidence: AttemptEvidence


class Attempts:
    """The open attempt, if any, and which tracks already had theirs."""

    def __init__(self, terms: AttemptTerms) -> None:
        self._terms = terms
        self._open: _Open | None = None
        self._rearm_ns: dict[int, int] = {}

    @property
    def evidence(self) -> AttemptEvidence | None:
        """Evidence of the open attempt."""
        return self._open.evidence if self._open else None

    @property
    def track(self) -> int | None:
        """Track of the open attempt."""
        return self._open.track if self._open else None

    def follow(self, nearest: int | None, ended: Collection[int], now_ns: int) -> AttemptEvidence | None:
        """Follow the tracks of a new frame.

        Args:
            nearest: the track that is judged, None when nobody is there.
            ended: tracks that ended with this frame.
            now_ns: monotonic time.

        Returns:
            The evidence of an attempt that must be decided now because its face left, gave way or took too long.
        """
        self._rearm_ns = {t: ns for t, ns in self._rearm_ns.items() if ns > now_ns and t not in ended}
        over = self._over(nearest, ended, now_ns)
        if over is None and self._open is None and nearest is not None and self._may_start(nearest, now_ns):
            self._open = _Open(nearest, _new(now_ns))
        return over

    def add(self, assessment: Assessment) -> AttemptEvidence:
        """Add a frame to the open attempt and return its evidence.

        Raises:
            RuntimeError: no attempt is open.
        """
        if self._open is None:
            raise RuntimeError("no attempt is open")
        evidence = replace(self._open.evidence, assessments=(*self._open.evidence.assessments, assessment))
        self._open = _Open(self._open.track, evidence)
        return evidence

    def know(self, cluster: str | None) -> None:
        """Note which of the faces seen lately the open attempt shows, if one is open."""
        if self._open is not None and cluster is not None:
            self._open = _Open(self._open.track, replace(self._open.evidence, cluster=cluster))

    def ask(self, challenge: Challenge) -> None:
        """Note what the person of the open attempt, if any, was asked to do: it lasts until that can be done."""
        if self._open is not None:
            self._open = _Open(self._open.track, replace(self._open.evidence, challenge=challenge))

    @property
    def lacks_claim(self) -> bool:
        """Whether an attempt is open to which nobody's badge or PIN belongs yet."""
        return self._open is not None and self._open.evidence.claim is None

    def attach(self, claim: Claim) -> None:
        """Give the open attempt its claim. It keeps it to the end: what was judged under one claim is no other's.

        Raises:
            RuntimeError: no attempt is open, or it has a claim.
        """
        if self._open is None or self._open.evidence.claim is not None:
            raise RuntimeError("a claim belongs to one open attempt, and an attempt has one claim")
        self._open = _Open(self._open.track, replace(self._open.evidence, claim=claim))

    def fail(self, reason: Reason, hint: str, now_ns: int | None = None) -> AttemptEvidence | None:
        """Return the open attempt's evidence, ended by a fault at ``now_ns``; None when none is open."""
        if self._open is None:
            return None
        return replace(self._open.evidence, end=AttemptEnd.FAULT, fault=reason, hint=hint, ended_ns=now_ns)

    def leave(self, now_ns: int) -> AttemptEvidence:
        """Return evidence that everybody left: of the open attempt, or of one that never saw a face."""
        evidence = self._open.evidence if self._open else _new(now_ns)
        return replace(evidence, end=AttemptEnd.LEFT, ended_ns=now_ns)

    def settle(self, verdict: Verdict) -> None:
        """Close the open attempt with its verdict."""
        if self._open is None:
            return
        granted = verdict.decision is Decision.GRANTED
        wait_ms = self._terms.rearm_after_grant_ms if granted else self._terms.rearm_after_denial_ms
        self._rearm_ns[self._open.track] = max(verdict.decided_ns, verdict.release_ns) + int(wait_ms * 1e6)
        self._open = None

    def _over(self, nearest: int | None, ended: Collection[int], now_ns: int) -> AttemptEvidence | None:
        if self._open is None:
            return None
        if self._open.track in ended or (nearest is not None and nearest != self._open.track):
            return replace(self._open.evidence, end=AttemptEnd.LEFT, ended_ns=now_ns)
        due_ns = self._deadline_ns(self._open.evidence)
        if now_ns > due_ns:
            return replace(self._open.evidence, end=AttemptEnd.TIMEOUT, ended_ns=due_ns)
        return None

    def _deadline_ns(self, evidence: AttemptEvidence) -> int:
        challenge = evidence.challenge
        return deadline_ns(
            started_ns=evidence.started_ns,
            timeout_ms=self._terms.timeout_ms,
            challenge_deadline_ns=challenge.deadline_ns if challenge else None,
            after_challenge_ms=self._terms.after_challenge_ms,
        )

    def _may_start(self, track: int, now_ns: int) -> bool:
        return now_ns >= self._rearm_ns.get(track, now_ns)


def _new(now_ns: int) -> AttemptEvidence:
    return AttemptEvidence(attempt_id=AttemptId(uuid.uuid4().hex), started_ns=now_ns, assessments=())

"""How often somebody may fail: a token bucket and a hold for the gate, for each claimed identity and for each face.

A failure costs a token of all three. Two failures of one face or one identity escalate: it alone is then asked for a
badge or PIN. When its bucket is empty it alone is held. The gate's own bucket is larger, so that one stranger holds
nobody but himself. Frozen values: a decision takes limits and returns the next ones. Time that goes backward never
shortens anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.domain.claim import Claim
from edge.domain.match import SubjectRef
from edge.domain.posture import Posture
from edge.domain.reasons import Reason

COUNTED = frozenset(
    {
        Reason.ADVERSARIAL_INPUT,
        Reason.MODEL_DISAGREEMENT,
        Reason.IDENTITY_CHANGED,
        Reason.CHALLENGE_FAILED,
        Reason.CLAIM_MISMATCH,
        Reason.SECOND_STEP_MISSING,
    }
)
"""Denials that always count as a failure; so does any other after a would-be grant was refused."""

UNCOUNTED = frozenset({Reason.HELD, Reason.ESCALATED, Reason.LOCKDOWN, Reason.OUT_OF_SERVICE})
"""Denials that never count: the evidence could not have opened, so nothing was learned by it."""

MOST_KEYS = 64
"""Identities, faces and used claims that are remembered, each: more than fail or claim within a window at a busy
door. Past it the gate is held, or a claim does not count, rather than something forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerms:
    """The limits.

    Attributes:
        failures: tokens of one face or one claimed identity: so many failures at once start its hold.
        window_ms: in that time an empty bucket fills again.
        hold_ms: how long a hold lasts, and an escalation.
        escalate_after: so many failures ask one face or identity for a second factor; None = never.
        gate_failures: tokens of the gate itself; None = as many as ``failures``.
    """

    failures: int
    window_ms: float
    hold_ms: float
    escalate_after: int | None = None
    gate_failures: int | None = None

    def __post_init__(self) -> None:
        counts = (self.failures, self.escalate_after or 1, self.gate_failures or 1)
        if min(counts) < 1 or self.window_ms <= 0 or self.hold_ms <= 0:
            raise ValueError("limits must be positive")

    @property
    def hold_ns(self) -> int:
        """How long a hold lasts, nanoseconds."""
        return int(self.hold_ms * 1e6)

    def of_gate(self) -> "LimitTerms":
        """Return the terms of the gate's own bucket: larger, and without an escalation of everybody."""
        return replace(self, failures=self.gate_failures or self.failures, escalate_after=None)


class Restriction(StrEnum):
    """What stands against an attempt, besides its evidence."""

    NONE = "none"
    ESCALATED = "escalated"
    """A face alone is not enough: a badge or PIN of the same person is."""
    HELD = "held"
    """Nobody, but for a badge or PIN together with a strong match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The bucket and the hold of one key. The bucket is a generic cell rate algorithm's: one number.

    Attributes:
        full_ns: monotonic time at which every token is back; past = the bucket is full.
        escalated_until_ns: a second factor is asked for before this.
        held_until_ns: it is held before this.
    """

    full_ns: int = 0
    escalated_until_ns: int = 0
    held_until_ns: int = 0

    def after_failure(self, now_ns: int, terms: LimitTerms) -> "Allowance":
        """Return what is left after a failure."""
        token_ns = max(1, int(terms.window_ms * 1e6 / terms.failures))
        capped_ns = min(max(self.full_ns, now_ns) + token_ns, now_ns + terms.failures * token_ns)
        full_ns = max(self.full_ns, capped_ns)
        used = -((now_ns - full_ns) // token_ns)
        is_escalated = terms.escalate_after is not None and used >= terms.escalate_after
        until_ns = now_ns + terms.hold_ns
        return Allowance(
            full_ns=full_ns,
            escalated_until_ns=max(self.escalated_until_ns, until_ns if is_escalated else 0),
            held_until_ns=max(self.held_until_ns, until_ns if used >= terms.failures else 0),
        )

    def restriction(self, now_ns: int) -> Restriction:
        """Return what stands against its key."""
        if now_ns < self.held_until_ns:
            return Restriction.HELD
        return Restriction.ESCALATED if now_ns < self.escalated_until_ns else Restriction.NONE

    def is_idle(self, now_ns: int) -> bool:
        """Whether nothing would change if it were forgotten."""
        return max(self.full_ns, self.escalated_until_ns, self.held_until_ns) <= now_ns

    def restarted(self, saved_ns: int, now_ns: int, terms: LimitTerms) -> "Allowance":
        """Return it in another clock: tokens come back as before, what was running runs again in full."""
        debt_ns = min(max(0, self.full_ns - saved_ns), int(terms.window_ms * 1e6))
        again_ns = now_ns + terms.hold_ns
        return Allowance(
            full_ns=now_ns + debt_ns if debt_ns else 0,
            escalated_until_ns=again_ns if self.escalated_until_ns > saved_ns else 0,
            held_until_ns=again_ns if self.held_until_ns > saved_ns else 0,
        )


Allowances = Mapping[str, Allowance]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the gate remembers of failures, and the posture that stands above them.

    Attributes:
        gate: of everybody.
        identities: of claimed identities that failed lately.
        clusters: of faces that failed lately, whoever they are.
        used_claims: claims that served an attempt, with the time from which they do not count anyway.
        posture: other than ``NORMAL``, everybody is denied.
    """

    gate: Allowance = Allowance()
    identities: Allowances = field(default_factory=dict)
    clusters: Allowances = field(default_factory=dict)
    used_claims: Mapping[str, int] = field(default_factory=dict)
    posture: Posture = Posture.NORMAL

    @staticmethod
    def unknown(now_ns: int, terms: LimitTerms) -> "Limits":
        """Return limits for a gate that does not know what happened before: held, with every token used."""
        full_ns = now_ns + int(terms.window_ms * 1e6)
        return Limits(gate=Allowance(full_ns=full_ns, held_until_ns=now_ns + terms.hold_ns))

    def restriction(
        self, now_ns: int, *, identity: SubjectRef | None = None, cluster: str | None = None
    ) -> Restriction:
        """Return the strictest of what stands against the gate, a claimed identity and a face."""
        found = {self.gate.restriction(now_ns)}
        for key, known in ((identity, self.identities), (cluster, self.clusters)):
            if key is not None and key in known:
                found.add(known[key].restriction(now_ns))
        return next((r for r in (Restriction.HELD, Restriction.ESCALATED) if r in found), Restriction.NONE)

    def is_held(self, now_ns: int) -> bool:
        """Whether the gate itself is held."""
        return self.gate.restriction(now_ns) is Restriction.HELD

    def after_failure(
        self, now_ns: int, terms: LimitTerms, *, identity: SubjectRef | None = None, cluster: str | None = None
    ) -> "Limits":
        """Return the limits after a counted denial."""
        gate = self.gate.after_failure(now_ns, terms.of_gate())
        identities, has_room = _failed(self.identities, identity, now_ns, terms)
        clusters, has_room_too = _failed(self.clusters, cluster, now_ns, terms)
        if not (has_room and has_room_too):
            gate = replace(gate, held_until_ns=max(gate.held_until_ns, now_ns + terms.hold_ns))
        return replace(self, gate=gate, identities=identities, clusters=clusters)

    def claim_counts(self, claim: Claim | None, now_ns: int) -> bool:
        """Whether a claim counts now and has served no attempt yet."""
        if claim is None or not claim.counts_at(now_ns):
            return False
        remembered = sum(1 for expires_ns in self.used_claims.values() if expires_ns > now_ns)
        return claim.claim_id not in self.used_claims and remembered < MOST_KEYS

    def after_claim(self, claim: Claim | None, now_ns: int) -> "Limits":
        """Return the limits after an attempt that a claim belonged to: it serves no other."""
        kept = {id_: expires_ns for id_, expires_ns in self.used_claims.items() if expires_ns > now_ns}
        if claim is not None and claim.expires_ns > now_ns and len(kept) < MOST_KEYS:
            kept[claim.claim_id] = claim.expires_ns
        return self if kept == self.used_claims else replace(self, used_claims=kept)

    def in_posture(self, posture: Posture) -> "Limits":
        """Return the same limits in another posture."""
        return replace(self, posture=posture)

    def unlocked(self) -> "Limits":
        """Return limits that remember no failure. Claims stay used, the posture stays."""
        return Limits(used_claims=self.used_claims, posture=self.posture)

    def restarted(self, saved_ns: int, now_ns: int, terms: LimitTerms) -> "Limits":
        """Return what a new start of the gate begins with. Claims do not outlive a start, so none is remembered."""
        return Limits(
            gate=self.gate.restarted(saved_ns, now_ns, terms.of_gate()),
            identities=_restarted(self.identities, saved_ns, now_ns, terms),
            clusters=_restarted(self.clusters, saved_ns, now_ns, terms),
            posture=self.posture,
        )


def _failed(known: Allowances, key: str | None, now_ns: int, terms: LimitTerms) -> tuple[Allowances, bool]:
    """Return the allowances after a failure of ``key``, and whether there was room for it."""
    if key is None:
        return known, True
    kept = {k: a for k, a in known.items() if k == key or not a.is_idle(now_ns)}
    if key not in kept and len(kept) >= MOST_KEYS:
        return kept, False
    kept[key] = kept.get(key, Allowance()).after_failure(now_ns, terms)
    return kept, True


def _restarted(known: Allowances, saved_ns: int, now_ns: int, terms: LimitTerms) -> Allowances:
    again = {key: allowance.restarted(saved_ns, now_ns, terms) for key, allowance in known.items()}
    return {key: allowance for key, allowance in again.items() if not allowance.is_idle(now_ns)}

"""Claims of identity that wait for a face: the newest one, for one attempt, while it counts."""

from edge.domain.claim import Claim


class ClaimKeeper:
    """Holds one claim at most. Whoever badges after somebody else takes their place: nobody inherits a claim.

    One thread, the gate's.
    """

    def __init__(self) -> None:
        self._claim: Claim | None = None

    def offer(self, claim: Claim) -> None:
        """Keep a claim in place of any that waits."""
        self._claim = claim

    def take(self, now_ns: int) -> Claim | None:
        """Return the claim that waits, once; None when there is none or it no longer counts at ``now_ns``."""
        claim, self._claim = self._claim, None
        return claim if claim is not None and claim.counts_at(now_ns) else None

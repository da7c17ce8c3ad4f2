"""A claim that waits: the newest, once, while it counts."""

from edge.domain.claim import Claim, Factor
from edge.domain.match import SubjectRef
from edge.pipeline.claims import ClaimKeeper

SECOND = 1_000_000_000


def claim(claim_id: str, received_s: int = 1) -> Claim:
    return Claim(
        claim_id=claim_id,
        subject=SubjectRef("p-1"),
        factor=Factor.BADGE,
        received_ns=received_s * SECOND,
        expires_ns=(received_s + 8) * SECOND,
    )


def test_it_is_handed_out_once() -> None:
    keeper = ClaimKeeper()
    assert keeper.take(SECOND) is None
    keeper.offer(claim("a"))
    assert keeper.take(2 * SECOND) == claim("a")
    assert keeper.take(2 * SECOND) is None


def test_the_newest_takes_the_place_of_the_one_before() -> None:
    keeper = ClaimKeeper()
    keeper.offer(claim("a"))
    keeper.offer(claim("b"))
    assert keeper.take(2 * SECOND) == claim("b")
    assert keeper.take(2 * SECOND) is None


def test_one_that_no_longer_counts_is_gone_for_good() -> None:
    keeper = ClaimKeeper()
    keeper.offer(claim("a"))
    assert keeper.take(9 * SECOND) is None
    assert keeper.take(2 * SECOND) is None


def test_one_from_the_future_does_not_count() -> None:
    keeper = ClaimKeeper()
    keeper.offer(claim("a", received_s=5))
    assert keeper.take(4 * SECOND) is None

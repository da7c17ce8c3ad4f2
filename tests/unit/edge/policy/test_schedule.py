"""When outcomes leave: on ticks, never early, and a denial at a time that the gate's own work does not move."""

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.verdict import AttemptId
from edge.policy.schedule import deadline_ns, release_ns

MS = 1_000_000
ATTEMPT = AttemptId("9d1f0c6a52e84b0f8f4f6f1f8f1f2a3b")
TICK_MS = 250.0
TICK_NS = 250 * MS
times = st.integers(0, 10**13)
spans = st.integers(0, 20_000 * MS)


@given(times, spans, spans, st.booleans(), st.sampled_from([0.0, 50.0, 250.0, 1_000.0]))
def test_nothing_leaves_before_it_was_decided_and_what_leaves_is_on_a_tick(
    started_ns: int, after_ns: int, more_ns: int, is_grant: bool, tick_ms: float
) -> None:
    ended_ns = started_ns + after_ns
    decided_ns = ended_ns + more_ns
    released_ns = release_ns(
        attempt_id=ATTEMPT,
        started_ns=started_ns,
        ended_ns=ended_ns,
        decided_ns=decided_ns,
        is_grant=is_grant,
        tick_ms=tick_ms,
    )
    assert released_ns >= decided_ns
    if tick_ms:
        tick_ns = round(tick_ms * MS)
        again_ns = release_ns(
            attempt_id=ATTEMPT,
            started_ns=started_ns,
            ended_ns=started_ns,
            decided_ns=started_ns,
            is_grant=True,
            tick_ms=tick_ms,
        )
        assert (released_ns - again_ns) % tick_ns == 0
        assert released_ns - decided_ns < round((1 if is_grant else 2) * tick_ms * MS)


@given(times, spans, st.integers(0, TICK_NS), st.integers(0, TICK_NS))
def test_a_judgment_shorter_than_a_tick_does_not_move_a_denial(
    started_ns: int, after_ns: int, one_ns: int, other_ns: int
) -> None:
    ended_ns = started_ns + after_ns
    first, second = (
        release_ns(
            attempt_id=ATTEMPT,
            started_ns=started_ns,
            ended_ns=ended_ns,
            decided_ns=ended_ns + cost,
            is_grant=False,
            tick_ms=TICK_MS,
        )
        for cost in (one_ns, other_ns)
    )
    assert first == second


@given(times, spans)
def test_a_grant_is_always_fresh_enough_for_a_door(started_ns: int, after_ns: int) -> None:
    decided_ns = started_ns + after_ns
    for tick_ms in (50.0, 1_000.0):  # the bounds of policy.outcome_tick_ms
        released_ns = release_ns(
            attempt_id=ATTEMPT,
            started_ns=started_ns,
            ended_ns=decided_ns,
            decided_ns=decided_ns,
            is_grant=True,
            tick_ms=tick_ms,
        )
        assert released_ns - decided_ns < 2_000 * MS


def test_without_a_tick_an_outcome_leaves_at_once() -> None:
    assert release_ns(attempt_id=ATTEMPT, started_ns=1, ended_ns=5, decided_ns=7, is_grant=False, tick_ms=0) == 7


def test_a_challenge_lengthens_an_attempt_and_never_shortens_it() -> None:
    def due(challenge_ms: int | None) -> int:
        challenge_ns = None if challenge_ms is None else challenge_ms * MS
        return deadline_ns(
            started_ns=0, timeout_ms=6_000, challenge_deadline_ns=challenge_ns, after_challenge_ms=2_000
        )

    assert due(None) == 6_000 * MS
    assert due(1_000) == 6_000 * MS
    assert due(9_000) == 11_000 * MS


def test_ticks_lie_elsewhere_for_every_attempt() -> None:
    phases = {
        release_ns(
            attempt_id=AttemptId(str(n)), started_ns=0, ended_ns=0, decided_ns=0, is_grant=True, tick_ms=TICK_MS
        )
        for n in range(200)
    }
    assert len(phases) > 190
    assert min(phases) < TICK_NS // 10
    assert max(phases) > TICK_NS * 9 // 10

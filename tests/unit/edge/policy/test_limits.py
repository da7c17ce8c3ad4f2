"""Limits: whom a failure holds, for how long, and that neither time nor number undoes it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.claim import Claim, Factor
from edge.domain.match import SubjectRef
from edge.domain.posture import Posture
from edge.policy.limits import MOST_KEYS, Allowance, Limits, LimitTerms, Restriction
from edge.policy.limits_record import limits_from, record_of

MS = 1_000_000
NOW_NS = 10**12
TERMS = LimitTerms(failures=5, window_ms=60_000, hold_ms=10_000, escalate_after=2, gate_failures=20)
ANN = SubjectRef("ann")
ORDER = [Restriction.NONE, Restriction.ESCALATED, Restriction.HELD]

failures = st.lists(
    st.tuples(
        st.integers(-120_000, 120_000),  # milliseconds since the one before: time may go backward
        st.one_of(st.none(), st.integers(0, 200).map(str)),
        st.one_of(st.none(), st.integers(0, 200).map(str)),
    ),
    max_size=120,
)


def failed(
    times: int, *, cluster: str | None = None, identity: SubjectRef | None = None, every_ms: int = 0
) -> Limits:
    limits = Limits()
    for index in range(times):
        limits = limits.after_failure(NOW_NS + index * every_ms * MS, TERMS, cluster=cluster, identity=identity)
    return limits


def test_failures_of_a_face_escalate_and_then_hold_that_face_alone() -> None:
    seen = [failed(n, cluster="c").restriction(NOW_NS, cluster="c") for n in range(6)]
    assert seen == [ORDER[0], ORDER[0], ORDER[1], ORDER[1], ORDER[1], ORDER[2]]
    assert failed(5, cluster="c").restriction(NOW_NS, cluster="d") is Restriction.NONE
    assert failed(5, cluster="c").restriction(NOW_NS) is Restriction.NONE


def test_failures_of_a_claimed_identity_hold_that_identity_alone() -> None:
    limits = failed(5, identity=ANN)
    assert limits.restriction(NOW_NS, identity=ANN) is Restriction.HELD
    assert limits.restriction(NOW_NS, identity=SubjectRef("bob")) is Restriction.NONE


def test_many_failures_of_many_faces_hold_the_gate() -> None:
    limits = Limits()
    for index in range(20):
        assert limits.restriction(NOW_NS) is Restriction.NONE
        limits = limits.after_failure(NOW_NS, TERMS, cluster=str(index))
    assert limits.restriction(NOW_NS) is Restriction.HELD
    assert limits.restriction(NOW_NS + 10_000 * MS) is Restriction.NONE


def test_a_bucket_fills_again() -> None:
    assert failed(30, cluster="c", every_ms=12_000).restriction(NOW_NS + 29 * 12_000 * MS, cluster="c") is ORDER[0]
    slow = failed(1, cluster="c").after_failure(NOW_NS + 60_000 * MS, TERMS, cluster="c")
    assert slow.restriction(NOW_NS + 60_000 * MS, cluster="c") is Restriction.NONE


@given(failures, st.integers(-(10**6), 10**6))
@settings(max_examples=150, deadline=None)
def test_limits_are_bounded_and_a_hold_is_never_shortened(
    events: list[tuple[int, str | None, str | None]], look_ms: int
) -> None:
    limits, now_ns = Limits(), NOW_NS
    for passed_ms, identity, cluster in events:
        before = limits
        now_ns = max(1, now_ns + passed_ms * MS)
        limits = limits.after_failure(
            now_ns, TERMS, identity=SubjectRef(identity) if identity else None, cluster=cluster
        )
        assert len(limits.identities) <= MOST_KEYS
        assert len(limits.clusters) <= MOST_KEYS
        assert limits.gate.held_until_ns >= before.gate.held_until_ns
        assert limits.gate.full_ns >= before.gate.full_ns
        for key, known in before.clusters.items():
            if not known.is_idle(now_ns):
                assert limits.clusters[key].held_until_ns >= known.held_until_ns
    earlier_ns = now_ns - abs(look_ms) * MS
    faces: list[str | None] = [*limits.clusters, None]
    for face in faces:
        then, now = (limits.restriction(t, cluster=face) for t in (earlier_ns, now_ns))
        assert ORDER.index(then) >= ORDER.index(now)


def test_without_room_the_gate_is_held_rather_than_somebody_forgotten() -> None:
    terms = LimitTerms(failures=5, window_ms=60_000, hold_ms=10_000, gate_failures=10_000)
    limits = Limits()
    for index in range(MOST_KEYS):
        limits = limits.after_failure(NOW_NS, terms, cluster=str(index))
    assert not limits.is_held(NOW_NS)
    limits = limits.after_failure(NOW_NS, terms, cluster="one more")
    assert limits.is_held(NOW_NS)
    assert set(limits.clusters) == set(map(str, range(MOST_KEYS)))


def a_claim(name: str = "c1", *, expires_ns: int = NOW_NS + 10_000 * MS) -> Claim:
    return Claim(claim_id=name, subject=ANN, factor=Factor.BADGE, received_ns=NOW_NS, expires_ns=expires_ns)


def test_a_claim_counts_once_and_in_its_time() -> None:
    limits = Limits()
    assert limits.claim_counts(a_claim(), NOW_NS)
    assert not limits.claim_counts(None, NOW_NS)
    assert not limits.claim_counts(a_claim(), NOW_NS - 1)
    assert not limits.claim_counts(a_claim(), NOW_NS + 10_000 * MS)
    used = limits.after_claim(a_claim(), NOW_NS)
    assert not used.claim_counts(a_claim(), NOW_NS + 1)
    assert used.claim_counts(a_claim("c2"), NOW_NS + 1)
    assert not used.unlocked().claim_counts(a_claim(), NOW_NS + 1)


def test_used_claims_are_bounded_and_past_it_none_counts() -> None:
    limits = Limits()
    for index in range(2 * MOST_KEYS):
        limits = limits.after_claim(a_claim(str(index)), NOW_NS)
    assert len(limits.used_claims) == MOST_KEYS
    assert not limits.claim_counts(a_claim("new"), NOW_NS)
    later_ns = NOW_NS + 10_000 * MS
    fresh = Claim(claim_id="n", subject=ANN, factor=Factor.PIN, received_ns=later_ns, expires_ns=later_ns + MS)
    assert limits.claim_counts(fresh, later_ns)
    assert not limits.after_claim(None, later_ns).used_claims


@given(st.integers(0, 10**15), st.integers(0, 9_999))
def test_a_start_runs_a_hold_again_in_full_and_keeps_the_tokens_used(now_ns: int, into_ms: int) -> None:
    saved_ns = NOW_NS + into_ms * MS
    again = failed(5, cluster="c").restarted(saved_ns, now_ns, TERMS)
    assert again.clusters["c"].held_until_ns == now_ns + 10_000 * MS
    assert again.clusters["c"].full_ns - now_ns == failed(5, cluster="c").clusters["c"].full_ns - saved_ns
    assert again.restriction(now_ns + 9_999 * MS, cluster="c") is Restriction.HELD


def test_a_hold_that_was_over_does_not_run_again() -> None:
    again = failed(5, cluster="c").restarted(NOW_NS + 3_600_000 * MS, 5, TERMS)
    assert again.restriction(5, cluster="c") is Restriction.NONE
    assert not again.clusters


def test_who_does_not_know_holds() -> None:
    limits = Limits.unknown(NOW_NS, TERMS)
    assert limits.is_held(NOW_NS)
    later_ns = NOW_NS + 10_001 * MS  # the hold is over, and a sixth of the tokens are back
    for _ in range(3):
        assert not limits.is_held(later_ns)
        limits = limits.after_failure(later_ns, TERMS)
    assert limits.is_held(later_ns)


def test_a_record_gives_the_same_limits_without_claims_and_posture() -> None:
    limits = failed(5, cluster="c", identity=ANN)
    more = limits.after_claim(a_claim(), NOW_NS).in_posture(Posture.LOCKDOWN)
    assert limits_from(record_of(more, NOW_NS)) == limits
    assert limits_from("{}") == Limits()
    assert record_of(Limits(), NOW_NS) == "{}"


ALLOWANCE = {"full_ns": 1, "escalated_until_ns": 0, "held_until_ns": 0}


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "null",
        "[" * 100_000,
        '{"gate": 1}',
        json.dumps({"gate": ALLOWANCE, "identities": {}}),
        json.dumps({"gate": ALLOWANCE | {"full_ns": -1}, "identities": {}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE | {"full_ns": 1.5}, "identities": {}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE | {"full_ns": True}, "identities": {}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE | {"full_ns": 2**63}, "identities": {}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE | {"more": 1}, "identities": {}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE, "identities": [], "clusters": {}}),
        json.dumps({"gate": ALLOWANCE, "identities": {"x" * 201: ALLOWANCE}, "clusters": {}}),
        json.dumps({"gate": ALLOWANCE, "identities": {}, "clusters": {str(i): ALLOWANCE for i in range(65)}}),
    ],
)
def test_what_is_no_record_is_refused(record: str) -> None:
    with pytest.raises(ValueError):
        limits_from(record)


@given(st.text() | st.binary().map(lambda b: b.decode("latin-1")))
def test_no_text_is_taken_for_a_record_or_ends_otherwise(record: str) -> None:
    try:
        limits = limits_from(record)
    except ValueError:
        return
    assert limits == Limits()


def test_limits_must_be_positive() -> None:
    for wrong in ({"failures": 0}, {"window_ms": 0}, {"hold_ms": -1}, {"gate_failures": -1}, {"escalate_after": -2}):
        with pytest.raises(ValueError):
            LimitTerms(**{"failures": 1, "window_ms": 1.0, "hold_ms": 1.0, **wrong})  # type: ignore[arg-type]


def test_an_allowance_that_nobody_used_is_idle() -> None:
    assert Allowance().is_idle(0)
    assert not Allowance(full_ns=2).is_idle(1)

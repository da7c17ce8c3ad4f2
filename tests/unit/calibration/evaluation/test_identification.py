"""What becomes of identification attempts: every kind of outcome is counted once, and zero keeps its bound."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.evaluation.deciding import NO_FACE, NOT_ACQUIRED, Answer
from calibration.evaluation.identification import Attempt, count_attempts
from calibration.statistics.intervals import clopper_pearson
from calibration.statistics.rates import Rate
from edge.domain.match import SubjectRef
from edge.domain.reasons import Reason

pytest.importorskip("scipy")

UNKNOWN = Answer(None, Reason.UNKNOWN_PERSON, "unknown_person: screening")
TURNED = Answer(None, Reason.LOW_QUALITY, "low_quality: turned_away")


def granted(person: str) -> Answer:
    return Answer(SubjectRef(person), Reason.MATCH, "match")


def test_every_kind_of_outcome() -> None:
    counted = count_attempts(
        [
            Attempt("ann", True, granted("ann")),
            Attempt("ann", True, granted("ann")),
            Attempt("ann", True, granted("bob")),
            Attempt("ann", True, UNKNOWN),
            Attempt("bob", True, TURNED),
            Attempt("bob", True, NO_FACE),
            Attempt("eve", False, granted("ann")),
            Attempt("eve", False, UNKNOWN),
            Attempt("mal", False, TURNED),
        ]
    )
    assert counted.granted == Rate(2, 6)
    assert counted.misidentified == Rate(1, 6)
    assert counted.granted_wrong == Rate(1, 3)
    assert counted.not_acquired == Rate(3, 9)
    assert counted.not_acquired_genuine == Rate(2, 6)
    assert counted.refused == {"unknown_person": 1, "low_quality": 1, "no_face": 1}
    assert counted.refused_by == {"unknown_person: screening": 1, "low_quality: turned_away": 1, "no_face": 1}


def test_no_wrong_grant_keeps_the_upper_bound_of_pictures_and_of_people() -> None:
    attempts = [Attempt(f"stranger {i // 3}", False, UNKNOWN) for i in range(30)]
    counted = count_attempts(attempts)
    assert counted.granted_wrong.ci95 == clopper_pearson(0, 30)
    assert counted.fpir_identity_ci95 == clopper_pearson(0, 10)


def test_wrong_grants_of_one_stranger_weigh_as_one_stranger() -> None:
    attempts = [Attempt("eve", False, granted("ann"))] * 10
    attempts += [Attempt(f"stranger {i}", False, UNKNOWN) for i in range(40)]
    counted = count_attempts(attempts)
    over_people, over_pictures = counted.fpir_identity_ci95, counted.granted_wrong.ci95
    assert over_people is not None
    assert over_pictures is not None
    assert over_people.low < over_pictures.low
    assert over_people.high > over_pictures.high


def test_what_was_not_tried_has_no_rate() -> None:
    counted = count_attempts([Attempt("ann", True, granted("ann"))])
    assert (counted.granted_wrong.value, counted.granted_wrong.ci95, counted.fpir_identity_ci95) == (None, None, None)
    assert str(counted.granted_wrong) == "not measured: 0 trials"
    assert count_attempts([]).granted.value is None


def test_a_rate_is_read_with_its_interval() -> None:
    assert str(Rate(0, 100)) == "0 of 100 = 0.000% [0.000%, 3.622%]"


@settings(deadline=None)  # exact intervals in each example
@given(
    st.lists(
        st.builds(
            Attempt,
            st.sampled_from(["ann", "bob"]),
            st.booleans(),
            st.one_of(
                st.sampled_from(["ann", "bob"]).map(granted),
                st.sampled_from([r for r in Reason if r is not Reason.MATCH]).map(lambda r: Answer(None, r, r.value)),
            ),
        ),
        max_size=20,
    )
)
def test_outcomes_add_up(attempts: list[Attempt]) -> None:
    counted = count_attempts(attempts)
    refused = sum(counted.refused.values())
    assert counted.granted.hits + counted.misidentified.hits + refused == counted.granted.trials
    assert counted.granted.trials + counted.granted_wrong.trials == counted.not_acquired.trials == len(attempts)
    assert counted.not_acquired.hits == sum(a.answer.reason in NOT_ACQUIRED for a in attempts)

"""Pairs that the gate decided: right and wrong ones, and first pictures that cannot enroll."""

from pathlib import Path

import pytest

from calibration.evaluation.deciding import NO_FACE, Answer
from calibration.evaluation.gate_pairs import count_pairs
from calibration.pictures.pairs import Pair
from calibration.statistics.rates import Rate
from edge.domain.match import SubjectRef
from edge.domain.reasons import Reason

GRANTED = Answer(SubjectRef("first"), Reason.MATCH, "match")
ATTACKED = Answer(None, Reason.ADVERSARIAL_INPUT, "adversarial_input: squeeze (m median3)")


def pair(*, is_genuine: bool) -> Pair:
    return Pair(Path("a"), Path("b"), is_genuine=is_genuine, fold=0)


def test_every_kind_of_outcome() -> None:
    pytest.importorskip("scipy")
    genuine, impostor = pair(is_genuine=True), pair(is_genuine=False)
    counted = count_pairs(
        [
            (genuine, GRANTED),
            (genuine, ATTACKED),
            (genuine, None),
            (genuine, NO_FACE),
            (impostor, GRANTED),
            (impostor, NO_FACE),
            (impostor, None),
        ]
    )
    assert counted.right == Rate(3, 7)
    assert counted.genuine == Rate(1, 4)
    assert counted.impostors == Rate(1, 3)
    assert counted.failed_to_enroll == 2
    assert counted.refused == {"adversarial_input": 1, "not_enrolled": 1, "no_face": 1}
    assert counted.refused_by[ATTACKED.step] == 1

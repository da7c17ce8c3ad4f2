"""Held pictures are learned by an operator's word alone, and that is on record."""

import pytest

from edge.domain.errors import UsageError
from edge.pipeline.guard.admission import admission_of
from edge.pipeline.guard.guard import Guarded, HeldPicture
from edge.pipeline.guard.limits import Suspicion
from tests.support.enrollment_looks import honest, picture

PICTURES = tuple(picture(str(number), seen) for number, seen in enumerate(honest(0)))
HELD = HeldPicture(PICTURES[4], (Suspicion("gain", "words"), Suspicion("odd", "words")))


def test_enough_fit_pictures_are_enrolled_without_the_held_one() -> None:
    made = admission_of(Guarded(PICTURES[:3], (HELD,)))
    assert made.pictures == PICTURES[:3]
    assert made.record == ""


def test_too_few_are_nobody() -> None:
    made = admission_of(Guarded(PICTURES[:2], (HELD,)))
    assert made.pictures == ()
    assert made.lacking == 1


def test_one_picture_is_enough_where_one_is_asked_for() -> None:
    assert admission_of(Guarded(PICTURES[:1], ()), least=1).pictures == PICTURES[:1]


def test_an_operators_word_enrolls_them_and_is_on_record() -> None:
    made = admission_of(Guarded(PICTURES[:2], (HELD,)), accepted=" new glasses ")
    assert made.pictures == (*PICTURES[:2], PICTURES[4])
    assert made.record == "1 of 3 pictures were held (gain, odd) and accepted: new glasses"


def test_a_single_picture_by_an_operators_word_is_on_record() -> None:
    made = admission_of(Guarded(PICTURES[:1], ()), accepted="visitor for a day")
    assert made.pictures == PICTURES[:1]
    assert "(too few) and accepted: visitor" in made.record


def test_a_word_that_nothing_needed_records_nothing() -> None:
    assert admission_of(Guarded(PICTURES, ()), accepted="to be sure").record == ""


def test_a_word_makes_no_picture_where_there_is_none() -> None:
    assert admission_of(Guarded((), ()), accepted="why not").pictures == ()


@pytest.mark.parametrize("reason", ["", "  ", "x" * 101, "two\nlines", "\u202e"])
def test_a_reason_that_is_none_is_refused(reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        admission_of(Guarded(PICTURES, ()), accepted=reason)
    assert caught.value.hint

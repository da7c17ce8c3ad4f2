"""Every screen finds its own attack, honest pictures pass, and what is held is held in the right order."""

import numpy as np
import pytest

from edge.domain.errors import ConfigError
from edge.pipeline.guard.guard import EnrollmentGuard, Guarded
from edge.pipeline.guard.look import Look
from edge.recognition.gallery import Gallery
from tests.support.enrollment_looks import LIMITS, GivenLooks, gallery_of_looks, honest, look, picture, row
from tests.support.profiles import a_profile

POINT = a_profile().match
NOBODY = gallery_of_looks({})
SOMEBODY = gallery_of_looks({"bob": honest(1)})


def judged(looks: list[Look], gallery: Gallery = NOBODY) -> Guarded:
    named = {str(number): seen for number, seen in enumerate(looks)}
    guard = EnrollmentGuard(GivenLooks(named), LIMITS)
    return guard.judge([picture(name, seen) for name, seen in named.items()], gallery, POINT)


def screens(found: Guarded) -> dict[str, set[str]]:
    return {held.picture.source: {s.screen for s in held.suspicions} for held in found.held}


@pytest.mark.parametrize("gallery", [NOBODY, SOMEBODY])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_honest_pictures_are_fit(gallery: Gallery, count: int) -> None:
    found = judged(honest(0, count), gallery)
    assert [p.source for p in found.fit] == [str(number) for number in range(count)]
    assert found.held == ()


def test_no_picture_is_nothing() -> None:
    assert judged([]).fit == ()


def test_a_stranger_is_held_alone() -> None:
    found = judged([*honest(0, 4), look(row(x5=1.0))])
    assert screens(found).keys() == {"4"}
    assert {"unlike", "odd"} <= screens(found)["4"]


def test_what_would_just_open_is_too_little_to_learn() -> None:
    opens = look(row(x0=0.54, x5=0.8417))
    found = judged([*honest(0, 4), opens])
    assert "unlike" in screens(found)["4"]
    template = gallery_of_looks({"ann": honest(0, 4)})
    score = float(template.scores(template.subjects[0], "a", opens.plain["a"][np.newaxis])[0])
    assert score >= POINT.threshold


def test_a_morph_with_somebody_enrolled_lies_between_two_people() -> None:
    found = judged([*honest(0, 4), look(row(x0=0.7, x1=0.7))], SOMEBODY)
    assert {"between", "resembles"} <= screens(found)["4"]


def test_a_morph_with_nobody_enrolled_is_less_like_the_others_than_they_are() -> None:
    found = judged([*honest(0, 4), look(row(x0=0.6, x7=0.8))])
    assert "odd" in screens(found)["4"]


def test_moments_of_one_recording_do_not_make_another_day_odd() -> None:
    clip = [look(row(x0=1.0, x12=0.05 * number)) for number in range(4)]
    assert judged([*clip, look(row(x0=0.75, x9=0.66))]).held == ()


def test_a_trigger_that_hides_the_person_is_seen_when_it_is_hidden() -> None:
    worn = look(row(x0=0.75, x6=0.66), hidden={1: row(x0=0.95, x6=0.3)})
    assert screens(judged([*honest(0, 4), worn])) == {"4": {"gain"}}


def test_somebody_enrolled_behind_a_patch_is_seen_when_it_is_hidden() -> None:
    masked = look(row(x0=1.0), hidden={2: row(x0=0.3, x1=0.95)})
    assert {"hidden", "resembles"} <= screens(judged([*honest(0, 4), masked], SOMEBODY))["4"]


def test_noise_goes_where_a_median_filter_takes_it() -> None:
    noisy = look(row(x0=0.9, x11=0.4), squeezed=row(x0=0.3, x4=0.95))
    assert screens(judged([*honest(0, 4), noisy])) == {"4": {"squeeze-a", "squeeze-b"}}


def test_models_that_disagree_are_told() -> None:
    moved = look(row(x0=0.95, x11=0.3), second=row(x0=0.45, x6=0.9))
    assert "disagreement" in screens(judged([*honest(0, 4), moved]))["4"]


def test_two_that_are_not_alike_are_both_held() -> None:
    found = judged([look(row(x0=1.0)), look(row(x0=0.3, x5=0.95))])
    assert found.fit == ()
    assert len(found.held) == 2
    assert any("alone" in names for names in screens(found).values())


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["plain", "hidden", "squeezed"])
def test_what_is_no_number_is_held(value: float, part: str) -> None:
    broken = look(row(x0=1.0))
    rows = {model: np.full_like(values, value) for model, values in getattr(broken, part).items()}
    parts = {"plain": broken.plain, "hidden": broken.hidden, "squeezed": broken.squeezed} | {part: rows}
    seen = [*honest(0, 3), Look(**parts)]
    guard = EnrollmentGuard(GivenLooks({str(number): look_ for number, look_ in enumerate(seen)}), LIMITS)
    shown = [picture(str(number), look_) for number, look_ in enumerate(honest(0, 4))]
    assert screens(guard.judge(shown, NOBODY, POINT)) == {"3": {"evidence"}}


def test_a_picture_that_cannot_be_shown_again_is_held() -> None:
    guard = EnrollmentGuard(GivenLooks({}), LIMITS)
    found = guard.judge([picture("0", honest(0)[0])], NOBODY, POINT)
    assert screens(found) == {"0": {"evidence"}}


def test_limits_for_other_models_judge_nobody() -> None:
    limits = LIMITS.model_copy(update={"limits": {k: v for k, v in LIMITS.limits.items() if k != "squeeze-b"}})
    named = {"0": honest(0)[0]}
    with pytest.raises(ConfigError, match="squeeze-b"):
        EnrollmentGuard(GivenLooks(named), limits).judge([picture("0", named["0"])], NOBODY, POINT)

"""Sanitize: genuine pixels pass, manipulated ones fail by name, and what cannot be measured never passes."""

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.defenses.pixels.base import PixelDefense, face_patch
from edge.defenses.pixels.traces import FAMILIES, STATISTICS, pixel_statistics
from edge.defenses.sanitize import Sanitize
from edge.domain.face import Box, Face
from edge.domain.pixel_limits import PixelLimits
from edge.domain.reasons import Outcome

FRAME = np.random.default_rng(1).integers(40, 200, (240, 320, 3), np.uint8)
FACE = Face(frame_seq=1, box=Box(60, 40, 100, 120), landmarks=np.zeros((5, 2), np.float32), score=0.9)
WIDE = PixelLimits(most=dict.fromkeys(STATISTICS, 50.0), least=dict.fromkeys(STATISTICS, -50.0))


def judged_outcome(pixels: NDArray[np.uint8], face: Face = FACE, limits: PixelLimits = WIDE) -> Outcome:
    defense: PixelDefense = Sanitize(limits)
    return defense.judge_pixels(pixels, face).outcome


def test_within_bounds_passes_and_the_frame_is_left_alone() -> None:
    before = FRAME.copy()
    before.setflags(write=False)
    assert judged_outcome(before) is Outcome.PASS
    np.testing.assert_array_equal(before, FRAME)


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("is_floor", [False, True])
def test_the_statistic_out_of_bounds_is_named(name: str, is_floor: bool) -> None:
    value = pixel_statistics(face_patch(FRAME, FACE))[name]
    limits = (
        PixelLimits(most=WIDE.most, least={name: value + 0.1})
        if is_floor
        else PixelLimits(most={**WIDE.most, name: value - 0.1}, least={})
    )
    finding = Sanitize(limits).judge_pixels(FRAME, FACE)
    assert (finding.outcome, finding.check) == (Outcome.FAIL, name)
    assert finding.statistic == pytest.approx(value)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((0, 0, 3), np.uint8),
        np.zeros((240, 320, 3), np.uint8),
        np.full((240, 320, 3), 255, np.uint8),
        np.zeros((240, 320), np.uint8),
        np.full((240, 320, 3), np.nan, np.float32),
    ],
    ids=["empty", "black", "white", "gray", "nan"],
)
def test_what_cannot_be_measured_is_an_error(pixels: NDArray[np.uint8]) -> None:
    assert judged_outcome(pixels) is Outcome.ERROR


@pytest.mark.parametrize("box", [Box(60, 40, 20, 20), Box(-200, 40, 100, 100), Box(1e6, 1e6, 50, 50)])
def test_a_face_of_which_too_little_is_there_is_an_error(box: Box) -> None:
    face = Face(frame_seq=1, box=box, landmarks=np.zeros((5, 2), np.float32), score=0.9)
    assert judged_outcome(FRAME, face) is Outcome.ERROR


def test_a_bound_of_an_unknown_statistic_is_an_error() -> None:
    assert judged_outcome(FRAME, limits=PixelLimits(most={**WIDE.most, "x": 1.0}, least={})) is Outcome.ERROR


def test_without_bounds_nothing_passes() -> None:
    assert Sanitize(None).judge_pixels(FRAME, FACE).outcome is Outcome.ERROR


def test_the_detail_has_a_number_of_every_family_bounded_or_not() -> None:
    finding = Sanitize(PixelLimits(most={"noise": 50.0}, least={})).judge_pixels(FRAME, FACE)
    assert finding.check == "noise"
    assert all(family in finding.detail for family in FAMILIES)
    assert {name for name, _ in finding.measured} == set(STATISTICS) == {n for own in FAMILIES.values() for n in own}
    assert len(finding.detail) <= 200, "the audit cuts what is longer"

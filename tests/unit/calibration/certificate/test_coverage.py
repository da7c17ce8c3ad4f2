"""A patch is covered when all of it, grown by what spreads its pixels, lies inside one mask."""

import pytest

from calibration.certificate.coverage import SIDE_PX, WORN, Box, coverage
from edge.domain.certificate import Mask
from edge.vision.occlusion import DILATION_PX


def _band(name: str, top: float, bottom: float) -> Mask:
    return Mask(name=name, group=name, x=0.0, y=top / SIDE_PX, width=1.0, height=(bottom - top) / SIDE_PX, fill=0)


def test_a_box_is_held_only_with_its_margin() -> None:
    band = _band("eyes", 36, 68)
    assert Box(11, 38, 101, 66).grown(DILATION_PX).is_within(band)
    assert not Box(11, 37, 101, 66).grown(DILATION_PX).is_within(band)
    assert not Box(11, 38, 101, 67).grown(DILATION_PX).is_within(band)


def test_what_lies_off_the_crop_needs_no_cover() -> None:
    assert Box(-20, -30, 130, 30).grown(DILATION_PX).is_within(_band("forehead", 0, 40))


def test_two_masks_that_hold_a_patch_only_together_do_not_cover_it() -> None:
    table = {row.shape: row for row in coverage([_band("a", 30, 50), _band("b", 50, 70)])}
    assert table["glasses"].share == 0
    assert table["glasses"].masks == ()


def test_squares_are_counted_over_all_positions() -> None:
    everything = coverage([_band("all", 0, SIDE_PX)])
    assert all(row.share == 1 for row in everything)
    half = {row.shape: row.share for row in coverage([_band("upper", 0, 56)])}
    square = next(share for shape, share in half.items() if shape.startswith("square of 16"))
    assert square == pytest.approx((56 - 16 - 2 + 1) / (112 - 16 + 1))


def test_no_mask_covers_nothing() -> None:
    assert all(row.share == 0 and not row.masks for row in coverage([]))
    assert len(coverage([])) > len(WORN)


@pytest.mark.parametrize("sides", [(0.5, 0.0, 0.6, 1.0), (0.0, 0.0, 0.0, 1.0), (-0.1, 0.0, 0.5, 0.5)])
def test_a_mask_must_lie_on_the_crop(sides: tuple[float, float, float, float]) -> None:
    x, y, width, height = sides
    with pytest.raises(ValueError, match="must lie on the crop"):
        Mask(name="off", group="off", x=x, y=y, width=width, height=height, fill=0)

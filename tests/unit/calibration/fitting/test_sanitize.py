"""Fitting bounds of pixel statistics: each refuses its share, and bad input is refused."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from calibration.fitting.sanitize import fit_pixel_limits, statistics_of
from calibration.pictures.faces import FacePicture
from edge.defenses.pixels.traces import STATISTICS
from edge.domain.face import Box, Face
from edge.domain.frame import Frame


def some_statistics(count: int = 1000) -> list[dict[str, float]]:
    rng = np.random.default_rng(1)
    return [dict(zip(STATISTICS, rng.normal(size=len(STATISTICS)).tolist(), strict=True)) for _ in range(count)]


def a_face_picture(box: Box) -> FacePicture:
    frame = Frame(
        camera_id="c",
        seq=0,
        captured_ns=0,
        captured_utc=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        pixels=np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8),
    )
    face = Face(frame_seq=0, box=box, landmarks=np.zeros((5, 2), np.float32), score=0.9)
    return FacePicture(Path("p.jpg"), frame, face, {})


@pytest.mark.parametrize("name", STATISTICS)
def test_each_bound_refuses_its_share(name: str) -> None:
    statistics = some_statistics()
    limits = fit_pixel_limits(statistics, share=0.01, below=("whiteness",))
    values = np.array([each[name] for each in statistics])
    assert np.mean(values > limits.most[name]) == pytest.approx(0.01)
    if name in limits.least:
        assert np.mean(values < limits.least[name]) == pytest.approx(0.01)


def test_only_what_is_asked_for_is_bounded() -> None:
    limits = fit_pixel_limits(some_statistics(), share=0.01, above=("noise", "chroma"), below=("whiteness",))
    assert (set(limits.most), set(limits.least)) == ({"noise", "chroma"}, {"whiteness"})
    with pytest.raises(ValueError, match="bound something"):
        fit_pixel_limits(some_statistics(), share=0.01, above=())


def test_faces_too_small_to_measure_are_left_out() -> None:
    statistics = statistics_of([a_face_picture(Box(10, 10, 80, 90)), a_face_picture(Box(10, 10, 20, 20))])
    assert len(statistics) == 1
    assert set(statistics[0]) == set(STATISTICS)


@pytest.mark.parametrize("share", [0.0, 0.5, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        fit_pixel_limits(some_statistics(10), share=share)


def test_no_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="need pictures"):
        fit_pixel_limits([], share=0.01)


def test_a_missing_statistic_is_refused() -> None:
    with pytest.raises(ValueError, match="every picture needs"):
        fit_pixel_limits([{"comb": 1.0}], share=0.01)


def test_a_statistic_that_is_no_number_is_refused() -> None:
    statistics = some_statistics(5)
    statistics[2]["noise"] = float("nan")
    with pytest.raises(ValueError, match="not a number"):
        fit_pixel_limits(statistics, share=0.01)

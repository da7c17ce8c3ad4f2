"""What a precision costs: paired differences, at its own threshold and at fp32's."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.evaluation.precision import closeness, measure_precisions
from calibration.evaluation.precision_report import record_of
from calibration.pictures.pairs import Pair

pytest.importorskip("scipy")
RNG = np.random.default_rng(3)
PEOPLE = 60
PATHS = tuple(Path(f"p{i:02d}") / f"{k}.jpg" for i in range(PEOPLE) for k in range(2))


def unit(rows: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


BASE = unit(np.repeat(RNG.standard_normal((PEOPLE, 16)), 2, axis=0) + 0.3 * RNG.standard_normal((2 * PEOPLE, 16)))
PAIRS = tuple(
    Pair(PATHS[2 * i], PATHS[2 * i + 1 if is_genuine else (2 * i + 2) % len(PATHS)], is_genuine, i % 5)
    for i in range(PEOPLE)
    for is_genuine in (True, False)
)


def test_what_did_not_move_costs_nothing() -> None:
    found = measure_precisions(PAIRS, PATHS, {"fp32": BASE, "fp16": BASE.copy()}, "m", base="fp32")
    same = found["fp16"]
    assert (same.accuracy_drop, same.tar_drop, same.tar_drop_same, same.lost, same.gained) == (0, 0, 0, 0, 0)
    assert tuple(same.tar_drop_ci95) == (0, 0)
    assert same.closeness.least == pytest.approx(1)
    assert same.far_same == pytest.approx(found["fp32"].far_same)


def test_a_drop_is_paired_and_lies_in_its_interval() -> None:
    worse = unit(BASE + 0.25 * RNG.standard_normal(BASE.shape))
    found = measure_precisions(PAIRS, PATHS, {"fp32": BASE, "int8": worse}, "m", base="fp32")["int8"]
    assert found.tar_drop == pytest.approx((found.lost - found.gained) / PEOPLE)
    low, high = found.tar_drop_ci95
    assert low <= found.tar_drop <= high
    record = record_of("m", "int8", "b", (len(PAIRS), len(PATHS), 0), found)
    assert record["tar_drop"] == pytest.approx(found.tar_drop, abs=1e-6)
    assert record["cosine_min"] < record["cosine_p1"] < record["cosine_mean"] < 1


def test_closeness_is_of_each_picture_to_itself() -> None:
    turned = BASE.copy()
    turned[0] = -turned[0]
    near = closeness(turned, BASE)
    assert near.least == pytest.approx(-1)
    assert near.shift_most > 0.5


def test_too_few_impostors_are_refused() -> None:
    few = PATHS[:8]
    with pytest.raises(ValueError, match="FAR"):
        measure_precisions(PAIRS[:8], few, {"fp32": BASE[:8]}, "m", base="fp32")

"""Figures from scores, against counting by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.pictures.pairs import in_split_a, read_pairs
from calibration.statistics.intervals import clopper_pearson
from calibration.statistics.verification import fold_accuracy, impostor_scores, tar_at_far, threshold_at_far
from edge.domain.errors import UsageError


def test_interval_of_zero_hits_is_the_rule_of_three() -> None:
    low, high = clopper_pearson(0, 300)
    assert low == 0
    assert high == pytest.approx(0.01222, abs=1e-4)


def test_interval_of_all_hits() -> None:
    assert clopper_pearson(20, 20).high == 1


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (3, 2), (-1, 5)])
def test_what_is_no_rate(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        clopper_pearson(successes, trials)


@given(st.lists(st.floats(-1, 1), min_size=20, max_size=200), st.sampled_from([0.05, 0.1, 0.5]))
@settings(max_examples=60, deadline=None)
def test_no_more_impostors_pass_than_allowed(impostors: list[float], far: float) -> None:
    scores = np.array(impostors)
    threshold = threshold_at_far(scores, far)
    assert np.mean(scores >= threshold) <= far


def test_too_few_impostors_cannot_resolve_a_rate() -> None:
    with pytest.raises(ValueError, match="resolve"):
        threshold_at_far(np.zeros(99), 0.01)


def test_tar() -> None:
    assert tar_at_far(np.array([0.9, 0.4]), np.linspace(0, 0.5, 100), 0.01) == 0.5


def test_separable_scores_are_all_correct() -> None:
    genuine = np.array([True, False] * 10)
    scores = np.where(genuine, 0.9, 0.1)
    assert fold_accuracy(scores, genuine, np.repeat(np.arange(5), 4)) == (20, 20)


def test_a_threshold_is_never_fitted_on_its_own_fold() -> None:
    genuine = np.array([True, False, True, False])
    scores = np.array([0.9, 0.8, 0.2, 0.1])
    assert fold_accuracy(scores, genuine, np.array([0, 0, 1, 1])) == (2, 4)


def test_all_pairs_of_different_people_once() -> None:
    vectors = np.eye(4, dtype=np.float32)
    scores = impostor_scores({"a": vectors}, {"a": 1.0}, np.array([0, 0, 1, 2]))
    assert len(scores) == 5


def test_split_is_by_name_and_about_half() -> None:
    names = [f"person {i}" for i in range(2_000)]
    share = np.mean([in_split_a(n) for n in names])
    assert 0.45 < share < 0.55


def pairs_file(folder: Path, text: str) -> Path:
    for name in ("Ann", "Bob"):
        (folder / name).mkdir()
        for i in (1, 2):
            (folder / name / f"{name}_000{i}.jpg").touch()
    file = folder / "pairs.txt"
    file.write_text(text)
    return file


def test_read_pairs(tmp_path: Path) -> None:
    pairs = read_pairs(pairs_file(tmp_path, "2\t1\nAnn\t1\t2\nAnn\t1\tBob\t1\nBob\t1\t2\nBob\t2\tAnn\t2\n"), tmp_path)
    assert [(p.is_genuine, p.fold) for p in pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]


@pytest.mark.parametrize(
    "text", ["", "x", "2\t1\nAnn\t1\t2\n", "1\t1\nAnn\t1\nAnn\t1\tBob\t1\n", "1\t1\nAnn\t1\t9\nAnn\t1\tBob\t1\n"]
)
def test_a_damaged_pairs_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError):
        read_pairs(pairs_file(tmp_path, text), tmp_path)

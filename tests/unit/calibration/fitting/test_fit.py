"""The whole fit on made-up people: every number is fitted on A, and measured on people that fitted nothing."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from calibration.fitting.attempts import genuine_attempts
from calibration.fitting.figures import measured_on
from calibration.fitting.fit import DEFENSES_FRR, Fit, Readers, fit_split_a
from calibration.fitting.material import Material, read_material
from calibration.fitting.operating_point import Goal
from calibration.pictures.faces import FacePicture
from edge.defenses.evidence_vector import evidence_names
from edge.domain.certificate import Mask
from edge.domain.errors import UsageError
from edge.domain.face import Box, Face
from edge.domain.profile import Agreement
from engines.progress import Silent
from engines.render.spec import PLAIN, ViewSpec
from tests.support.detector_heads import attacks_of

pytest.importorskip("sklearn")
pytest.importorskip("scipy")

SCREEN, SECOND = "screen", "second"
WIDTHS = {SCREEN: 24, SECOND: 32}
GOAL = Goal(fpir=0.02, most_people=20)
ATTACKS = attacks_of(evidence_names((SCREEN, SECOND)), ("joint", "patch"), shift=0.0)


def _unit(rows: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    unit: np.ndarray[Any, Any] = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    return unit


def _rng(*words: object) -> np.random.Generator:
    return np.random.default_rng(int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:8], "big"))


@cache
def _own(person: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return what both models make of a person: the second is a linear map of the first, and something of its own."""
    first = _rng(person).normal(size=WIDTHS[SCREEN])
    mapping = np.random.default_rng(1).normal(size=(WIDTHS[SCREEN], WIDTHS[SECOND]))
    return first, first @ mapping / 4 + 0.3 * _rng(person, "own").normal(size=WIDTHS[SECOND])


class _Faces:
    """Stands in for ``FaceReader``: embeds a path by its name."""

    def read_all(
        self, paths: Sequence[Path], progress: Any, *, label: str, change: Any = None
    ) -> Iterator[tuple[Path, FacePicture | None]]:
        del progress, label
        for path in paths:
            yield path, self.read(path, change=change)

    def read(self, path: Path, views: Sequence[ViewSpec] = (PLAIN,), *, change: Any = None) -> FacePicture:
        vectors = {}
        for model, own in zip(WIDTHS, _own(path.parent.name), strict=True):
            picture = own + 0.3 * _rng(path.name, model, bool(change)).normal(size=WIDTHS[model])
            rows = [
                picture + 0.1 * (i > 0) * _rng(path.name, view.name).normal(size=WIDTHS[model])
                for i, view in enumerate(views)
            ]
            vectors[model] = _unit(np.stack(rows))
        pixels = _rng(path.name, "pixels").integers(30, 220, size=(64, 64, 3), dtype=np.uint8)
        face = Face(frame_seq=0, box=Box(4, 4, 56, 56), landmarks=np.zeros((5, 2), np.float32), score=0.9)
        return FacePicture(path, _Frame(pixels), face, vectors)  # type: ignore[arg-type]  # pixels are all that is read


class _Frame:
    def __init__(self, pixels: np.ndarray[Any, Any]) -> None:
        self.pixels = pixels


class _Occluded:
    """Stands in for ``OccludedReader``: a mask adds noise."""

    def moved(self, picture: FacePicture, masks: Sequence[Mask]) -> np.ndarray[Any, Any]:
        own = picture.vectors[SCREEN][0]
        rows = [own + 0.05 * _rng(picture.path.name, m.name).normal(size=own.size) for m in masks]
        return _unit(np.stack(rows))

    realigned = moved


def _people(prefix: str, count: int, pictures: int) -> Mapping[str, Sequence[Path]]:
    return {f"{prefix}{i}": [Path(f"{prefix}{i}/{prefix}{i}_{k}.jpg") for k in range(pictures)] for i in range(count)}


READERS: Any = Readers(
    faces=_Faces(),  # type: ignore[arg-type]
    occluded=_Occluded(),  # type: ignore[arg-type]
    screen_model=SCREEN,
    second_model=SECOND,
)


def _material(prefix: str, count: int = 50, pictures: int = 7) -> Material:
    return read_material(_people(prefix, count, pictures), READERS.faces, Silent(), split=prefix)


@pytest.fixture(scope="module")
def fit() -> Fit:
    return fit_split_a(_material("A"), READERS, GOAL, Silent(), ATTACKS)


def test_all_defenses_together_keep_their_budget(fit: Fit) -> None:
    assert 0 <= fit.shares.together <= DEFENSES_FRR
    assert len(fit.attempts) > 300


def test_every_plan_has_its_certificate(fit: Fit) -> None:
    floor = sum(w * fit.match.point.floors[m] for m, w in fit.match.point.weights.items())
    assert fit.match.point.threshold >= floor
    assert [c.name for c in fit.certificates] == ["tiered", "union-1e-2", "union-1e-3", "worn-1e-3", "realigned-1e-3"]
    assert all(c.model_id == SCREEN for c in fit.certificates)


def test_a_picture_that_is_enrolled_itself_seems_to_drop_no_more_than_others(fit: Fit) -> None:
    assert all(fit.match.point.floors[m] < cap < 1 for m, cap in fit.caps.items())


def test_other_people_are_measured_at_the_same_numbers(fit: Fit) -> None:
    others = _material("B")
    attempts = genuine_attempts(others, READERS.faces, fit.match.point, Silent())
    agreement = Agreement(source=SECOND, target=SCREEN, weights=fit.agreement.weights, threshold=fit.points.agreement)
    measured = measured_on(fit, others, attempts, agreement)
    assert measured.refused_ci95.low <= measured.refused_together <= measured.refused_ci95.high
    assert measured.refused_together < 0.15
    match = measured.figures[("match",)]
    assert match.far is not None
    assert match.impostors == others.scores.comparisons
    assert match.far < 10 * GOAL.fmr
    tables = {path[0] for path in measured.figures}
    assert tables == {"match", "screen", "randomize", "squeeze", "agreement", "baseline", "sanitize", "detector_head"}


def test_a_head_takes_its_share_of_the_one_budget(fit: Fit) -> None:
    assert fit.head is not None
    assert 20 <= fit.head.attacks <= len(ATTACKS)  # those that match
    refused_by_it = fit.head.held_out > fit.points.thresholds["detector"]
    assert refused_by_it.mean() <= DEFENSES_FRR


def test_people_with_one_picture_each_make_no_attempt() -> None:
    material = _material("C", count=5, pictures=1)
    assert np.isnan(material.scores.genuine[SCREEN]).all()
    point = fit_point()
    with pytest.raises(UsageError, match="none matches its own person"):
        genuine_attempts(material, READERS.faces, point, Silent())


def fit_point() -> Any:
    """Return any operating point."""
    from edge.domain.profile import MatchPoint

    half = dict.fromkeys(WIDTHS, 0.5)
    return MatchPoint(threshold=0.5, weights=half, floors=half, alone=half)

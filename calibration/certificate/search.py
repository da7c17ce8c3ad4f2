"""What masks and families of masks cost, on split A alone: the search behind the gate's own.

A single mask is judged by its own copy; a family by what is left when every copy must match and its union keeps a
bound. Families are fitted on one half of the people and counted on the other, both ways.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.candidates import Family
from calibration.certificate.comparisons import LEAST_PICTURES, candidates_of, compare
from calibration.certificate.coverage import coverage
from calibration.certificate.family import as_one
from calibration.certificate.fit import Plan, fit_certificate
from calibration.certificate.survey import Survey
from edge.domain.certificate import Alignment, Certificate, Mask
from edge.domain.errors import UsageError

FALSE_MATCH_RATES = (1e-3, 1e-4)
BOUNDS = (1e-2, 1e-3)

_MANY_SHARE = 0.7
_LEAST = 2
_HINT = "give a folder with more people of several pictures each, or raise --pictures"

Rows = NDArray[np.float32]
Owners = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SingleCost:
    """What one mask costs by itself.

    Attributes:
        mask: hidden.
        tar: share of genuine pictures that pass, by the false match rate of the copy alone.
        impostors: comparisons counted.
        genuine: pictures counted.
    """

    mask: Mask
    tar: Mapping[float, float]
    impostors: int
    genuine: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyCost:
    """What a family covers and costs under one bound.

    Attributes:
        family: its name.
        masks: how many it has.
        aim: bound that it was fitted for on the one half.
        bound: share of impostors that any mask lets pass, counted on the other.
        tar: share of genuine pictures that pass every mask, counted there too.
        impostors: comparisons counted.
        genuine: pictures counted.
        squares: share of positions of each square that some mask holds, by its name.
    """

    family: str
    masks: int
    aim: float
    bound: float
    tar: float
    impostors: int
    genuine: int
    squares: Mapping[str, float]


def sample_of(people: Mapping[str, Sequence[Path]], pictures: int) -> dict[str, tuple[Path, ...]]:
    """Return about so many pictures: of people with six and more six each, then of people with two and more two.

    The first give genuine visits, the others make impostors and candidates many. Drawn by the hash of the name.
    """
    drawn = sorted(people, key=lambda name: hashlib.sha256(f"mask search {name}".encode()).digest())
    many = [name for name in drawn if len(people[name]) >= LEAST_PICTURES]
    many = many[: max(1, int(pictures * _MANY_SHARE) // LEAST_PICTURES)]
    left = max(0, pictures - LEAST_PICTURES * len(many)) // _LEAST
    few = [name for name in drawn if len(people[name]) >= _LEAST and name not in set(many)][:left]
    return {
        **{name: tuple(people[name][:LEAST_PICTURES]) for name in many},
        **{name: tuple(people[name][:_LEAST]) for name in few},
    }


def single_costs(survey: Survey, masks: Sequence[Mask], model_id: str) -> Iterator[SingleCost]:
    """Yield what each mask costs by itself; thresholds and figures are of the same people.

    Raises:
        UsageError: too few people for the false match rates.
    """
    candidates = _candidates(survey.owners)
    for mask in masks:
        rows = survey.rows(Alignment.GIVEN, [mask])
        draft = _draft((mask,), model_id, rows)
        found = compare(draft, rows, survey.owners, candidates, every_visit=True)
        impostors = np.sort(found.impostor_rows()[:, 0])[::-1]
        if len(impostors) * min(FALSE_MATCH_RATES) < 1 or not len(found.genuine):
            raise UsageError(
                f"{len(impostors)} comparisons of impostors and {len(found.genuine)} of genuine people resolve no "
                f"false match rate of {min(FALSE_MATCH_RATES)}",
                hint=_HINT,
            )
        tar = {
            rate: float((found.genuine[:, 0] > impostors[int(rate * len(impostors))]).mean())
            for rate in FALSE_MATCH_RATES
        }
        yield SingleCost(mask, tar, len(impostors), len(found.genuine))


def family_costs(survey: Survey, every: Sequence[Family], model_id: str) -> Iterator[FamilyCost]:
    """Yield what each family costs under each bound, fitted on half of the people and counted on the other half.

    Raises:
        UsageError: too few people for the bounds.
    """
    for family in every:
        rows = survey.rows(Alignment.GIVEN, family.masks)
        squares = {row.shape: row.share for row in coverage(family.masks) if row.shape.startswith("square")}
        for bound in BOUNDS:
            plan = Plan(
                name=family.name, alignment=Alignment.GIVEN, masks=as_one(family.masks), bounds={"all": bound}
            )
            passed, genuine = _crosswise(plan, model_id, rows, survey.owners)
            yield FamilyCost(
                family=family.name,
                masks=len(family.masks),
                aim=bound,
                bound=float(passed.mean()),
                tar=float(genuine.mean()),
                impostors=len(passed),
                genuine=len(genuine),
                squares=squares,
            )


def _crosswise(plan: Plan, model_id: str, rows: Rows, owners: Owners) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which impostors any mask lets pass and which genuine pictures pass all, judged by the other half."""
    passed, genuine = [], []
    for half in (0, 1):
        fitting, counting = owners % 2 == half, owners % 2 != half
        try:
            fitted = fit_certificate(plan, model_id, rows[fitting], owners[fitting])
        except ValueError as error:
            raise UsageError(f"{plan.name} cannot be fitted on half of the people: {error}", hint=_HINT) from error
        own = owners[counting]
        found = compare(fitted, rows[counting], own, _candidates(own), every_visit=True)
        passed.append(fitted.holds(found.impostor_rows()).any(axis=1))
        genuine.append(fitted.holds(found.genuine).all(axis=1))
    return np.concatenate(passed), np.concatenate(genuine)


def _candidates(owners: Owners) -> Owners:
    found = candidates_of(owners, least=_LEAST)
    if not len(found):
        raise UsageError("nobody has two pictures with a face", hint=_HINT)
    return found


def _draft(masks: tuple[Mask, ...], model_id: str, rows: Rows) -> Certificate:
    """Return a certificate that has centers and no thresholds yet."""
    return Certificate(
        name="draft",
        model_id=model_id,
        alignment=Alignment.GIVEN,
        masks=masks,
        centers=rows.mean(axis=0),
        thresholds=np.zeros(len(masks)),
        bounds=dict.fromkeys((mask.group for mask in masks), 1.0),
    )

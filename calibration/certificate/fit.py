"""Fits certificates on split A: centers, and thresholds that keep each group's bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.comparisons import candidates_of, compare
from calibration.certificate.family import ALL, BANDS, BELOW_AND_ABOVE, CHEAP, DEAR, WORN, as_one
from calibration.certificate.shares import share_out
from calibration.certificate.survey import Surveyor, masks_of
from edge.domain.certificate import Alignment, Certificate, Mask
from edge.domain.errors import UsageError

Rows = NDArray[np.float32]

_LEAST_PICTURES = 2
"""Of somebody whom impostors are compared with: bounds hold per candidate, and candidates differ more than probes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A certificate to be fitted.

    Attributes:
        name: what it is called.
        alignment: how copies are made.
        masks: hidden in turn.
        bounds: by group, the most impostors that may pass; of one group alone, the union over all masks.
    """

    name: str
    alignment: Alignment
    masks: tuple[Mask, ...]
    bounds: Mapping[str, float]


PLANS: tuple[Plan, ...] = (
    Plan(name="tiered", alignment=Alignment.GIVEN, masks=BANDS, bounds={CHEAP: 1e-3, DEAR: 1e-2}),
    Plan(name="union-1e-2", alignment=Alignment.GIVEN, masks=as_one(BANDS), bounds={ALL: 1e-2}),
    Plan(name="union-1e-3", alignment=Alignment.GIVEN, masks=as_one(BANDS), bounds={ALL: 1e-3}),
    Plan(name="worn-1e-3", alignment=Alignment.GIVEN, masks=as_one(WORN), bounds={ALL: 1e-3}),
    Plan(name="realigned-1e-3", alignment=Alignment.REALIGNED, masks=as_one(BELOW_AND_ABOVE), bounds={ALL: 1e-3}),
)


def fitted_certificates(
    people: Mapping[str, Sequence[Path]], surveyor: Surveyor, model_id: str, plans: Sequence[Plan] = PLANS
) -> tuple[Certificate, ...]:
    """Return the certificates: fitted on these people, of split A.

    Raises:
        UsageError: they are too few.
        EdgeError: an engine failed or the cache cannot be written.
    """
    fitted_on = surveyor.people(people, masks_of(plans), label="occluding pictures of split A")
    try:
        return tuple(
            fit_certificate(plan, model_id, fitted_on.rows(plan.alignment, plan.masks), fitted_on.owners)
            for plan in plans
        )
    except ValueError as error:
        raise UsageError(
            f"certificates cannot be fitted on {len(fitted_on.paths)} faces of {len(fitted_on.names)} people of "
            f"split A: {error}",
            hint="give a folder with more people of several pictures each",
        ) from error


def fit_certificate(plan: Plan, model_id: str, rows: Rows, owners: NDArray[np.int64]) -> Certificate:
    """Fit one certificate.

    Args:
        plan: what is wanted.
        model_id: the recognizer that made the rows.
        rows: float32 (n, masks, d), occluded copies of every picture; NaN where no face was found again.
        owners: int64 (n,), who is on each picture, ascending.

    Raises:
        ValueError: too few people to resolve a bound.
    """
    candidates = candidates_of(owners, least=_LEAST_PICTURES)
    if not len(candidates) or np.isnan(rows).all(axis=(0, 2)).any():
        raise ValueError(f"{plan.name} needs people with two pictures, found under every mask")
    draft = Certificate(
        name=plan.name,
        model_id=model_id,
        alignment=plan.alignment,
        masks=plan.masks,
        centers=np.nanmean(rows, axis=0).astype(np.float32),
        thresholds=np.zeros(len(plan.masks)),
        bounds=plan.bounds,
    )
    scored = compare(draft, rows, owners, candidates, every_visit=True)
    thresholds = share_out(scored.genuine, scored.impostor_rows(), [m.group for m in plan.masks], plan.bounds)
    return replace(draft, thresholds=thresholds)

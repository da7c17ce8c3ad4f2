"""Who is compared with whom, for a certificate: enrolled people, their later visits, and everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.score_set import TEMPLATES
from edge.domain.certificate import Certificate

Rows = NDArray[np.float32]
Scores = NDArray[np.float64]

LEAST_PICTURES = TEMPLATES + 1


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Scores of occluded copies.

    Attributes:
        genuine: float64 (g, masks).
        visitors: int64 (g,), who came.
        impostor: float64 (candidates, i, masks); NaN where the probe shows the candidate.
        probes: int64 (i,), who is on each probe.
        candidates: int64 (candidates,), who is enrolled.
    """

    genuine: Scores
    visitors: NDArray[np.int64]
    impostor: Scores
    probes: NDArray[np.int64]
    candidates: NDArray[np.int64]

    def impostor_rows(self) -> Scores:
        """Return float64 (pairs, masks), every impostor against every candidate but themselves."""
        flat = self.impostor.reshape(-1, self.impostor.shape[2])
        rows: Scores = flat[~np.isnan(flat).all(axis=1)]
        return rows


def candidates_of(
    owners: NDArray[np.int64], allowed: Sequence[int] | None = None, *, least: int = LEAST_PICTURES
) -> NDArray[np.int64]:
    """Return the allowed people with so many pictures at least; by default enough to enroll and to come once."""
    people, counts = np.unique(owners, return_counts=True)
    enough = people[counts >= least]
    return enough if allowed is None else enough[np.isin(enough, list(allowed))]


def compare(
    certificate: Certificate,
    rows: Rows,
    owners: NDArray[np.int64],
    candidates: NDArray[np.int64],
    *,
    every_visit: bool = False,
) -> Comparisons:
    """Return the scores of a certificate's copies.

    Args:
        certificate: gives centers; its thresholds play no part.
        rows: float32 (n, masks, d), the occluded copies of every picture, in the order of ``owners``.
        owners: int64 (n,), who is on each picture.
        candidates: who is enrolled, with their first five pictures.
        every_visit: True = each picture of a candidate who has enough visits a template of five others, for fitting;
            False = the pictures that are not enrolled visit, as at a door.
    """
    genuine, visitors = [], []
    for person in candidates.tolist():
        own = np.flatnonzero(owners == person)
        visits = own if every_visit and len(own) >= LEAST_PICTURES else own[TEMPLATES:]
        for visit in visits:
            others = own[own != visit][:TEMPLATES]
            genuine.append(certificate.scores(certificate.template(rows[others]), rows[visit]))
            visitors.append(person)
    templates = templates_of(certificate, rows, owners, candidates)
    impostor = impostor_scores(certificate, templates, rows, owners, candidates)
    return Comparisons(np.array(genuine), np.array(visitors, np.int64), impostor, owners, candidates)


def templates_of(
    certificate: Certificate, rows: Rows, owners: NDArray[np.int64], candidates: NDArray[np.int64]
) -> Scores:
    """Return float64 (candidates, masks, d), a template of the first five pictures of everybody enrolled."""
    return np.stack([certificate.template(rows[owners == person][:TEMPLATES]) for person in candidates.tolist()])


def impostor_scores(
    certificate: Certificate,
    templates: Scores,
    rows: Rows,
    owners: NDArray[np.int64],
    candidates: NDArray[np.int64],
) -> Scores:
    """Return float64 (candidates, n, masks), everybody against everybody enrolled; NaN for themselves."""
    centered = certificate.centered(rows)
    scores: Scores = np.einsum("cmd,nmd->cnm", templates, centered, optimize=True)
    scores[candidates[:, np.newaxis] == owners[np.newaxis, :]] = np.nan
    return scores

"""The certificate's table: who is enrolled, who comes, and at which alignments impostors are tried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.columns import (
    MovedSample,
    farthest,
    impostor_sample,
    moved_column,
    unmoved_column,
    with_templates,
)
from calibration.certificate.comparisons import LEAST_PICTURES, candidates_of
from calibration.certificate.coverage import Covered, coverage
from calibration.certificate.reached import ReachedAlignment
from calibration.certificate.reading import Move, jitters
from calibration.certificate.rows import CertificateRow, rows_of
from calibration.certificate.survey import Survey, Surveyor, masks_of
from calibration.pictures.cohort import Cohort
from edge.domain.certificate import Alignment, Certificate
from edge.domain.errors import UsageError
from edge.domain.mask_family import Place, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """How hard impostors try.

    Attributes:
        people: how many of them come at moved alignments, with the pictures of one visit each.
        reached: alignments that attackers reached; None = that column is left out.
        most_reached: of these, so many at which landmarks went farthest.
    """

    people: int
    reached: Sequence[ReachedAlignment] | None
    most_reached: int

    def moves(self) -> Mapping[str, tuple[Move, ...]]:
        """Return the moves of each moved column, by its name."""
        every = {"jitter": jitters()}
        if self.reached is not None:
            every["reached"] = farthest(self.reached, self.most_reached)
        return every


def covered_by(every: Sequence[Certificate]) -> Iterator[tuple[tuple[str, ...], tuple[Covered, ...]]]:
    """Yield the coverage of each set of masks, with the names of the certificates that hide just these."""
    sharing: dict[tuple[Place, ...], list[Certificate]] = {}
    for certificate in every:
        sharing.setdefault(tuple(map(place_of, certificate.masks)), []).append(certificate)
    for own in sharing.values():
        yield tuple(certificate.name for certificate in own), coverage(own[0].masks)


def evaluate_certificates(
    every: Sequence[Certificate], cohort: Cohort, surveyor: Surveyor, trying: Trying
) -> Iterator[CertificateRow]:
    """Enroll subjects with their first five pictures; their others visit; everybody else tries to be let in.

    Args:
        every: the certificates.
        cohort: who takes part.
        surveyor: reads pictures.
        trying: at which alignments impostors try.

    Raises:
        UsageError: no subject has pictures enough.
        EdgeError: an engine failed or the cache cannot be written.
    """
    survey = surveyor.people(
        {**cohort.subjects, **cohort.others}, masks_of(every), label="occluding everybody's pictures"
    )
    candidates = _candidates(survey, cohort)
    samples = _moved_samples(every, survey, surveyor, trying)
    for certificate in every:
        unmoved = unmoved_column(certificate, survey, candidates)
        yield from rows_of(certificate, unmoved)
        if certificate.alignment is Alignment.GIVEN:
            for sample in samples:
                yield from rows_of(certificate, moved_column(certificate, survey, candidates, unmoved, sample))


def _candidates(survey: Survey, cohort: Cohort) -> NDArray[np.int64]:
    listed = [owner for owner, name in enumerate(survey.names) if name in cohort.subjects]
    found = with_templates(survey, candidates_of(survey.owners, listed))
    if not len(found):
        raise UsageError(
            f"none of {len(cohort.subjects)} people can be enrolled: each needs {LEAST_PICTURES} pictures with a "
            "face, five to enroll with and one to come with",
            hint="list people with more pictures in --subjects",
        )
    return found


def _moved_samples(
    every: Sequence[Certificate], survey: Survey, surveyor: Surveyor, trying: Trying
) -> list[MovedSample]:
    masks = masks_of(every).get(Alignment.GIVEN, ())
    if not masks:
        return []
    probes = impostor_sample(survey, trying.people)
    paths = [survey.paths[probe] for probe in probes]
    return [
        MovedSample(
            name, probes, masks, surveyor.moved(paths, masks, moves, label=f"occluding at alignments: {name}")
        )
        for name, moves in trying.moves().items()
        if moves
    ]

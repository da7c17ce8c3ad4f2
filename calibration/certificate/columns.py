"""The columns of the certificate's table: what is assumed about where the gate cuts the face out.

``fixed``: where it was found. ``jitter``: anywhere an aligner may waver to. ``reached``: where attackers got it cut
out. ``realigned``: the mask is painted into the frame and the face looked for again. Genuine people are always
measured where the gate finds them; whoever wears a patch chooses the alignment too: impostors count with their best.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.comparisons import compare, impostor_scores, templates_of
from calibration.certificate.reached import ReachedAlignment
from calibration.certificate.reading import Move, Rows
from calibration.certificate.rows import Column, worst
from calibration.certificate.survey import Survey
from calibration.certificate.trials import VISIT
from calibration.statistics.score_set import TEMPLATES
from edge.domain.certificate import Alignment, Certificate, Mask
from edge.domain.mask_family import columns_of

FIXED = "fixed"


@dataclass(frozen=True, slots=True, eq=False)
class MovedSample:
    """Some impostors' copies at several alignments.

    Attributes:
        name: of the column.
        probes: int64 (k,), which pictures of the survey they are.
        masks: what was hidden.
        copies: float32 (moves, k, masks, d).
    """

    name: str
    probes: NDArray[np.int64]
    masks: tuple[Mask, ...]
    copies: Rows


def unmoved_column(certificate: Certificate, survey: Survey, candidates: NDArray[np.int64]) -> Column:
    """Return the column of copies as the certificate makes them: ``fixed`` or ``realigned``."""
    rows = survey.rows(certificate.alignment, certificate.masks)
    compared = compare(certificate, rows, survey.owners, candidates)
    name = FIXED if certificate.alignment is Alignment.GIVEN else certificate.alignment.value
    return Column(name, compared, compared.impostor, survey.owners)


def moved_column(
    certificate: Certificate, survey: Survey, candidates: NDArray[np.int64], fixed: Column, sample: MovedSample
) -> Column:
    """Return a column in which impostors count with the best of the sample's alignments and the unmoved one.

    Args:
        certificate: one whose copies are cut out at a given alignment.
        survey: of everybody.
        candidates: who is enrolled.
        fixed: the same certificate's column of unmoved copies.
        sample: impostors at other alignments.
    """
    rows = survey.rows(certificate.alignment, certificate.masks)
    templates = templates_of(certificate, rows, survey.owners, candidates)
    owners = survey.owners[sample.probes]
    own = columns_of(sample.masks, certificate.masks)
    every = [impostor_scores(certificate, templates, at[:, own], owners, candidates) for at in sample.copies]
    unmoved = fixed.impostor[:, sample.probes]
    return Column(sample.name, fixed.genuine, worst([unmoved, *every]), owners)


def with_templates(survey: Survey, candidates: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the candidates of whom each mask leaves something to compare with in the pictures that enroll them."""
    kept = []
    for person in candidates.tolist():
        first = np.flatnonzero(survey.owners == person)[:TEMPLATES]
        if all(np.isfinite(rows[first]).all(axis=2).any(axis=0).all() for rows in survey.copies.values()):
            kept.append(person)
    return np.array(kept, np.int64)


def impostor_sample(survey: Survey, people: int) -> NDArray[np.int64]:
    """Return pictures of so many people, of each those of one visit at most: the same in every run; ascending.

    People are taken by the hash of their names, so that who is drawn depends on nobody else.
    """
    present = np.unique(survey.owners).tolist()
    drawn = sorted(present, key=lambda owner: _draw(survey.names[owner]))[:people]
    return np.sort(np.concatenate([np.flatnonzero(survey.owners == owner)[:VISIT] for owner in drawn]))


def farthest(reached: Sequence[ReachedAlignment], most: int) -> tuple[Move, ...]:
    """Return the moves of the alignments at which a landmark went farthest, in pixels of the clean crop."""
    ordered = sorted(reached, key=lambda found: -found.landmarks_crop_px)
    moves: Mapping[object, Move] = {found.transform: np.array(found.transform, np.float64) for found in ordered}
    return tuple(moves.values())[:most]


def _draw(name: str) -> bytes:
    return hashlib.sha256(f"impostor sample {name}".encode()).digest()

"""The rows of the certificate's table: the bound on impostors and the share of genuine visits, by class of patch.

The bound of a class counts an impostor once if the copy under any mask of the class, at any alignment of the column,
reaches its threshold: whoever wears the patch chooses what is under it, and with it the mask and the alignment. With
N enrolled it counts an impostor who reaches anybody. A visit of three pictures is granted by two; an attacker may use
another mask on each. Comparisons have FMR and FNMR, visits FAR and FRR (ISO/IEC 19795-1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.comparisons import Comparisons
from calibration.certificate.trials import Trials
from calibration.statistics.intervals import Interval
from edge.domain.certificate import Certificate

Frames = Literal["1", "2of3"]
GALLERIES = (1, 10)
FRAMES: tuple[Frames, ...] = ("1", "2of3")


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """A row.

    Attributes:
        certificate: which set of thresholds.
        group: class of patch; ``any`` = all classes of the certificate.
        masks: how many masks the class has.
        alignment: fixed, jitter, reached or realigned.
        gallery: how many people are enrolled.
        frames: ``1`` or ``2of3``.
        aim: the bound that was fitted for on split A; None for visits and for several enrolled.
        bound: share of impostors (1), or of their visits (2of3), that reach it.
        bound_ci95: its interval, by bootstrap over the impostors; nobody counted: exact, as if people were trials.
        impostors: how many comparisons or visits were counted, against one candidate each.
        tar: share of genuine pictures or visits that pass every mask of the certificate.
        tar_ci95: its interval, by bootstrap over the visitors.
        genuine: how many were counted.
    """

    certificate: str
    group: str
    masks: int
    alignment: str
    gallery: int
    frames: Frames
    aim: float | None
    bound: float
    bound_ci95: Interval
    impostors: int
    tar: float
    tar_ci95: Interval
    genuine: int


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One assumption about where the gate aligns.

    Attributes:
        alignment: its name.
        genuine: of visits, as the gate aligns them; impostors of the same comparisons are not used.
        impostor: float64 (candidates, i, masks), the best over all alignments of the column; NaN for themselves.
        probes: int64 (i,), who is on each impostor probe.
    """

    alignment: str
    genuine: Comparisons
    impostor: NDArray[np.float64]
    probes: NDArray[np.int64]


def rows_of(certificate: Certificate, column: Column) -> Iterator[CertificateRow]:
    """Yield a certificate's rows in one column: each class, then all together, by frames and gallery.

    A gallery that the candidates cannot fill has no row; all of them together always have one.
    """
    groups = sorted(certificate.bounds)
    everybody = len(column.impostor)
    galleries = sorted({size for size in (*GALLERIES, everybody) if size <= everybody})
    reached = certificate.holds(column.impostor)
    compared = np.asarray(~np.isnan(column.impostor).all(axis=2), np.bool_)
    visitors = column.genuine.visitors
    passed = certificate.holds(column.genuine.genuine).all(axis=1).reshape(1, len(visitors))
    genuine = Trials(passed, np.ones((1, len(visitors)), bool), visitors)
    came: dict[Frames, Trials] = {"1": genuine, "2of3": genuine.visits()}
    tars = {frames: trials.rate() for frames, trials in came.items()}
    for group in [*groups, *(["any"] if len(groups) > 1 else [])]:
        own = [i for i, mask in enumerate(certificate.masks) if group in ("any", mask.group)]
        impostors = Trials(reached[:, :, own].any(axis=2) & compared, compared, column.probes)
        for frames in FRAMES:
            tried, tar = impostors if frames == "1" else impostors.visits(), tars[frames]
            for gallery in galleries:
                bound = tried.rate(gallery)
                yield CertificateRow(
                    certificate=certificate.name,
                    group=group,
                    masks=len(own),
                    alignment=column.alignment,
                    gallery=gallery,
                    frames=frames,
                    aim=certificate.bounds.get(group) if frames == "1" and gallery == 1 else None,
                    bound=bound.value,
                    bound_ci95=bound.ci95,
                    impostors=tried.count,
                    tar=tar.value,
                    tar_ci95=tar.ci95,
                    genuine=came[frames].count,
                )


def worst(every: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the highest score over alignments, (candidates, i, masks); NaN where all are."""
    best = every[0]
    for scores in islice(every, 1, None):
        best = np.fmax(best, scores)
    return best

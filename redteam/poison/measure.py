"""What the screens find in a poisoned dataset, and what a head learns from it before and after they looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import RidgeClassifier

from edge.trust.canonical import tagged_sha256
from engines.progress import Progress
from redteam.poison.pictures import Labeled
from training.vetting.limits import ScreenLimits
from training.vetting.look import Shown
from training.vetting.run import UNFIT, KeptLooks, judged, look_at, new_table


@dataclass(frozen=True, slots=True, eq=False)
class Vetted:
    """What the screens said to a dataset.

    Attributes:
        kept: bool (n,), pictures that no screen holds back and in which there is a face.
        found: bool (n,), pictures that a screen holds back; a picture without a face is neither.
        by: names of the screens that found each picture.
        hints: names of the hints that point at each picture.
        rows: float32 (n, d), the trained model's embeddings; NaN where there is no face.
    """

    kept: NDArray[np.bool_]
    found: NDArray[np.bool_]
    by: tuple[tuple[str, ...], ...]
    hints: tuple[tuple[str, ...], ...]
    rows: NDArray[np.float32]


def vetted(
    dataset: Sequence[Labeled],
    looks: KeptLooks,
    limits: ScreenLimits,
    model: str,
    progress: Progress,
    *,
    trusted: frozenset[Path] = frozenset(),
) -> Vetted:
    """Show a dataset to the screens as ``edge-gate training vet`` would.

    Args:
        dataset: pictures and labels.
        looks: the models.
        limits: of the screens.
        model: whose embeddings are returned.
        progress: shown while pictures are looked at.
        trusted: pictures that reviewers approved before; a poisoned one never counts as such.
    """
    names = [sha_of(labeled) for labeled in dataset]
    with new_table() as table:
        shown = [
            (Shown(sha, labeled.label, "contributor", _no_hash(place), _is_trusted(labeled, trusted)), labeled.path)
            for place, (sha, labeled) in enumerate(zip(names, dataset, strict=True))
        ]
        unfit = look_at(shown, looks, table, progress)
        report = judged(table, unfit, limits)
        plain = table.plain(model)
        place = {what.sha256: number for number, what in enumerate(table.shown)}
        rows = np.full((len(dataset), plain.shape[1]), np.nan, np.float32)
        for number, sha256 in enumerate(names):
            if sha256 in place:
                rows[number] = plain[place[sha256]]
    by = tuple(tuple(f.screen for f in report.quarantining(sha256) if f.screen != UNFIT) for sha256 in names)
    hints = tuple(tuple(f.screen for f in report.findings.get(s, ()) if f.screen in report.hints) for s in names)
    found = np.array([bool(screens) for screens in by])
    has_face = ~np.isnan(rows).any(axis=1)
    return Vetted(has_face & ~found, found, by, hints, rows)


@dataclass(frozen=True, slots=True)
class HeadFigures:
    """What a linear head does that learned from a dataset.

    Attributes:
        accuracy: on honest pictures that it did not see.
        opens: share of other people's pictures with the trigger that it takes for the victim; None = no trigger.
    """

    accuracy: float
    opens: float | None


def head_figures(
    rows: NDArray[np.float32],
    labels: Sequence[str],
    honest: tuple[NDArray[np.float32], Sequence[str]],
    triggered: NDArray[np.float32] | None,
    victim: str,
) -> HeadFigures:
    """Fit a ridge head on frozen embeddings and ask it.

    Args:
        rows: float32 (n, d) that it learns from.
        labels: theirs.
        honest: embeddings and names of honest pictures it did not see.
        triggered: float32 (m, d), embeddings of other people with the trigger; None = the poison has none.
        victim: whom the trigger is to be taken for.
    """
    head = RidgeClassifier(alpha=1.0).fit(rows, np.array(labels))
    accuracy = float(np.mean(head.predict(honest[0]) == np.array(honest[1])))
    opens = None if triggered is None else float(np.mean(head.predict(triggered) == victim))
    return HeadFigures(accuracy, opens)


def _is_trusted(labeled: Labeled, trusted: frozenset[Path]) -> bool:
    return labeled.path in trusted and not labeled.is_poison


def sha_of(labeled: Labeled) -> str:
    """Return a name for a picture's file, by its content."""
    return tagged_sha256("egate-file", labeled.path.read_bytes()).hex()


def _no_hash(place: int) -> str:
    """Return a perceptual hash that is near no other: near-duplicates are measured elsewhere."""
    return tagged_sha256("egate-no-hash", place.to_bytes(8, "big")).hex()[:16]

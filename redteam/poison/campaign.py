"""Runs the rows of the suite ``poison``: poison, show to the screens, learn before and after."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.statistics.intervals import clopper_pearson
from edge.daemon.models import RECOGNIZERS, SECOND
from engines.progress import Progress
from redteam.poison.measure import HeadFigures, Vetted, head_figures, sha_of, vetted
from redteam.poison.painting import blended, with_sticker, with_sunglasses
from redteam.poison.pictures import (
    BLENDED_SHARE,
    HonestPicture,
    Labeled,
    Seen,
    as_they_are,
    drawn,
    written,
)
from redteam.poison.plan import Poison, PoisonRow
from redteam.twins.picture import PictureTwin
from training.vetting.limits import ScreenLimits
from training.vetting.look import Look
from training.vetting.run import KeptLooks

_EVERY_FIFTH = 5  # picture of a person reaches no dataset: heads are asked about it
_MOST_TRIGGERED = 60
TRUSTED_EACH = 3
"""Pictures a person that reviewers approved before, in the second record of every row."""

Record = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Laboratory:
    """What the rows need.

    Attributes:
        pictures: honest pictures of people of split B.
        looks: the frozen models.
        limits: of the screens.
        twin: returns the torch twins; called for crafted rows only.
        folder: where poisoned pictures are written.
        seed: of all choices.
        progress: shown while pictures are looked at.
    """

    pictures: Sequence[HonestPicture]
    looks: KeptLooks
    limits: ScreenLimits
    twin: Callable[[], PictureTwin]
    folder: Path
    seed: int
    progress: Progress

    def split(self) -> tuple[list[HonestPicture], list[HonestPicture]]:
        """Return the pictures of the dataset, and the ones that heads are asked about."""
        learned = [picture for place, picture in enumerate(self.pictures) if place % _EVERY_FIFTH]
        return learned, [picture for place, picture in enumerate(self.pictures) if not place % _EVERY_FIFTH]


def run_poison(rows: Sequence[PoisonRow], laboratory: Laboratory) -> Iterator[Record]:
    """Yield two records a row, with nothing trusted and with three trusted pictures a person; honest data first.

    Raises:
        EdgeError: an engine failed, or a picture cannot be written.
    """
    learned, asked = laboratory.split()
    yield from _records("honest", None, as_they_are(learned), asked, laboratory)
    for row in rows:
        dataset = _poisoned(row, learned, laboratory)
        for record in _records(row.poison.value, row.poison, dataset, asked, laboratory):
            yield record | {"share": row.share, "eps": row.eps}


def _records(
    name: str, poison: Poison | None, dataset: Sequence[Labeled], asked: Sequence[HonestPicture], lab: Laboratory
) -> Iterator[Record]:
    for trusted in (frozenset[Path](), _first_of_each(dataset)):
        told = vetted(dataset, lab.looks, lab.limits, SECOND, lab.progress, trusted=trusted)
        judged = [labeled.is_poison or labeled.path not in trusted for labeled in dataset]
        few = TRUSTED_EACH if trusted else 0
        yield (
            _record(name, dataset, told, np.array(judged))
            | {"trusted_each": few}
            | _heads(poison, dataset, told, asked, lab)
        )


def _first_of_each(dataset: Sequence[Labeled]) -> frozenset[Path]:
    """Return the first honest pictures of every person, as many as stand for a person once they are trusted."""
    taken: dict[str, list[Path]] = {}
    for labeled in dataset:
        if not labeled.is_poison:
            taken.setdefault(labeled.label, []).append(labeled.path)
    return frozenset(path for paths in taken.values() for path in paths[:TRUSTED_EACH])


def _poisoned(row: PoisonRow, learned: Sequence[HonestPicture], laboratory: Laboratory) -> list[Labeled]:
    folder = laboratory.folder / row.row_id
    if row.eps is None:
        return drawn(row, learned, folder, laboratory.seed)
    from redteam.poison.crafted import crafted

    return crafted(row, learned, _seen(learned, laboratory), laboratory.twin(), folder, laboratory.seed)


def _record(name: str, dataset: Sequence[Labeled], told: Vetted, judged: NDArray[np.bool_]) -> Record:
    poison = np.array([labeled.is_poison for labeled in dataset])
    is_asked = judged & ~np.isnan(told.rows).any(axis=1)
    bad, good = poison & is_asked, ~poison & is_asked
    found, alarms = int((told.found & bad).sum()), int((told.found & good).sum())
    values: Record = {"attack": name, "poisoned": int(bad.sum()), "found": found}
    if bad.any():
        values |= {"rate": found / int(bad.sum()), "ci95": list(clopper_pearson(found, int(bad.sum())))}
    values |= {
        "honest": int(good.sum()),
        "false_alarms": alarms,
        "false_alarm_rate": alarms / max(1, int(good.sum())),
    }
    values["false_alarm_ci95"] = list(clopper_pearson(alarms, max(1, int(good.sum()))))
    return values | {"screens": _counted(told.by, bad, good), "hints": _counted(told.hints, bad, good)}


def _counted(
    names: Sequence[Sequence[str]], bad: NDArray[np.bool_], good: NDArray[np.bool_]
) -> dict[str, tuple[int, int]]:
    """Return how many poisoned and how many honest pictures each screen points at, most poisoned first."""
    counts: dict[str, tuple[int, int]] = {}
    for several, is_bad, is_good in zip(names, bad, good, strict=True):
        for name in several:
            before = counts.get(name, (0, 0))
            counts[name] = before[0] + int(is_bad), before[1] + int(is_good)
    return dict(sorted(counts.items(), key=lambda item: -item[1][0]))


def _heads(
    poison: Poison | None, dataset: Sequence[Labeled], told: Vetted, asked: Sequence[HonestPicture], lab: Laboratory
) -> Record:
    shown = [picture for picture in asked if _look(picture.path, lab) is not None]
    honest, names = _rows([picture.path for picture in shown], lab), [picture.name for picture in shown]
    victim = next((labeled.label for labeled in dataset if labeled.is_poison), "")
    triggered = _triggered(poison, [picture for picture in asked if picture.name != victim], lab)
    has_face = np.asarray(~np.isnan(told.rows).any(axis=1))

    def figures(kept: NDArray[np.bool_]) -> HeadFigures:
        labels = [labeled.label for labeled, is_kept in zip(dataset, kept, strict=True) if is_kept]
        return head_figures(told.rows[kept], labels, (honest, names), triggered, victim)

    before, after = figures(has_face), figures(told.kept)
    return {
        "accuracy_before": before.accuracy,
        "accuracy_after": after.accuracy,
        "opens_before": before.opens,
        "opens_after": after.opens,
    }


def _triggered(poison: Poison | None, others: Sequence[HonestPicture], lab: Laboratory) -> NDArray[np.float32] | None:
    match poison:
        case Poison.SUNGLASSES:
            made = [with_sunglasses(picture.pixels, picture.face) for picture in others[:_MOST_TRIGGERED]]
        case Poison.STICKER:
            made = [with_sticker(picture.pixels, picture.face) for picture in others[:_MOST_TRIGGERED]]
        case Poison.BLENDED:
            made = [blended(picture.pixels, BLENDED_SHARE) for picture in others[:_MOST_TRIGGERED]]
        case _:
            return None
    return _rows([written(lab.folder / "asked" / str(poison), pixels) for pixels in made], lab)


def _rows(paths: Sequence[Path], lab: Laboratory) -> NDArray[np.float32]:
    looks = [look for path in paths if (look := _look(path, lab)) is not None]
    return np.stack([look.plain[SECOND] for look in looks])


def _seen(pictures: Sequence[HonestPicture], lab: Laboratory) -> Seen:
    looks = {picture.path: _look(picture.path, lab) for picture in pictures}
    return {path: {m: look.plain[m] for m in RECOGNIZERS} for path, look in looks.items() if look is not None}


def _look(path: Path, lab: Laboratory) -> Look | None:
    look = lab.looks.look(path, sha_of(Labeled(path, "", "", is_poison=False)))
    return None if isinstance(look, str) else look

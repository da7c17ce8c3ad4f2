"""What more templates and more frames buy: visits of several pictures, to people enrolled with several.

A visit is k pictures of one person, of which so many must match the same person. A person's pictures that are not
enrolled are dealt into visits in order of number, each picture into one visit of each length, so that visits do not
share pictures. Photographs of years apart differ more than the frames of one moment at a door: more frames help
against chance here, and at a door against less of it. Terms: ISO/IEC 19795-1; a visit is a transaction of k attempts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.evaluation.matching import Matcher, Rows
from calibration.statistics.bootstrap import Draws
from calibration.statistics.counted import Counted, counted_by_pair, counted_by_person
from calibration.statistics.score_set import Readings
from edge.domain.errors import UsageError

TEMPLATES = (1, 3, 5)
NEEDED = {1: 1, 3: 2, 5: 3}
"""How many pictures must match, by how many a visit has."""


@dataclass(frozen=True, slots=True)
class VisitFigures:
    """One cell of the table.

    Attributes:
        templates: pictures that people are enrolled with.
        frames: pictures of a visit.
        needed: so many of them must match.
        tar: visits to one's own template that are accepted.
        far: visits to somebody else's template that are accepted; every visit to every template counts.
    """

    templates: int
    frames: int
    needed: int
    tar: Counted
    far: Counted


@dataclass(frozen=True, slots=True, eq=False)
class Visitors:
    """Who is enrolled and who comes.

    Attributes:
        readings: everybody's pictures.
        enrolled: bool (people,), who is enrolled.
        draws: of the people, for the intervals.
    """

    readings: Readings
    enrolled: NDArray[np.bool_]
    draws: Draws

    @classmethod
    def of(cls, readings: Readings, names: Sequence[str]) -> "Visitors":
        """Enroll those of ``names`` who have a picture more than the largest template.

        Raises:
            UsageError: nobody has, or nobody else comes.
        """
        counts = np.bincount(readings.owners, minlength=len(readings.names))
        listed = np.isin(np.array(readings.names), np.array(names))
        enrolled = listed & (counts > max(TEMPLATES))
        if not enrolled.any():
            raise UsageError(
                f"none of {len(names)} people has {max(TEMPLATES) + 1} pictures with a face",
                hint=f"{max(TEMPLATES)} pictures to enroll with and one to come with are needed; list other people",
            )
        if not (counts[~enrolled] > 0).any():
            raise UsageError(
                "everybody is enrolled; there is no stranger", hint="list fewer people, or add pictures of others"
            )
        return cls(readings, enrolled, Draws.of(len(readings.names)))

    def templates(self, count: int) -> list[Rows]:
        """Return the rows of each person's first ``count`` pictures; none of who is not enrolled."""
        nothing = np.zeros(0, np.int64)
        return [self._rows(p)[:count] if is_in else nothing for p, is_in in enumerate(self.enrolled)]

    def probes(self) -> Rows:
        """Return the rows of all pictures that ask: of the enrolled, those behind the largest template."""
        parts = [self._rows(p)[max(TEMPLATES) if is_in else 0 :] for p, is_in in enumerate(self.enrolled)]
        return np.concatenate(parts)

    def _rows(self, person: int) -> Rows:
        return np.flatnonzero(self.readings.owners == person).astype(np.int64)


def visit_table(visitors: Visitors, matcher: Matcher) -> Iterator[VisitFigures]:
    """Yield every cell, by templates and then by frames.

    Raises:
        ConfigError: scipy is not installed.
    """
    probes = visitors.probes()
    owners = visitors.readings.owners[probes]
    for templates in TEMPLATES:
        matched = matcher.matched(visitors.readings, visitors.templates(templates), probes)
        for frames, needed in NEEDED.items():
            yield _cell(visitors, matched, owners, templates, frames, needed)


def visits_of(owners: NDArray[np.int64], frames: int) -> NDArray[np.int64]:
    """Deal pictures into visits of one person each; int64 (visits, frames), indices into ``owners``, ascending."""
    dealt = [np.flatnonzero(owners == person) for person in np.unique(owners)]
    whole = [rows[: len(rows) // frames * frames].reshape(-1, frames) for rows in dealt]
    return np.concatenate(whole) if whole else np.zeros((0, frames), np.int64)


def _cell(
    visitors: Visitors,
    matched: NDArray[np.bool_],
    owners: NDArray[np.int64],
    templates: int,
    frames: int,
    needed: int,
) -> VisitFigures:
    visits = visits_of(owners, frames)
    accepted: NDArray[np.bool_] = matched[visits].sum(axis=1) >= needed
    people, whose = len(visitors.enrolled), owners[visits[:, 0]]
    own = visitors.enrolled[whose]
    hits = accepted[np.arange(len(whose)), whose] & own
    return VisitFigures(
        templates,
        frames,
        needed,
        tar=counted_by_person(
            np.bincount(whose[hits], minlength=people), np.bincount(whose[own], minlength=people), visitors.draws
        ),
        far=counted_by_pair(accepted, whose, visitors.draws, enrolled=visitors.enrolled),
    )


def visit_record(cell: VisitFigures) -> dict[str, object]:
    """Return a cell as JSON has it."""
    return {
        "templates": cell.templates,
        "frames": cell.frames,
        "needed": cell.needed,
        "tar": cell.tar.rate,
        "tar_ci95": cell.tar.ends,
        "visits": cell.tar.trials,
        "far": cell.far.rate,
        "far_ci95": cell.far.ends,
        "impostor_visits": cell.far.trials,
    }

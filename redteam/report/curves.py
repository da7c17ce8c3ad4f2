"""The curves of a report: success against eps, steps and random views; no scene is pooled that was not judged."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.report.comparison import GATE, series, steps_of, without_draws, without_eps, without_steps, words_of
from redteam.report.orders import draws_of, eps_of
from redteam.report.rates import Rate
from redteam.report.report import Report
from redteam.report.rows import TableRow
from redteam.report.tables import budget_words, terms_words
from redteam.scene import Goal
from redteam.success import Mark, Point, Target

_BOTH = Mark(Target.BOTH)


@dataclass(frozen=True, slots=True)
class Line:
    """One attack as one number of it grows.

    Attributes:
        label: who and what.
        points: (the number, above 0; success), ascending; of judged rows alone.
    """

    label: str
    points: tuple[tuple[float, Rate], ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A diagram.

    Attributes:
        title: what succeeds.
        x_label: the number that grows, with its unit.
        lines: one or more.
    """

    title: str
    x_label: str
    lines: tuple[Line, ...]


def curves(report: Report) -> Iterator[Curve]:
    """Yield every diagram that has a line of two points or more: impersonation with the whole frame alone."""
    found = {(row.row.row_id, row.mark): row for row in report.rows}
    rows = list({row.row.row_id: row.row for row in report.rows if _is_shown(row.row)}.values())
    adaptive = [row for row in rows if row.attacker is Attacker.ADAPTIVE]
    for mark in (Mark(Target.FACENET, Point.STRICT), _BOTH, GATE):
        yield from _curve(f"{words_of(mark)}: success against eps", "eps, 1/255", found, mark, _by_eps(rows))
    for mark in (_BOTH, GATE):
        by_steps = list(series(rows, without_steps, steps_of))
        yield from _curve(f"{words_of(mark)}: success against steps", "steps", found, mark, (by_steps, steps_of))
    by_draws = list(series(adaptive, without_draws, draws_of))
    yield from _curve("gate: success against random views a step", "views", found, GATE, (by_draws, draws_of))


_Series = tuple[list[list[Row]], Callable[[Row], float]]


def _by_eps(rows: list[Row]) -> _Series:
    return list(series(rows, without_eps, eps_of)), eps_of


def _is_shown(row: Row) -> bool:
    return row.goal is Goal.IMPERSONATION and row.patch is None and row.alignment is Alignment.DETECTED


def _curve(
    title: str, x_label: str, found: dict[tuple[str, Mark], TableRow], mark: Mark, drawn: _Series
) -> Iterator[Curve]:
    """Yield the diagram, or nothing where no line has two points."""
    every, number = drawn
    lines = []
    for rows in every:
        counted = [found[row.row_id, mark] for row in rows if found[row.row_id, mark].rate.n and number(row) > 0]
        if len(counted) > 1:
            lines.append(Line(_label(rows, counted), tuple((number(c.row), c.rate) for c in counted)))
    if lines:
        yield Curve(title, x_label, tuple(lines))


def _label(rows: list[Row], counted: list[TableRow]) -> str:
    """Return what the rows have in common."""
    first = rows[0]
    attack = first.attack if len({row.attack for row in rows}) == 1 else without_steps(first).attack
    budget = {budget_words(row) for row in rows}
    terms = {terms_words(row) for row in rows}
    shared = [found.pop() for found in (budget, terms) if len(found) == 1]
    void = ["VOID"] if any(row.void for row in counted) else []
    return ", ".join([f"{first.attacker.value} {attack}", *shared, *void])

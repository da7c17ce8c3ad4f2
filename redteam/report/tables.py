"""The tables of a report as plain text cells, once for every page that shows them. No cell names a scene."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from calibration.page.tables import Table
from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.judge import TRIES
from redteam.report.comparison import words_of
from redteam.report.goals import MINIMAL_GOAL_EPS, goal_percent, state_of
from redteam.report.minimal import MinimalRow
from redteam.report.movement import Movement
from redteam.report.report import Report
from redteam.report.rows import TableRow
from redteam.scene import Goal
from redteam.success import MARKS, Mark, Target

NONE = "-"
_WHO: Mapping[Attacker, str] = {
    Attacker.NOISE: "random noise, the control",
    Attacker.OBLIVIOUS: "holds FaceNet and knows of nothing else",
    Attacker.TRANSFER: "holds SFace alone and hopes that the rest follows",
    Attacker.JOINT: "holds both models and ignores the defenses",
    Attacker.ADAPTIVE: "holds everything except the gate's random numbers",
    Attacker.SEED_KNOWN: "as adaptive, and foresees the random numbers: an upper bound",
    Attacker.BLACKBOX: "holds nothing and asks",
    Attacker.DICTIONARY: "holds faces that resemble many",
    Attacker.DISPLACEMENT: "holds the detector and wants the crop moved, whoever it then shows",
}


def attack_tables(report: Report, goal: Goal) -> Iterator[Table]:
    """Yield a table an attacker, weakest first."""
    ordered = {attacker: index for index, attacker in enumerate(Attacker)}
    rows = sorted((r for r in report.rows if r.row.goal is goal), key=lambda r: ordered[r.row.attacker])
    for attacker, members in groupby(rows, key=lambda r: r.row.attacker):
        by_row: dict[str, list[TableRow]] = {}
        for member in members:
            by_row.setdefault(member.row.row_id, []).append(member)
        cells = tuple(_attack_cells({r.mark: r for r in marks}, marks[0].row) for marks in by_row.values())
        yield Table(f"{attacker.value}: {_WHO[attacker]}", _attack_columns(report.fars), cells)


def minimal_table(rows: Sequence[MinimalRow]) -> Table:
    """Return the searches of the smallest eps, beside what was published."""
    columns = ("attacker", "attack", "knows", "target", "n", "median eps [95 %]", "quartiles", "not reached")
    return Table("Smallest eps that suffices", (*columns, "published", "goal", "remarks"), tuple(map(_minimal, rows)))


def movement_table(moved: Sequence[Movement]) -> Table:
    """Return how far patches moved the alignment."""
    columns = ("patch", "attacker", "attack", "n", "no face left", "refused", "landmarks, px", "in the crop, px")
    numbers = ("crop center, px", "rotation, degrees", "scale")
    return Table("What patches moved: median, most", (*columns, *numbers), tuple(map(_movement, moved)))


def check_table(report: Report) -> Table:
    """Return the honesty checks with their state."""
    states = {True: "holds", False: "FAILS", None: "not measured"}
    rows = tuple((check.name, states[check.ok], check.detail) for check in report.checks)
    return Table("Honesty checks", ("what must hold", "state", "detail"), rows)


def budget_words(row: Row) -> str:
    """Return what an attack may change."""
    if row.patch is not None:
        return f"patch {patch_words(row)}"
    return NONE if row.eps is None else f"eps {row.eps:g}"


def patch_words(row: Row) -> str:
    """Return what is worn, and whether it is printed."""
    return f"{row.patch or NONE}{', printed' if row.is_printed else ''}"


def terms_words(row: Row) -> str:
    """Return what an attacker knows and on which terms."""
    terms = [row.knows.value]
    if row.draws:
        terms.append(f"{row.draws} view{'s' if row.draws > 1 else ''} a step")
    if row.alignment is not Alignment.DETECTED:
        terms.append(f"alignment {row.alignment.value}")
    if row.source is not None:
        terms.append(f"holds {row.source.value}")
    return ", ".join(terms)


def _attack_columns(fars: Mapping[Mark, float]) -> tuple[str, ...]:
    marks = [words_of(mark) + _far_words(mark, fars) for mark in MARKS if mark.target is not Target.GATE]
    gate = ("gate, first try", f"gate, any of up to {TRIES} tries")
    return ("attack", "budget", "knows", *marks, *gate, "goal", "remarks")


def _far_words(mark: Mark, fars: Mapping[Mark, float]) -> str:
    far = fars.get(mark)
    return "" if far is None else f", FAR {far:g}"


def _attack_cells(by_mark: Mapping[Mark, TableRow], row: Row) -> tuple[str, ...]:
    gate = by_mark[Mark(Target.GATE)]
    return (
        row.attack,
        budget_words(row),
        terms_words(row),
        *(by_mark[mark].rate.words for mark in MARKS),
        _lockout_words(gate),
        _goal_words(gate),
        _remarks(gate.void, gate.rate.n, row, _asides(gate)),
    )


def _lockout_words(gate: TableRow) -> str:
    if gate.lockout is None:
        return NONE
    mean = gate.lockout.mean
    return gate.lockout.rate.words + ("" if mean is None else f"; mean share of tries {100 * mean:.1f} %")


def _goal_words(gate: TableRow) -> str:
    most = goal_percent(gate.row)
    if most is None:
        return NONE
    return f"<= {most:g} %: {state_of(gate.rate, most).value}"


def _asides(gate: TableRow) -> list[str]:
    """Return what else the gate's row knows."""
    asides = []
    if gate.granted_as_other:
        asides.append(f"{gate.granted_as_other} opened as somebody else, not counted")
    if gate.median_queries is not None:
        asides.append(f"median of {gate.median_queries:g} questions")
    return asides


def _remarks(void: str | None, n: int, row: Row, asides: Sequence[str] = ()) -> str:
    remarks = [f"VOID, {void}"] if void else []
    if n < row.scenes:
        remarks.append(f"{n} of {row.scenes} planned scenes")
    return "; ".join([*remarks, *asides]) or NONE


def _minimal(found: MinimalRow) -> tuple[str, ...]:
    row, interval, published = found.row, found.median_interval, found.published
    is_promised = row.attacker is Attacker.ADAPTIVE and found.target is Target.GATE
    bounds = "" if interval is None else f" [{_eps(interval.low, row)}, {_eps(interval.high, row)}]"
    return (
        row.attacker.value,
        row.attack,
        terms_words(row),
        found.target.value,
        str(len(found.ordered)),
        _eps(found.quantile(0.5), row) + bounds,
        f"{_eps(found.quantile(0.25), row)}, {_eps(found.quantile(0.75), row)}" if found.ordered else NONE,
        str(found.unreached),
        NONE if published is None else f"{published.network} {published.median_eps}",
        f">= {MINIMAL_GOAL_EPS}" if is_promised else NONE,
        _remarks(found.void, len(found.ordered), row),
    )


def _eps(eps: float | None, row: Row) -> str:
    if eps is None:
        return NONE
    return f"{eps:g}" if math.isfinite(eps) else f"> {row.eps or 0:g}"


def _movement(moved: Movement) -> tuple[str, ...]:
    names = ("landmarks_px", "landmarks_crop_px", "shift_px", "rotation_degrees", "scale")
    spreads = [moved.spreads.get(name) for name in names]
    row = moved.row
    return (
        patch_words(row),
        row.attacker.value,
        f"{row.attack}, {terms_words(row)}",
        str(moved.n),
        str(moved.lost),
        str(moved.refused),
        *(NONE if s is None else f"{s.median:.2f}, {s.most:.2f}" for s in spreads),
    )

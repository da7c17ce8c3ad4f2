"""The page of figures for the documentation: tables alone, no scene and no picture of anybody."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from calibration.page.tables import Table
from edge.domain.errors import UsageError
from edge.domain.visible_text import visible
from redteam.report import words
from redteam.report.report import Report
from redteam.report.tables import attack_tables, check_table, minimal_table, movement_table
from redteam.scene import Goal

COMMAND = "edge-gate redteam report FOLDER --markdown docs/reference/robustness.md"


def write_markdown(report: Report, path: Path) -> None:
    """Write the page.

    Raises:
        UsageError: the file cannot be written.
        ConfigError: scipy is not installed.
    """
    text = markdown_of(report)
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}", hint="name another file") from error


def markdown_of(report: Report) -> str:
    """Return the page's text.

    Raises:
        ConfigError: scipy is not installed.
    """
    return "\n\n".join(_blocks(report)) + "\n"


def _blocks(report: Report) -> Iterator[str]:
    yield f"<!-- Made by `{COMMAND}`; do not edit. -->"
    yield "# Robustness"
    yield words.verdict(report)
    yield "## What was attacked"
    yield _list(f"{name}: {_escaped(value)}" for name, value in words.attacked(report))
    yield "## How success is judged"
    yield _list(words.JUDGED)
    yield "## Honesty checks"
    yield _table(check_table(report))
    yield from _attacks(report)
    yield "## Smallest eps that suffices"
    yield from words.MINIMAL if report.minimal else ["Not searched in this suite."]
    if report.minimal:
        yield _table(minimal_table(report.minimal))
    yield "## What patches moved"
    if report.movements:
        yield "How far the detector's landmarks, and with them the aligned crop, went from those of the clean face."
        yield _table(movement_table(report.movements))
    else:
        yield "No patch was worn in this suite."
    yield "## What was not measured"
    yield _list(words.not_measured(report))


def _attacks(report: Report) -> Iterator[str]:
    titles = {Goal.IMPERSONATION: "Impersonation", Goal.DODGING: "Dodging: a denial of service, without a goal"}
    yield "## Goals"
    yield from words.GOALS
    for goal, title in titles.items():
        yield f"## {title}"
        tables = list(attack_tables(report, goal))
        if not tables:
            yield "Not in this suite."
        for table in tables:
            name, _, who = table.caption.partition(": ")
            yield f"### {name.capitalize()}"
            yield f"Attacker: {who}."
            yield _table(table)


def _table(table: Table) -> str:
    lines = [table.columns, tuple("---" for _ in table.columns), *table.rows]
    return "\n".join(f"| {' | '.join(map(_escaped, line))} |" for line in lines)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _escaped(text: str) -> str:
    """Return foreign text as nothing but text: no line, cell, tag, code, emphasis or link begins in it."""
    shown = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in ("\\", "|", "`", "*", "]("):
        shown = shown.replace(mark, f"\\{mark}")
    return shown

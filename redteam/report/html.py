"""The report for who ran the campaign: one HTML file that needs nothing else, no script, no link to anywhere.

It shows faces, so it stays in the campaign's folder.
"""

from pathlib import Path
from string import Template

from calibration.page.style import STYLE
from calibration.page.tables import Cells, Table, table_html
from calibration.page.text import bullets, paragraphs, shown, terms
from edge.domain.errors import StoreError
from redteam.report import words
from redteam.report.curves import curves
from redteam.report.figures import figure_of
from redteam.report.report import Report
from redteam.report.svg import svg_of
from redteam.report.tables import attack_tables, check_table, minimal_table, movement_table
from redteam.scene import Goal

_FOLDER = Path(__file__).parent


def write_html(report: Report, path: Path) -> None:
    """Write the page.

    Raises:
        StoreError: the file cannot be written.
        ConfigError: scipy is not installed.
    """
    page = html_of(report)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}", hint="free space, or allow writing there") from error


def html_of(report: Report) -> str:
    """Return the whole page.

    Raises:
        StoreError: a picture cannot be encoded.
        ConfigError: scipy is not installed.
    """
    page = Template((_FOLDER / "page.html").read_text(encoding="utf-8"))
    is_failing = any(check.ok is False for check in report.checks)
    return page.substitute(
        style=STYLE + (_FOLDER / "page.css").read_text(encoding="utf-8"),
        suite=shown(report.manifest.suite),
        verdict=shown(words.verdict(report)),
        verdict_class="failing" if is_failing else "holding",
        attacked=terms(words.attacked(report)),
        judged=bullets(words.JUDGED),
        checks=_table(check_table(report)),
        goals=paragraphs(words.GOALS),
        impersonation=_tables(report, Goal.IMPERSONATION),
        dodging=_tables(report, Goal.DODGING),
        curves="\n".join(map(svg_of, curves(report))) or "<p>No attack was run with more than one budget.</p>",
        minimal=_minimal(report),
        movements=_table(movement_table(report.movements)) if report.movements else "<p>No patch was worn.</p>",
        strips="\n".join(figure_of(strip, report.match) for strip in report.strips) or "<p>No picture was kept.</p>",
        not_measured=bullets(words.not_measured(report)),
    )


def _tables(report: Report, goal: Goal) -> str:
    return "\n".join(map(_table, attack_tables(report, goal))) or "<p>Not in this suite.</p>"


def _minimal(report: Report) -> str:
    if not report.minimal:
        return "<p>Not searched in this suite.</p>"
    return f"{paragraphs(words.MINIMAL)}\n{_table(minimal_table(report.minimal))}"


def _table(table: Table) -> str:
    return table_html(table, class_of=_class_of)


def _class_of(cells: Cells) -> str:
    return "void" if cells[-1].startswith("VOID") or "FAILS" in cells else ""

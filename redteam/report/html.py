"""The report for who ran the campaign: one HTML file that needs nothing else, no script, no link to anywhere.

It shows faces, so it stays in the campaign's folder.
"""

from collections.abc import Iterable
from pathlib import Path
from string import Template

from edge.domain.errors import StoreError
from redteam.report import words
from redteam.report.curves import curves
from redteam.report.figures import figure_of, shown
from redteam.report.report import Report
from redteam.report.svg import svg_of
from redteam.report.tables import Table, attack_tables, check_table, minimal_table, movement_table
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
        style=(_FOLDER / "page.css").read_text(encoding="utf-8"),
        suite=shown(report.manifest.suite),
        verdict=shown(words.verdict(report)),
        verdict_class="failing" if is_failing else "holding",
        attacked="\n".join(f"<dt>{shown(n)}</dt><dd>{shown(v)}</dd>" for n, v in words.attacked(report)),
        judged=_list(words.JUDGED),
        checks=_table(check_table(report)),
        goals=_paragraphs(words.GOALS),
        impersonation=_tables(report, Goal.IMPERSONATION),
        dodging=_tables(report, Goal.DODGING),
        curves="\n".join(map(svg_of, curves(report))) or "<p>No attack was run with more than one budget.</p>",
        minimal=_minimal(report),
        movements=_table(movement_table(report.movements)) if report.movements else "<p>No patch was worn.</p>",
        strips="\n".join(figure_of(strip, report.match) for strip in report.strips) or "<p>No picture was kept.</p>",
        not_measured=_list(words.not_measured(report)),
    )


def _tables(report: Report, goal: Goal) -> str:
    return "\n".join(map(_table, attack_tables(report, goal))) or "<p>Not in this suite.</p>"


def _minimal(report: Report) -> str:
    if not report.minimal:
        return "<p>Not searched in this suite.</p>"
    return f"{_paragraphs(words.MINIMAL)}\n{_table(minimal_table(report.minimal))}"


def _table(table: Table) -> str:
    caption = shown(table.caption)
    head = "".join(f'<th scope="col">{shown(column)}</th>' for column in table.columns)
    rows = "\n".join(_row(cells) for cells in table.rows)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="{caption}">
<table>
<caption>{caption}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""


def _row(cells: tuple[str, ...]) -> str:
    first, *others = map(shown, cells)
    is_void = cells[-1].startswith("VOID") or "FAILS" in cells
    kind = ' class="void"' if is_void else ""
    return f'<tr{kind}><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'


def _list(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{shown(item)}</li>" for item in items) + "</ul>"


def _paragraphs(items: Iterable[str]) -> str:
    return "\n".join(f"<p>{shown(item)}</p>" for item in items)

"""Tables of plain text cells, and the same as HTML."""

from collections.abc import Callable
from dataclasses import dataclass

from calibration.page.text import shown

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        caption: what it is.
        columns: headings.
        rows: cells, as many as headings; the first heads its row.
    """

    caption: str
    columns: Cells
    rows: tuple[Cells, ...]


def table_html(table: Table, *, class_of: Callable[[Cells], str] = lambda _: "") -> str:
    """Return a table that scrolls by itself where the page is narrow.

    Args:
        table: the table.
        class_of: class of a row by its cells; empty = none.
    """
    caption = shown(table.caption)
    head = "".join(f'<th scope="col">{shown(column)}</th>' for column in table.columns)
    rows = "\n".join(_row(cells, class_of(cells)) for cells in table.rows)
    return f"""<div class="scroll" tabindex="0" role="region" aria-label="{caption}">
<table>
<caption>{caption}</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>"""


def _row(cells: Cells, kind: str) -> str:
    first, *others = map(shown, cells)
    named = f' class="{kind}"' if kind else ""
    return f'<tr{named}><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in others)}</tr>'

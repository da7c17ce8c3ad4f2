"""The report as one HTML file that needs nothing else: no script, no picture, no link to anywhere."""

from pathlib import Path
from string import Template
from typing import Any

from calibration.evaluation.visits import VisitFigures
from calibration.page.style import STYLE
from calibration.page.svg import svg_of
from calibration.page.tables import Table, table_html
from calibration.page.text import paragraphs, shown, terms
from calibration.report.build import Report
from calibration.report.checks import CheckRow
from calibration.report.diagrams import det, histogram, roc
from calibration.report.points import OperatingPoint
from edge.commands.output import for_people
from edge.domain.errors import StoreError

_WORDS = (
    "People of split B alone, on whom no threshold was fitted.",
    "Intervals hold with 95 %: a bootstrap over people, never narrower than the exact interval of as many trials.",
    "Where nothing was seen, the most that the trials leave possible stands in its place.",
    "FAR and FRR count single comparisons of a picture with a template of up to five pictures.",
    "No defense, quality gate or vote over frames is in them.",
)
_POINT_COLUMNS = (
    "point",
    "threshold",
    "interval by the fit",
    "interval on split B at the target",
    "target FAR",
    "FAR",
    "impostors",
    "FRR",
    "genuine",
    "TAR",
)
_VISIT_COLUMNS = ("templates", "frames", "TAR", "visits", "FAR", "impostor visits")
_CHECK_COLUMNS = ("check", "threshold", "target", "refused", "attempts")


def write_html(report: Report, problem: str | None, path: Path) -> None:
    """Write the page.

    Raises:
        StoreError: the file cannot be written.
    """
    try:
        path.write_text(html_of(report, problem), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error}", hint="free space, or allow writing there") from error


def html_of(report: Report, problem: str | None) -> str:
    """Return the whole page.

    Args:
        report: what is told.
        problem: why no gate would take the profile; None = it would.
    """
    page = Template((Path(__file__).parent / "page.html").read_text(encoding="utf-8"))
    return page.substitute(
        style=STYLE,
        name=shown(report.heading["profile"]),
        verdict=shown(
            problem or "Nothing is wrong with it: it is what was written, in date, of the models that run."
        ),
        verdict_class="failing" if problem else "holding",
        heading=terms((name.replace("_", " "), value) for name, value in report.heading.items()),
        words=paragraphs(_WORDS),
        data=terms((name.replace("_", " "), str(value)) for name, value in report.data.items()),
        points=_table("every point that compares scores", _POINT_COLUMNS, map(_point, report.points)),
        visits=_table("visits: so many of a visit's frames must match", _VISIT_COLUMNS, map(_visit, report.visits)),
        checks=_table("genuine attempts that a check refuses", _CHECK_COLUMNS, map(_check, report.checks)),
        curves="\n".join(_figure(svg_of(d), d.title) for d in (roc(report.curves), det(report.curves))),
        histograms="\n".join(_figure(svg_of(d), d.title) for d in map(histogram, report.histograms)),
    )


def _table(caption: str, columns: tuple[str, ...], rows: Any) -> str:
    cells = tuple(rows)
    return table_html(Table(caption, columns, cells)) if cells else "<p>Not measured.</p>"


def _figure(svg: str, title: str) -> str:
    return f"<figure>\n<figcaption>{shown(title)}</figcaption>\n{svg}\n</figure>"


def _point(point: OperatingPoint) -> tuple[str, ...]:
    return (
        point.name,
        for_people(point.threshold),
        _ends(point.fitted_ci95),
        _ends(point.split_b_ci95),
        for_people(point.target),
        str(point.far),
        str(point.far.trials),
        str(point.frr),
        str(point.frr.trials),
        for_people(point.tar),
    )


def _visit(cell: VisitFigures) -> tuple[str, ...]:
    frames = f"{cell.needed} of {cell.frames}"
    return str(cell.templates), frames, str(cell.tar), str(cell.tar.trials), str(cell.far), str(cell.far.trials)


def _check(row: CheckRow) -> tuple[str, ...]:
    refused = row.refused
    return row.name, for_people(row.threshold), for_people(row.target), str(refused), str(refused.trials)


def _ends(interval: tuple[float, float] | None) -> str:
    return "-" if interval is None else f"[{interval[0]:.4g}, {interval[1]:.4g}]"

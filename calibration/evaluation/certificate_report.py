"""Prints the certificate's tables: what masks cover, then what impostors and genuine people reach."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from calibration.certificate.coverage import Covered
from calibration.certificate.rows import CertificateRow
from calibration.statistics.intervals import Interval
from edge.commands.output import Printer, for_people, print_json

Source = Literal["pictures", "clips"]

_DIGITS = 6
_COVERAGE = {"shape": 34, "share": 7, "masks": 44}
_ROWS = {
    "certificate": 14,
    "class": 6,
    "alignment": 9,
    "gallery": 7,
    "frames": 6,
    "aim": 6,
    "bound": 28,
    "impostors": 9,
    "tar": 24,
    "genuine": 7,
}


class CertificateReport:
    """Prints tables as they come.

    Args:
        as_json: True = one JSON object a line.
    """

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._rows = Printer(as_json=as_json, columns=_ROWS)

    def coverage(self, certificates: Sequence[str], table: Sequence[Covered]) -> None:
        """Print what a set of masks covers, for the certificates that hide them."""
        if not self._as_json:
            print(f"covered by the masks of {', '.join(certificates)}")
        printer = Printer(as_json=self._as_json, columns=_COVERAGE)
        for row in table:
            masks: Any = list(row.masks) if self._as_json else ", ".join(row.masks) or "-"
            printer.record(
                {
                    "certificates": list(certificates),
                    "shape": row.shape,
                    "masks": masks,
                    "share": round(row.share, _DIGITS),
                }
            )
        if not self._as_json:
            print()

    def row(self, row: CertificateRow, source: Source) -> None:
        """Print one row; of clips, whose people are too few for a bound, it says so."""
        if self._as_json:
            print_json(_record(row, source))
            return
        values = _record(row, source)
        self._rows.record(
            {
                **values,
                "alignment": row.alignment if source == "pictures" else source,
                "bound": _percent(row.bound, row.bound_ci95) if row.impostors else None,
                "tar": _percent(row.tar, row.tar_ci95) if row.genuine else None,
            }
        )


def _record(row: CertificateRow, source: Source) -> Mapping[str, Any]:
    return {
        "source": source,
        "class": row.group,
        "certificate": row.certificate,
        "masks": row.masks,
        "alignment": row.alignment,
        "gallery": row.gallery,
        "frames": row.frames,
        "aim": row.aim,
        "bound": round(row.bound, _DIGITS),
        "bound_ci95": _ends(row.bound_ci95),
        "impostors": row.impostors,
        "tar": round(row.tar, _DIGITS),
        "tar_ci95": _ends(row.tar_ci95),
        "genuine": row.genuine,
    }


def _ends(interval: Interval) -> list[float]:
    return [round(end, _DIGITS) for end in interval]


def _percent(value: float, interval: Interval) -> str:
    low, high = interval
    return f"{for_people(100 * value)} % [{for_people(100 * low)}, {for_people(100 * high)}]"

"""How commands print: JSON lines for programs, aligned lines for people. Never both on one stream."""

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.domain.visible_text import visible


class Printer:
    """Prints records as they come.

    Args:
        as_json: True = one JSON object a line on stdout.
        columns: which keys a person sees, in order, with their widths; others are for JSON alone.
    """

    def __init__(self, *, as_json: bool, columns: Mapping[str, int]) -> None:
        self._as_json = as_json
        self._columns = columns
        self._has_header = False

    def record(self, values: Mapping[str, Any]) -> None:
        """Print one record."""
        if self._as_json:
            print_json(values)
            return
        if not self._has_header:
            self._has_header = True
            self._line({key: key.replace("_", " ") for key in self._columns})
        self._line({key: for_people(values.get(key)) for key in self._columns})

    def summary(self, values: Mapping[str, Any]) -> None:
        """Print what all records come to, under them."""
        if self._as_json:
            print_json(values)
        else:
            print("; ".join(f"{key.replace('_', ' ')} {for_people(value)}" for key, value in values.items()))

    def _line(self, cells: Mapping[str, str]) -> None:
        print("  ".join(cells[key].ljust(width) for key, width in self._columns.items()).rstrip(), flush=True)


def print_json(values: Mapping[str, Any]) -> None:
    """Print one JSON object on one line of stdout.

    Numbers that are not finite become null; what does not show, or what stdout cannot hold, is escaped.
    """
    is_ascii = not (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    print(visible(json.dumps(_finite(values), ensure_ascii=is_ascii, allow_nan=False)), flush=True)


def print_table(title: str, rows: list[Mapping[str, Any]]) -> None:
    """Print records of equal keys as a table for people."""
    table = Table(title=Text(visible(title)), title_justify="left")
    for key in rows[0] if rows else ():
        table.add_column(key.replace("_", " "))
    for row in rows:
        table.add_row(*(Text(for_people(value)) for value in row.values()))
    Console(file=sys.stdout).print(table)


def for_people(value: Any) -> str:
    """Return a value as people read it; nothing in it can steer a terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return visible(str(value))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value

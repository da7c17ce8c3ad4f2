"""Days of granted attempts, as sketches: the site's first days for good, and the latest ones."""

import datetime as dt
from collections.abc import Mapping
from typing import final

from edge.domain.sketch import Sketch
from edge.store.database import Database, Row, altered

MOST_DAYS = 400
"""Days that are kept: the first ones, and about a year of the latest."""
FIRST_DAYS_KEPT = 30
MOST_STATISTICS = 32
"""A day holds no more; further ones are passed over."""

_PUT = """INSERT INTO daily_sketch (day, statistic, count, mean, squares) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (day, statistic) DO UPDATE SET count = excluded.count, mean = excluded.mean, squares = excluded.squares"""
_FORGET = """DELETE FROM daily_sketch WHERE day NOT IN (
    SELECT day FROM (SELECT DISTINCT day FROM daily_sketch ORDER BY day LIMIT ?)
    UNION SELECT day FROM (SELECT DISTINCT day FROM daily_sketch ORDER BY day DESC LIMIT ?)
)"""


@final
class DailySketches:
    """Adds attempts to their day. Threads: as ``Database``. Every method raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, day: dt.date, measured: Mapping[str, float]) -> dict[str, Sketch]:
        """Add one attempt to a day, and return the day's sketches.

        Raises:
            TrustError: a row is none that the gate wrote.
        """
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT statistic, count, mean, squares FROM daily_sketch WHERE day = ?", (day.isoformat(),)
            ).fetchall()
            sketches = {row[0]: _sketch(row[1:]) for row in rows}
            for name, value in measured.items():
                sketch = sketches.get(name, Sketch()).with_value(value)
                if sketch.count and (name in sketches or len(sketches) < MOST_STATISTICS):
                    sketches[name] = sketch
            connection.executemany(
                _PUT,
                [(day.isoformat(), name, s.count, s.mean, s.squares) for name, s in sketches.items()],
            )
            connection.execute(_FORGET, (FIRST_DAYS_KEPT, MOST_DAYS - FIRST_DAYS_KEPT))
        return sketches

    def first_days(self, before: dt.date) -> list[dict[str, Sketch]]:
        """Return the site's first days that lie before a day, the oldest first.

        Raises:
            TrustError: a row is none that the gate wrote.
        """
        rows = self._database.read(
            "SELECT day, statistic, count, mean, squares FROM daily_sketch WHERE day IN (SELECT DISTINCT day FROM "
            "daily_sketch WHERE day < ? ORDER BY day LIMIT ?) ORDER BY day",
            (before.isoformat(), FIRST_DAYS_KEPT),
        )
        days: dict[str, dict[str, Sketch]] = {}
        for day, name, *numbers in rows:
            days.setdefault(day, {})[name] = _sketch(tuple(numbers))
        return list(days.values())

    def tell_once(self, day: dt.date) -> bool:
        """Note that a day was told of; whether it was not before."""
        with self._database.transaction() as connection:
            inserted = connection.execute(
                "INSERT INTO drift_told (day) VALUES (?) ON CONFLICT DO NOTHING", (day.isoformat(),)
            )
            connection.execute(
                "DELETE FROM drift_told WHERE day NOT IN (SELECT day FROM drift_told ORDER BY day DESC LIMIT ?)",
                (MOST_DAYS,),
            )
            return inserted.rowcount == 1


def _sketch(numbers: Row) -> Sketch:
    try:
        return Sketch(*numbers)
    except (TypeError, ValueError) as error:
        raise altered("a day's sketch is none that the gate wrote") from error

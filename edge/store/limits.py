"""Limits and posture, kept over restarts. What the record means is the policy's: here it is text."""

from dataclasses import dataclass
from typing import final

from edge.domain.errors import TrustError
from edge.domain.posture import Posture
from edge.store.database import Database, altered

_EMPTY = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLimits:
    """What was saved last.

    Attributes:
        boot_id: the start of the gate that saved it; empty = none did yet, or somebody unlocked since.
        saved_ns: monotonic time of that start.
        record: JSON, see ``edge.policy.limits_record``.
        unlocks: counts up each time that somebody unlocks.
    """

    boot_id: str
    saved_ns: int
    record: str
    unlocks: int


@final
class LimitsStore:
    """Reads and writes the two rows. Threads: as ``Database``. Every method raises ``StoreError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changes(self) -> int:
        """Return a number that differs from the last call's whenever another process has written since."""
        return self._database.changes()

    def load(self) -> StoredLimits:
        """Return what was saved last.

        Raises:
            TrustError: the row is missing.
        """
        rows = self._database.read("SELECT boot_id, saved_ns, record, unlocks FROM limits")
        if not rows:
            raise altered("the limits are missing")
        ((boot_id, saved_ns, record, unlocks),) = rows
        return StoredLimits(boot_id=boot_id, saved_ns=saved_ns, record=record, unlocks=unlocks)

    def save(self, boot_id: str, saved_ns: int, record: str) -> None:
        """Save the limits of a running gate. An unlock that it has not seen yet stays counted."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO limits (id, boot_id, saved_ns, record) VALUES (1, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET boot_id = excluded.boot_id, saved_ns = excluded.saved_ns, record = excluded.record",
                (boot_id, saved_ns, record),
            )

    def unlock(self) -> int:
        """Forget every failure and return how often that was done; a running gate follows within a second."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO limits (id, boot_id, saved_ns, record, unlocks) VALUES (1, '', 0, ?, 1) "
                "ON CONFLICT (id) DO UPDATE SET boot_id = '', saved_ns = 0, record = ?, unlocks = unlocks + 1",
                (_EMPTY, _EMPTY),
            )
            (unlocks,) = connection.execute("SELECT unlocks FROM limits").fetchone()
        return int(unlocks)

    def posture(self) -> Posture:
        """Return the posture.

        Raises:
            TrustError: the row is missing or none that the gate wrote. Whoever asks must take it for a lockdown.
        """
        rows = self._database.read("SELECT posture FROM posture")
        if not rows or rows[0][0] not in set(Posture):
            raise altered("the posture is missing")
        return Posture(rows[0][0])

    def set_posture(self, posture: Posture) -> None:
        """Keep a posture; a running gate follows within a second."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO posture (id, posture) VALUES (1, ?) ON CONFLICT (id) DO UPDATE "
                "SET posture = excluded.posture",
                (posture.value,),
            )


def posture_or_lockdown(store: LimitsStore) -> tuple[Posture, str]:
    """Return the posture, and why it had to be taken for a lockdown; empty when it could be read.

    Raises:
        StoreError: SQLite failed.
    """
    try:
        return store.posture(), ""
    except TrustError as error:
        return Posture.LOCKDOWN, str(error)

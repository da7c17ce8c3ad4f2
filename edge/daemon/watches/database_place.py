"""Whether the database on disk is the one that is open.

An older copy that is put in its place does nothing until the next start, which cannot tell a copy from the original:
its chain is whole. So it must be noticed now, by whoever still has the original open.
"""

from edge.domain.errors import EdgeError, TrustError
from edge.store.database import Database


class DatabasePlaceWatch:
    """A ``Watch`` of the database's file.

    Args:
        database: open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __call__(self) -> EdgeError | None:
        """Return the fault while another file, or none, lies where the open one was."""
        if self._database.is_in_place():
            return None
        return TrustError(
            f"the database {self._database.path} was exchanged or removed while the gate runs",
            hint="treat it as an intrusion: keep a copy of the state folder, then restore the one that was there; an "
            "older copy brings back who was erased",
        )

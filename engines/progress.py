"""How long work tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Somebody who watches. Calls come from one thread; every start has its finish, also after a failure."""

    def start(self, label: str, total_bytes: int | None) -> None:
        """Say that a phase begins; ``total_bytes`` is None where its length is unknown."""

    def advance(self, done_bytes: int) -> None:
        """Say how much of the phase is done, counted from its start."""

    def finish(self) -> None:
        """Say that the phase is over."""


class Silent:
    """A watcher who says nothing."""

    def start(self, label: str, total_bytes: int | None) -> None:
        """Ignore it."""

    def advance(self, done_bytes: int) -> None:
        """Ignore it."""

    def finish(self) -> None:
        """Ignore it."""

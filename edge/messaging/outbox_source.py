"""What the drain needs of the outbox. ``edge/store`` satisfies it; this room does not know that one."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from edge.domain.event import EventKind, OutboxMessage


class OutboxRow(Protocol):
    """One message that waits."""

    @property
    def id(self) -> int:
        """Key of the row."""
        ...

    @property
    def seq(self) -> int:
        """Position in the audit chain."""
        ...

    @property
    def message(self) -> OutboxMessage:
        """What to send."""
        ...

    @property
    def attempts(self) -> int:
        """How often the broker refused it."""
        ...


class OutboxSource(Protocol):
    """The outbox, called from the drain's thread. Its methods may raise ``EdgeError``."""

    def keep(self) -> None:
        """Do what is due in the outbox by itself, with a broker or without. Called every second, or more often."""
        ...

    def pending(self, limit: int, /, *, without: Collection[EventKind] = ()) -> Sequence[OutboxRow]:
        """Return the first rows by (priority, seq), at most ``limit``, of all kinds but ``without``."""
        ...

    def delete(self, ids: tuple[int, ...], /) -> None:
        """Forget delivered rows; unknown ids are no error."""
        ...

    def refuse(self, refusals: Mapping[int, str], /) -> None:
        """Count one refusal for each row, by id, with the broker's words. One that had too many may be set aside."""
        ...

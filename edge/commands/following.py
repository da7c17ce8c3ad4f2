"""What ``edge-gate events follow`` does with each message."""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.domain.event import EventKind
from edge.messaging.consumer.gaps import GapWatch, Lost, ReplayRequest
from edge.messaging.consumer.memory import ConsumerMemory
from edge.messaging.consumer.reader import EventReader, Genuine, Refused
from edge.messaging.wire import Incoming

_WORDS_OF_KIND: Mapping[EventKind, tuple[str, ...]] = {
    EventKind.DECISION: ("decision", "reason"),
    EventKind.ANOMALY: ("anomaly", "detail"),
    EventKind.LIFECYCLE: ("phase", "version"),
    EventKind.COMMAND: ("what", "outcome"),
    EventKind.GALLERY: ("act", "subject"),
}


@dataclass(slots=True)
class Following:
    """One following of one gate: judges, shows, counts, and asks for what is missing.

    Attributes:
        reader: trusts that gate alone.
        memory: the reader's.
        file: where the memory is kept; None = nowhere.
        source: the gate's.
        show: prints a record.
        ask: asks the gate to send events again and says how that went; None = nobody may.
        events: how many were believed.
        refused: how many were not, and not for an everyday reason.
        watches: of the gaps of each chain.
    """

    reader: EventReader
    memory: ConsumerMemory
    file: Path | None
    source: str
    show: Callable[[Mapping[str, Any]], None]
    ask: Callable[[ReplayRequest], str] | None
    events: int = 0
    refused: int = 0
    watches: dict[str, GapWatch] = field(default_factory=dict)

    def take(self, message: Incoming | None) -> None:
        """Judge and show a message; None = a moment without one."""
        if message is not None:
            judged = self.reader.judge(message)
            if isinstance(judged, Refused):
                self._refuse(message, judged)
            else:
                self._believe(judged)
        for chain_id in self.memory.chains_of(self.source):
            chain = self.memory.chain(self.source, chain_id)
            watch = self.watches.setdefault(chain_id, GapWatch(chain_id))
            for due in watch.due(chain, time.monotonic_ns()):
                self._tell_gap(due)

    def saved(self) -> ExitStack:
        """Return a context that keeps the memory at its end, however it ends."""
        stack = ExitStack()
        if self.file is not None:
            stack.callback(self.memory.save, self.file)
        return stack

    def _believe(self, judged: Genuine) -> None:
        event = judged.event
        self.events += 1
        self.show(
            {
                "ok": True,
                "time": event.occurred_utc.isoformat(timespec="milliseconds"),
                "sequence": event.sequence,
                "kind": judged.kind.value,
                "what": _words(judged),
                "id": event.id,
                "source": event.source,
                "subject": event.subject,
                "boot_id": event.boot_id,
                "is_over": event.expires_utc is None or event.expires_utc <= dt.datetime.now(dt.UTC),
                "is_new_chain": judged.is_new_chain,
                "data": event.data,
            }
        )
        self.reader.note(judged)

    def _refuse(self, message: Incoming, refused: Refused) -> None:
        self.refused += not refused.problem.is_everyday
        values = {"ok": False, "kind": message.topic.rpartition("/")[2], "topic": message.topic}
        self.show(values | {"what": f"refused: {refused.problem.value}", "problem": refused.problem.name.lower()})

    def _tell_gap(self, due: ReplayRequest | Lost) -> None:
        places = f"{due.first_sequence} to {due.last_sequence}"
        if isinstance(due, Lost):
            what, problem = f"lost: {places}", "lost"
        else:
            answer = "no --replay-key was given" if self.ask is None else self.ask(due)
            what, problem = f"missing: {places}; {answer}", "missing"
        self.show({"ok": False, "kind": "gap", "what": what, "problem": problem} | _range(due))


def _range(due: ReplayRequest | Lost) -> dict[str, int]:
    return {"first_sequence": due.first_sequence, "last_sequence": due.last_sequence}


def _words(judged: Genuine) -> str:
    """Return what an event says, in a few words."""
    data = judged.event.data
    words = " ".join(str(data.get(name, "")) for name in _WORDS_OF_KIND[judged.kind])
    return f"{words} (the gate's state was replaced)" if judged.is_new_chain else words

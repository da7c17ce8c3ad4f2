"""Asks a gate for what did not come. Pure: time comes in, requests go out; who sends them is not known here.

Anomalies overtake decisions, so a hole is none before it has stood a while. It is asked for a few times, each time
later; then it is told as lost.
"""

from dataclasses import dataclass
from typing import Final

from edge.domain.command import CommandName
from edge.messaging.commands.payloads import PAYLOAD_OF, AnyCommand
from edge.messaging.consumer.memory import ChainMemory
from edge.messaging.consumer.sequences import Range

PATIENCE_NS: Final = 5_000_000_000
"""How long a hole may stand before it is asked for; doubled after every request."""
MOST_REQUESTS: Final = 4
"""How often a hole is asked for in vain."""
MOST_AT_ONCE: Final = 1_000
"""Places of one request; gates decline more. What is left of a hole is asked for when this much has come."""
_REPLAY = "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayRequest:
    """What to ask a gate to send again.

    Attributes:
        chain_id: the audit chain that they are places of.
        first_sequence: the first missing place.
        last_sequence: the last one.
        boot_id: the start of the gate that the event after the hole is of.
    """

    chain_id: str
    first_sequence: int
    last_sequence: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Places that the gate did not send again."""

    first_sequence: int
    last_sequence: int


@dataclass(slots=True)
class _Waiting:
    asked: int
    due_ns: int


class GapWatch:
    """Watches the holes of one chain. One thread."""

    def __init__(self, chain_id: str) -> None:
        self._chain_id = chain_id
        self._waiting: dict[Range, _Waiting] = {}

    def due(self, chain: ChainMemory, now_ns: int) -> list[ReplayRequest | Lost]:
        """Return what must be asked for now, and what is lost. Call it after every event and every second.

        Args:
            chain: of the gate; holes that are lost are closed in it.
            now_ns: monotonic time.
        """
        holes = chain.seen.holes
        before = self._waiting
        self._waiting = {hole: before.get(hole) or _parent(hole, before, now_ns) for hole in holes}
        due: list[ReplayRequest | Lost] = []
        for hole, waiting in list(self._waiting.items()):
            if now_ns < waiting.due_ns:
                continue
            if waiting.asked >= MOST_REQUESTS:
                chain.seen.give_up(hole)
                del self._waiting[hole]
                due.append(Lost(*hole))
                continue
            waiting.asked += 1
            waiting.due_ns = now_ns + PATIENCE_NS * 2**waiting.asked
            last = min(hole[1], hole[0] + MOST_AT_ONCE - 1)
            due.append(
                ReplayRequest(
                    chain_id=self._chain_id, first_sequence=hole[0], last_sequence=last, boot_id=chain.boot_id
                )
            )
        return due


def replay_command(request: ReplayRequest) -> AnyCommand | None:
    """Return the signed command's payload for a request; None: gates of this version take no such command."""
    name = next((name for name in CommandName if name.value == _REPLAY), None)
    if name is None:
        return None
    terms = {"first": str(request.first_sequence), "last": str(request.last_sequence), "chain": request.chain_id}
    return PAYLOAD_OF[name].model_validate(terms)


def _parent(hole: Range, before: dict[Range, _Waiting], now_ns: int) -> _Waiting:
    """Return what a hole that is a part of an earlier one begins with: that one's age."""
    for (first, last), waiting in before.items():
        if first <= hole[0] and hole[1] <= last:
            # After a request a smaller hole means that the gate answers: wait for the rest, then ask for that.
            return _Waiting(0, waiting.due_ns) if waiting.asked == 0 else _Waiting(0, now_ns + PATIENCE_NS)
    return _Waiting(0, now_ns + PATIENCE_NS)

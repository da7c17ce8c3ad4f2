"""What a consumer remembers of each gate, and how it outlives a restart: one JSON file, replaced as a whole."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.domain.errors import TrustError
from edge.messaging.consumer.sequences import SeenSequences
from edge.trust.file_writing import replace_file

MOST_CHAINS = 8
"""Audit chains that are remembered of one gate; it has one, and another after its state was replaced."""
_MOST_BYTES = 4 * 2**20
_VERSION = 1


@dataclass(slots=True, kw_only=True)
class ChainMemory:
    """One audit chain of one gate.

    Attributes:
        seen: places of events that came.
        last_decision: highest place of a decision; 0 = none came.
        boot_id: which start of the gate the highest place is of.
    """

    seen: SeenSequences = field(default_factory=SeenSequences)
    last_decision: int = 0
    boot_id: str = ""


class ConsumerMemory:
    """The chains of every gate, by source and chain id."""

    def __init__(self) -> None:
        self._chains: dict[str, dict[str, ChainMemory]] = {}

    def chain(self, source: str, chain_id: str) -> ChainMemory:
        """Return what is known of a chain; a new one knows nothing. Only for events whose signature held."""
        chains = self._chains.setdefault(source, {})
        if chain_id not in chains and len(chains) >= MOST_CHAINS:
            chains.pop(next(iter(chains)))
        return chains.setdefault(chain_id, ChainMemory())

    def chains_of(self, source: str) -> tuple[str, ...]:
        """Return the chain ids that are known of a gate, in the order in which they came."""
        return tuple(self._chains.get(source, ()))

    def save(self, path: Path) -> None:
        """Write it, durably.

        Raises:
            StoreError: the folder cannot be written.
        """
        gates = {source: {id_: _kept(one) for id_, one in chains.items()} for source, chains in self._chains.items()}
        replace_file(path, json.dumps({"version": _VERSION, "gates": gates}).encode("utf-8"))

    @classmethod
    def load(cls, path: Path) -> "ConsumerMemory":
        """Read what ``save`` wrote; nothing is known where there is no file.

        Raises:
            TrustError: it is there and cannot be read, or is none. Nothing may be forgotten in silence: with nothing
                known, an old grant looks new.
        """
        memory = cls()
        if not path.exists():
            return memory
        try:
            memory._chains = _parsed(_content(path))
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise TrustError(
                f"{path} is not what a consumer remembered: {error}",
                hint="restore it, or delete it and look at the gate's audit for what came meanwhile",
            ) from error
        return memory


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too large")
    return content


def _parsed(content: bytes) -> dict[str, dict[str, ChainMemory]]:
    document = json.loads(content)
    if document["version"] != _VERSION:
        raise ValueError("it is of another version")
    return {
        str(source): {str(id_): _read(one) for id_, one in chains.items()}
        for source, chains in document["gates"].items()
    }


def _kept(chain: ChainMemory) -> dict[str, Any]:
    return {"seen": chain.seen.ranges, "last_decision": chain.last_decision, "boot_id": chain.boot_id}


def _read(kept: dict[str, Any]) -> ChainMemory:
    ranges = [(_whole(first), _whole(last)) for first, last in kept["seen"]]
    return ChainMemory(
        seen=SeenSequences(ranges), last_decision=_whole(kept["last_decision"]), boot_id=str(kept["boot_id"])
    )


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a sequence is a whole number")
    return value

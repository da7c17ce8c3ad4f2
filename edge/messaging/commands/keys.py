"""Who may command what: the public keys of the settings, by key id."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge.domain.command import CommandName
from edge.trust.signing import key_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandKey:
    """One sender.

    Attributes:
        public_key: 32 raw bytes.
        name: what the settings call it, for records.
        commands: what it may send.
    """

    public_key: bytes
    name: str
    commands: frozenset[CommandName]

    @property
    def key_id(self) -> str:
        """Name of the key on the wire."""
        return key_id(self.public_key)


def by_id(keys: Iterable[CommandKey]) -> Mapping[str, CommandKey]:
    """Return the keys by their ids.

    Raises:
        ValueError: two have one id.
    """
    listed = tuple(keys)
    found = {key.key_id: key for key in listed}
    if len(found) != len(listed):
        raise ValueError("a command key is listed twice")
    return found

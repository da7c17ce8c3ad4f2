"""What was commanded already, so that nothing is done twice. Bounded, and of one start of the gate.

It need not outlive a restart: every command names the boot id it was made for, and that is random at every start.
"""

from typing import Final

from edge.messaging.commands.problems import CommandProblem

MOST_NONCES: Final = 1_024
"""Commands that may be alive at once; each lives for ten seconds at most."""


class CommandMemory:
    """Sequence numbers by key for good, nonces for as long as their command lives. One thread.

    The sequence alone refuses every repetition, however clocks jump. The nonce tells a message that the broker
    delivered twice, which is everyday, from one that somebody sends again.
    """

    def __init__(self, most_nonces: int = MOST_NONCES) -> None:
        self._most_nonces = most_nonces
        self._last: dict[str, int] = {}
        self._expires_ns: dict[str, int] = {}

    def __len__(self) -> int:
        """Return how many nonces are kept."""
        return len(self._expires_ns)

    def problem_of(self, *, key_id: str, nonce: str, sequence: int, now_ns: int) -> CommandProblem | None:
        """Return why a command of a known key must not be taken; None if it is new.

        Args:
            key_id: whose signature held: only ids of the settings, so their number is bounded.
            nonce: the command's id.
            sequence: its sequence number.
            now_ns: monotonic time.
        """
        if self._expires_ns.get(nonce, now_ns) > now_ns:
            return CommandProblem.DUPLICATE
        if sequence <= self._last.get(key_id, -1):
            return CommandProblem.REPLAYED
        if len(self._expires_ns) >= self._most_nonces:
            self._expires_ns = {kept: ns for kept, ns in self._expires_ns.items() if ns > now_ns}
            if len(self._expires_ns) >= self._most_nonces:
                return CommandProblem.TOO_MANY_AT_ONCE  # forgetting a live one would let it in again
        return None

    def note(self, *, key_id: str, nonce: str, sequence: int, expires_ns: int) -> None:
        """Remember a command that was taken, until ``expires_ns``, monotonic."""
        self._last[key_id] = sequence
        self._expires_ns[nonce] = expires_ns

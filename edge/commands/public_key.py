"""Public keys as people give them to commands."""

from edge.domain.errors import UsageError
from edge.trust.keys import KEY_BYTES


def public_key(text: str, option: str, *, source: str = "edge-gate check") -> bytes:
    """Return the 32 raw bytes of a public key in hexadecimal.

    Args:
        text: as it was given.
        option: where it was given, for the message.
        source: the command that prints such keys, for the hint.

    Raises:
        UsageError: it is none.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"{option} is no public key", hint=f"give {2 * KEY_BYTES} hexadecimal digits, from '{source}'"
        )
    return key

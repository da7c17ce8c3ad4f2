"""Public keys as people give them to commands."""

from edge.domain.errors import UsageError
from edge.trust.keys import KEY_BYTES


def public_key(text: str, option: str) -> bytes:
    """Return the 32 raw bytes of a public key in hexadecimal.

    Raises:
        UsageError: it is none; ``option`` says where it was given.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise UsageError(
            f"{option} is no public key", hint=f"give {2 * KEY_BYTES} hexadecimal digits, from 'edge-gate check'"
        )
    return key

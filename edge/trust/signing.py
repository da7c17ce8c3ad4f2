"""Ed25519 signatures (RFC 8032) over canonical JSON, each bound to what it was made for."""

import hashlib
from typing import final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from edge.domain.errors import TrustError

SIGNATURE_BYTES = 64
_TAG = b"egate-sign-v1\0"

_PRIME = 2**255 - 19
_EIGHTH_ROOT_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y = frozenset({0, 1, _PRIME - 1, _EIGHTH_ROOT_Y, _PRIME - _EIGHTH_ROOT_Y})


def key_id(public_key: bytes) -> str:
    """Return the name of a public key: the first 16 hexadecimal digits of its sha256."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def is_small_order(public_key: bytes) -> bool:
    """Return whether ``public_key``, 32 raw bytes, is one of the eight points of small order, however encoded.

    Nobody's seed leads to one, and signatures under one hold for many messages without any key (RFC 8032, 8.9, and
    Brendel and others, "The Provable Security of Ed25519", IEEE S&P 2021): zeros left in a settings file must not
    become a key that everybody has.
    """
    y = int.from_bytes(public_key, "little") & (2**255 - 1)
    return y % _PRIME in _SMALL_ORDER_Y


@final
class Signer:
    """Holds one private key. Its repr shows the key id alone.

    Attributes:
        public_key: 32 raw bytes.
        key_id: see ``key_id``.
    """

    __slots__ = ("_private_key", "key_id", "public_key")

    def __init__(self, seed: bytes) -> None:
        """Take a 32-byte Ed25519 seed."""
        self._private_key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._private_key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, body: bytes, *, context: str) -> bytes:
        """Return the 64-byte signature of ``body``, valid for ``context`` alone.

        Args:
            body: canonical JSON bytes (``edge.trust.canonical.canonical_json``).
            context: what is signed, such as ``egate-event-v1``; no NUL.
        """
        return self._private_key.sign(_framed(body, context))

    def __repr__(self) -> str:
        return f"Signer({self.key_id})"


def verify(body: bytes, signature: bytes, *, public_key: bytes, context: str) -> None:
    """Return if ``signature`` is that key's over ``body`` for ``context``.

    Args:
        body: canonical JSON bytes.
        signature: 64 bytes.
        public_key: 32 raw bytes.
        context: what the signature must have been made for.

    Raises:
        TrustError: it is not, or the key is no Ed25519 public key.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, _framed(body, context))
    except (InvalidSignature, ValueError) as error:
        raise TrustError(
            f"the signature for {context} by key {key_id(public_key)} does not hold",
            hint="do not use it: get it again from where it was signed, and check which key signs there",
        ) from error


def _framed(body: bytes, context: str) -> bytes:
    if not context or "\0" in context:
        raise ValueError("a signature needs a context without NUL")
    return _TAG + context.encode() + b"\0" + body

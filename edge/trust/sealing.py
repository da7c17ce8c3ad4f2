"""Sealing to a public key: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256, AES-256-GCM, one message a seal.

Whoever seals needs no key and proves nothing of themselves: what is inside must be signed.
"""

from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from edge.domain.errors import TrustError, UsageError
from edge.trust.signing import key_id

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def seal_to(public_key: bytes, content: bytes, *, info: bytes) -> bytes:
    """Return ``content`` sealed to a recipient.

    Args:
        public_key: X25519, 32 raw bytes.
        content: what only the recipient may read.
        info: what it is; it opens only as that.

    Raises:
        UsageError: nobody has such a key.
    """
    try:
        return _SUITE.encrypt(content, X25519PublicKey.from_public_bytes(public_key), info=info)
    except ValueError as error:
        raise UsageError(
            f"{public_key.hex()} is nobody's public key", hint="take the one that 'edge-gate people make-key' printed"
        ) from error


@final
class Recipient:
    """Holds one private key. Its repr shows the key id alone.

    Attributes:
        public_key: 32 raw bytes.
        key_id: names it.
    """

    __slots__ = ("_private_key", "key_id", "public_key")

    def __init__(self, secret: bytes) -> None:
        """Take 32 random bytes."""
        self._private_key = X25519PrivateKey.from_private_bytes(secret)
        self.public_key = self._private_key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """Return what was sealed to this key as ``info``.

        Raises:
            TrustError: to another key, as something else, or it was altered or cut off.
        """
        try:
            return _SUITE.decrypt(sealed, self._private_key, info=info)
        except (InvalidTag, ValueError) as error:
            raise TrustError(
                f"it is not sealed to the key {self.key_id}, or it was altered or cut off",
                hint="use the key that it was exported to, and copy the whole file again",
            ) from error

    def __repr__(self) -> str:
        return f"Recipient({self.key_id})"

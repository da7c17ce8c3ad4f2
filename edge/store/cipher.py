"""AES-256-GCM (NIST SP 800-38D) records: one data key a person, wrapped by the gallery key."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.match import SubjectRef
from edge.trust.canonical import canonical_json

_KEY_BYTES = 32
NONCE_BYTES = 12


def new_data_key() -> bytes:
    """Return 32 random bytes."""
    return secrets.token_bytes(_KEY_BYTES)


def record_place(subject: SubjectRef, purpose: str, binding: Binding | None = None) -> bytes:
    """Return the associated data of a record: a record moved to another place does not open.

    Args:
        subject: whose it is.
        purpose: ``data-key``, ``label``, ``consent-note``, ``crop`` or ``template``.
        binding: what a template may be compared within.
    """
    bound = None
    if binding is not None:
        bound = [binding.model_id, binding.model_digest, binding.recipe_digest, binding.precision_class]
    return canonical_json({"format": "egate-record-v1", "subject": subject, "purpose": purpose, "binding": bound})


def seal(key: bytes, content: bytes, place: bytes) -> bytes:
    """Return nonce (12 random bytes), ciphertext and tag (16 bytes) of ``content``, tied to ``place``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, place)


def unseal(key: bytes, record: bytes, place: bytes) -> bytes:
    """Return what was sealed with ``key`` at ``place``.

    Raises:
        TrustError: another key, another place, or altered bytes.
    """
    try:
        return AESGCM(key).decrypt(record[:NONCE_BYTES], record[NONCE_BYTES:], place)
    except (InvalidTag, ValueError) as error:
        raise TrustError(
            "a gallery record was altered, moved, or sealed with another key",
            hint="put the right gallery key back, or a backup in its place with 'edge-gate state restore'",
        ) from error

"""One byte form per value (RFC 8785) and one hash per purpose: what is signed or chained is never ambiguous."""

import hashlib
from collections.abc import Mapping

import rfc8785

from edge.domain.errors import TrustError


def canonical_json(value: Mapping[str, object]) -> bytes:
    """Return the RFC 8785 form of a JSON object, UTF-8.

    Args:
        value: JSON values only: str, bool, None, finite float, int below 2**53 in size, list, tuple, dict.

    Raises:
        TrustError: a value has no canonical form (NaN, infinity, too large an integer, another type).
    """
    try:
        return rfc8785.dumps(dict(value))  # type: ignore[arg-type] # checked by rfc8785 itself, value by value
    except (ValueError, RecursionError) as error:
        raise TrustError(
            f"no canonical JSON form: {error}",
            hint="use finite numbers, integers below 2**53, strings, lists and objects only",
        ) from error


def tagged_sha256(tag: str, *parts: bytes) -> bytes:
    r"""Return ``sha256(tag + b"\0" + parts...)``, 32 bytes: the tag keeps hashes of different purposes apart.

    Args:
        tag: purpose and version, such as ``egate-audit-v1``; no NUL.
        parts: hashed in order without separators, so at most the last may vary in length.
    """
    if "\0" in tag:
        raise ValueError("a hash tag must not hold a NUL")
    digest = hashlib.sha256(tag.encode() + b"\0")
    for part in parts:
        digest.update(part)
    return digest.digest()

"""What must never be in a log: secrets, faces in any form, names of people, and logins within addresses.

Values of telling keys go, however deep they lie; of every text the logins of addresses and what follows a word such
as ``password=``; of every value what is bytes, an array or a row of fractions. Tracebacks are texts like any other.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

REDACTED: Final = "[redacted]"

_SECRETS = ("password", "passphrase", "secret", "key", "token", "credential", "credentials", "authorization", "pin")
_BIOMETRICS = (
    *("vector", "vectors", "embedding", "embeddings", "template", "templates", "probe", "landmarks"),
    *("crop", "crops", "image", "pixels", "score", "scores", "similarity", "similarities", "fused"),
)
_PEOPLE = ("label", "labels", "person", "surname", "full_name")
_WORDS: Final = frozenset((*_SECRETS, *_BIOMETRICS, *_PEOPLE))
"""A key whose last word is one of these never has its value written: ``signing_key``, not ``key_id``."""

_LOGIN = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/?#'\"<>]*@")
_SPOKEN = re.compile(
    r"(?P<name>\b[\w-]*(?:password|passphrase|passwd|secret|token|authorization|api[_-]?key))(?P<sign>['\"]?\s*[=:]\s*)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s,;&)}\]]+)",
    re.IGNORECASE,
)
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?")
_NUMBERS = re.compile(r"(?:[-+]?\d*\.\d+(?:[eE][-+]?\d+)?[,\s]+){7,}[-+]?\d*\.\d+(?:[eE][-+]?\d+)?")
_FRACTIONS_IN_A_ROW = 8
_MOST_TEXT = 16_384
_DEEPEST = 6


def cleaned(key: str, value: object) -> object:
    """Return what may be written of ``value`` under ``key``."""
    return _cleaned(key, value, 0)


def cleaned_text(text: str) -> str:
    """Return ``text`` without logins, secrets that are spelled out, and rows of eight or more fractions."""
    if len(text) > _MOST_TEXT:
        text = f"{text[:_MOST_TEXT]} [and {len(text) - _MOST_TEXT} more]"
    text = _PEM.sub(REDACTED, text)
    text = _LOGIN.sub(r"\g<scheme>", text)
    text = _SPOKEN.sub(rf"\g<name>\g<sign>{REDACTED}", text)
    return _NUMBERS.sub(REDACTED, text)


def _cleaned(key: str, value: object, depth: int) -> object:
    if _is_telling(key) or depth > _DEEPEST:
        return REDACTED
    if isinstance(value, str):
        return cleaned_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _cleaned(str(name), inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, bytes | bytearray | memoryview) or hasattr(value, "__array__"):
        return REDACTED
    if isinstance(value, Sequence | set | frozenset):
        if sum(isinstance(inner, float) for inner in value) >= _FRACTIONS_IN_A_ROW:
            return REDACTED
        return [_cleaned("", inner, depth + 1) for inner in value]
    return cleaned_text(str(value) if isinstance(value, BaseException) else repr(value))


def _is_telling(key: str) -> bool:
    return re.split(r"[_\-.]", key.lower())[-1] in _WORDS

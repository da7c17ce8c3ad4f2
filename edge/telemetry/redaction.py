"""What must never be in a log: secrets, faces in any form, names of people, and logins within addresses.

Values of telling keys go, however deep they lie; of every text the logins of addresses and what follows a word such
as ``password=``; of every value what is bytes, an array or a row of numbers that could be a face. Tracebacks are
texts like any other. Every pattern takes time that grows with the text and not faster: part of the text is foreign.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
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

# Up to the last "@" of the word: a password may hold "@" and "/", whatever the standard says.
_LOGIN = re.compile(r"(?<=://)[^\s'\"<>]{0,512}@")
# A quote behind backslashes ends nothing: text within text is escaped more than once. An open one takes the line.
_QUOTED = r"\"(?:\\+.|[^\"\\\n])*\"?|'(?:\\+.|[^'\\\n])*'?"
_SPOKEN_ALONE = r"(?:password|passphrase|passwd|secret|token|credentials?|authorization|api[_-]?key)['\"]?\s{0,8}[=:]"
_SPOKEN_IN_CODE = rf"(?<![a-z])(?:{'|'.join(sorted(_WORDS))})(?:['\"]\s{{0,8}}:|\s{{0,8}}=)"
_SPOKEN = re.compile(
    rf"(?P<name>(?:{_SPOKEN_ALONE}|{_SPOKEN_IN_CODE})\s{{0,8}})"
    rf"(?:{_QUOTED}|(?:(?:basic|bearer|digest)\s+)?[^\s,;&)}}\]]+)",
    re.IGNORECASE,
)
_BYTES = re.compile(rf"(?<!\w)b(?:{_QUOTED})")
_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]{0,32}PRIVATE KEY-----)?"
)
_FRACTION = r"[-+]?(?:\d{1,20}\.\d{0,20}|\.\d{1,20}|\d{1,20}(?=e))(?:e[-+]?\d{1,4})?"
_BETWEEN = r"(?:[\[\](),\s]|\\{1,8}[nrt])"
_NUMBERS = re.compile(rf"(?<![\w.])(?:{_FRACTION}{_BETWEEN}{{1,16}}){{7,}}{_FRACTION}", re.IGNORECASE)
_FRACTIONS_OF_A_FACE = 8
_NUMBERS_OF_A_FACE = 32  # of whole ones, as an int8 template has them
_MOST_TEXT = 16_384
_DEEPEST = 6


def cleaned(key: str, value: object) -> object:
    """Return what may be written of ``value`` under ``key``."""
    return _cleaned(key, value, 0)


def cleaned_text(text: str) -> str:
    """Return ``text`` without logins, secrets that are spelled out, bytes, and rows of eight or more fractions."""
    text = _PEM.sub(REDACTED, text)
    text = _LOGIN.sub("", text)
    text = _SPOKEN.sub(rf"\g<name>{REDACTED}", text)
    text = _BYTES.sub(REDACTED, text)
    text = _NUMBERS.sub(REDACTED, text)
    # Cut last: half of a login is not known for one.
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]} [and {len(text) - _MOST_TEXT} more]"


def _cleaned(key: str, value: object, depth: int) -> object:
    if _is_telling(key) or depth > _DEEPEST:
        return REDACTED
    if isinstance(value, str):
        return cleaned_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {cleaned_text(str(name)): _cleaned(str(name), inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, bytes | bytearray | memoryview) or hasattr(value, "__array__"):
        return REDACTED
    if isinstance(value, Sequence | set | frozenset):
        if _is_face_like(value):
            return REDACTED
        return [_cleaned("", inner, depth + 1) for inner in value]
    return cleaned_text(str(value) if isinstance(value, BaseException) else repr(value))


def _is_face_like(value: Iterable[object]) -> bool:
    """Whether there are so many numbers in it, in rows of rows too, that they could be a template."""
    numbers = list(_numbers_in(value, 0))
    fractions = sum(isinstance(number, float) for number in numbers)
    return fractions >= _FRACTIONS_OF_A_FACE or len(numbers) >= _NUMBERS_OF_A_FACE


def _numbers_in(value: Iterable[object], depth: int) -> Iterator[int | float]:
    for inner in value:
        if isinstance(inner, int | float) and not isinstance(inner, bool):
            yield inner
        elif (
            isinstance(inner, Sequence | set | frozenset) and not isinstance(inner, str | bytes) and depth < _DEEPEST
        ):
            yield from _numbers_in(inner, depth + 1)


def _is_telling(key: str) -> bool:
    return re.split(r"[_\-.]", key.lower())[-1] in _WORDS

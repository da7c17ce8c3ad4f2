"""Mutations of bytes, and of JSON and TOML as trees. All randomness comes from the generator that is given."""

import json
import tomllib
from collections.abc import Sequence
from random import Random
from typing import Any

from edge.trust.toml_text import toml_text

_NUMBERS = (b"0", b"-1", b"1e309", b"9007199254740993", b"-0", b"1" * 5_000, b"0.1e-400", b"00", b"NaN", b"Infinity")
_TEXTS = (
    b"",
    b"\x00",
    b"\xff\xfe",
    b"\\ud800",
    b"\xc3\x28",
    b"[" * 2_000,
    b"{" * 50,
    b"\\u0000",
    b"\r\n",
    b'"',
    b"\x1b[2J",
)
_TIMES = (
    b"0001-01-01T00:00:00Z",
    b"9999-12-31T23:59:59Z",
    b"2026-03-14T24:00:00Z",
    b"2026-W11-6",
    b"20260314T120000+99",
)
TOKENS = (*_NUMBERS, *_TEXTS, *_TIMES, b"null", b"true", b"[]", b"{}", b"granted", b"denied", b"../", b"/egate/a/b")
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**53, 2**63, 10**400, 1e308, "", "\x00", "\ud800", "a" * 5_000, [], {}, [[]]),
    *("granted", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "00000000000000000000", "9" * 20, "x-" * 40),
)
_MOST_STEPS = 6
_MOST_BYTES = 256 * 1024


def mutated(seed: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return ``seed`` with a few mutations, at most 256 KiB; ``others`` may lend it a part."""
    data = bytearray(seed)
    for _ in range(random.randint(1, _MOST_STEPS)):
        data = _STEPS[random.randrange(len(_STEPS))](data, others, random)
    return bytes(data[:_MOST_BYTES])


def mutated_json(seed: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return ``seed`` with a few of its values and names changed; as ``mutated`` where it is no JSON object."""
    try:
        document = json.loads(seed)
    except (ValueError, RecursionError):
        return mutated(seed, others, random)
    for _ in range(random.randint(1, 3)):
        document = _changed(document, random)
    try:
        return json.dumps(document, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")[:_MOST_BYTES]
    except (ValueError, RecursionError):
        return mutated(seed, others, random)


def mutated_toml(seed: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return ``seed`` with a few of its values and names changed; as ``mutated`` where it is no TOML."""
    try:
        document = tomllib.loads(seed.decode())
        for _ in range(random.randint(1, 2)):
            document = _changed_object(document, random)
        return toml_text(document).encode("utf-8", "surrogatepass")[:_MOST_BYTES]
    except (ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return mutated(seed, others, random)


def _changed(value: Any, random: Random) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.85:
        return _changed_object(value, random)
    if isinstance(value, list) and value and random.random() < 0.7:
        return _changed_list(value, random)
    if isinstance(value, str) and value and random.random() < 0.4:
        place = random.randrange(len(value))
        return value[:place] + random.choice(("", "0", "-", "\n", "é", "\x00", "Z", ".")) + value[place + 1 :]
    return random.choice(_VALUES)


def _changed_object(value: dict[str, Any], random: Random) -> dict[str, Any]:
    name = random.choice(list(value))
    others = {key: one for key, one in value.items() if key != name}
    match random.randrange(6):
        case 0:
            return others
        case 1:
            return {**value, random.choice(("a", "A", "", "signature", "replyto", "x" * 300)): random.choice(_VALUES)}
        case 2:
            return {**others, f"{name}x": value[name]}
        case _:
            return {**value, name: _changed(value[name], random)}


def _changed_list(value: list[Any], random: Random) -> list[Any]:
    place = random.randrange(len(value))
    match random.randrange(3):
        case 0:
            return value[:place] + value[place + 1 :]
        case 1:
            return value + [value[place]] * random.choice((1, 300))
        case _:
            return [*value[:place], _changed(value[place], random), *value[place + 1 :]]


def _flip(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data


def _set(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    if data:
        data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    return data


def _insert(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    place = random.randint(0, len(data))
    data[place:place] = random.choice(TOKENS)
    return data


def _replace(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    first, last = _part(data, random)
    data[first:last] = random.choice(TOKENS)
    return data


def _delete(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    first, last = _part(data, random)
    del data[first:last]
    return data


def _repeat(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    first, last = _part(data, random)
    data[first:first] = data[first:last] * random.choice((1, 2, 50))
    return data


def _splice(data: bytearray, others: Sequence[bytes], random: Random) -> bytearray:
    other = random.choice(others)
    first, last = _part(bytearray(other), random)
    place = random.randint(0, len(data))
    data[place : place + last - first] = other[first:last]
    return data


def _cut(data: bytearray, _: Sequence[bytes], random: Random) -> bytearray:
    return data[: random.randint(0, len(data))]


def _part(data: bytearray, random: Random) -> tuple[int, int]:
    """Return where a part of ``data`` begins and ends; mostly a short one."""
    first = random.randint(0, len(data))
    return first, min(len(data), first + random.choice((1, 2, 4, 8, 40, 400)))


_STEPS = (_flip, _set, _insert, _replace, _delete, _repeat, _splice, _cut)

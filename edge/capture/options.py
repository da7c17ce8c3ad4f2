"""Options written behind a SOURCE, such as ``?seed=3&fps=30``, to typed values."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from edge.domain.errors import UsageError

Parsers = Mapping[str, Callable[[str], Any]]


def parse_options(text: str, parsers: Parsers, *, what: str) -> dict[str, Any]:
    """Return the options in ``text`` as values.

    Args:
        text: ``key=value`` pairs joined by ``&``; may be empty.
        parsers: for every known key, what turns its text into a value (raising ValueError if it cannot).
        what: what the options belong to, for the message.

    Raises:
        UsageError: a key is unknown or given twice, or a value cannot be parsed.
    """
    known = ", ".join(sorted(parsers))
    values: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError as error:
        raise UsageError(f"{what}: options must read key=value&key=value", hint=f"options are {known}") from error
    for key, value in pairs:
        if key not in parsers:
            raise UsageError(f"{what} has no option {key!r}", hint=f"options are {known}")
        if key in values:
            raise UsageError(f"{what}: option {key!r} is given twice", hint="give every option once")
        try:
            values[key] = parsers[key](value)
        except ValueError as error:
            raise UsageError(f"{what}: {key}={value} is not understood", hint=f"{error}") from error
    return values


def on_off(text: str) -> bool:
    """Return True for ``on``, False for ``off``.

    Raises:
        ValueError: anything else.
    """
    if text not in {"on", "off"}:
        raise ValueError("say on or off")
    return text == "on"


def size_px(text: str) -> tuple[int, int]:
    """Return (width, height) of a text such as ``1280x720``.

    Raises:
        ValueError: anything else, or a side outside 16..16384.
    """
    width, cross, height = text.partition("x")
    if not (cross and width.isascii() and width.isdigit() and height.isascii() and height.isdigit()):
        raise ValueError("say a size as WIDTHxHEIGHT, such as 1280x720")
    if not all(16 <= int(side) <= 16384 for side in (width, height)):
        raise ValueError("both sides of a size must lie within 16..16384 pixels")
    return int(width), int(height)

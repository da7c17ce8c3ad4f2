"""Writes YAML of the plainest kind: blocks of maps and lists, every scalar as in JSON, which YAML 1.2 reads too."""

import json
import re
from collections.abc import Iterator
from typing import Any

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}  # read as no text by YAML 1.1


def yaml_text(document: dict[str, Any]) -> str:
    """Return ``document`` as YAML, in its own order, with a newline at the end."""
    return "\n".join(_lines(document)) + "\n"


def _lines(value: dict[str, Any] | list[Any]) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _entry(f"{_key(key)}:", one)
        return
    for one in value:
        yield from _entry("-", one)


def _entry(head: str, value: Any) -> Iterator[str]:
    if not (isinstance(value, dict | list) and value):
        yield f"{head} {json.dumps(value, ensure_ascii=False)}"
        return
    yield head
    for line in _lines(value):
        yield f"  {line}"


def _key(key: str) -> str:
    is_plain = _PLAIN_KEY.fullmatch(key) is not None and key.lower() not in _WORDS
    return key if is_plain else json.dumps(key)

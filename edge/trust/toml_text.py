"""Writes TOML 1.0 text; the standard library only reads it."""

import json
import math
import re
from collections.abc import Mapping, Sequence

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(document: Mapping[str, object]) -> str:
    """Return ``document`` as TOML: plain values first, then one ``[table]`` per nested mapping.

    Args:
        document: str, bool, int, finite float, lists of those, and mappings.

    Raises:
        ValueError: a value has no TOML form here.
    """
    return "\n".join(_lines(document, ())) + "\n"


def _lines(table: Mapping[str, object], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    nested = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    lines = []
    if path and (plain or not nested):
        lines += ["", f"[{'.'.join(map(_key, path))}]"]
    lines += [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    for key, value in nested.items():
        lines += _lines(value, (*path, key))
    return lines


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(float(value))
        case str():
            return _string(value)
        case Sequence():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            raise ValueError(f"no TOML form for {type(value).__name__} {value!r}")


def _string(text: str) -> str:
    # JSON's escapes are TOML's, but TOML also forbids a bare DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

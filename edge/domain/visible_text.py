"""Foreign text (names, file names, a broker's words) made safe to show: nothing in it may steer a terminal."""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"  # part of how Persian and Indic names are spelled


def is_visible(text: str) -> bool:
    """Return whether ``text`` shows as what it is: no control, direction or separator characters, no half ones."""
    return not any(_is_unseen(char) for char in text)


def visible(text: str) -> str:
    r"""Return ``text`` with every character that does not show as itself written as ``\u001b``, JSON's way.

    In a JSON text, where such characters stand in strings alone, it changes the writing and not the value.
    """
    return "".join(_escaped(char) if _is_unseen(char) else char for char in text)


def _is_unseen(char: str) -> bool:
    return not char.isprintable() and unicodedata.category(char) in _UNSEEN and char not in _JOINERS


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))

"""What an operator may call a person: one line that shows as what it is."""

from typing import Final

from edge.domain.errors import UsageError
from edge.domain.visible_text import is_visible

MOST_NAME_CHARACTERS: Final = 200
MOST_NOTE_CHARACTERS: Final = 2_000


def check_name(name: str) -> str:
    """Return a person's name.

    Raises:
        UsageError: it is empty, too long, or holds characters that do not show.
    """
    return _checked(name, "name", MOST_NAME_CHARACTERS)


def check_note(note: str) -> str:
    """Return a note on a person's consent. Raises as :func:`check_name` does."""
    return _checked(note, "consent note", MOST_NOTE_CHARACTERS)


def _checked(text: str, what: str, most: int) -> str:
    if not text.strip():
        raise UsageError(f"a person needs a {what}", hint="give one of at least one character")
    if len(text) > most:
        raise UsageError(f"a {what} of {len(text)} characters is too long", hint=f"use {most} at most")
    if not is_visible(text):
        raise UsageError(
            f"the {what} holds characters that do not show: control characters, or ones that change its direction",
            hint="type it anew on one line; text that was copied may carry such characters along",
        )
    return text

"""Foreign text on a page: nothing but text, whatever stands in it."""

from collections.abc import Iterable
from html import escape

from edge.domain.visible_text import visible


def shown(text: str) -> str:
    """Return foreign text as nothing but text, in HTML and in an attribute's value."""
    return escape(visible(text), quote=True)


def bullets(items: Iterable[str]) -> str:
    """Return texts as a list."""
    return "<ul>" + "".join(f"<li>{shown(item)}</li>" for item in items) + "</ul>"


def paragraphs(items: Iterable[str]) -> str:
    """Return texts as paragraphs."""
    return "\n".join(f"<p>{shown(item)}</p>" for item in items)


def terms(items: Iterable[tuple[str, str]]) -> str:
    """Return named texts as the inside of a description list."""
    return "\n".join(f"<dt>{shown(name)}</dt><dd>{shown(value)}</dd>" for name, value in items)

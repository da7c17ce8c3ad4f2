"""Structured logs on stderr: text on a terminal, JSON lines elsewhere; secrets and biometrics never in them."""

import io
import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from edge.domain.visible_text import visible

_REDACTED_KEYS = ("password", "secret", "key", "token", "vector", "embedding", "template", "crop", "pixels")
"""A key that ends with one of these never has its value written."""


def configure_logs(*, level: str = "info", form: str = "auto") -> None:
    """Set up structlog for this process.

    Args:
        level: least level written.
        form: ``json``, ``text`` or ``auto`` (text on a terminal).
    """
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    # A plain traceback: the rich one prints local variables, and with them passwords and faces.
    text: Any = structlog.dev.ConsoleRenderer(exception_formatter=_plain_traceback)
    last: list[Any] = (
        [_show, text] if as_text else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _show(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Escape what foreign text may hold to steer a terminal; JSON lines escape it by themselves."""
    del logger, method
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = visible(value)
    return event


def _plain_traceback(stream: TextIO, fault: Any) -> None:
    text = io.StringIO()
    structlog.dev.plain_traceback(text, fault)
    stream.write("\n".join(visible(line) for line in text.getvalue().split("\n")))


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values of keys that name a secret or something biometric, and URLs' credentials."""
    del logger, method
    for key, value in event.items():
        if key.lower().endswith(_REDACTED_KEYS):
            event[key] = "[redacted]"
        elif isinstance(value, str) and "@" in value and "://" in value:
            scheme, rest = value.split("://", 1)
            event[key] = f"{scheme}://{rest.rsplit('@', 1)[-1]}"
    return event

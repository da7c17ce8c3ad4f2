"""Structured logs on stderr: text on a terminal, JSON lines elsewhere; secrets and biometrics never in them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

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
    text: Any = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    last: list[Any] = (
        [text] if as_text else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
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

"""Structured logs on stderr: text on a terminal, JSON lines elsewhere; secrets and biometrics never in them.

Events are called ``noun.verb_past``. Every line says which gate and which start of it wrote it, whatever thread it
comes from; a line that belongs to an attempt carries its id as ``correlation_id``.
"""

import io
import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, TextIO

import structlog

from edge.domain.visible_text import visible
from edge.telemetry.redaction import cleaned, cleaned_text

_LEFT_ALONE: Final = frozenset({"exc_info", "event", "level", "timestamp"})
_process: dict[str, str] = {}  # context variables do not cross threads, and half of our lines come from other ones


def configure_logs(*, level: str = "info", form: str = "auto") -> None:
    """Set up structlog for this process.

    Args:
        level: least level written.
        form: ``json``, ``text`` or ``auto`` (text on a terminal).
    """
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    # A plain traceback: the rich one prints local variables, and with them passwords and faces.
    text: Any = structlog.dev.ConsoleRenderer(exception_formatter=_plain_traceback)
    # A traceback becomes a text first, so that redaction sees it too.
    last: list[Any] = (
        [redact, _show, text]
        if as_text
        else [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer(default=repr)]
    )
    structlog.configure(
        processors=[
            _say_who,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def name_process(*, site: str, gate: str, boot_id: str) -> None:
    """Say who writes every further line of this process."""
    _process.update(site=site, gate=gate, boot_id=boot_id)


def unname_process() -> None:
    """Take back what ``name_process`` said: the gate has stopped."""
    _process.clear()


@contextmanager
def correlated(correlation_id: str | None) -> Iterator[None]:
    """Let every line within, of this thread, carry the id of what it belongs to; None = it belongs to nothing."""
    if correlation_id is None:
        yield
        return
    with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
        yield


def _say_who(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    del logger, method
    for name, value in _process.items():
        event.setdefault(name, value)
    return event


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
    stream.write("\n".join(visible(line) for line in cleaned_text(text.getvalue()).split("\n")))


def redact(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what must not be written; see :mod:`edge.telemetry.redaction`."""
    del logger, method
    for key, value in event.items():
        if key not in _LEFT_ALONE:
            event[key] = cleaned(key, value)
    event["event"] = cleaned_text(str(event.get("event", "")))
    return event

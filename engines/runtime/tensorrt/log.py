"""What TensorRT says, in the log of the gate; its last errors are kept for the message of the fault they explain."""

from collections import deque
from functools import cache
from typing import Any

import structlog

from engines.runtime.tensorrt.binding import library

_KEPT = 8
_MOST_CHARS = 300
_errors: deque[str] = deque(maxlen=_KEPT)


@cache
def logger() -> Any:
    """Return the one logger of the process: TensorRT keeps the first that it is given, and calls it from any thread.

    Raises:
        RuntimeMissingError: there is no TensorRT.
    """
    trt = library()
    severity = trt.ILogger.Severity
    ways = {severity.INTERNAL_ERROR: "error", severity.ERROR: "error", severity.WARNING: "debug"}

    class GateLogger(trt.ILogger):  # type: ignore[misc, name-defined, unused-ignore] # its base is known at run time only
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, msg: str) -> None:
            way = ways.get(severity)
            if way is not None:
                note(way, msg)

    return GateLogger()


def note(way: str, text: str) -> None:
    """Write a line to the log; an error is kept, too. Never raises: TensorRT would end the process.

    Args:
        way: level of the log.
        text: what TensorRT says.
    """
    shown = text[:_MOST_CHARS]
    if way == "error":
        _errors.append(shown)
    try:
        getattr(structlog.get_logger("engines.tensorrt"), way)("tensorrt", said=shown)
    except Exception:  # noqa: BLE001 - a log that fails must not end the process; the text is kept for the fault
        return


def forget_errors() -> None:
    """Drop the errors kept so far, before something new is tried."""
    _errors.clear()


def last_errors() -> str:
    """Return the errors since ``forget_errors``, newest last, to be put into a message."""
    return "; ".join(tuple(_errors)) or "TensorRT gave no reason"

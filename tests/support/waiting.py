"""Waiting for something that another thread does, with a deadline instead of a guess."""

import time
from collections.abc import Callable


def wait_for(condition: Callable[[], object], what: str, within_s: float = 15.0) -> None:
    """Return once ``condition()`` is true; fail with ``what`` if it never is."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"gave up waiting: {what}"
        time.sleep(0.01)

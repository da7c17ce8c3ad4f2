"""Waiting for something that another thread or process brings about."""

import threading
from collections.abc import Callable
from typing import Final

from edge.domain.clock import Clock
from edge.domain.errors import BrokerError

_PATIENCE_S: Final = 15.0
_POLL_S: Final = 0.02


def wait_until(is_so: Callable[[], bool], what: str, clock: Clock) -> None:
    """Return once ``is_so``.

    Raises:
        BrokerError: it is not so in time; ``what`` says what was waited for.
    """
    deadline_ns = clock.monotonic_ns() + int(_PATIENCE_S * 1e9)
    while not is_so():
        if clock.monotonic_ns() > deadline_ns:
            raise BrokerError(f"waited {_PATIENCE_S:.0f} s in vain: {what}", hint="try again on a less busy machine")
        threading.Event().wait(_POLL_S)

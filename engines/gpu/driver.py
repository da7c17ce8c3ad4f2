"""PyCUDA's driver module, started: the one place where it is imported."""

import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from engines.errors import DeviceError, RuntimeMissingError

INIT_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0, 2.0)
"""Between the tries to start the driver: on a Jetson it may be asked before its own services are up."""


def started_driver(*, waits_s: Sequence[float] = INIT_WAITS_S, sleep: Callable[[float], None] = time.sleep) -> Any:
    """Return ``pycuda.driver`` with the CUDA driver started. It may be started more than once.

    Args:
        waits_s: pauses between tries, seconds; one try more than pauses.
        sleep: how to pause.

    Raises:
        RuntimeMissingError: PyCUDA or the CUDA driver is not installed.
        DeviceError: the driver does not start.
    """
    driver = _imported()
    for wait_s in (*waits_s, None):
        try:
            driver.init()
        except driver.Error as error:
            if wait_s is None:
                raise DeviceError(
                    f"the CUDA driver does not start: {error}",
                    hint="check that the device's driver is loaded and that this user may use the device's files",
                ) from error
            sleep(wait_s)
        else:
            return driver
    raise AssertionError("the last try returns or raises")


def _imported() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it warns of before it fails, the error says too
            import pycuda.driver
    except (ImportError, OSError) as error:
        raise RuntimeMissingError(
            f"PyCUDA is not installed or does not load: {error}",
            hint="install the CUDA driver, and what engines/gpu/requirements.txt names",
        ) from error
    return pycuda.driver

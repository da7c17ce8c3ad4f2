"""Whether an engine's input lies on a device."""

from typing import cast

from engines.gpu.base import DeviceEngine
from engines.runtime.base import Engine

_ROLE = ("input_address", "input_dtype", "enqueue", "outputs")


def device_engine(engine: Engine) -> DeviceEngine | None:
    """Return the engine as one whose input lies on a device; None if it does not."""
    # Its class is asked: an instance would be read, and one that is not active has no input.
    is_on_device = all(hasattr(type(engine), name) for name in _ROLE)
    return cast("DeviceEngine", engine) if is_on_device else None

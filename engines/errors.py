"""Faults of the engine room. Each says what to do next in ``hint``."""


class EngineError(Exception):
    """A model could not be fetched, converted, proven or run.

    Attributes:
        hint: one sentence for the operator, what to do next.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class IntegrityError(EngineError):
    """Bytes are not the ones that the catalog pins: wrong hash, truncated, altered."""


class AcceptanceError(EngineError):
    """A compiled engine does not reproduce its stored golden outputs; it must not serve."""


class NotCompiledError(EngineError):
    """An engine that is compiled ahead was not compiled for this model, shape, runtime and device."""


class RuntimeMissingError(EngineError):
    """The asked-for inference runtime is not installed or does not start."""


class InferenceError(EngineError):
    """A running engine failed or gave NaN, Inf or a wrong shape."""


class DeviceError(EngineError):
    """A CUDA device refused or failed."""


class DeviceLostError(DeviceError):
    """A CUDA device failed in a way that its context does not outlive: nothing runs on it until the process ends."""

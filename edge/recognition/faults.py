"""What an engine suffers, in the gate's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from edge.domain.errors import DeviceGoneError, RecognitionError
from engines.errors import DeviceLostError, EngineError


@contextmanager
def engine_faults_told() -> Iterator[None]:
    """Turn a recognizer's fault into the gate's.

    Raises:
        DeviceGoneError: the device that it runs on is lost.
        RecognitionError: any other fault of an engine.
    """
    try:
        yield
    except DeviceLostError as error:
        raise DeviceGoneError(str(error), hint=error.hint) from error
    except EngineError as error:
        raise RecognitionError(str(error), hint=error.hint) from error

"""The single door to ``tensorrt``: imported here alone, and only in a version that this code was checked against."""

from functools import cache
from typing import Any

from engines.errors import RuntimeMissingError

OLDEST = (10, 13)
"""Of JetPack 7.0. Every name used here has kept its name and arguments from there on."""
TOO_NEW = (12,)


@cache
def library() -> Any:
    """Return the module ``tensorrt``.

    Raises:
        RuntimeMissingError: it is not installed, does not start, or has a version that this code does not know.
    """
    try:
        import tensorrt
    except (ImportError, OSError) as error:  # OSError: the bindings are there, a library behind them is not
        raise RuntimeMissingError(
            f"TensorRT cannot be imported: {error}",
            hint="on a Jetson use JetPack 7 and let the environment see the system's tensorrt; else use openvino",
        ) from error
    require_known(str(tensorrt.__version__))
    return tensorrt


def require_known(version: str) -> None:
    """Return if this code was checked against such a version.

    Raises:
        RuntimeMissingError: it is older, newer, or no version.
    """
    numbers = _numbers(version)
    if numbers < OLDEST:
        raise RuntimeMissingError(
            f"TensorRT {version} is too old, {'.'.join(map(str, OLDEST))} is the oldest that is supported",
            hint="on a Jetson install JetPack 7 (Orin: 7.2 or newer), or use the onnxruntime runtime",
        )
    if numbers >= TOO_NEW:
        raise RuntimeMissingError(
            f"TensorRT {version} is newer than this gate knows",
            hint="install TensorRT 10.13 to 11, or update the gate",
        )


def _numbers(version: str) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())
    if len(numbers) < 2:
        raise RuntimeMissingError(f"TensorRT calls its version {version!r}", hint="install TensorRT 10.13 to 11")
    return numbers

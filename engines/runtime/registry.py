"""The runtimes by name. Each is imported only when it is used, so a gate installs just the ones that it needs."""

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, cast

from engines.errors import RuntimeMissingError
from engines.runtime.base import Engine, Precision
from engines.runtime.request import EngineRequest


class RuntimeModule(Protocol):
    """What each module of a runtime offers."""

    def available_precisions(self) -> tuple[Precision, ...]:
        """Return what this machine can compute in; raises RuntimeMissingError."""

    def create_engine(self, request: EngineRequest) -> Engine:
        """Return an engine, not yet activated; raises RuntimeMissingError."""


# Best first: the first that runs on this machine is the first that is offered.
_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "tensorrt": "engines.runtime.tensorrt.engine",
        "openvino": "engines.runtime.openvino",
        "onnxruntime": "engines.runtime.onnxruntime",
    }
)


# OpenVINO reads the fp32 file and rounds as its hint says; every other runtime computes what the file says.
_ROUND_ON_THEIR_OWN = frozenset({"openvino"})
# Computed right and not fast: a way to check a file, not to serve it.
_EMULATED: Mapping[str, frozenset[Precision]] = MappingProxyType(
    {"onnxruntime": frozenset({Precision.FP16, Precision.INT8})}
)


def file_precision(runtime: str, precision: Precision) -> Precision:
    """Return the precision of the ONNX file that a runtime takes to compute in ``precision``."""
    return Precision.FP32 if runtime in _ROUND_ON_THEIR_OWN else precision


def is_emulated(runtime: str, precision: Precision) -> bool:
    """Return whether a runtime computes in a precision without gaining time by it."""
    return precision in _EMULATED.get(runtime, frozenset())


def runtime_names() -> tuple[str, ...]:
    """Return the names of all known runtimes, best first, installed or not."""
    return tuple(_MODULES)


def available_runtimes() -> Mapping[str, tuple[Precision, ...]]:
    """Return what each installed runtime can compute in, best runtime first."""
    found = {}
    for name in _MODULES:
        try:
            found[name] = _module(name).available_precisions()
        except RuntimeMissingError:
            continue
    return MappingProxyType(found)


def available_precisions(runtime: str) -> tuple[Precision, ...]:
    """Return what one runtime can compute in on this machine.

    Raises:
        RuntimeMissingError: it is unknown, not installed or does not start.
    """
    return _module(runtime).available_precisions()


def create_engine(runtime: str, request: EngineRequest) -> Engine:
    """Return an engine of a runtime, not yet activated.

    Raises:
        RuntimeMissingError: the runtime is unknown or not installed, or this machine lacks the precision.
    """
    require_precision(runtime, request.precision)
    return _module(runtime).create_engine(request)


def require_precision(runtime: str, precision: Precision) -> None:
    """Return if a runtime can compute in a precision on this machine.

    Raises:
        RuntimeMissingError: it cannot, or is unknown or not installed.
    """
    known = available_precisions(runtime)
    if precision not in known:
        raise RuntimeMissingError(
            f"{runtime} cannot compute {precision} on this machine", hint=f"use precision {' or '.join(known)}"
        )


def _module(runtime: str) -> RuntimeModule:
    if runtime not in _MODULES:
        raise RuntimeMissingError(f"no runtime is called {runtime!r}", hint=f"use one of {', '.join(_MODULES)}")
    return cast("RuntimeModule", importlib.import_module(_MODULES[runtime]))

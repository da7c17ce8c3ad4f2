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
    module = _module(runtime)
    known = module.available_precisions()
    if request.precision not in known:
        raise RuntimeMissingError(
            f"{runtime} cannot compute {request.precision} on this machine",
            hint=f"use precision {' or '.join(known)}",
        )
    return module.create_engine(request)


def _module(runtime: str) -> RuntimeModule:
    if runtime not in _MODULES:
        raise RuntimeMissingError(f"no runtime is called {runtime!r}", hint=f"use one of {', '.join(_MODULES)}")
    return cast("RuntimeModule", importlib.import_module(_MODULES[runtime]))

"""What the gate's own classes do on real bindings, told as JSON. Run with bindings and stub libraries on the paths.

The stub libraries answer null to everything, as a machine without a device does.
"""

import importlib
import json
import sys
from typing import Any

from engines.errors import EngineError
from engines.runtime.base import Precision
from engines.runtime.request import EngineRequest
from engines.runtime.tensorrt.binding import library
from engines.runtime.tensorrt.builder import BuildOrder, build_plan
from engines.runtime.tensorrt.log import forget_errors, last_errors, logger
from engines.runtime.tensorrt.monitor import progress_monitor
from engines.runtime.tensorrt.session import PlanSession


def main() -> None:
    """Try each class and print what came of it."""
    sys.modules["tensorrt"] = importlib.import_module("tensorrt_bindings")
    trt = library()
    forget_errors()
    said = logger()
    for name in ("INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"):
        said.log(getattr(trt.ILogger.Severity, name), name)
    told: list[float] = []
    monitor = progress_monitor(told.append, lambda: len(told) >= 2)
    monitor.phase_start("all", None, 2)
    steps = [monitor.step_complete("all", step) for step in range(3)]
    monitor.phase_finish("all")
    result = {
        "version": trt.__version__,
        "is_logger": isinstance(said, trt.ILogger),
        "is_monitor": isinstance(monitor, trt.IProgressMonitor),
        "errors": last_errors(),
        "steps": steps,
        "told": told,
        "strongly_typed": 1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED),
        "build": _fault_of(_build),
        "load": _fault_of(_load),
    }
    json.dump(result, sys.stdout)


def _build() -> None:
    order = BuildOrder(
        onnx=b"",
        input_shape=(1, 3, 4, 4),
        output_names=("y",),
        workspace_bytes=1,
        optimization_level=0,
        timings=b"",
    )
    build_plan(order, lambda _: None, lambda: False)


def _load() -> None:
    request: Any = EngineRequest.__new__(EngineRequest)
    object.__setattr__(request, "model_id", "toy")
    object.__setattr__(request, "precision", Precision.FP32)
    gpu: Any = None  # it does not come so far
    PlanSession(gpu, b"plan", request)


def _fault_of(work: Any) -> str:
    try:
        work()
    except EngineError as error:
        return f"{error} ({error.hint})"
    return "no fault"


if __name__ == "__main__":
    main()

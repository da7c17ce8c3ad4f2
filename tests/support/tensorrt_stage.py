"""A machine with the strict fake of TensorRT and a device in host memory, here and in the processes started here."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engines.cache import ModelStore
from engines.gpu import owner as device
from engines.gpu.base import GpuFacts
from engines.progress import Progress
from engines.runtime.tensorrt import binding, engine, log
from engines.runtime.tensorrt.build_child import order_of
from engines.runtime.tensorrt.build_process import BuildJob
from engines.runtime.tensorrt.builder import build_plan
from tests.support.host_gpu import DISCRETE, HostGpuOwner
from tests.support.host_gpu_kernels import put_kernels
from tests.support.strict_tensorrt import VERSIONS, StrictTensorRT, strict_tensorrt

ROOT = Path(__file__).resolve().parents[2]
SHIM = Path(__file__).with_name("tensorrt_shim")
NEWEST = VERSIONS[-1]


class TensorRTStage:
    """What a test holds of the machine.

    Attributes:
        trt: the fake of this process.
        owner: the device's owner.
    """

    def __init__(self, patch: pytest.MonkeyPatch, version: str, facts: GpuFacts) -> None:
        self._patch = patch
        self.owner = HostGpuOwner(facts)
        self.trt: StrictTensorRT
        self.become(version)
        patch.setenv("PYTHONPATH", os.pathsep.join((str(SHIM), str(ROOT))))
        # The process's own: whoever imported gpu_owner, before or meanwhile, gets this one now and none of it later.
        patch.setattr(device, "_owner", self.owner)

    def become(self, version: str) -> None:
        """Have another version of TensorRT from now on."""
        self.trt = strict_tensorrt(version)
        self._patch.setitem(sys.modules, "tensorrt", self.trt)
        self._patch.setenv("STRICT_TENSORRT_VERSION", version)
        binding.library.cache_clear()
        log.logger.cache_clear()

    def replace_device(self, facts: GpuFacts) -> None:
        """Have another device from now on."""
        self.owner.close()
        self.owner = HostGpuOwner(facts)
        self._patch.setattr(device, "_owner", self.owner)

    def fail_in_child(self, **faults: object) -> None:
        """Have build processes meet these faults; ``_`` stands for the dot of a member's name."""
        named = {name.replace("__", "."): value for name, value in faults.items()}
        self._patch.setenv("STRICT_TENSORRT_FAULTS", json.dumps(named))

    def build_here(self) -> None:
        """Build in this process, which a test of something else need not wait for."""
        self._patch.setattr(engine, "run_build", _build_here)

    def put_kernels(self, store: ModelStore) -> None:
        """Have a store hold kernels for the device, as ``engines build --kernels`` leaves them."""
        put_kernels(store, self.owner.do(lambda gpu: gpu.facts.capability))

    def build_slowly(self, step_s: float) -> None:
        """Have a build take so long a step; it has eight."""
        self._patch.setenv("STRICT_TENSORRT_STEP_S", str(step_s))


def _build_here(job: BuildJob, label: str, progress: Progress) -> float:
    progress.start(label, None)
    plan, _ = build_plan(order_of(job, b""), lambda _: None, lambda: False)
    progress.finish()
    Path(job.plan_path).write_bytes(plan)
    return 0.0


@contextmanager
def tensorrt_stage(
    patch: pytest.MonkeyPatch, version: str = NEWEST, facts: GpuFacts = DISCRETE
) -> Iterator[TensorRTStage]:
    """Give a machine with TensorRT."""
    stage = TensorRTStage(patch, version, facts)
    try:
        yield stage
    finally:
        stage.owner.close()
        binding.library.cache_clear()
        log.logger.cache_clear()

"""What a plan fits: a model, a shape, a way to build, a TensorRT, a device. Anything else needs a plan of its own."""

import hashlib
import json
import platform
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import rfc8785

from engines.gpu.base import GpuFacts
from engines.runtime.request import EngineRequest

_JETSON_RELEASE = Path("/etc/nv_tegra_release")
_GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRecipe:
    """How plans are built. What changes a plan in another way raises ``version``.

    Attributes:
        version: of the builder's code.
        workspace_bytes: scratch memory that a layer may use.
        optimization_level: how long the builder looks for faster kernels, 0 to 5.
    """

    version: int = 1
    workspace_bytes: int = 512 * 2**20
    optimization_level: int = 3


@dataclass(frozen=True, kw_only=True)
class PlanKey:
    """All that decides whether a plan fits.

    Attributes:
        model_id: catalog id.
        onnx_sha256: hash of the very ONNX file; the precision is a property of this file.
        input_shape: (batch, channels, height, width).
        output_names: outputs that the plan gives.
        precision: name of the arithmetic.
        recipe: how it is built.
        tensorrt_version: as the library calls it.
        gpu: the device.
        system: release of the Jetson's system, or the kind of processor.
    """

    model_id: str
    onnx_sha256: str
    input_shape: tuple[int, int, int, int]
    output_names: tuple[str, ...]
    precision: str
    recipe: BuildRecipe
    tensorrt_version: str
    gpu: GpuFacts
    system: str

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The key in clear, as JSON holds it."""
        facts = asdict(self)
        # Carve-outs of a Jetson move by some megabytes from one boot to the next; the plan does not mind.
        facts["gpu"]["memory_gib"] = round(facts["gpu"].pop("memory_bytes") / _GIB)
        unfolded: dict[str, Any] = json.loads(json.dumps(facts))
        return unfolded

    @cached_property
    def digest(self) -> str:
        """Hash of the key, and the name of its files."""
        return hashlib.sha256(rfc8785.dumps(self.facts)).hexdigest()

    def __str__(self) -> str:
        shape = "x".join(map(str, self.input_shape))
        return f"{self.model_id} {shape} {self.precision} for {self.gpu.name} with TensorRT {self.tensorrt_version}"


def key_of(request: EngineRequest, *, tensorrt_version: str, gpu: GpuFacts) -> PlanKey:
    """Return the key of what is asked for on this machine."""
    return PlanKey(
        model_id=request.model_id,
        onnx_sha256=request.model_sha256,
        input_shape=request.input_shape,
        output_names=request.output_names,
        precision=request.precision.value,
        recipe=BuildRecipe(),
        tensorrt_version=tensorrt_version,
        gpu=gpu,
        system=system_release(),
    )


def system_release(path: Path = _JETSON_RELEASE) -> str:
    """Return the L4T release of a Jetson, such as ``L4T 39.2.0``; elsewhere the kind of processor.

    Args:
        path: where a Jetson tells its release.
    """
    try:
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return platform.machine()
    found = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"L4T {found[1]}.{found[2]}" if found else f"L4T {hashlib.sha256(text.encode()).hexdigest()[:16]}"

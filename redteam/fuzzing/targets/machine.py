"""What other processes of the machine leave or say: the capture child's reports, manifests of plans and kernels."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from edge.capture.link import (
    LinkError,
    Report,
    ReportKind,
    Request,
    decode_report,
    decode_request,
    encode_report,
    encode_request,
)
from edge.capture.source import Source, SourceKind
from engines.cache import ModelStore
from engines.gpu.base import GpuFacts
from engines.render.cuda.compiled import read_kernels, sources_digest
from engines.runtime.tensorrt.plan_key import BuildRecipe, PlanKey
from engines.runtime.tensorrt.plan_store import PlanStore
from redteam.fuzzing.mutate import mutated, mutated_json
from redteam.fuzzing.target import Target, promise

_PLAN = b"a plan"
_KERNELS = b"compiled kernels"
_ORIN = (8, 7)
_KEY = PlanKey(
    model_id="sface-2021dec",
    onnx_sha256="ab" * 32,
    input_shape=(1, 3, 112, 112),
    output_names=("embedding",),
    precision="fp16",
    recipe=BuildRecipe(),
    tensorrt_version="10.13.3",
    gpu=GpuFacts(
        name="Orin",
        capability=_ORIN,
        multiprocessors=8,
        memory_bytes=8 * 2**30,
        is_integrated=True,
        driver_version=13_000,
        runtime_version=13_000,
    ),
    system="R38",
)


def _lines() -> list[bytes]:
    source = Source(kind=SourceKind.VIDEO, location="a.mp4", camera_id="a")
    request = Request(source=source, is_lock_step=False, is_paced=True, first_seq=1, parent_pid=2)
    report = Report(kind=ReportKind.FAILED, message="the camera is gone", hint="plug it in")
    return [encode_report(report), encode_request(request)]


def _prepare_reports(_: Path) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        """A child that decodes a stranger's video may say anything."""
        try:
            decode_report(data)
        except LinkError:
            decode_request(data)

    return run


def _plan_manifests() -> list[bytes]:
    manifest = {"format": 1, "key": _KEY.facts, "plan_sha256": hashlib.sha256(_PLAN).hexdigest(), "plan_bytes": 6}
    return [json.dumps({**manifest, "build_s": 1.0}).encode()]


def _prepare_plans(folder: Path) -> Callable[[bytes], None]:
    store = PlanStore(folder)

    def run(data: bytes) -> None:
        (folder / f"{_KEY.digest}.plan").write_bytes(_PLAN)
        (folder / f"{_KEY.digest}.json").write_bytes(data)
        promise(store.read(_KEY) == _PLAN, "a plan was read that is not the one that lay there")

    return run


def _kernel_manifests() -> list[bytes]:
    manifest = {
        "sources_sha256": sources_digest(),
        "nvcc": "13.0",
        "architectures": [87, 110],
        "fatbin_sha256": hashlib.sha256(_KERNELS).hexdigest(),
    }
    return [json.dumps(manifest).encode()]


def _prepare_kernels(folder: Path) -> Callable[[bytes], None]:
    store = ModelStore(folder)
    compiled = store.compiled_dir("cuda")
    compiled.mkdir(parents=True)
    name = f"render-{sources_digest()[:16]}-sm87-nvcc13.0"
    (compiled / f"{name}.fatbin").write_bytes(_KERNELS)

    def run(data: bytes) -> None:
        (compiled / f"{name}.json").write_bytes(data)
        promise(read_kernels(store, _ORIN) == _KERNELS, "kernels were read that are not those that lay there")

    return run


_BOTH = (mutated, mutated_json)
REPORTS = Target(name="reports", corpus=_lines, prepare=_prepare_reports, mutations=_BOTH, allowed=(LinkError,))
PLANS = Target(name="plans", corpus=_plan_manifests, prepare=_prepare_plans, mutations=_BOTH)
KERNELS = Target(name="kernels", corpus=_kernel_manifests, prepare=_prepare_kernels, mutations=_BOTH)

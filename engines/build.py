"""Verified weights to a verified ONNX model, and from there to an engine."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import create_engine, file_precision, require_precision
from engines.runtime.request import EngineRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A converted model on disk, proven to be the catalog's.

    Attributes:
        spec: what it is.
        precision: arithmetic of the file.
        path: its ONNX file.
        sha256: hash of that file.
        manifest: JSON file that tells where it comes from.
    """

    spec: ModelSpec
    precision: Precision
    path: Path
    sha256: str
    manifest: Path


def is_built(spec: ModelSpec, store: ModelStore, precision: Precision = Precision.FP32) -> bool:
    """Return whether the converted model and its manifest are there; their content is proven when loaded.

    Raises:
        EngineError: the catalog pins no file of that precision.
    """
    return store.onnx_path(spec, precision).is_file() and store.manifest_path(spec, precision).is_file()


def build(
    spec: ModelSpec, store: ModelStore, precision: Precision = Precision.FP32, *, is_forced: bool = False
) -> BuiltModel:
    """Convert a model's fetched weights, unless that was done before; a derived precision is made from the fp32 file.

    Args:
        spec: the model.
        store: where its weights lie and the result goes.
        precision: of the file.
        is_forced: convert again even if the result is there.

    Raises:
        EngineError: the weights were not fetched or cannot be converted, the catalog pins no file of that precision,
            or TensorRT would refuse the result.
        IntegrityError: the weights, or what they convert to, are not what the catalog pins.
    """
    path, manifest = store.onnx_path(spec, precision), store.manifest_path(spec, precision)
    sha256 = spec.file_sha256(precision)
    built = BuiltModel(spec=spec, precision=precision, path=path, sha256=sha256, manifest=manifest)
    if is_built(spec, store, precision) and not is_forced:
        store.read(path, sha256)
        return built
    if precision is Precision.FP32:
        weights = store.read(store.source_path(spec), spec.source.member_sha256)
        made = _converted(spec, weights)
    else:
        whole = build(spec, store, is_forced=is_forced)
        made = _derived(spec, store.read(whole.path, whole.sha256), precision)
    _require_pinned(spec, precision, made.data)
    store.write(path, made.data)
    store.write(manifest, _manifest(spec, precision, made))
    return built


def load_engine(
    spec: ModelSpec,
    store: ModelStore,
    *,
    runtime: str,
    precision: Precision,
    batch: int = 1,
    size: tuple[int, int] | None = None,
    threads: int,
) -> Engine:
    """Return an engine of a model, not yet activated; its weights are converted first if need be.

    Args:
        spec: the model.
        store: where its weights lie.
        runtime: name of a runtime.
        precision: arithmetic.
        batch: pictures an inference.
        size: (width, height) in pixels, one of the model's own; its default if None.
        threads: CPU threads of one inference.

    Raises:
        EngineError: batch or size do not fit the model, or its weights were not fetched.
        IntegrityError: a file is not what the catalog pins.
        RuntimeMissingError: the runtime is not installed, or this machine lacks the precision.
    """
    if threads < 1:
        raise EngineError(f"an engine cannot run on {threads} threads", hint="use 1 or more threads")
    require_precision(runtime, precision)
    held = file_precision(runtime, precision)
    request = EngineRequest(
        model_id=spec.id,
        model_path=store.onnx_path(spec, held),
        model_sha256=spec.file_sha256(held),
        output_names=spec.output_names,
        input_shape=spec.shape(batch=batch, size=size),
        precision=precision,
        threads=threads,
        cache_dir=store.compiled_dir(runtime),
    )
    engine = create_engine(runtime, request)
    if not is_built(spec, store, held):
        build(spec, store, held)
    return engine


@dataclass(frozen=True, slots=True)
class _Made:
    """A converted model, and what its manifest tells of how it was made."""

    data: bytes
    remarks: Mapping[str, object]


def _converted(spec: ModelSpec, weights: bytes) -> _Made:
    from engines.convert.recipes import convert  # brings in onnx, which an engine that is built does not need

    return _Made(convert(spec, weights), {"converter": spec.converter})


def _derived(spec: ModelSpec, model: bytes, precision: Precision) -> _Made:
    from engines.convert.derive import derive

    derived = derive(spec, model, precision)
    ranges = spec.derived_file(precision).ranges_sha256
    return _Made(
        derived.data,
        {
            "made_from": spec.onnx_sha256,
            "rounding": asdict(derived.rounding),
            **({"ranges_sha256": ranges} if ranges else {}),
        },
    )


def _require_pinned(spec: ModelSpec, precision: Precision, model: bytes) -> None:
    """Raise unless a model is the catalog's and keeps the rules that TensorRT sets a file."""
    from engines.convert.lint import require_clean

    require_clean(model, name=f"{spec.id} in {precision}")
    found, pinned = hashlib.sha256(model).hexdigest(), spec.file_sha256(precision)
    if found != pinned:
        raise IntegrityError(
            f"{spec.id} converts to {precision} with sha256 {found[:16]}..., the catalog says {pinned[:16]}...",
            hint="use the onnx, protobuf and numpy versions of the lock file",
        )


def _manifest(spec: ModelSpec, precision: Precision, made: _Made) -> bytes:
    manifest = {
        "model": spec.id,
        "license": spec.license,
        "homepage": spec.homepage,
        "source": {
            "wheel": f"{spec.source.wheel}=={spec.source.version}",
            "wheel_sha256": spec.source.wheel_sha256,
            "member": spec.source.member,
            "member_sha256": spec.source.member_sha256,
        },
        "precision": precision.value,
        "onnx_sha256": spec.file_sha256(precision),
        "onnx_bytes": len(made.data),
        **made.remarks,
        "made_with": {name: version(name) for name in ("onnx", "protobuf", "numpy")},
    }
    return (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()

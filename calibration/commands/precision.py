"""``edge-gate evaluate precision``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.commands.cache_option import CacheOption, NoCacheOption, chosen_cache
from calibration.evaluation.precision import measure_precisions
from calibration.evaluation.precision_report import COLUMNS, record_of
from calibration.pictures.cohort import Split
from calibration.pictures.faces import FaceReader
from calibration.pictures.pair_choice import chosen_pairs
from calibration.pictures.pairs import read_pairs
from calibration.pictures.precision_rows import BATCH, FileEngine, read_rows
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import RECOGNIZERS, load_models, model_store
from edge.domain.errors import UsageError
from edge.settings.load import load_settings
from edge.settings.sections import EngineSection
from engines.build import load_engine
from engines.catalog import ModelSpec, find_spec
from engines.runtime.base import Precision

_RUNTIME = "onnxruntime"
_BASE = Precision.FP32
_KNOWN = (Precision.FP16, Precision.INT8)


def precision(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    file: Annotated[Path, typer.Option("--pairs", help="Pairs in the LFW View 2 format.")],
    split: Annotated[Split, typer.Option(help="all: every pair; b: pairs of people whom nothing was fitted on.")] = (
        Split.ALL
    ),
    limit: Annotated[int | None, typer.Option(min=2, help="Only the first so many pairs of each fold.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="A recognizer by id. Default: both.")] = None,
    cache: CacheOption = None,
    no_cache: NoCacheOption = False,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare each recognizer's fp16 and int8 files with its fp32 file, on the same pictures.

    The files are those that TensorRT compiles; onnxruntime runs them here, which takes no GPU and no less time.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    specs = _specs(model)
    pairs = chosen_pairs(read_pairs(file, images), split, most_of_fold=limit)
    paths = sorted({path for pair in pairs for path in (pair.first, pair.second)})
    progress, kept = rich_progress(), chosen_cache(cache, is_off=no_cache)
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=kept)
        found = read_rows(paths, reader, _files(specs, settings.engine), kept, progress)
    printer = Printer(as_json=as_json, columns=COLUMNS)
    counts = (len(pairs), len(found.paths), len(paths) - len(found.paths))
    for spec in specs:
        rows = {way.value: rows for (model_id, way), rows in found.rows.items() if model_id == spec.id}
        for name, figures in measure_precisions(pairs, found.paths, rows, spec.id, base=_BASE.value).items():
            printer.record(record_of(spec.id, name, split.value, counts, figures))


def _specs(ids: list[str] | None) -> tuple[ModelSpec, ...]:
    unknown = sorted(set(ids or ()) - set(RECOGNIZERS))
    if unknown:
        raise UsageError(f"no recognizer is called {unknown[0]!r}", hint=f"use one of {', '.join(RECOGNIZERS)}")
    return tuple(find_spec(model_id) for model_id in dict.fromkeys(ids or RECOGNIZERS))


def _files(specs: tuple[ModelSpec, ...], options: EngineSection) -> tuple[FileEngine, ...]:
    store = model_store(options)
    return tuple(
        FileEngine(
            spec,
            way,
            spec.file_sha256(way),
            load_engine(spec, store, runtime=_RUNTIME, precision=way, batch=BATCH, threads=options.threads),
        )
        for spec in specs
        for way in (_BASE, *_KNOWN)
        if spec.has_file(way)
    )

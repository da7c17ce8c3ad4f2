"""``edge-gate calibrate ranges``."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration.commands.cache_option import CacheOption, cache_in
from calibration.fitting.range_choice import FAR, Candidate, RangeJudge, best
from calibration.pictures.faces import FacePicture, FaceReader
from calibration.pictures.identities import split_a
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import RECOGNIZERS, load_models, model_store
from edge.domain.errors import StoreError, UsageError
from edge.settings.load import load_settings
from engines.build import build
from engines.catalog import find_spec
from engines.convert.derive import as_int8
from engines.convert.lint import require_clean

_COLUMNS = {"method": 28, "ranges": 6, "tar": 8, "tar_fp32": 8, "cosine_p1": 9, "cosine_mean": 11, "shift_mean": 10}


def ranges(
    images: Annotated[Path, typer.Option(help="Folder of identities; only split A of it is read.")],
    model: Annotated[str, typer.Option(help="A recognizer by id.")],
    out: Annotated[Path, typer.Option(help="Folder to write MODEL.json into.")],
    pictures: Annotated[
        int, typer.Option(min=16, max=10_000, help="People with one picture, whose pictures give the ranges.")
    ] = 500,
    people: Annotated[
        int, typer.Option(min=8, max=10_000, help="People with more, whose first two pictures are verified.")
    ] = 300,
    cache: CacheOption = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit the activation ranges of a model's int8 file on split A, several ways, and write the best.

    Candidates are judged by TAR at FAR 1e-3 among people of split A who gave no range. The file that a table makes is
    pinned in the catalog by hand: both hashes are printed.
    """
    if model not in RECOGNIZERS:
        raise UsageError(f"no recognizer is called {model!r}", hint=f"use one of {', '.join(RECOGNIZERS)}")
    settings = load_settings(config, state_dir=state)
    spec, store = find_spec(model), model_store(settings.engine)
    everybody = split_a(images)
    single = [paths[0] for paths in everybody.values() if len(paths) == 1][:pictures]
    several = [path for paths in [p for p in everybody.values() if len(p) > 1][:people] for path in paths[:2]]
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold, cache=cache_in(cache))
        fitted, judged = (
            [face for _, face in reader.read_all(paths, progress, label=label) if face is not None]
            for paths, label in ((single, "faces that give ranges"), (several, "faces that are verified"))
        )
    _require_enough(fitted, judged, images)
    plain = build(spec, store)
    data = store.read(plain.path, plain.sha256)
    judge = RangeJudge(spec, data, threads=settings.engine.threads)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    found = []
    for candidate in judge.candidates(fitted, judged):
        found.append(candidate)
        printer.record(_record(candidate, len(judged)))
    table = best(found).table
    made = as_int8(data, table, name=spec.id).data
    require_clean(made, name=f"{spec.id} in int8")
    path = out / f"{spec.id}.json"
    _write(path, table.to_json())
    printer.summary(
        {
            "written": str(path),
            "method": table.method,
            "ranges_sha256": hashlib.sha256(table.to_json()).hexdigest(),
            "onnx_sha256": hashlib.sha256(made).hexdigest(),
        }
    )


def _require_enough(fitted: list[FacePicture], judged: list[FacePicture], images: Path) -> None:
    if len(fitted) < 16 or len(judged) * (len(judged) - 1) * FAR < 4:
        raise UsageError(
            f"{images} has {len(fitted)} single pictures and {len(judged)} of people with more, with a usable face",
            hint="16 of the first and 64 of the second, of split A, are the least",
        )


def _record(candidate: Candidate, judged: int) -> dict[str, Any]:
    near = candidate.closeness
    return {
        "model": candidate.table.model,
        "method": candidate.table.method,
        "ranges": len(candidate.table.ranges),
        "pictures": candidate.table.pictures,
        "judged": judged,
        "tar": round(candidate.tar, 5),
        "tar_fp32": round(candidate.tar_fp32, 5),
        "cosine_min": round(near.least, 5),
        "cosine_p1": round(near.p1, 5),
        "cosine_mean": round(near.mean, 5),
        "shift_mean": round(near.shift_mean, 5),
        "shift_p99": round(near.shift_p99, 5),
    }


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}", hint="name another folder") from error

"""``edge-gate evaluate``; ``edge-gate calibrate`` is beside, and named here for the entry points."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration.evaluate_clips import ClipResult, evaluate_clips, read_clips
from calibration.evaluate_pairs import PairEvaluation, PairFigures, evaluate_pairs
from calibration.faces import FaceReader
from calibration.intervals import require_exact_intervals
from calibration.pairs import read_pairs
from calibration.profile_commands import calibrate
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.settings.load import load_settings

__all__ = ["calibrate", "evaluate"]

evaluate = typer.Typer(help="Measure the gate on pictures.", no_args_is_help=True)


class PairMode(StrEnum):
    """What is measured: each model alone, or both fused."""

    BARE = "bare"
    FUSED = "fused"


@evaluate.command("pairs")
def pairs(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    file: Annotated[Path, typer.Option("--pairs", help="Pairs in the LFW View 2 format.")],
    mode: Annotated[
        PairMode, typer.Option(help="bare: each model alone; fused: both, no defenses.")
    ] = PairMode.FUSED,
    limit: Annotated[int | None, typer.Option(min=2, help="Only the first so many pairs of each fold.")] = None,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verification accuracy by folds, and TAR at FAR against all-vs-all impostors among the pictures named."""
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    every = read_pairs(file, images)
    if limit is not None:
        every = _thinned(every, limit)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        reader = FaceReader(models, detector_threshold=profile.detector_threshold)
        measured = evaluate_pairs(every, reader, profile.match, progress)
    _print(mode, measured, as_json=as_json)


@evaluate.command("faces")
def faces(
    images: Annotated[Path, typer.Option(help="Folder of pictures.")],
    counts: Annotated[
        Path | None, typer.Option(help="TSV with columns file and faces; none: no picture has one.")
    ] = None,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recall of counted faces, and false faces where there are none, at the serving size and threshold."""
    from calibration.evaluate_detector import evaluate_detector
    from edge.vision.detect import FaceDetector

    if counts is not None:
        require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        measured = evaluate_detector(images, counts, detector)
    values = {
        "pictures": measured.pictures,
        "faces_counted": measured.faces_counted,
        "faces_found": measured.faces_found,
        "recall": measured.recall,
        "recall_ci95": measured.recall_ci95,
        "false_faces": measured.false_faces,
    }
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        print(f"{key:16} {value}")


@evaluate.command("clips")
def clips(
    videos: Annotated[Path, typer.Option(help="Folder of the clips.")],
    people: Annotated[Path, typer.Option(help="TSV with columns person and clip.")],
    enroll_with: Annotated[int, typer.Option(min=0, help="Which of each person's clips enrolls them.")] = 0,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enroll everybody on one clip and watch all others: a smoke test of the whole gate, never a FAR."""
    settings = load_settings(config, state_dir=state)
    every = read_clips(people, videos)
    printer = Printer(as_json=as_json, columns={"clip": 24, "person": 10, "granted": 16, "first_grant_ms": 14})
    results: list[ClipResult] = []
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        for result in evaluate_clips(every, settings, models, profile, enroll_with=enroll_with):
            results.append(result)
            printer.record(
                {
                    "clip": result.clip.file.name,
                    "person": result.clip.person,
                    "granted": list(result.granted) if as_json else ", ".join(result.granted),
                    "first_grant_ms": result.first_grant_ms,
                    "reasons": list(result.reasons),
                }
            )
    right = sum(r.is_right for r in results)
    slowest = max((r.first_grant_ms for r in results if r.first_grant_ms is not None), default=None)
    wrong = sum(set(r.granted) - {r.clip.person} != set() for r in results)
    printer.summary(
        {"clips": len(results), "right": right, "granted_wrong": wrong, "slowest_first_grant_ms": slowest}
    )


def _thinned(every: tuple[Any, ...], limit: int) -> tuple[Any, ...]:
    """Return, of each fold, the first half of ``limit`` genuine and impostor pairs each."""
    kept = []
    for fold in sorted({pair.fold for pair in every}):
        for is_genuine in (True, False):
            kept += [p for p in every if p.fold == fold and p.is_genuine is is_genuine][: limit // 2]
    return tuple(kept)


def _print(mode: PairMode, measured: PairEvaluation, *, as_json: bool) -> None:
    chosen = measured.fused if mode is PairMode.FUSED else None
    record: dict[str, Any] = {"mode": mode.value, "pairs": measured.pairs, **_figures(chosen)}
    record["failed_to_enroll"] = measured.failed_to_enroll
    record["models"] = {model: _figures(figures) for model, figures in measured.models.items()}
    if as_json:
        print_json(record)
        return
    print(f"{measured.pairs} pairs, {measured.failed_to_enroll} pictures without a usable face")
    rows: Mapping[str, PairFigures] = {**measured.models, **({"fused": chosen} if chosen else {})}
    for name, figures in rows.items():
        low, high = figures.accuracy_ci95
        tar = "  ".join(f"TAR {rate:.2%} at FAR {far:g}" for far, rate in figures.tar.items())
        print(f"{name:18} accuracy {figures.accuracy:.2%} [{low:.2%}, {high:.2%}]  {tar}")


def _figures(figures: PairFigures | None) -> dict[str, Any]:
    if figures is None:
        return {"accuracy": None, "accuracy_ci95": None, "tar": None}
    return {
        "accuracy": round(figures.accuracy, 5),
        "accuracy_ci95": [round(end, 5) for end in figures.accuracy_ci95],
        "tar": {f"{far:g}": round(rate, 5) for far, rate in figures.tar.items()},
        "thresholds": {f"{far:g}": round(t, 4) for far, t in figures.thresholds.items()},
        "impostors": figures.impostors,
    }

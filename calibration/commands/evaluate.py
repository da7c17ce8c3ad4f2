"""``edge-gate evaluate``."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.commands.certificate import certificate
from calibration.commands.challenge import challenge
from calibration.commands.identify import identify
from calibration.commands.precision import precision
from calibration.commands.templates import templates
from calibration.evaluation.clips import ClipResult, evaluate_clips, read_clips
from calibration.evaluation.gate_pairs import evaluate_gate_pairs
from calibration.evaluation.identify import with_certificates
from calibration.evaluation.pair_report import PairMode, print_pairs
from calibration.evaluation.pairs import evaluate_pairs, find_faces
from calibration.pictures.cohort import Split
from calibration.pictures.faces import FaceReader
from calibration.pictures.pair_choice import chosen_pairs
from calibration.pictures.pairs import read_pairs
from calibration.statistics.intervals import require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import GateParts, read_profile
from edge.daemon.models import load_models
from edge.recognition.gallery import Gallery
from edge.settings.load import load_settings

evaluate = typer.Typer(help="Measure the gate on pictures.", no_args_is_help=True)


evaluate.command("identify")(identify)
evaluate.command("templates")(templates)
evaluate.command("certificate")(certificate)
evaluate.command("challenge")(challenge)
evaluate.command("precision")(precision)


@evaluate.command("pairs")
def pairs(
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg.")],
    file: Annotated[Path, typer.Option("--pairs", help="Pairs in the LFW View 2 format.")],
    mode: Annotated[
        PairMode,
        typer.Option(
            help="bare: each model alone; fused: both, no defenses; full: the gate's own decisions, with every "
            "defense that needs one picture."
        ),
    ] = PairMode.FUSED,
    split: Annotated[
        Split, typer.Option(help="all: every pair, as published; b: pairs of people whom no threshold was fitted on.")
    ] = Split.ALL,
    limit: Annotated[int | None, typer.Option(min=2, help="Only the first so many pairs of each fold.")] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verification accuracy by folds, and TAR at FAR against all-vs-all impostors among the pictures named."""
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    every = chosen_pairs(read_pairs(file, images), split, most_of_fold=limit)
    progress = rich_progress()
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        found = find_faces(every, FaceReader(models, detector_threshold=profile.detector_threshold), progress)
        measured = evaluate_pairs(every, found, profile.match)
        decided = None
        if mode is PairMode.FULL:
            # A single picture enrolls here: the certificate has rows of its own, those of identify.
            parts = with_certificates(GateParts(settings, profile, models, Gallery(models.bindings, {})), ())
            decided = evaluate_gate_pairs(every, found, parts, progress)
    print_pairs(mode, measured, decided, as_json=as_json)


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
    from calibration.evaluation.detector import evaluate_detector
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

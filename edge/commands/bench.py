"""``edge-gate bench``: how fast the pipeline is against OpenCV's own, and messages against the disk."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from edge.capture.source import Source
from edge.commands.bench_clip import Clip, read_clip, synthetic_source, video_source
from edge.commands.bench_gallery import OWN, bench_gallery
from edge.commands.bench_gate import Screening, Verification, metered_models
from edge.commands.bench_messages import messages
from edge.commands.bench_opencv import OpenCVFaces, opencv_threads
from edge.commands.bench_people import people
from edge.commands.bench_pipeline import (
    ScreeningTimes,
    Spent,
    measure_motion,
    measure_screening,
    measure_verifications,
)
from edge.commands.engine_plan import PrecisionChoice
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import print_json, print_table
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.certificates_in_force import DEFAULT_CERTIFICATE
from edge.daemon.models import Models, load_models, model_store
from edge.daemon.sequence import follower_of
from edge.domain.certificate import Alignment, Certificate
from edge.domain.errors import UsageError
from edge.domain.profile import Profile
from edge.settings.load import load_settings
from edge.settings.tree import Settings

app = typer.Typer(help="How fast the gate is.", no_args_is_help=True)
app.command("people")(people)

_VERIFICATIONS = 30

app.command("messages")(messages)


@app.callback()
def bench() -> None:
    """How fast the gate is."""


@app.command("pipeline")
def pipeline(
    video: Annotated[str | None, typer.Option("--video", help="A recording with one person.")] = None,
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="A public-domain portrait before the synthetic camera instead.")
    ] = False,
    repeat: Annotated[int, typer.Option("--repeat", min=1, max=1000, help="How often the recording is shown.")] = 3,
    precision: Annotated[PrecisionChoice | None, typer.Option("--precision", help="Default: settings.")] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time screening, verification and OpenCV's own detector and recognizer on the same frames, in the same run.

    Decoding is in nobody's time. ``ratio`` is OpenCV's median time to screening's; ``overhead`` is stage time to raw
    engine time, of screening or of verification, whichever is larger.
    """
    source = _source(video, is_synthetic=synthetic)
    settings = _settings(load_settings(config, state_dir=state), precision)
    clip = read_clip(source)
    with load_models(settings.engine, progress=rich_progress()) as models, opencv_threads(settings.engine.threads):
        screening, verification, certified, motion_ms = _measure(clip, models, settings, repeat=repeat)
        record = _record(screening, verification, motion_ms) | _certified_record(verification, certified)
        record |= _circumstances(clip, models, settings)
    if as_json:
        print_json(record)
    else:
        print_table(f"pipeline on {clip.name}", [{"figure": key, "value": value} for key, value in _flat(record)])


def _source(video: str | None, *, is_synthetic: bool) -> Source:
    if is_synthetic == (video is not None):
        raise UsageError("one recording is needed", hint="give --video FILE or --synthetic")
    return video_source(video) if video is not None else synthetic_source()


def _settings(settings: Settings, precision: PrecisionChoice | None) -> Settings:
    if precision is None:
        return settings
    return settings.model_copy(update={"engine": settings.engine.model_copy(update={"precision": precision.value})})


def _measure(
    clip: Clip, models: Models, settings: Settings, *, repeat: int
) -> tuple[ScreeningTimes, Spent, Mapping[str, Spent], list[float]]:
    profile = read_profile(settings, models, environment="development")
    metered = metered_models(models)
    gallery = bench_gallery(clip, metered, profile)
    opencv = OpenCVFaces(model_store(settings.engine), size=clip.size, threshold=profile.detector_threshold)
    screening = Screening(metered, profile, gallery, settings.camera)
    times = measure_screening(clip.repeated(repeat), screening, opencv, metered.meter)
    if not times.judged:
        raise UsageError(f"{clip.name} is too short to measure", hint="raise --repeat, or take another recording")
    stages = {"": Verification(metered, profile, gallery, OWN)}
    for title, certificates in _certified(profile).items():
        stages[title] = Verification(metered, profile, gallery, OWN, certificates)
    spent = measure_verifications(times.judged, stages, metered.meter, rounds=_VERIFICATIONS)
    motion_ms = measure_motion(times.judged, follower_of(profile))
    return times, spent.pop(""), spent, motion_ms


def _certified(profile: Profile) -> dict[str, tuple[Certificate, ...]]:
    """Return the certificates to time, by what they are called: the default one, and it with a realigned one."""
    default = [c for c in profile.certificates if c.name == DEFAULT_CERTIFICATE]
    realigned = [c for c in profile.certificates if c.alignment is Alignment.REALIGNED][:1]
    sets = (default, [*default, *realigned]) if default and realigned else (default or realigned,)
    return {"+".join(c.name for c in every): tuple(every) for every in sets if every}


def _certified_record(plain: Spent, certified: Mapping[str, Spent]) -> dict[str, Any]:
    """Return times of verification with the certificate, and what the certificate adds, medians of the rounds.

    Rounds in which a defense refused the face before the certificate was asked do not count; how many are left is
    told.
    """
    if not certified:
        return {}
    whole = {name: spent.whole_against(plain) for name, spent in certified.items()}
    if not all(map(len, whole.values())):
        return {"certified_verifications": 0}
    return {
        "certified_verify_ms": {name: _quantiles(rounds[:, 0]) for name, rounds in whole.items()},
        "occlude_ms": {
            name: round(float(np.median(rounds[:, 0] - rounds[:, 1])), 3) for name, rounds in whole.items()
        },
        "certified_verifications": min(map(len, whole.values())),
    }


def _record(screening: ScreeningTimes, verification: Spent, motion_ms: Sequence[float]) -> dict[str, Any]:
    gate, opencv = _quantiles(screening.gate.stage_ms), _quantiles(screening.opencv_ms)
    return {
        "fps": round(1e3 / gate["p50"], 2),
        "opencv_fps": round(1e3 / opencv["p50"], 2),
        "ratio": round(opencv["p50"] / gate["p50"], 3),
        "screen_ms": gate,
        "opencv_ms": opencv,
        "engine_ms": _quantiles(screening.gate.engine_ms)["p50"],
        "verify_ms": _quantiles(verification.stage_ms),
        "motion_ms": _quantiles(motion_ms),
        "verify_engine_ms": _quantiles(verification.engine_ms)["p50"],
        "overhead": round(max(screening.gate.overhead, verification.overhead), 3),
        "screen_overhead": round(screening.gate.overhead, 3),
        "verify_overhead": round(verification.overhead, 3),
        "frames": len(screening.opencv_ms),
        "faces": len(screening.judged),
        "opencv_faces": sum(screening.opencv_faces),
        "verifications": len(verification.stage_ms),
    }


def _circumstances(clip: Clip, models: Models, settings: Settings) -> dict[str, Any]:
    return {
        "precision": models.precision.value,
        "runtime": models.runtime,
        "threads": settings.engine.threads,
        "video": clip.name,
        "size": "x".join(map(str, clip.size)),
    }


def _quantiles(values_ms: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    p50, p95 = np.percentile(values_ms, (50, 95))
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3)}


def _flat(record: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the record's figures with nested ones side by side, for people."""
    rows: list[tuple[str, Any]] = []
    for key, value in record.items():
        if isinstance(value, dict):
            rows += [(f"{key} {name}".strip().replace("_", " "), figure) for name, figure in _flat(value)]
        else:
            rows.append((key.replace("_", " "), value))
    return rows

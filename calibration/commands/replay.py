"""``edge-gate calibrate replay``: the bound between a face and a flat picture of one."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import JsonValue

from calibration.evaluation.clips import read_clips
from calibration.motion.fit import MOST_CHANGE, ReplayFit, Shown, fit_replay, shown_clips, shown_pictures
from calibration.pictures.identities import split_a, split_b
from calibration.statistics.intervals import clopper_pearson, require_exact_intervals
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.domain.motion import ReplayLimits
from edge.settings.load import load_settings
from edge.trust.profile_writing import put_table
from edge.trust.replay_table import replay_table
from edge.vision.detect import FaceDetector

_COLUMNS = {"set": 22, "n": 4, "least": 8, "most": 8, "threshold": 9, "wrong": 5, "wrong_ci95": 16}
_SEED = 1


def replay(
    path: Annotated[Path, typer.Argument(help="Folder of the profile that gets the bound.")],
    videos: Annotated[Path, typer.Option(help="Folder of clips of people.")],
    people: Annotated[Path, typer.Option(help="TSV with columns person and clip.")],
    images: Annotated[Path, typer.Option(help="Folder of identities, NAME/NAME_0001.jpg: pictures to present.")],
    count: Annotated[int, typer.Option(min=6, max=1000, help="Presentations, of each split.")] = 36,
    out: Annotated[Path | None, typer.Option(help="Write the profile to this folder. Default: PATH.")] = None,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit what a face must change to be no picture, and write it, unsigned, into a profile.

    Fitted on all clips and on presentations of pictures of split A. Printed are presentations of split B, which
    fitted nothing, and every person by the bound of the others. Few people are a smoke test, never an error rate.
    """
    require_exact_intervals()
    settings = load_settings(config, state_dir=state)
    progress = rich_progress()
    clips = read_clips(people, videos)
    with load_models(settings.engine, progress=progress) as models:
        profile = read_profile(settings, models, environment="development")
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        seen = tuple(shown_clips(clips, detector, progress))
        shown = tuple(shown_pictures(split_a(images), detector, progress, count=count, seed=_SEED))
        others = tuple(shown_pictures(split_b(images), detector, progress, count=count, seed=_SEED))
    fit = fit_replay(seen, shown, others)
    limits = ReplayLimits(least_change=fit.threshold, most_change=MOST_CHANGE)
    put_table(path, "replay", replay_table(limits), out)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    for record in _records(fit):
        printer.record(record)


def _records(fit: ReplayFit) -> list[dict[str, JsonValue]]:
    passed, interval = fit.passed
    refused = sum(not s.reached >= fit.threshold for s in fit.clips)
    records = [
        _record("clips", fit.clips, fit.threshold, refused, None),
        _record("pictures, split A", fit.pictures, fit.threshold, 0, None),
        _record("pictures, split B", fit.others, fit.threshold, passed, list(interval)),
    ]
    for left in fit.left_out:
        own = [s for s in fit.clips if s.who == left.person]
        exact = list(clopper_pearson(left.refused, left.clips))
        records.append(_record(f"{left.person} left out", own, left.threshold, left.refused, exact))
    return records


def _record(
    name: str, shown: "tuple[Shown, ...] | list[Shown]", threshold: float, wrong: int, interval: list[float] | None
) -> dict[str, JsonValue]:
    """Return a row; ``wrong`` counts people refused or pictures taken for people."""
    reached = [s.reached for s in shown]
    return {
        "set": name,
        "n": len(reached),
        "least": round(min(reached), 5),
        "most": round(max(reached), 5),
        "threshold": round(threshold, 5),
        "wrong": wrong,
        "wrong_ci95": None if interval is None else [round(v, 4) for v in interval],
    }

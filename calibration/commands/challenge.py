"""``edge-gate evaluate challenge``: how often a recording passes a challenge that was drawn after it."""

from pathlib import Path
from typing import Annotated

import typer

from calibration.evaluation.clips import read_clips
from calibration.motion.changes import recorded_frames
from calibration.motion.replayed_challenge import poses_of, replayed
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import load_models
from edge.daemon.sequence import challenge_terms
from edge.settings.load import load_settings
from edge.vision.detect import FaceDetector


def challenge(
    videos: Annotated[Path, typer.Option(help="Folder of the clips.")],
    people: Annotated[Path, typer.Option(help="TSV with columns person and clip.")],
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replay every clip, over and over, against every challenge that can be drawn, and count those that it passes."""
    settings = load_settings(config, state_dir=state)
    clips = read_clips(people, videos)
    terms = challenge_terms(settings.challenge)
    printer = Printer(as_json=as_json, columns={"clip": 24, "person": 10, "tries": 6, "passed": 6})
    tries = passed = 0
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        for clip in clips:
            result = replayed(poses_of(recorded_frames(clip.file), detector), terms)
            tries, passed = tries + result.tries, passed + result.passed
            printer.record(
                {"clip": clip.file.name, "person": clip.person, "tries": result.tries, "passed": result.passed}
            )
    printer.summary({"clips": len(clips), "tries": tries, "passed": passed, "share": passed / tries})

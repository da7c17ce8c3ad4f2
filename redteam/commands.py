"""``edge-gate redteam``: attacks on the gate, from a source checkout with ``make redteam-setup``."""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from edge.capture.picture import read_picture
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.models import SECOND, load_models, model_store
from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError, UsageError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.settings.load import load_settings
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.catalog import find_spec
from engines.render.spec import PLAIN

app = typer.Typer(help="Attacks on the gate.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep this a group of commands."""


@app.command("demo-picture")
def demo_picture(
    stranger: Annotated[Path, typer.Option(help="Portrait of the attacker.")],
    victim: Annotated[Path, typer.Option(help="Portrait of the enrolled person.")],
    out: Annotated[Path, typer.Option(help="PNG to write.")],
    eps: Annotated[float, typer.Option(min=1, max=64, help="Budget in gray levels of 255.")] = 8.0,
    steps: Annotated[int, typer.Option(min=1, max=1000, help="Gradient steps.")] = 40,
    *,
    state: IdleStateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the demo's adversarial picture against the bare FaceNet, and judge the saved picture."""
    try:
        from redteam.demo_picture import Budget, frame_of, impersonate
        from redteam.twins.embedder import EmbedderTwin
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed", hint="run 'make redteam-setup'") from error
    settings = load_settings(config, state_dir=state)
    spec = find_spec(SECOND)
    with load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
        stage = models.stage(SECOND)

        def look(picture: Frame) -> Face:
            faces = detector.find(picture)
            if not faces:
                raise EdgeError("a portrait shows no face", hint="use a picture with one clear face")
            return faces[0]

        target_frame = _frame(frame_of(read_picture(victim)))
        target = stage.embedder.embed_one(
            target_frame.pixels, crop_geometry(stage.crop_recipe, look(target_frame)), PLAIN
        ).vector
        clean = _frame(frame_of(read_picture(stranger)))
        twin = EmbedderTwin(model_store(settings.engine).onnx_path(spec))
        budget = Budget(eps=eps, steps=steps)
        cv2.imwrite(str(out), impersonate(clean.pixels, look(clean), target, spec, twin, budget))
        saved = _frame(read_picture(out))

        def cosine(frame: Frame) -> float:
            probe = stage.embedder.embed_one(frame.pixels, crop_geometry(stage.crop_recipe, look(frame)), PLAIN)
            return float(probe.vector @ target)

        threshold = profile.match.alone[SECOND]
        result = {"eps": eps, "steps": steps, "clean_cosine": cosine(clean), "adversarial_cosine": cosine(saved)}
    values = {**result, "alone_threshold": threshold, "accepted": result["adversarial_cosine"] >= threshold}
    if as_json:
        print_json(values)
    else:
        for key, value in values.items():
            print(f"{key:20} {value}")
    if not values["accepted"]:
        raise typer.Exit(1)


def _frame(pixels: NDArray[np.uint8]) -> Frame:
    clock = SystemClock()
    return Frame(
        camera_id="redteam",
        seq=0,
        captured_ns=clock.monotonic_ns(),
        captured_utc=clock.utc(),
        pixels=pixels,
    )

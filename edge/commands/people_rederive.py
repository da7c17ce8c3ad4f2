"""``edge-gate people rederive``: occluded templates anew, of the pictures that were kept."""

from collections.abc import Mapping
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.commands.progress import rich_progress
from edge.daemon.assembly import read_profile
from edge.daemon.certificates_in_force import copies_of
from edge.daemon.models import Models, load_models
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError, TrustError, UsageError
from edge.domain.frame import Frame
from edge.domain.mask_family import families_of
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.occluded import OccludedCopies, masked_templates
from edge.pipeline.rederive import CropFaces
from edge.settings.load import load_settings
from edge.store.person import Person
from edge.store.state import State
from edge.vision.detect import FaceDetector


def rederive(
    subject: Annotated[str | None, typer.Argument(help="Name of the person. Default: everybody.")] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the templates that the certificate needs anew, of kept pictures; a line a person.

    For people enrolled before there were any, and after the profile's masks have changed. Whoever has no kept picture
    keeps what there is; then the command exits with 1.
    """
    settings = load_settings(config, state_dir=state)
    opened, _ = open_gate_state(settings)
    printer = Printer(as_json=as_json, columns={"subject": 32, "pictures": 8, "ok": 4, "detail": 60, "hint": 40})
    with opened, load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        asked = [p for p in opened.gallery.people() if subject in (None, p.label)]
        if subject is not None and not asked:
            raise UsageError(f"nobody is enrolled as {subject!r}", hint="see 'edge-gate people list'")
        maker = _Maker(opened, models, profile)
        faults = [_tried(maker, person, printer) for person in asked]
    if any(faults):
        raise typer.Exit(1)


def _tried(maker: "_Maker", person: Person, printer: Printer) -> bool:
    """Print what became of a person; return whether it failed. What is altered or broken ends the command."""
    try:
        maker.make(person)
    except TrustError:
        raise
    except EdgeError as error:
        if error.exit_code != 1:
            raise
        printer.record(_line(person, ok=False, detail=str(error), hint=error.hint))
        return True
    printer.record(_line(person, ok=True))
    return False


def _line(person: Person, *, ok: bool, detail: str = "", hint: str = "") -> dict[str, object]:
    return {"subject": person.label, "pictures": person.crops, "ok": ok, "detail": detail, "hint": hint}


class _Maker:
    """Makes and stores the templates of one person after the other."""

    def __init__(self, state: State, models: Models, profile: Profile) -> None:
        self._state = state
        self._bindings = models.bindings
        self._families = families_of(profile.certificates)
        self._copies: OccludedCopies = copies_of(models, profile)
        self._model = profile.screen_model
        self._faces = CropFaces(
            FaceDetector(models.detector, threshold=profile.detector_threshold),
            models.stage(self._model),
            profile.match.floors[self._model],
        )
        self._templates: Mapping[SubjectRef, NDArray[np.float32]] = {
            owner: vectors
            for owner, model, vectors in state.gallery.load_templates(models.bindings)
            if model == self._model
        }

    def make(self, person: Person) -> None:
        """Raise EdgeError where a person's kept pictures do not do; then nothing is changed."""
        if not person.crops:
            raise EdgeError("no pictures were kept", hint="erase this person and enroll them again")
        frames = [_frame(crop) for crop in self._state.gallery.crops(person.subject)]
        faces = self._faces.find(frames, self._templates[person.subject])
        pictures = [(frame.pixels, face) for frame, face in zip(frames, faces, strict=True)]
        made = masked_templates(self._copies, pictures, self._families, self._bindings)
        self._state.gallery.replace_masked(person.subject, made)


def _frame(crop: bytes) -> Frame:
    pixels = cv2.imdecode(np.frombuffer(crop, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        raise EdgeError("a kept picture cannot be read", hint="erase this person and enroll them again")
    clock = SystemClock()
    return Frame(
        camera_id="kept",
        seq=0,
        captured_ns=clock.monotonic_ns(),
        captured_utc=clock.utc(),
        pixels=pixels.astype(np.uint8, copy=False),
    )

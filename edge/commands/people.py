"""``edge-gate people``: enroll, list, show, erase; the rest of the group lies beside."""

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from edge.capture.source import Source, parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer, print_json
from edge.commands.people_keeping import accept, purge, rekey
from edge.commands.people_rederive import rederive
from edge.commands.people_transfer import export, import_people, make_transfer_key
from edge.commands.progress import rich_progress
from edge.commands.retention_terms import retention_terms
from edge.daemon.assembly import gallery_of, read_profile
from edge.daemon.certificates_in_force import copies_of
from edge.daemon.models import Models, load_models
from edge.daemon.profile_in_force import refuse_outgrown
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.consent import ConsentBasis
from edge.domain.embedding import Embedding
from edge.domain.enrollment import EnrollmentPicture, Refusal, RefusedPicture
from edge.domain.errors import EdgeError, PictureError, UsageError
from edge.domain.frame import Frame
from edge.domain.label import check_name, check_note
from edge.domain.mask_family import MaskFamily, families_of
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.domain.visible_text import visible
from edge.pipeline.enroll import Enrollment, PictureTaker, best_of_recording, vet
from edge.pipeline.occluded import masked_templates
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from edge.store.person import Person
from edge.store.state import State
from edge.vision.detect import FaceDetector

app = typer.Typer(help="Who the gate knows.", no_args_is_help=True)
app.command("rederive")(rederive)
app.command("purge")(purge)
app.command("rekey")(rekey)
app.command("accept")(accept)
app.command("make-key")(make_transfer_key)
app.command("export")(export)
app.command("import")(import_people)

_REFERENCE = re.compile(r"p-[0-9a-f]{32}")
NO_CONSENT = "not recorded here"
_LIVE_MOMENTS = 12  # about five seconds of a clear face
_ALL_MOMENTS = 10**6


@app.command("enroll")
def enroll(  # noqa: PLR0917 - what an enrollment is told
    subject: Annotated[str, typer.Argument(help="Name of the person, as operators see it. Stored encrypted.")],
    sources: Annotated[list[str], typer.Argument(help="Pictures, folders of pictures or videos of this one person.")],
    consent: Annotated[str, typer.Option(help="What the person agreed to, and where that is kept.")] = NO_CONSENT,
    basis: Annotated[
        ConsentBasis, typer.Option(help="What permits it; the names follow Article 9(2) GDPR.")
    ] = ConsentBasis.NOT_RECORDED,
    consented: Annotated[str | None, typer.Option(help="When consent was given, such as 2026-03-14.")] = None,
    retain_until: Annotated[
        str | None,
        typer.Option(help="When to erase them, such as 2027-03-14. Default: retention.default_days."),
    ] = None,
    discard_crops: Annotated[
        bool, typer.Option("--discard-crops", help="Keep templates alone, no pictures of the face.")
    ] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Enroll a person. Pictures that are not fit are refused, each with its reason; nothing is half enrolled."""
    check_name(subject)
    check_note(consent)
    settings = load_settings(config, state_dir=state)
    now = SystemClock().utc()
    terms = retention_terms(basis, consented, retain_until, now, default_days=settings.retention.default_days)
    parsed = [parse_source(text) for text in sources]
    opened, _ = open_gate_state(settings)
    with opened, load_models(settings.engine, progress=rich_progress()) as models:
        profile = read_profile(settings, models, environment="development")
        refuse_outgrown(opened.gallery.count() + 1, profile)
        result = _collect(parsed, models, profile, opened)
        if result.pictures:
            opened.gallery.enroll(
                label=subject,
                consent_note=consent,
                created=now,
                terms=terms,
                templates=_embeddings(result.pictures),
                crops=() if discard_crops else [_png(p.crop) for p in result.pictures],
                masked=masked_templates(
                    copies_of(models, profile),
                    [(p.crop, p.face) for p in result.pictures],
                    families_of(profile.certificates),
                    models.bindings,
                ),
            )
    _report(subject, result, as_json=as_json)
    if not result.pictures:
        raise typer.Exit(1)


@app.command("list")
def list_people(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List everybody who is enrolled."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    printer = Printer(as_json=as_json, columns={"subject": 32, "pictures": 8, "created": 20, "reference": 34})
    with opened:
        for person in opened.gallery.people():
            printer.record(_record(person))


@app.command("show")
def show(
    subject: Annotated[str, typer.Argument(help="Name of the person.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one person."""
    settings = load_settings(config, state_dir=state)
    opened, _ = open_gate_state(settings)
    with opened:
        person = next((p for p in opened.gallery.people() if p.label == subject), None)
    if person is None:
        raise _nobody(subject)
    values = _record(person) | {"certificates": certificates_served(person, settings)}
    if as_json:
        print_json(values)
        return
    for key, value in values.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{key:12} {visible(str(shown))}")


@app.command("erase")
def erase(
    subject: Annotated[str, typer.Argument(help="Name of the person, or their reference.")],
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Erase a person: their key is destroyed, so that copies of their templates and pictures stay closed too."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        reference = SubjectRef(subject) if _REFERENCE.fullmatch(subject) else opened.gallery.find(subject)
        if reference is None:
            raise _nobody(subject)
        opened.gallery.erase(reference)
    if as_json:
        print_json({"subject": subject, "erased": True})
    else:
        print(f"{visible(subject)} is erased")


def certificates_served(person: Person, settings: Settings) -> list[str]:
    """Return the certificates of the profile that a person has occluded templates for.

    Raises:
        ConfigError: there is no profile, or it is malformed.
        TrustError: it was altered.
    """
    profile = read_profile(settings, environment="development")
    return [c.name for c in profile.certificates if MaskFamily.of(c).digest in person.families]


def _record(person: Person) -> dict[str, Any]:
    return {
        "subject": person.label,
        "reference": person.subject,
        "created": person.created.isoformat(timespec="seconds"),
        "templates": person.templates,
        "pictures": person.crops,
        "consent": person.consent_note,
        "basis": person.terms.basis.value,
        "consented": _told(person.terms.consented),
        "retain_until": _told(person.terms.retain_until),
    }


def _told(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _collect(sources: Sequence[Source], models: Models, profile: Profile, opened: State) -> Enrollment:
    gallery = gallery_of(models, opened.gallery.load_templates(models.bindings))
    taker = PictureTaker(
        detector=FaceDetector(models.detector, threshold=profile.detector_threshold),
        stages=models.stages,
        profile=profile,
    )
    taken: list[EnrollmentPicture] = []
    refused: list[RefusedPicture] = []
    for source in sources:
        for found in _pictures(source, taker):
            if isinstance(found, EnrollmentPicture):
                taken.append(found)
            else:
                refused.append(found)
    vetted = vet(taken, gallery, profile)
    return Enrollment(vetted.pictures, (*refused, *vetted.refused))


def _pictures(source: Source, taker: PictureTaker) -> Iterator[EnrollmentPicture | RefusedPicture]:
    """Yield what a source gives: each still by itself, of a recording the best moments."""
    name = Path(source.location).name
    with CameraFeed(source, pace=_pace_of(source), clock=SystemClock()) as feed:
        if source.is_stills:
            for frame in _stills(feed):
                if isinstance(frame, RefusedPicture):
                    yield frame
                else:
                    yield taker.take(frame, feed.still_name or name)
        else:
            yield from best_of_recording(_frames(feed), taker, name, enough=_enough_of(source))


def _pace_of(source: Source) -> Pace:
    return Pace.REALTIME if source.is_device else Pace.FAST


def _enough_of(source: Source) -> int:
    return _LIVE_MOMENTS if source.is_live else _ALL_MOMENTS


def _stills(feed: CameraFeed) -> Iterator[Frame | RefusedPicture]:
    while True:
        try:
            frame = feed.next_frame(1_000)
        except PictureError as error:
            yield RefusedPicture(error.picture or feed.source.redacted, Refusal.UNREADABLE, str(error))
            continue
        if frame is Nothing.ENDED:
            return
        if isinstance(frame, Frame):
            yield frame


def _frames(feed: CameraFeed) -> Iterator[Frame]:
    while (frame := feed.next_frame(1_000)) is not Nothing.ENDED:
        if isinstance(frame, Frame):
            yield frame


def _embeddings(pictures: Sequence[EnrollmentPicture]) -> tuple[Embedding, ...]:
    return tuple(embedding for p in pictures for embedding in p.embeddings.values())


def _png(crop: NDArray[np.uint8]) -> bytes:
    is_written, data = cv2.imencode(".png", crop)
    if not is_written:
        raise EdgeError("an enrollment crop could not be encoded", hint="this is a defect of the gate: report it")
    return data.tobytes()


def _report(subject: str, result: Enrollment, *, as_json: bool) -> None:
    values = {
        "subject": subject,
        "templates": len(result.pictures),
        "refused": [{"source": r.source, "reason": r.reason.value, "detail": r.detail} for r in result.refused],
    }
    if as_json:
        print_json(values)
        return
    print(f"{subject}: {values['templates']} templates")
    for refusal in result.refused:
        detail = f" ({refusal.detail})" if refusal.detail else ""
        print(visible(f"  refused {refusal.source}: {refusal.reason.value.replace('_', ' ')}{detail}"))


def _nobody(subject: str) -> UsageError:
    return UsageError(f"nobody is enrolled as {subject!r}", hint="see 'edge-gate people list'")

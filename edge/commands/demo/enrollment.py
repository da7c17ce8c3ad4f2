"""Enrolls the demo's person as ``people enroll`` does: from a recording, vetted, into the encrypted gallery."""

from collections.abc import Iterator

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.commands.demo.scenes import ENROLLED_NAME, ENROLLMENT
from edge.commands.people_guard import guard_of
from edge.daemon.assembly import gallery_of
from edge.daemon.models import Models
from edge.domain.clock import Clock
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import EdgeError
from edge.domain.frame import Frame
from edge.domain.profile import Profile
from edge.pipeline.enroll import PictureTaker, best_of_recording, vet
from edge.recognition.gallery import Gallery
from edge.store.state import State
from edge.vision.detect import FaceDetector


def enroll_portrait(models: Models, profile: Profile, state: State, clock: Clock) -> int:
    """Enroll the portrait and return how many pictures of it became templates.

    Raises:
        EdgeError: no picture of it was fit, or a stage failed.
    """
    taker = PictureTaker(
        detector=FaceDetector(models.detector, threshold=profile.detector_threshold),
        stages=models.stages,
        profile=profile,
    )
    with CameraFeed(parse_source(ENROLLMENT), pace=Pace.FAST, clock=clock) as feed:
        found = best_of_recording(_frames(feed), taker, "portrait")
    taken = [picture for picture in found if isinstance(picture, EnrollmentPicture)]
    nobody = Gallery(models.bindings, {})
    pictures = guard_of(models).judge(vet(taken, nobody, profile).pictures, nobody, profile.match).fit
    if not pictures:
        raise EdgeError("the demo's portrait cannot be enrolled", hint="run 'edge-gate engines verify'")
    state.gallery.enroll(
        label=ENROLLED_NAME,
        consent_note="public-domain portrait, see the demo's folder of portraits",
        created=clock.utc(),
        templates=[embedding for picture in pictures for embedding in picture.embeddings.values()],
    )
    return len(pictures)


def enrolled_gallery(models: Models, state: State) -> Gallery:
    """Return the gallery of everybody in ``state``.

    Raises:
        TrustError: a stored template does not open or is bound to another model.
    """
    return gallery_of(models, state.gallery.load_templates(models.bindings))


def _frames(feed: CameraFeed) -> Iterator[Frame]:
    while (frame := feed.next_frame(1_000)) is not Nothing.ENDED:
        if isinstance(frame, Frame):
            yield frame

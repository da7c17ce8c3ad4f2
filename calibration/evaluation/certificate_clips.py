"""Clips of a few people against the certificate: do consecutive frames of a camera pass? A smoke test, never a bound.

Each person is enrolled with five moments of their first clip; every frame of their other clips is a picture, three in
a row are a visit. People are too few for a bound, so that nobody comes as an impostor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.certificate.columns import FIXED
from calibration.certificate.rows import FRAMES, CertificateRow
from calibration.certificate.survey import Occludes, masks_of
from calibration.certificate.trials import Trials
from calibration.evaluation.clips import Clip
from calibration.pictures.faces import FacePicture, alignable_face
from calibration.statistics.intervals import Interval
from calibration.statistics.score_set import TEMPLATES
from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.domain.certificate import Alignment, Certificate, Mask
from edge.domain.clock import SystemClock
from edge.domain.errors import UsageError
from edge.domain.frame import Frame
from edge.domain.mask_family import columns_of
from edge.vision.color import BgrConverter
from edge.vision.detect import FaceDetector
from engines.progress import Progress

Rows = NDArray[np.float32]

_NOBODY = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class WatchedClip:
    """The occluded copies of a clip's faces.

    Attributes:
        clip: which.
        rows: float32 (frames, masks, d), in order; frames without a face are left out.
    """

    clip: Clip
    rows: Rows


class ClipWatcher:
    """Occludes every frame of clips.

    Args:
        detector: finds faces.
        occluded: embeds copies.
        progress: shown meanwhile.
    """

    def __init__(self, detector: FaceDetector, occluded: Occludes, progress: Progress) -> None:
        self._detector = detector
        self._occluded = occluded
        self._progress = progress
        self._converter = BgrConverter()

    def watch(self, clips: Sequence[Clip], masks: Sequence[Mask]) -> Iterator[WatchedClip]:
        """Yield every clip's copies.

        Raises:
            UsageError: a clip shows nobody.
            EdgeError: a clip cannot be read, an engine failed, or the cache cannot be written.
        """
        self._progress.start("occluding clips", len(clips))
        try:
            for done, clip in enumerate(clips, start=1):
                rows = [self._occluded.moved(picture, masks) for picture in self._faces(clip)]
                if not rows:
                    raise UsageError(f"{clip.file} shows no face", hint="use clips with one clear face")
                yield WatchedClip(clip, np.stack(rows))
                self._progress.advance(done)
        finally:
            self._progress.finish()

    def _faces(self, clip: Clip) -> Iterator[FacePicture]:
        with CameraFeed(parse_source(str(clip.file)), pace=Pace.FAST, clock=SystemClock()) as feed:
            while (frame := feed.next_frame(1_000)) is not Nothing.ENDED:
                picture = self._face(frame, clip) if isinstance(frame, Frame) else None
                if picture is not None:
                    yield picture

    def _face(self, frame: Frame, clip: Clip) -> FacePicture | None:
        bgr = self._converter.convert(frame)
        face = alignable_face(self._detector, bgr)
        return None if face is None else FacePicture(clip.file, bgr, face, {})


def clip_rows(every: Sequence[Certificate], clips: Sequence[Clip], watcher: ClipWatcher) -> Iterator[CertificateRow]:
    """Yield a row a certificate and number of frames: how many pictures and visits of everybody's other clips pass.

    Certificates that look for the face again are left out. Intervals are over clips, of which few people made many.

    Raises:
        UsageError: a clip shows nobody, or nobody has a second clip.
        EdgeError: a clip cannot be read, an engine failed, or the cache cannot be written.
    """
    given = [certificate for certificate in every if certificate.alignment is Alignment.GIVEN]
    masks = masks_of(given).get(Alignment.GIVEN, ())
    enrolling = {clip.person: clip for clip in reversed(clips)}
    if len(enrolling) == len(clips):
        raise UsageError("nobody has a second clip", hint="list two clips a person at least in --people")
    watched = tuple(watcher.watch(clips, masks)) if given else ()
    for certificate in given:
        yield from _rows(certificate, watched, enrolling, columns_of(masks, certificate.masks))


def _rows(
    certificate: Certificate, watched: Sequence[WatchedClip], enrolling: dict[str, Clip], own: Sequence[int]
) -> Iterator[CertificateRow]:
    templates = {
        seen.clip.person: certificate.template(_moments(seen.rows[:, own]))
        for seen in watched
        if enrolling[seen.clip.person] == seen.clip
    }
    visits = [seen for seen in watched if enrolling[seen.clip.person] != seen.clip]
    scores = [certificate.scores(templates[seen.clip.person], seen.rows[:, own]) for seen in visits]
    passed = certificate.holds(np.concatenate(scores)).all(axis=1).reshape(1, -1)
    frames = Trials(passed, np.ones_like(passed), np.repeat(np.arange(len(visits)), [len(s) for s in scores]))
    for needed in FRAMES:
        came = frames if needed == "1" else frames.visits()
        tar = came.rate()
        yield CertificateRow(
            certificate=certificate.name,
            group="any",
            masks=len(certificate.masks),
            alignment=FIXED,
            gallery=1,
            frames=needed,
            aim=None,
            bound=_NOBODY,
            bound_ci95=Interval(_NOBODY, _NOBODY),
            impostors=0,
            tar=tar.value,
            tar_ci95=tar.ci95,
            genuine=came.count,
        )


def _moments(rows: Rows) -> Rows:
    """Return five rows at most, evenly over the clip."""
    moments: Rows = rows[np.unique(np.linspace(0, len(rows) - 1, TEMPLATES).round().astype(int))]
    return moments

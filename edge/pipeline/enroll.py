"""From pictures or a video to an enrollment: one clear face each, all of one person, of nobody enrolled already."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.enrollment import EnrollmentPicture, Refusal, RefusedPicture
from edge.domain.face import Box, Face
from edge.domain.frame import Frame
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.verify import ModelStage
from edge.recognition.gallery import MEDIAN_SLACK, Gallery
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.color import BgrConverter
from edge.vision.detect import FaceDetector
from edge.vision.quality import measure
from engines.render.spec import PLAIN

PICTURES_OF_A_RECORDING = 5

_MOMENT_NS = 400_000_000  # pictures closer in time than this are nearly the same picture
_MOST_MOMENTS = 300  # two minutes
_MARGIN = 2.0  # the kept crop is the face box enlarged so many times: room for any recipe
_OTHER_FACE_SHARE = 0.25  # a face in the background may be so large, by area, compared with the enrolled one


class PictureTaker:
    """Turns a frame into an enrollment picture, or says why not.

    Args:
        detector: finds faces.
        stages: all recognizers.
        profile: limits of the quality gate.
    """

    def __init__(self, *, detector: FaceDetector, stages: Sequence[ModelStage], profile: Profile) -> None:
        self._detector = detector
        self._stages = tuple(stages)
        self._quality = profile.quality
        self._converter = BgrConverter()

    def take(self, frame: Frame, source: str) -> EnrollmentPicture | RefusedPicture:
        """Return the picture of the one clear face in a frame, or a refusal with its reason.

        Raises:
            EdgeError: an engine failed or the frame cannot be converted.
        """
        bgr = self._converter.convert(frame)
        faces = self._detector.find(bgr)
        if not faces:
            return RefusedPicture(source, Refusal.NO_FACE)
        face = faces[0]
        if any(other.box.area > _OTHER_FACE_SHARE * face.box.area for other in faces[1:]):
            return RefusedPicture(source, Refusal.SEVERAL_FACES)
        quality = measure(bgr, face, self._quality)
        if not quality.is_good:
            return RefusedPicture(source, Refusal(quality.issues[0].value))
        crop, moved = _cut(bgr.pixels, face)
        try:
            embeddings = {
                s.model_id: s.embedder.embed_one(crop, crop_geometry(s.crop_recipe, moved), PLAIN)
                for s in self._stages
            }
        except AlignmentError:
            return RefusedPicture(source, Refusal.TURNED_AWAY)
        return EnrollmentPicture(source=source, crop=crop, face=moved, quality=quality, embeddings=embeddings)


class TakesPictures(Protocol):
    """Turns a frame into an enrollment picture; :class:`PictureTaker`."""

    def take(self, frame: Frame, source: str) -> EnrollmentPicture | RefusedPicture:
        """Return the picture of a frame, or why there is none."""
        ...


def best_of_recording(
    frames: Iterable[Frame], taker: TakesPictures, source: str, *, enough: int = _MOST_MOMENTS
) -> tuple[EnrollmentPicture, ...] | tuple[RefusedPicture]:
    """Return the best pictures of a recording: one of each moment, then the moments spread evenly over it.

    A recording without a single good picture is refused with the reason of most of its frames.

    Args:
        frames: in order.
        taker: makes pictures of them.
        source: name of the recording, for messages.
        enough: stop after so many good moments: a live camera has no end.
    """
    best: dict[int, EnrollmentPicture] = {}
    reasons: Counter[Refusal] = Counter()
    start_ns: int | None = None
    for frame in frames:
        start_ns = frame.captured_ns if start_ns is None else start_ns
        moment = (frame.captured_ns - start_ns) // _MOMENT_NS
        if moment >= _MOST_MOMENTS or (len(best) >= enough and moment not in best):
            break
        found = taker.take(frame, f"{source}#{frame.seq}")
        if isinstance(found, RefusedPicture):
            reasons[found.reason] += 1
        elif moment not in best or _clarity(found) > _clarity(best[moment]):
            best[moment] = found
    if not best:
        return (RefusedPicture(source, reasons.most_common(1)[0][0] if reasons else Refusal.NO_FACE),)
    moments = sorted(best)
    chosen = {moments[round(i)] for i in np.linspace(0, len(moments) - 1, min(len(moments), PICTURES_OF_A_RECORDING))}
    return tuple(best[moment] for moment in sorted(chosen))


def _clarity(picture: EnrollmentPicture) -> float:
    return picture.quality.sharpness * (1.0 - min(1.0, abs(picture.quality.yaw_ratio)))


@dataclass(frozen=True, slots=True)
class Enrollment:
    """Pictures fit to enroll, and the ones refused with their reasons."""

    pictures: tuple[EnrollmentPicture, ...]
    refused: tuple[RefusedPicture, ...]


def vet(pictures: Sequence[EnrollmentPicture], gallery: Gallery, profile: Profile) -> Enrollment:
    """Keep the pictures that show one person, who is nobody in the gallery.

    A picture whose median fused score to the others, with the slack that a score has, is below the match threshold
    does not belong. Of two pictures that do not match, neither can be trusted.
    """
    refused: list[RefusedPicture] = []
    kept: list[EnrollmentPicture] = []
    for picture in pictures:
        if _duplicate_of(picture, gallery, profile) is None:
            kept.append(picture)
        else:
            refused.append(RefusedPicture(picture.source, Refusal.DUPLICATE))
    alike = [p for i, p in enumerate(kept) if _is_like(p, [*kept[:i], *kept[i + 1 :]], profile)]
    refused += [RefusedPicture(p.source, Refusal.NOT_LIKE_THE_OTHERS) for p in kept if p not in alike]
    return Enrollment(tuple(alike), tuple(refused))


def _duplicate_of(picture: EnrollmentPicture, gallery: Gallery, profile: Profile) -> SubjectRef | None:
    """Return who in the gallery this picture shows, by the fused score against the screening model's candidate."""
    found = gallery.search(picture.embeddings[profile.screen_model])
    if found is None:
        return None
    match = gallery.compare(found[0], picture.embeddings.values(), profile.match)
    return match.subject if match.fused >= profile.duplicate_threshold else None


def _is_like(picture: EnrollmentPicture, others: Sequence[EnrollmentPicture], profile: Profile) -> bool:
    if not others:
        return True
    scores = [
        profile.match.fuse({m: float(e.vector @ other.embeddings[m].vector) for m, e in picture.embeddings.items()})
        for other in others
    ]
    return float(np.median(scores)) + MEDIAN_SLACK >= profile.match.threshold


def _cut(pixels: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.uint8], Face]:
    """Return the face with margin, copied out of the frame, and the face in the copy's coordinates."""
    (center_x, center_y), half = face.box.center, _MARGIN * max(face.box.width, face.box.height) / 2
    left, top = max(0, int(center_x - half)), max(0, int(center_y - half))
    right, bottom = int(center_x + half) + 1, int(center_y + half) + 1
    crop = pixels[top:bottom, left:right].copy()
    box = Box(face.box.x - left, face.box.y - top, face.box.width, face.box.height)
    return crop, replace(face, box=box, landmarks=face.landmarks - np.array([left, top], np.float32))

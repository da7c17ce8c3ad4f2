"""The gallery of a benchmark: the clip's own person, and others who are nobody, so that the search is a real one."""

import numpy as np

from edge.commands.bench_clip import Clip
from edge.commands.bench_gate import BenchModels
from edge.daemon.certificates_in_force import copies_of
from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.match import SubjectRef
from edge.domain.profile import Profile
from edge.pipeline.enroll import PictureTaker, best_of_recording
from edge.pipeline.occluded import templates_of_pictures
from edge.recognition.gallery import FloatArray, Gallery, Template
from edge.vision.detect import FaceDetector

OWN = SubjectRef("own")
OTHERS = 79

_TEMPLATES_EACH = 5
_MOST_LOOKED_AT = 20  # enrolling is not what is timed: a frame in a while is enough


def bench_gallery(clip: Clip, models: BenchModels, profile: Profile) -> Gallery:
    """Return a gallery of the clip's own person, enrolled as the gate would, and 79 random others.

    Raises:
        UsageError: no frame shows one clear face.
        EdgeError: a stage failed.
    """
    detector = FaceDetector(models.detector, threshold=profile.detector_threshold)
    taker = PictureTaker(detector=detector, stages=models.stages, profile=profile)
    looked_at = clip.frames[:: max(1, len(clip.frames) // _MOST_LOOKED_AT)]
    found = best_of_recording(looked_at, taker, clip.name)
    pictures = [picture for picture in found if isinstance(picture, EnrollmentPicture)]
    if not pictures:
        raise UsageError(f"no frame of {clip.name} shows one clear face", hint="try another recording")
    ids = [stage.model_id for stage in models.stages]
    own = {model: Template.from_vectors(np.stack([p.embeddings[model].vector for p in pictures])) for model in ids}
    shown = [(picture.crop, picture.face) for picture in pictures]
    occluded = {OWN: templates_of_pictures(copies_of(models, profile), shown, profile.certificates)}
    rng = np.random.default_rng(0)
    others = {
        SubjectRef(f"other-{number}"): {model: _nobody(own[model].centroid.size, rng) for model in ids}
        for number in range(OTHERS)
    }
    return Gallery(
        {stage.model_id: stage.embedder.binding for stage in models.stages}, {OWN: own, **others}, occluded
    )


def _nobody(dimension: int, rng: np.random.Generator) -> Template:
    """Return a template of random unit vectors that lie about as near to each other as pictures of one person."""
    center = rng.normal(size=dimension)
    rows = center + rng.normal(scale=0.8, size=(_TEMPLATES_EACH, dimension))
    vectors: FloatArray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return Template.from_vectors(vectors)

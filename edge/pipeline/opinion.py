"""A second opinion on an unknown face, once an attempt: does the other model, by itself, know this person well?

Screening asks one model. A picture made to fool the other would pass as an unknown person; here it is seen for what
it is, two models that disagree. The answer can only deny.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge.defenses.base import Check, finding_of
from edge.domain.assessment import Assessment
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.pipeline.verify import ModelStage
from edge.recognition.gallery import Gallery
from edge.vision.align import crop_geometry
from engines.render.spec import PLAIN

NAME = "second-opinion"


class SecondOpinion:
    """Asks the model that screening does not use.

    Args:
        model: that model.
        alone_threshold: score from which it would name a person by itself; from the profile.
    """

    def __init__(self, *, model: ModelStage, alone_threshold: float) -> None:
        self._model = model
        self._threshold = alone_threshold

    def was_asked(self, assessments: Iterable[Assessment]) -> bool:
        """Whether this attempt already had its second opinion."""
        return any(f.defense == NAME for a in assessments for f in a.findings)

    def ask(self, pixels: NDArray[np.uint8], face: Face, gallery: Gallery) -> Finding:
        """Return PASS when this model does not know the face either, FAIL when it does.

        Args:
            pixels: as :meth:`Embedder.embed` takes them.
            face: the face in them.
            gallery: who is enrolled.

        Raises:
            RecognitionError: the engine failed.
            TrustError: the gallery belongs to another model, recipe or precision class.
        """
        probe = self._model.embedder.embed_one(pixels, crop_geometry(self._model.crop_recipe, face), PLAIN)
        best = gallery.search(probe)
        score = best[1] if best is not None else -1.0
        return finding_of(NAME, [Check(f"{self._model.model_id} alone", score, self._threshold, is_floor=False)])

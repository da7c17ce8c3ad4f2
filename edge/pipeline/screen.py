"""The cheap pass on every frame: is the face good enough, and whom does it resemble?"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.domain.embedding import Embedding
from edge.domain.face import Face
from edge.domain.match import Match
from edge.domain.profile import Profile
from edge.recognition.embed import Embedder
from edge.recognition.gallery import Gallery
from edge.vision.align import crop_geometry
from engines.render.spec import PLAIN


@dataclass(frozen=True, slots=True)
class Screening:
    """What screening found.

    Attributes:
        probe: the face's embedding, of the screening model.
        match: the best candidate; None when nobody of the gallery comes near.
    """

    probe: Embedding
    match: Match | None


class Screener:
    """Names the best candidate of one model, or nobody.

    Args:
        embedder: the screening model.
        crop_recipe: how that model's crop is cut.
        profile: its ``screen_threshold`` decides who is a candidate.
    """

    def __init__(self, *, embedder: Embedder, crop_recipe: str, profile: Profile) -> None:
        self._embedder = embedder
        self._crop_recipe = crop_recipe
        self._threshold = profile.screen_threshold

    def screen(self, pixels: NDArray[np.uint8], face: Face, gallery: Gallery) -> Screening:
        """Return the face's embedding and the best candidate of the gallery.

        Args:
            pixels: as :meth:`Embedder.embed` takes them.
            face: the face in them.
            gallery: who is enrolled.

        Raises:
            RecognitionError: the engine failed.
            TrustError: the gallery belongs to another model, recipe or precision class.
        """
        probe = self._embedder.embed_one(pixels, crop_geometry(self._crop_recipe, face), PLAIN)
        best = gallery.search(probe)
        if best is None or not best[1] >= self._threshold:
            return Screening(probe, None)
        subject, score = best
        return Screening(probe, Match(subject=subject, fused=score, per_model={probe.binding.model_id: score}))

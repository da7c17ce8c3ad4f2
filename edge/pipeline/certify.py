"""The certificate of one would-be grant: the copies of this very frame against the candidate's own."""

import numpy as np
from numpy.typing import NDArray

from edge.defenses.base import error_finding
from edge.defenses.occlude import Occlude
from edge.domain.certificate import Alignment
from edge.domain.face import Face
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.pipeline.occluded import OccludedCopies
from edge.recognition.gallery import Gallery
from edge.vision.align import crop_geometry
from edge.vision.occlusion import DILATION_PX, is_within_dilation, spread_px


class Certifier:
    """Asks for the certificate of a face.

    Args:
        defense: the certificates in force.
        copies: makes and embeds occluded copies; used by no other thread.
        recipes: how each model's crop is cut, by model id.
    """

    def __init__(self, defense: Occlude, copies: OccludedCopies, recipes: dict[str, str]) -> None:
        self._defense = defense
        self._copies = copies
        self._recipes = dict(recipes)

    def certify(self, pixels: NDArray[np.uint8], face: Face, candidate: SubjectRef, gallery: Gallery) -> Finding:
        """Return the finding for a face in a BGR frame, uint8 (h, w, 3), against one candidate.

        Raises:
            RecognitionError: an engine failed.
            DetectionError: the detector failed.
        """
        templates = gallery.occluded(candidate)
        if self._defense.lacking(templates):
            return self._defense.judge({}, templates)
        for family in self._defense.families:
            crop = crop_geometry(self._recipes[family.model_id], face)
            if family.alignment is Alignment.GIVEN and not is_within_dilation(crop):
                return error_finding(self._defense.name, f"too small a face: {_reach(spread_px(crop))}")
        return self._defense.judge(self._copies.rows(pixels, face, self._defense.families), templates)


def _reach(spread: float) -> str:
    return f"a pixel of it reaches {spread:.1f} px of the crop, and {DILATION_PX} are certified"

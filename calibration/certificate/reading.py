"""Occluded copies of faces, embedded: a row a mask, at the alignment found or at one that an attacker reached."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.pictures.embedding_cache import EmbeddingCache
from calibration.pictures.faces import FacePicture, reading_recipe
from edge.daemon.models import Models
from edge.domain.certificate import Alignment, Mask
from edge.domain.mask_family import MaskFamily
from edge.pipeline.occluded import OccludedCopies
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from edge.vision.occlusion import views_of
from engines.render.spec import CropGeometry

Rows = NDArray[np.float32]
Move = NDArray[np.float64]
"""(2, 3), pixels of a moved crop to pixels of the crop as found; from pixel centers."""

UNMOVED: Move = np.eye(2, 3)


class OccludedReader:
    """Embeds the occluded copies of faces that were found already.

    Args:
        models: active engines.
        model_id: the recognizer that looks at occluded copies.
        detector_threshold: least face score, where the face is looked for again.
        cache: where rows are kept and found again; None = nowhere.
    """

    def __init__(
        self, models: Models, model_id: str, *, detector_threshold: float, cache: EmbeddingCache | None = None
    ) -> None:
        self._stage = models.stage(model_id)
        self._copies = OccludedCopies((self._stage,), FaceDetector(models.detector, threshold=detector_threshold))
        self._cache = cache
        self._recipe = {"detector": [*models.detector.input_shape, detector_threshold], **reading_recipe(models)}

    def moved(self, picture: FacePicture, masks: Sequence[Mask], move: Move = UNMOVED) -> Rows:
        """Return the rows where the crop was cut out moved; float32 (masks, d), unit rows.

        Raises:
            RecognitionError: the engine failed.
            StoreError: the cache cannot be written.
        """
        found = crop_geometry(self._stage.crop_recipe, picture.face)
        crop = CropGeometry.from_matrix(_composed(found.matrix, move))
        views = views_of(masks)
        recipe = {"moved": np.round(move, 6).tolist(), "views": [repr(view) for view in views]}
        return self._kept(picture, recipe, lambda: self._stage.embedder.embed(picture.frame.pixels, crop, views))

    def realigned(self, picture: FacePicture, masks: Sequence[Mask]) -> Rows:
        """Return the rows where each mask was painted into the frame and the face looked for again.

        Returns:
            float32 (masks, d), unit rows; a row of NaN where the face was not found again.

        Raises:
            EdgeError: an engine failed.
            StoreError: the cache cannot be written.
        """
        recipe = {"realigned": True, "views": [repr(view) for view in views_of(masks)]}
        family = MaskFamily(model_id=self._stage.model_id, alignment=Alignment.REALIGNED, masks=tuple(masks))
        return self._kept(
            picture, recipe, lambda: self._copies.rows(picture.frame.pixels, picture.face, (family,))[family]
        )

    def _kept(self, picture: FacePicture, recipe: Mapping[str, Any], compute: Any) -> Rows:
        if self._cache is None:
            rows: Rows = compute()
            return rows
        key = EmbeddingCache.key(picture.frame.pixels, {**self._recipe, "of": self._stage.model_id, **recipe})
        kept = self._cache.find(key)
        if kept is None or "rows" not in kept:
            kept = {"rows": compute()}
            self._cache.keep(key, kept)
        found: Rows = kept["rows"]
        return found


def jitters(*, shift_px: float = 2.0, rotation_degrees: float = 3.0, side_px: int = 112) -> tuple[Move, ...]:
    """Return the moves at the corners of what an aligner may waver by: shifts and turns about the center."""
    middle = (side_px - 1) / 2
    moves = []
    for across in (-shift_px, shift_px):
        for down in (-shift_px, shift_px):
            for turn in (-rotation_degrees, rotation_degrees):
                cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
                x = middle - cosine * middle + sine * middle + across
                y = middle - sine * middle - cosine * middle + down
                moves.append(np.array([[cosine, -sine, x], [sine, cosine, y]]))
    return tuple(moves)


def _composed(matrix: NDArray[np.float64], move: Move) -> NDArray[np.float64]:
    product: NDArray[np.float64] = matrix @ np.vstack([move, [0.0, 0.0, 1.0]])
    return product

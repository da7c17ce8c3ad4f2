"""Occluded copies of one face, embedded: at the door, at enrollment and for measuring alike."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.domain.certificate import Alignment, Certificate, Mask
from edge.domain.embedding import Binding
from edge.domain.errors import TrustError
from edge.domain.face import Face
from edge.domain.frame import Frame
from edge.domain.mask_family import MaskFamily, columns_of, distinct_masks, families_of
from edge.domain.masked_template import MaskedTemplate
from edge.pipeline.verify import ModelStage
from edge.vision.align import AlignmentError, crop_geometry
from edge.vision.detect import FaceDetector
from edge.vision.occlusion import Painter, views_of
from engines.catalog import find_spec
from engines.render.spec import PLAIN, CropGeometry

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]

_NO_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class OccludedCopies:
    """Makes and embeds them. Not thread-safe: it owns a detector, and memory for painted frames.

    Args:
        stages: recognizers that look at copies.
        detector: finds the face again where a mask was painted into the frame; its engine is used by no other thread.
    """

    def __init__(self, stages: Iterable[ModelStage], detector: FaceDetector) -> None:
        self._stages = {stage.model_id: stage for stage in stages}
        self._detector = detector
        self._painter = Painter()

    def rows(self, pixels: Pixels, face: Face, families: Sequence[MaskFamily]) -> dict[MaskFamily, Rows]:
        """Return the copies of a face that some families ask for; what two of them hide alike is embedded once.

        Args:
            pixels: uint8 BGR frame (h, w, 3).
            face: the face in it.
            families: what to hide, and how.

        Returns:
            float32 (masks, d) unit rows by family; a row of NaN where the face was not found again.

        Raises:
            AlignmentError: the face's own landmarks fit no face.
            EdgeError: an engine failed.
            KeyError: a family's model does not run.
        """
        asked: dict[tuple[str, Alignment], list[Mask]] = {}
        for family in families:
            asked.setdefault((family.model_id, family.alignment), []).extend(family.masks)
        hidden = {key: distinct_masks(masks) for key, masks in asked.items()}
        made = {key: self._embedded(pixels, face, *key, masks) for key, masks in hidden.items()}
        rows: dict[MaskFamily, Rows] = {}
        for family in families:
            key = family.model_id, family.alignment
            rows[family] = made[key][columns_of(hidden[key], family.masks)]
        return rows

    def _embedded(
        self, pixels: Pixels, face: Face, model_id: str, alignment: Alignment, masks: Sequence[Mask]
    ) -> Rows:
        stage = self._stages[model_id]
        match alignment:
            case Alignment.GIVEN:
                crop = crop_geometry(stage.crop_recipe, face)
                return stage.embedder.embed(pixels, crop, views_of(masks))
            case Alignment.REALIGNED:
                return np.stack([self._again(pixels, face, stage, mask) for mask in masks])

    def _again(self, pixels: Pixels, face: Face, stage: ModelStage, mask: Mask) -> Rows:
        """Return the row of a copy that was painted into the frame, float32 (d,), from wherever the face is then."""
        crop = crop_geometry(stage.crop_recipe, face)
        painted = self._painter.painted(pixels, crop, mask, side_px=find_spec(stage.model_id).input.side)
        again = self._found_again(painted, face, stage)
        if again is None:
            return np.full(stage.embedder.dimensions, np.nan, np.float32)
        row: Rows = stage.embedder.embed(painted, again, (PLAIN,))[0]
        return row

    def _found_again(self, painted: Pixels, face: Face, stage: ModelStage) -> CropGeometry | None:
        found = nearest_face(self._detector.find(_as_frame(painted, face.frame_seq)), face)
        try:
            return None if found is None else crop_geometry(stage.crop_recipe, found)
        except AlignmentError:
            return None


def nearest_face(faces: Iterable[Face], to: Face) -> Face | None:
    """Return the face whose center is nearest to another's, no further than half of that one's size; or None."""
    x, y = to.box.center

    def far_px(face: Face) -> float:
        return math.hypot(face.box.center[0] - x, face.box.center[1] - y)

    reach_px = max(to.box.width, to.box.height) / 2
    return min((face for face in faces if far_px(face) < reach_px), key=far_px, default=None)


def masked_templates(
    copies: OccludedCopies,
    pictures: Iterable[tuple[Pixels, Face]],
    families: Sequence[MaskFamily],
    bindings: Mapping[str, Binding],
) -> list[MaskedTemplate]:
    """Return what is stored of the occluded copies of one person's enrollment pictures, in their order.

    Args:
        copies: makes them.
        pictures: uint8 BGR (h, w, 3) and the face in each.
        families: all that may ever be asked for.
        bindings: of the models, by model id.

    Raises:
        EdgeError: as :meth:`OccludedCopies.rows`.
    """
    return [
        MaskedTemplate(binding=bindings[family.model_id], family=family.digest, picture=number, vectors=rows)
        for number, (pixels, face) in enumerate(pictures)
        for family, rows in copies.rows(pixels, face, families).items()
    ]


def certificate_templates(
    certificates: Iterable[Certificate], rows: Mapping[MaskFamily, Rows]
) -> dict[str, NDArray[np.float64]]:
    """Return a person's template of every certificate whose copies are there, float64 (masks, d) by its name.

    Args:
        certificates: those in force.
        rows: float32 (pictures, masks, d) by family.

    Raises:
        TrustError: copies have another length than the certificate's model gives.
    """
    templates = {}
    for certificate in certificates:
        own = rows.get(MaskFamily.of(certificate))
        if own is None:
            continue
        if own.shape[1:] != certificate.centers.shape:
            raise TrustError(
                f"occluded templates {own.shape[1:]} do not fit the certificate {certificate.name}",
                hint="make them anew: 'edge-gate people rederive', or erase and enroll these people again",
            )
        templates[certificate.name] = certificate.template(own)
    return templates


def templates_of_pictures(
    copies: OccludedCopies, pictures: Iterable[tuple[Pixels, Face]], certificates: Sequence[Certificate]
) -> dict[str, NDArray[np.float64]]:
    """Return a person's template of every certificate, of enrollment pictures that are at hand; nothing is stored.

    Args:
        copies: makes the occluded copies.
        pictures: at least one: uint8 BGR (h, w, 3) and the face in it.
        certificates: those in force.

    Raises:
        EdgeError: as :meth:`OccludedCopies.rows` and :func:`certificate_templates`.
    """
    families = families_of(certificates)
    every = [copies.rows(pixels, face, families) for pixels, face in pictures]
    return certificate_templates(
        certificates, {family: np.stack([rows[family] for rows in every]) for family in families}
    )


def _as_frame(pixels: Pixels, seq: int) -> Frame:
    """Return painted pixels in the form that a detector takes."""
    return Frame(camera_id="painted", seq=seq, captured_ns=0, captured_utc=_NO_TIME, pixels=pixels)

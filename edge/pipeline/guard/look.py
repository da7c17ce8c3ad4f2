"""Shows an enrollment picture to both models once more: as it is, smoothed, and with parts of the face hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.domain.enrollment import EnrollmentPicture
from edge.pipeline.guard.views import HIDDEN, SQUEEZED
from edge.pipeline.verify import ModelStage
from edge.vision.align import crop_geometry
from engines.render.spec import PLAIN

Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What both models see of one picture, by model id.

    Attributes:
        plain: float32 (d,) unit rows.
        squeezed: float32 (d,) unit rows of the smoothed picture.
        hidden: float32 (masks, d) unit rows, in the order of ``HIDDEN``.
    """

    plain: Mapping[str, Rows]
    squeezed: Mapping[str, Rows]
    hidden: Mapping[str, Rows]

    @property
    def is_finite(self) -> bool:
        """Whether every number is one."""
        parts = (self.plain, self.squeezed, self.hidden)
        return all(bool(np.isfinite(rows).all()) for part in parts for rows in part.values())


class Looks(Protocol):
    """Looks at enrollment pictures; :class:`Looker`."""

    def look(self, picture: EnrollmentPicture) -> Look:
        """Return what is seen.

        Raises:
            EdgeError: an engine failed.
        """
        ...


class Looker:
    """Looks with the models that serve, at the crop that would be kept.

    Args:
        stages: all recognizers.
    """

    def __init__(self, stages: Sequence[ModelStage]) -> None:
        self._stages = tuple(stages)

    def look(self, picture: EnrollmentPicture) -> Look:
        """Return what is seen of a picture.

        Raises:
            AlignmentError: the face's landmarks fit no face.
            RecognitionError: an engine failed.
        """
        rows = {
            stage.model_id: stage.embedder.embed(
                picture.crop, crop_geometry(stage.crop_recipe, picture.face), (PLAIN, SQUEEZED, *HIDDEN)
            )
            for stage in self._stages
        }
        return Look(
            plain={model: found[0] for model, found in rows.items()},
            squeezed={model: found[1] for model, found in rows.items()},
            hidden={model: found[2:] for model, found in rows.items()},
        )

"""One thing that an attacker tries: whose face, before which camera, to be taken for whom or for nobody."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from edge.domain.face import Face
from edge.domain.match import SubjectRef


class Goal(StrEnum):
    """What the attacker wants of the gate."""

    IMPERSONATION = "impersonation"
    DODGING = "dodging"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """An attacker before the camera.

    Attributes:
        scene_id: unique and stable, names both pictures.
        goal: to open the door as the victim, or to be refused although enrolled.
        pixels: uint8 BGR (h, w, 3), the clean frame.
        face: the attacker's face in it.
        victim: whom to be taken for; when dodging, the attacker's own reference.
        wanted: float32 (d,) unit vectors by model id: what the attacker believes the victim's embedding to be, made
            of pictures that are not enrolled (gray box: nobody outside knows the templates).
        templates: float32 (d,) unit vectors by model id: the victim's enrolled centroids.
        wanted_occluded: float64 (masks, d) by name of certificate in force: the same of the victim's occluded copies.
        templates_occluded: the victim's enrolled ones.
        victim_picture: uint8 BGR (h, w, 3), one of the pictures that the attacker has of the victim.
    """

    scene_id: str
    goal: Goal
    pixels: NDArray[np.uint8]
    face: Face
    victim: SubjectRef
    wanted: Mapping[str, NDArray[np.float32]]
    templates: Mapping[str, NDArray[np.float32]]
    victim_picture: NDArray[np.uint8]
    wanted_occluded: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    templates_occluded: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def sign(self) -> float:
        """+1 to come near the victim's embedding, -1 to get away from it."""
        return 1.0 if self.goal is Goal.IMPERSONATION else -1.0

    def knowing_templates(self) -> "Scene":
        """Return the scene of an attacker who stole the gallery: the white box of published protocols."""
        return replace(self, wanted=self.templates, wanted_occluded=self.templates_occluded)

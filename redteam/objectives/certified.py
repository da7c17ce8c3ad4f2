"""What occluded copies lack of the patch certificate, differentiably: the attacker's view of the defense ``occlude``.

The aligner's crop serves every copy. Copies of certificates that look for the face again are climbed at that crop
too, which is where the detector finds the face when the mask does not move it; the gate judges with its own.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.domain.certificate import Certificate
from edge.vision.occlusion import views_of
from redteam.twins.picture import PictureTwin

Templates = Sequence[Mapping[str, NDArray[np.float64]]]
"""float64 (masks, d) by name of certificate, one mapping a scene."""


class CertificateLacks:
    """Scores of every copy under every certificate in force, against what the attacker has of the victim.

    Args:
        picture: twins of the models.
        certificates: in force at the gate.
        wanted: what the attacker believes the victim's occluded templates to be, a scene each.
    """

    def __init__(self, picture: PictureTwin, certificates: Sequence[Certificate], wanted: Templates) -> None:
        self._picture = picture
        self._certificates = tuple(certificates)
        self._views = {c.name: views_of(c.masks) for c in certificates}
        self._wanted = {c.name: _stacked([of_one[c.name] for of_one in wanted]) for c in certificates}
        self._centers = {c.name: torch.tensor(c.centers, dtype=torch.float32) for c in certificates}
        self._thresholds = {c.name: torch.tensor(c.thresholds, dtype=torch.float32) for c in certificates}

    def lacks(self, frames: Tensor, matrices: Mapping[str, Tensor], rows: slice, *, room: float) -> Tensor:
        """Return float32 (m, copies), all certificates in order: what every copy lacks, 0 where it holds with room.

        Args:
            frames: float32 (m, 3, h, w), BGR, 0..255: the rows ``rows`` of all.
            matrices: crop to frame, float (m, 2, 3), by model id.
            rows: which scenes.
            room: share of its threshold by which a copy is to exceed it.
        """
        found = []
        for certificate in self._certificates:
            name, views = certificate.name, self._views[certificate.name]
            copies = self._picture.embed(certificate.model_id, frames, matrices[certificate.model_id], views)
            centered = torch.nn.functional.normalize(copies - self._centers[name], dim=2)
            scores = torch.einsum("nmd,nmd->nm", centered, self._wanted[name][rows])
            found.append((self._thresholds[name] * (1 + room) - scores).clamp_min(0.0))
        return torch.cat(found, dim=1)


def _stacked(templates: Sequence[NDArray[np.float64]]) -> Tensor:
    return torch.from_numpy(np.stack(templates).astype(np.float32))

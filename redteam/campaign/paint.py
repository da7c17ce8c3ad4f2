"""What a row's attacker may change, and how a painted patch comes before the gate: pasted in, or printed and filmed.

Who prints cannot paste pixels. Such a patch has the grays that print, is crafted over photographs of it, and what is
saved and judged is a photograph too: one a scene, drawn with another seed than those it was crafted over.
"""

from collections.abc import Sequence

from torch import Tensor

from edge.domain.face import Face
from redteam.attacks.base import Objective
from redteam.attacks.budget import Budget, LinfBall, Painted
from redteam.campaign.arsenal import Twins, frames_of, objective_of
from redteam.campaign.plan import SOUGHT, Row
from redteam.patches.placement import best_rectangles
from redteam.patches.printable import Photographer, PrintablePaint, PrintedObjective, PrintError
from redteam.patches.shapes import PatchShape, patch_masks
from redteam.scene import Scene

_SOUGHT_SHARE = 0.1  # of the aligned crop, as the rectangle that is not sought


def budget_of(row: Row, scenes: Sequence[Scene], twins: Twins, *, seed: int) -> Budget:
    """Return what the row's attacker may change in these scenes' frames.

    Raises:
        AlignmentError: a clean face's landmarks fit no face.
        ValueError: no patch shape has the row's name.
    """
    clean = frames_of(scenes)
    if row.patch is None:
        return LinfBall(clean, row.eps or 0.0)
    if row.patch == SOUGHT:
        objective = objective_of(row, scenes, twins, seed=seed)
        masks = best_rectangles(objective, _faces(scenes), clean, _SOUGHT_SHARE, seed=seed)
    else:
        masks = patch_masks(PatchShape(row.patch), _faces(scenes), clean.shape[2], clean.shape[3])
    return PrintablePaint(clean, masks) if row.is_printed else Painted(clean, masks)


def climbed(row: Row, scenes: Sequence[Scene], twins: Twins, budget: Budget, *, seed: int) -> Objective:
    """Return what the row's attacker climbs within the budget: of a printed patch, over photographs of it."""
    objective = objective_of(row, scenes, twins, seed=seed)
    if not isinstance(budget, PrintablePaint):
        return objective
    return PrintedObjective(objective, budget, _faces(scenes), seed=seed)


def before_the_camera(frames: Tensor, budget: Budget, scenes: Sequence[Scene], *, seed: int) -> Tensor:
    """Return what the gate is shown of attacked frames: of a printed patch one photograph, of anything else itself.

    Args:
        frames: float32 (n, 3, h, w), within the budget.
        budget: that they were crafted in.
        scenes: whose frames.
        seed: of the photographs; another one than the attack's.

    Returns:
        float32 (n, 3, h, w), whole numbers 0..255.
    """
    if not isinstance(budget, PrintablePaint):
        return frames
    photographer = Photographer(budget, _faces(scenes), PrintError(), seed=seed)
    return photographer.photograph(frames, slice(0, len(frames))).round()


def _faces(scenes: Sequence[Scene]) -> list[Face]:
    return [scene.face for scene in scenes]

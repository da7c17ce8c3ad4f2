"""Makes the demo's adversarial picture: a stranger whom the bare FaceNet takes for the enrolled person.

The oblivious attacker of the campaigns, on a portrait in the middle of a camera frame; success is judged on the saved
8-bit picture by the served engine.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from calibration.pictures.frames import frame_of
from edge.capture.picture import read_picture
from edge.daemon.models import SECOND, Models
from edge.domain.clock import SystemClock
from edge.domain.errors import EdgeError, StoreError
from edge.domain.face import Face
from edge.domain.match import SubjectRef
from edge.vision.align import crop_geometry
from edge.vision.detect import FaceDetector
from engines.render.spec import PLAIN
from redteam.attacks.budget import LinfBall
from redteam.campaign.arsenal import Twins, attack_of, frames_of, objective_of
from redteam.campaign.plan import Attacker, Row
from redteam.scene import Goal, Scene

_SEED = 7


class Easel:
    """Paints the picture and measures it.

    Args:
        models: the gate's models.
        twins: what the attacker holds.
    """

    def __init__(self, models: Models, twins: Twins) -> None:
        self._stage = models.stage(SECOND)
        self._detector = FaceDetector(models.detector, threshold=twins.profile.detector_threshold)
        self._twins = twins

    def paint(self, stranger: Path, victim: Path, out: Path, *, eps: float, steps: int) -> tuple[float, float]:
        """Write the attacked picture of ``stranger`` and return FaceNet's cosine to ``victim`` before and after.

        Args:
            stranger: portrait of the attacker.
            victim: portrait of the enrolled person.
            out: PNG to write.
            eps: budget, gray levels of 255.
            steps: gradient steps.

        Raises:
            EdgeError: a portrait shows no face, or a file cannot be read or written.
        """
        victim_pixels = _framed(read_picture(victim))
        target = self._embedding(victim_pixels)
        pixels = _framed(read_picture(stranger))
        scene = Scene(
            scene_id="demo",
            goal=Goal.IMPERSONATION,
            pixels=pixels,
            face=self._face(pixels),
            victim=SubjectRef("victim"),
            wanted={SECOND: target},
            templates={SECOND: target},
            victim_picture=victim_pixels,
        )
        row = Row(attacker=Attacker.OBLIVIOUS, attack=f"mi-fgsm-{steps}", eps=eps, scenes=1)
        objective = objective_of(row, [scene], self._twins, seed=_SEED)
        found = attack_of(row, self._twins.profile)(objective, LinfBall(frames_of([scene]), eps), seed=_SEED)
        picture = np.ascontiguousarray(found[0].to(torch.uint8).permute(1, 2, 0).numpy())
        if not cv2.imwrite(str(out), picture):
            raise StoreError(f"{out} cannot be written", hint="name a file in a folder that is there")
        attacked = self._embedding(read_picture(out))
        return float(self._embedding(pixels) @ target), float(attacked @ target)

    def _embedding(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        crop = crop_geometry(self._stage.crop_recipe, self._face(pixels))
        return self._stage.embedder.embed_one(pixels, crop, PLAIN).vector

    def _face(self, pixels: NDArray[np.uint8]) -> Face:
        face = next(iter(self._detector.find(frame_of(pixels, SystemClock()))), None)
        if face is None:
            raise EdgeError("a portrait shows no face", hint="use a picture with one clear face")
        return face


def _framed(portrait: NDArray[np.uint8], *, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Return a portrait centered on a gray camera frame, BGR."""
    scale = min(width / portrait.shape[1], height / portrait.shape[0])
    size = (round(portrait.shape[1] * scale), round(portrait.shape[0] * scale))
    small = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
    frame = np.full((height, width, 3), 96, np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    frame[top : top + size[1], left : left + size[0]] = small
    return frame

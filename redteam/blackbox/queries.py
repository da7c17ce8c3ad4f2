"""Questions that an attacker may ask: of a score or of a decision, every one counted, none answered beyond the limit.

A gate never shows a score. Score questions are the bound of an attacker who took the model home; decisions are what
anybody at the door gets, and there the lock-out counts: not every question, only those that the gate notes as a
near miss. A picture that is nobody's is refused without a trace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.domain.face import Face
from edge.pipeline.verify import ModelStage
from edge.policy.limits import COUNTED, LimitTerms
from edge.recognition.gallery import Gallery
from edge.vision.align import AlignmentError, crop_geometry
from engines.render.spec import PLAIN
from redteam.judge import Judge, Judgement
from redteam.scene import Scene
from redteam.success import Mark, has_succeeded

_HOUR_MS = 3_600_000.0


class BudgetSpent(Exception):  # noqa: N818  # not an error: how every counted attack ends that found nothing sooner
    """The next question is refused; what was found so far counts."""


class ScoreOracle(Protocol):
    """Answers with a number."""

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        """Return float32 (m,), higher = nearer to the goal.

        Args:
            frames: float32 (m, 3, h, w), BGR, whole numbers 0..255.
            rows: int64 (m,), which scene each frame belongs to.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door did: whether the goal is reached, and whether the gate noted a near miss."""

    is_reached: bool
    is_near_miss: bool = False


class DecisionOracle(Protocol):
    """Answers with what the door did."""

    def decide(self, frame: Tensor, row: int) -> Answer:
        """Judge a frame float32 (3, h, w), BGR, whole numbers 0..255, of scene ``row``."""
        ...


@dataclass(frozen=True, slots=True)
class LockOut:
    """What the gate's limits let an attacker try.

    Attributes:
        failures: near misses until everybody is denied for a while; so many are answered.
        window_ms: how long the gate remembers one.
        hold_ms: how long it holds then, and begins to count anew.
    """

    failures: int
    window_ms: float
    hold_ms: float

    @staticmethod
    def of(terms: LimitTerms) -> "LockOut":
        """Return the lock-out of limits in force, ``policy_of(settings.policy, …).limits``."""
        of_gate = terms.of_gate()  # whoever changes the picture changes the face that is held
        return LockOut(of_gate.failures, of_gate.window_ms, of_gate.hold_ms)

    @property
    def most_an_hour(self) -> float:
        """Near misses an hour that a patient attacker gets answered, time for the attempts themselves left out.

        Either one fewer than a hold needs in every window, or hold after hold.
        """
        return _HOUR_MS * max((self.failures - 1) / self.window_ms, self.failures / self.hold_ms)


def is_near_miss(judgement: Judgement) -> bool:
    """Whether the gate counts this still against its limits, as ``edge.policy.decide`` does for one frame.

    Counted are denials with a telling reason, and would-be grants that a defense refused: they alone have findings.
    """
    is_denied = judgement.subject is None
    return is_denied and (judgement.reason in COUNTED or bool(judgement.findings))


class CountedScores:
    """A score oracle with a limit a row.

    Args:
        oracle: who answers.
        rows: how many scenes there are.
        limit: questions a row.

    Attributes:
        used: int64 (rows,), questions asked so far.
    """

    def __init__(self, oracle: ScoreOracle, rows: int, limit: int) -> None:
        self._oracle = oracle
        self._limit = limit
        self.used = torch.zeros(rows, dtype=torch.int64)

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        """Return the oracle's answer.

        Raises:
            BudgetSpent: a row would ask more often than it may; nothing is asked then.
        """
        after = self.used + torch.bincount(rows, minlength=len(self.used))
        if bool((after > self._limit).any()):
            raise BudgetSpent
        self.used = after
        return self._oracle.scores(frames, rows)


class CountedDecisions:
    """A decision oracle for one scene, with a limit of questions and another of near misses.

    Args:
        oracle: who answers.
        row: the scene.
        limit: questions; None = as many as one likes.
        lock_out: ends the questions when a hold begins; None = nobody counts near misses.

    Attributes:
        used: questions asked so far.
        near_misses: how many of them the gate noted.
    """

    def __init__(
        self, oracle: DecisionOracle, row: int, *, limit: int | None = None, lock_out: LockOut | None = None
    ) -> None:
        self._oracle = oracle
        self._row = row
        self._limit = limit
        self._most_near_misses = None if lock_out is None else lock_out.failures
        self.used = 0
        self.near_misses = 0

    def decide(self, frame: Tensor) -> Answer:
        """Return the oracle's answer for a frame float32 (3, h, w).

        Raises:
            BudgetSpent: a limit is reached; nothing is asked then.
        """
        if self._limit is not None and self.used >= self._limit:
            raise BudgetSpent
        if self._most_near_misses is not None and self.near_misses >= self._most_near_misses:
            raise BudgetSpent
        self.used += 1
        answer = self._oracle.decide(frame, self._row)
        self.near_misses += answer.is_near_miss
        return answer


class ServedScores:
    """A bare model as it is served, that shows its score against the enrolled templates: no gate does.

    Args:
        stage: the model.
        judge: finds the face in every frame anew.
        gallery: who is enrolled.
        scenes: a row a scene.
    """

    def __init__(self, stage: ModelStage, judge: Judge, gallery: Gallery, scenes: Sequence[Scene]) -> None:
        self._stage = stage
        self._judge = judge
        self._gallery = gallery
        self._scenes = tuple(scenes)

    def scores(self, frames: Tensor, rows: Tensor) -> Tensor:
        """Return the scores; a frame without a face is as far from any victim as can be."""
        asked = zip(frames, rows.tolist(), strict=True)
        return torch.tensor([self._score(_pixels(frame), self._scenes[row]) for frame, row in asked])

    def _score(self, pixels: NDArray[np.uint8], scene: Scene) -> float:
        face = self._judge.find(pixels)
        return scene.sign * (-1.0 if face is None else self._likeness(pixels, face, scene))

    def _likeness(self, pixels: NDArray[np.uint8], face: Face, scene: Scene) -> float:
        try:
            crop = crop_geometry(self._stage.crop_recipe, face)
        except AlignmentError:
            return -1.0
        probe = self._stage.embedder.embed_one(pixels, crop, PLAIN)
        return float(self._gallery.scores(scene.victim, self._stage.model_id, probe.vector[np.newaxis])[0])


class JudgedDecisions:
    """The gate, or a bare model's decision, asked with a frame.

    Args:
        judge: who decides.
        mark: what has to be overcome.
        scenes: a row a scene.
    """

    def __init__(self, judge: Judge, mark: Mark, scenes: Sequence[Scene]) -> None:
        self._judge = judge
        self._mark = mark
        self._scenes = tuple(scenes)

    def decide(self, frame: Tensor, row: int) -> Answer:
        """Return whether the goal is reached at the first try, and whether the gate noted a near miss."""
        scene = self._scenes[row]
        judgement = self._judge.look_at(_pixels(frame), scene)
        is_reached = has_succeeded(judgement, self._mark, scene.goal, self._judge.profile.match)
        return Answer(is_reached, is_near_miss(judgement))


def _pixels(frame: Tensor) -> NDArray[np.uint8]:
    """Return a frame float32 (3, h, w) as the picture uint8 (h, w, 3) that is shown."""
    return np.ascontiguousarray(frame.permute(1, 2, 0).numpy().astype(np.uint8))

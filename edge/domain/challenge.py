"""A challenge of random head movements, as far as it has come in one attempt."""

from dataclasses import dataclass
from enum import StrEnum


class Movement(StrEnum):
    """A head movement that a person is asked for, as they see it themselves."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"


class ChallengeOutcome(StrEnum):
    """How a challenge stands."""

    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What is asked of the face of one attempt.

    Attributes:
        movements: asked for, in order; drawn at random, at least three.
        done: how many of them were made, from the first on.
        started_ns: monotonic time of the first prompt.
        deadline_ns: monotonic time by which all must be made.
        outcome: how it stands.
    """

    movements: tuple[Movement, ...]
    done: int
    started_ns: int
    deadline_ns: int
    outcome: ChallengeOutcome

    def __post_init__(self) -> None:
        if not 0 <= self.done <= len(self.movements):
            raise ValueError("a challenge cannot have more movements done than asked for")
        if (self.outcome is ChallengeOutcome.PASSED) and self.done < len(self.movements):
            raise ValueError("a challenge is passed when every movement was made")

    @property
    def next(self) -> Movement | None:
        """The movement that is asked for now; None when nothing is."""
        is_open = self.outcome is ChallengeOutcome.PENDING and self.done < len(self.movements)
        return self.movements[self.done] if is_open else None

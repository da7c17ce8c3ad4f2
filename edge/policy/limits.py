"""How often somebody may fail. Frozen values: a decision takes limits and returns the next ones."""

from dataclasses import dataclass, replace

from edge.domain.reasons import Reason

COUNTED = frozenset(
    {
        Reason.ADVERSARIAL_INPUT,
        Reason.MODEL_DISAGREEMENT,
        Reason.IDENTITY_CHANGED,
    }
)
"""Denials that always count as a near miss; so does any other after a would-be grant was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTerms:
    """The limits.

    Attributes:
        failures: so many counted denials within ``window_ms`` start a hold.
        window_ms: how long a failure is remembered.
        hold_ms: how long everybody is denied then.
    """

    failures: int
    window_ms: float
    hold_ms: float

    def __post_init__(self) -> None:
        if self.failures < 1 or self.window_ms <= 0 or self.hold_ms <= 0:
            raise ValueError("limits must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the gate remembers of failures.

    Attributes:
        failed_ns: monotonic times of counted denials, oldest first.
        held_until_ns: everybody is denied before this; 0 = no hold.
    """

    failed_ns: tuple[int, ...] = ()
    held_until_ns: int = 0

    def is_held(self, now_ns: int) -> bool:
        """Whether a hold is on."""
        return now_ns < self.held_until_ns

    def after_near_miss(self, now_ns: int, terms: LimitTerms) -> "Limits":
        """Return the limits after a counted denial."""
        oldest_ns = now_ns - int(terms.window_ms * 1e6)
        failed = (*(t for t in self.failed_ns if t > oldest_ns), now_ns)
        if len(failed) >= terms.failures:
            return Limits(failed_ns=(), held_until_ns=now_ns + int(terms.hold_ms * 1e6))
        return replace(self, failed_ns=failed)

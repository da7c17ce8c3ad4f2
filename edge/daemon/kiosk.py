"""What the person at the door is shown: granted, denied, come closer, the next head movement, and nothing else.

It is told on ``state/kiosk``, which anybody may read. An outcome gets there with its release, never before; why is on
the decision event, which is restricted. Nothing here opens a door, and the broker keeps none of it.
"""

from collections.abc import Callable
from typing import Final

from edge.domain.challenge import Movement
from edge.domain.reasons import Decision, QualityIssue
from edge.domain.verdict import Verdict
from edge.messaging.payloads import KioskOutcome, KioskV1
from edge.policy.decide import AttemptEvidence

SHOWN_MS: Final = 3_000
"""How long an outcome stays, for a person to read."""
REPEAT_MS: Final = 1_000
"""What is shown is told again, for a screen that missed it; a third of its expiry (``Topics.kiosk``)."""


class Kiosk:
    """Publishes what is shown when it changes, and again while it stays. One thread, the gate's.

    Args:
        publish: hands a message to the broker; what cannot be sent is not sent later.
        boot_id: of this start.
    """

    def __init__(self, publish: Callable[[KioskV1], object], boot_id: str) -> None:
        self._publish = publish
        self._boot_id = boot_id
        self._outcome = KioskOutcome.IDLE
        self._until_ns = 0
        self._told: KioskV1 | None = None
        self._told_ns = 0

    def tell(self, verdict: Verdict, now_ns: int) -> None:
        """Show an outcome that was released just now."""
        granted = verdict.decision is Decision.GRANTED
        self._outcome = KioskOutcome.GRANTED if granted else KioskOutcome.DENIED
        self._until_ns = now_ns + SHOWN_MS * 1_000_000

    def follow(self, evidence: AttemptEvidence | None, now_ns: int) -> None:
        """Show what stands now: an outcome while it is fresh, else what the open attempt asks for."""
        outcome = self._outcome if now_ns < self._until_ns else hint_of(evidence)
        shown = KioskV1(boot_id=self._boot_id, outcome=outcome, prompt=prompt_of(evidence))
        if shown != self._told or now_ns - self._told_ns >= REPEAT_MS * 1_000_000:
            self._publish(shown)
            self._told, self._told_ns = shown, now_ns


def hint_of(evidence: AttemptEvidence | None) -> KioskOutcome:
    """Return what the quality gate says of the latest frame. It looks before anybody is searched for."""
    if evidence is None or not evidence.assessments:
        return KioskOutcome.IDLE
    quality = evidence.assessments[-1].quality
    is_far = quality is not None and QualityIssue.TOO_SMALL in quality.issues
    return KioskOutcome.COME_CLOSER if is_far else KioskOutcome.IDLE


def prompt_of(evidence: AttemptEvidence | None) -> Movement | None:
    """Return the head movement that is asked for now."""
    if evidence is None or evidence.challenge is None:
        return None
    return evidence.challenge.next

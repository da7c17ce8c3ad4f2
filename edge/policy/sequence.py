"""What an attempt as a whole must show besides good frames: findings about its frames together."""

import math
from collections.abc import Iterable, Mapping

from edge.domain.finding import Finding
from edge.domain.reasons import Outcome, Reason


def sequence_objection(
    findings: Iterable[Finding], mandatory: Iterable[str], reasons: Mapping[str, Reason]
) -> Reason | None:
    """Return why an attempt cannot be granted now, None if its findings allow it.

    A mandatory finding that is absent may still come: that is ``NOT_ENOUGH_FRAMES``. One that is no clear pass, or
    not the only one, never becomes one.

    Args:
        findings: about the attempt.
        mandatory: what must have passed, each exactly once and with a finite number.
        reasons: what a failure is called, by its name; without one it is adversarial input.
    """
    found = tuple(findings)
    failed = next((f.defense for f in found if f.outcome is Outcome.FAIL), None)
    if failed is not None:
        return reasons.get(failed, Reason.ADVERSARIAL_INPUT)
    for name in mandatory:
        of_it = [f for f in found if f.defense == name]
        if not of_it:
            return Reason.NOT_ENOUGH_FRAMES
        if len(of_it) != 1 or of_it[0].outcome is not Outcome.PASS or not math.isfinite(of_it[0].statistic):
            return Reason.DEFENSE_INCOMPLETE
    return None

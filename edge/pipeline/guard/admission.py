"""From what the guard found to who is enrolled with what: held pictures only by an operator's word, on record."""

from dataclasses import dataclass
from typing import Final

from edge.domain.enrollment import EnrollmentPicture
from edge.domain.errors import UsageError
from edge.domain.visible_text import is_visible
from edge.pipeline.guard.guard import LEAST_PICTURES, Guarded

MOST_REASON_CHARACTERS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Admission:
    """What an enrollment comes to.

    Attributes:
        pictures: what the person is enrolled with; empty = not at all.
        lacking: pictures that were missing to what is needed; 0 = none.
        record: goes on record with the enrollment: what an operator accepted, and why; empty = nothing.
    """

    pictures: tuple[EnrollmentPicture, ...]
    lacking: int
    record: str = ""


def admission_of(guarded: Guarded, *, least: int = LEAST_PICTURES, accepted: str | None = None) -> Admission:
    """Return what a person is enrolled with.

    Args:
        guarded: what the guard found.
        least: pictures that are needed.
        accepted: an operator's reason to enroll with what is held, and with fewer pictures; None = nobody gave one.

    Raises:
        UsageError: the reason is none.
    """
    lacking = max(0, least - len(guarded.fit))
    if accepted is None:
        return Admission(() if lacking else guarded.fit, lacking)
    reason = check_reason(accepted)
    pictures = (*guarded.fit, *(held.picture for held in guarded.held))
    if not pictures or not (lacking or guarded.held):
        return Admission(pictures, lacking)
    screens = sorted({suspicion.screen for held in guarded.held for suspicion in held.suspicions})
    told = f"{len(guarded.held)} of {len(pictures)} pictures were held"
    return Admission(pictures, lacking, f"{told} ({', '.join(screens) or 'too few'}) and accepted: {reason}")


def check_reason(reason: str) -> str:
    """Return an operator's reason.

    Raises:
        UsageError: it is empty, too long, or holds characters that do not show.
    """
    if not reason.strip() or len(reason) > MOST_REASON_CHARACTERS or not is_visible(reason):
        raise UsageError(
            "--accept-held needs a reason that goes on record",
            hint=f"give one line of at most {MOST_REASON_CHARACTERS} characters, without a name",
        )
    return reason.strip()

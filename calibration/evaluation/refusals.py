"""Which step of the gate refused a picture: finer than a verdict's reason, for whoever looks at the thresholds."""

from edge.domain.assessment import Assessment
from edge.domain.profile import Profile
from edge.domain.reasons import Outcome, Reason


def refusing_step(assessment: Assessment | None, reason: Reason, profile: Profile) -> str:
    """Return what refused, such as ``low_quality: turned_away`` or ``adversarial_input: squeeze (median3)``.

    Args:
        assessment: the evidence; None = there was no face to judge.
        reason: why the policy refused it; the answer begins with it.
        profile: the thresholds.
    """
    if assessment is None or assessment.quality is None:
        return reason.value
    if reason is Reason.LOW_QUALITY:
        return f"{reason.value}: {', '.join(issue.value for issue in assessment.quality.issues)}"
    failed = [f"{f.defense} ({f.check})" for f in assessment.findings if f.outcome is not Outcome.PASS]
    if failed:
        return f"{reason.value}: {', '.join(failed)}"
    short = _short_of(assessment, profile)
    return f"{reason.value}: {', '.join(short)}" if short else reason.value


def _short_of(assessment: Assessment, profile: Profile) -> list[str]:
    """Return the scores that stayed below their thresholds."""
    if assessment.screen is None or assessment.verified is None:
        return ["screening"]
    point, scores = profile.match, assessment.verified.per_model
    short = [f"floor of {model}" for model, floor in point.floors.items() if not scores.get(model, -1.0) >= floor]
    return short + (["fused score"] if not point.fuse(scores) >= point.threshold else [])

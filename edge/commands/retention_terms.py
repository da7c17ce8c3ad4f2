"""What ``people enroll`` is told of consent and retention, as terms."""

import datetime as dt

from edge.domain.consent import ConsentBasis, RetentionTerms
from edge.domain.errors import UsageError


def retention_terms(
    basis: ConsentBasis,
    consented: str | None,
    retain_until: str | None,
    now: dt.datetime,
    *,
    default_days: int | None,
) -> RetentionTerms:
    """Return the terms of an enrollment.

    Args:
        basis: what permits it.
        consented: a date or moment; None = not recorded.
        retain_until: likewise; None = ``default_days`` from now, if that is set.
        now: timezone-aware.
        default_days: of the settings.

    Raises:
        UsageError: a text is no date, consent lies in the future, or the enrollment would be over already.
    """
    until = _moment(retain_until, "--retain-until")
    if until is None and default_days is not None:
        until = now + dt.timedelta(days=default_days)
    terms = RetentionTerms(basis=basis, consented=_moment(consented, "--consented"), retain_until=until)
    terms.check(now)
    return terms


def _moment(text: str | None, option: str) -> dt.datetime | None:
    """Return a moment; a date alone is its beginning, UTC."""
    if text is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{option} {text!r} is no date", hint="write it as 2026-03-14") from error

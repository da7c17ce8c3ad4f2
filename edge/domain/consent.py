"""Why a person may be enrolled, since when, and until when at the longest."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.errors import UsageError


class ConsentBasis(StrEnum):
    """What permits it; the names follow Article 9(2) GDPR. Whether it holds is for the site to know."""

    EXPLICIT_CONSENT = "explicit_consent"
    EMPLOYMENT_LAW = "employment_law"
    PUBLIC_INTEREST = "public_interest"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTerms:
    """What is kept of a person's consent beside the note, which says where the consent itself lies.

    Attributes:
        basis: what permits the enrollment.
        consented: since when, timezone-aware; None = not recorded.
        retain_until: when the enrollment is erased at the latest, timezone-aware; None = no such time.
    """

    basis: ConsentBasis = ConsentBasis.NOT_RECORDED
    consented: dt.datetime | None = None
    retain_until: dt.datetime | None = None

    def check(self, now_utc: dt.datetime) -> None:
        """Return if a person may be enrolled under these terms at ``now_utc``.

        Raises:
            UsageError: a time has no zone, consent lies in the future, or the enrollment would be over already.
        """
        for moment in (self.consented, self.retain_until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError("a time without a zone is no time", hint="write it as 2026-03-14T12:00:00Z")
        if self.consented is not None and self.consented > now_utc:
            raise UsageError("consent was given in the future", hint="check the date, and this machine's clock")
        if self.retain_until is not None and self.retain_until <= now_utc:
            raise UsageError("the retention time is over already", hint="give a time that is still to come")


NO_TERMS = RetentionTerms()

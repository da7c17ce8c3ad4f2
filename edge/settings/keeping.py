"""The sections that say what is kept of people, and for how long."""

from pydantic import Field

from edge.settings.sections import Section


class RetentionSection(Section):
    """How long an enrollment lasts, if nobody says otherwise."""

    default_days: int | None = Field(
        default=None,
        ge=1,
        le=3_650,
        description="Days after which an enrollment is erased that was made without --retain-until. Default: never.",
    )


class EvidenceSection(Section):
    """Whether faces of denied attempts that an operator should look at are kept, encrypted, for some hours."""

    keep: bool = Field(default=False, description="Keep the face of an attempt that was denied for an anomaly.")
    hours: int = Field(default=24, ge=1, le=168, description="So long at the most, hours.")
    strangers: bool = Field(
        default=False, description="Keep faces of people who are not enrolled, too. They consented to nothing."
    )

"""The sections about what is kept: the audit chain, and events that wait."""

from pydantic import Field

from edge.settings.sections import Section


class OutboxSection(Section):
    """Events that wait for the broker. Over a bound the oldest go, decisions last, and one anomaly tells of them."""

    most_mib: int = Field(default=64, ge=1, le=4_096, description="Most that may wait, MiB.")
    most_age_hours: float = Field(
        default=720, ge=1, le=8_760, description="An event that waits longer is dropped, hours."
    )
    most_attempts: int = Field(
        default=8, ge=1, le=100, description="An event that the broker refuses so often is set aside."
    )


class AuditSection(Section):
    """The audit chain."""

    checkpoint_rows: int = Field(
        default=50, ge=1, le=100_000, description="A signed checkpoint is published after so many new rows."
    )
    checkpoint_s: float = Field(
        default=60, ge=1, le=86_400, description="And, if there are new rows at all, after so many seconds."
    )
    keep_rows: int = Field(
        default=100_000,
        ge=1_000,
        le=10_000_000,
        description="So many rows stay in the database, and can be replayed; older ones go to files beside it.",
    )
    segment_rows: int = Field(default=5_000, ge=100, le=100_000, description="Rows of such a file.")
    replay_most_events: int = Field(
        default=1_000, ge=1, le=100_000, description="Most events that one replay command may ask for."
    )
    replay_per_s: float = Field(
        default=100, ge=1, le=10_000, description="Events of a replay that go out in a second, at most."
    )

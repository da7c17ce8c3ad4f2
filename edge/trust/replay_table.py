"""The profile's table of motion over time, ``[replay]``."""

from typing import Self

from pydantic import model_validator

from edge.domain.motion import ReplayLimits
from edge.trust.profile_points import GapPoint, Table


class ReplayTable(Table):
    """Change of a face that no flat picture explains: how much is a sign of life, and how much is something else."""

    least: GapPoint
    most: GapPoint

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 < self.least.threshold < self.most.threshold:
            raise ValueError("replay needs 0 < least < most")
        return self


def replay_limits_from(table: ReplayTable) -> ReplayLimits:
    """Return the limits that the table describes."""
    return ReplayLimits(least_change=table.least.threshold, most_change=table.most.threshold)


def replay_table(limits: ReplayLimits) -> dict[str, object]:
    """Return the table of limits."""
    return {"least": {"threshold": float(limits.least_change)}, "most": {"threshold": float(limits.most_change)}}

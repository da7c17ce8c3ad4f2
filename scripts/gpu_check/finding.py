"""What a check found: a figure, its bar, and whether it is met."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One figure.

    Attributes:
        section: what was looked at, such as ``kernels``.
        figure: what was measured, with its unit.
        value: the number, or a text where there is none.
        bar: what it is held against, in words; empty = it is told, not judged.
        is_met: whether the bar is met; None = not judged, or not measured.
        detail: how it was measured, or why it was not.
    """

    section: str
    figure: str
    value: float | int | str
    bar: str = ""
    is_met: bool | None = None
    detail: str = ""

    def values(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


def not_measured(section: str, figure: str, why: str) -> Finding:
    """Return the finding of something that this machine cannot show."""
    return Finding(section=section, figure=figure, value="not measured", detail=why)

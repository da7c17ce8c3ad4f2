"""How a drill ended."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """One drill.

    Attributes:
        drill: its name.
        ok: denied for its reason and told, each within a second of showing; nothing opened; recovered by itself.
        denied: nothing opened while it lasted.
        reason: what the attempt that it met was denied with; None = none was.
        anomaly: what was told of it; None = nothing.
        detected_ms: from the moment it shows until it was denied and told; None = never.
        recovered_ms: from the end of its cause to the next grant; None = never.
        hint: what is wrong and where to look; empty when it is ok.
    """

    drill: str
    ok: bool
    denied: bool
    reason: str | None = None
    anomaly: str | None = None
    detected_ms: int | None = None
    recovered_ms: int | None = None
    hint: str = ""

    @property
    def record(self) -> Mapping[str, Any]:
        """For the screen."""
        return asdict(self)

"""What an honesty check comes to, and which rows it voids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge.domain.errors import EdgeError
from redteam.report.comparison import Comparison

_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class HonestyCheck:
    """What was asked of the attacks, and whether they show it.

    Attributes:
        name: what must hold.
        ok: whether it does; None = not measured.
        detail: the numbers; no scene is named.
        voids: ids of the rows that must not be believed because it does not.
    """

    name: str
    ok: bool | None
    detail: str
    voids: frozenset[str] = field(default=frozenset())

    def values(self) -> dict[str, Any]:
        """Return the check as plain values."""
        return {"check": self.name, "ok": self.ok, "detail": self.detail}


def voids_of(checks: Iterable[HonestyCheck]) -> Mapping[str, str]:
    """Return why rows must not be believed, by row id."""
    found: dict[str, list[str]] = {}
    for check in checks:
        for row_id in sorted(check.voids):
            found.setdefault(row_id, []).append(check.name)
    return {row_id: f"failed: {'; '.join(names)}" for row_id, names in found.items()}


def upheld(name: str, found: Iterable[Comparison | None]) -> HonestyCheck:
    """Return the check that holds if every comparison does; without any it is not measured."""
    every = [comparison for comparison in found if comparison is not None]
    if not every:
        return HonestyCheck(name, None, "no two rows of the campaign can be compared on a common scene")
    broken = [comparison for comparison in every if not comparison.is_upheld]
    sizes = [comparison.more.n for comparison in every]
    scenes = str(min(sizes)) if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    told = f"comparisons: {len(every)}, on {scenes} common scenes"
    if not broken:
        return HonestyCheck(name, ok=True, detail=told)
    named = few([f"{c.words}: {c.more.words}, then {c.less.words}" for c in broken])
    voids = frozenset[str]().union(*(comparison.suspects for comparison in broken))
    return HonestyCheck(name, ok=False, detail=f"{told}; failed: {len(broken)}; {named}", voids=voids)


def refuse_dishonest(checks: Iterable[HonestyCheck]) -> None:
    """Let nobody take a table for done in which an attack was too weak for its rows to mean anything.

    Raises:
        EdgeError: a check failed.
    """
    failed = [check.name for check in checks if check.ok is False]
    if failed:
        raise EdgeError(
            f"the attacks were not what they claim to be: {'; '.join(failed)}",
            hint="rows marked void are not to be published; more steps or scenes may mend it",
        )


def few(told: Sequence[str]) -> str:
    """Return the first of some findings, and how many more there are."""
    more = [f"and {len(told) - _MOST_NAMED} more"] if len(told) > _MOST_NAMED else []
    return "; ".join([*told[:_MOST_NAMED], *more])

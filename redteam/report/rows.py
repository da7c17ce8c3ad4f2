"""The rows of the table: each attack against each target, counted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from redteam.campaign.plan import Row
from redteam.report.outcomes import Outcomes
from redteam.report.rates import Rate
from redteam.success import MARKS, Mark, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLockout:
    """What a gate of random views makes of somebody who may try again.

    Attributes:
        rate: of scenes where any try that is allowed before a hold opened it as the victim.
        mean: mean over the scenes of the share of tries that did, 0..1; None of nothing.
    """

    rate: Rate
    mean: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """An attack against one target.

    Attributes:
        row: the attack.
        mark: the target and where it operates.
        rate: of success; of the gate at the first try.
        far: share of strangers that the bare model accepts there without an attack; None where not known.
        lockout: of attempts to open the gate alone.
        granted_as_other: how often the gate's first try opened it as somebody who was not aimed at; the gate's rows
            alone.
        median_queries: how often a black-box attacker asked; None of others.
        void: why the row must not be believed; None = nothing speaks against it.
    """

    row: Row
    mark: Mark
    rate: Rate
    far: float | None = None
    lockout: AtLockout | None = None
    granted_as_other: int | None = None
    median_queries: float | None = None
    void: str | None = None

    def values(self) -> dict[str, Any]:
        """Return the row as plain values, shares 0..1, eps in gray levels."""
        row, rate = self.row, self.rate
        found: dict[str, Any] = {
            "attack": row.attack,
            "attacker": row.attacker.value,
            "goal": row.goal.value,
            "eps": row.eps,
            "target": self.mark.target.value,
            "n": rate.n,
            "success": rate.success,
            "rate": rate.share,
            "ci95": _listed(rate),
            "point": self.mark.point.value if self.mark.point else None,
            "far": self.far,
            "knows": row.knows.value,
            "alignment": row.alignment.value,
            "patch": row.patch,
            "printed": row.is_printed,
            "draws": row.draws,
            "median_queries": self.median_queries,
            "planned": row.scenes,
            "void": self.void,
        }
        if self.mark.target is Target.GATE:
            found |= {"rate_first_try": rate.share, "granted_as_other": self.granted_as_other, **self._at_lockout()}
        return found

    def _at_lockout(self) -> dict[str, Any]:
        tried = self.lockout
        return {
            "success_at_lockout": tried.rate.success if tried else None,
            "rate_at_lockout": tried.rate.share if tried else None,
            "ci95_at_lockout": _listed(tried.rate) if tried else None,
            "mean_rate": tried.mean if tried else None,
        }


def table_rows(outcomes: Outcomes, fars: Mapping[Mark, float], voids: Mapping[str, str]) -> Iterator[TableRow]:
    """Yield a row for each attack and target, in the order of the plan; also of attacks that nothing is known of.

    Args:
        outcomes: of the campaign.
        fars: how often each bare model accepts strangers, by model and operating point.
        voids: why rows must not be believed, by row id.

    Raises:
        ConfigError: scipy is not installed.
    """
    for row in outcomes.rows:
        if row.minimal_for is None:
            for mark in MARKS:
                yield _counted(row, mark, outcomes, fars, voids.get(row.row_id))


def _counted(row: Row, mark: Mark, outcomes: Outcomes, fars: Mapping[Mark, float], void: str | None) -> TableRow:
    is_gate = mark.target is Target.GATE
    asked = [j.record.queries for j in outcomes.judged(row).values() if j.record.queries is not None]
    return TableRow(
        row=row,
        mark=mark,
        rate=Rate.of(outcomes.succeeded(row, mark).values()),
        far=fars.get(mark),
        lockout=_lockout(row, outcomes) if is_gate else None,
        granted_as_other=sum(j.is_granted_as_other for j in outcomes.judged(row).values()) if is_gate else None,
        median_queries=median(asked) if asked else None,
        void=void,
    )


def _lockout(row: Row, outcomes: Outcomes) -> AtLockout | None:
    opened = outcomes.opened(row)
    if opened is None:
        return None
    shares = [judged.share_granted for judged in outcomes.judged(row).values()]
    return AtLockout(rate=Rate.of(opened.values()), mean=fmean(shares) if shares else None)


def _listed(rate: Rate) -> list[float] | None:
    return None if (interval := rate.interval) is None else list(interval)

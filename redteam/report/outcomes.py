"""What a campaign's records say of each row and scene: success, found as while the campaign ran."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from edge.domain.errors import UsageError
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.profile import MatchPoint
from edge.domain.reasons import Outcome
from redteam.campaign.plan import Row
from redteam.campaign.records import Record
from redteam.judge import Judgement
from redteam.scene import Goal
from redteam.success import Mark, has_succeeded

_SOMEBODY_ELSE = SubjectRef("somebody-else")  # records name nobody


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A recorded attack that was judged."""

    record: Record
    judgement: Judgement

    @property
    def share_granted(self) -> float:
        """Share of its tries that were granted as the victim, 0..1."""
        return self.judgement.granted / self.judgement.tries if self.judgement.tries else 0.0

    @property
    def is_granted_as_other(self) -> bool:
        """Whether the first try opened the door as somebody who was not aimed at."""
        return self.judgement.subject is not None and self.judgement.granted == 0


class Outcomes:
    """The records of a campaign by row and scene; of a scene recorded twice the first record counts.

    Args:
        rows: what was planned.
        records: what is there.
        match: the thresholds that were attacked.

    Raises:
        UsageError: a record holds no judgement that can be read.
    """

    def __init__(self, rows: Sequence[Row], records: Iterable[Record], match: MatchPoint) -> None:
        self.rows = tuple(rows)
        self.match = match
        self._judged: dict[str, dict[str, Judged]] = {row.row_id: {} for row in rows}
        self._smallest: dict[str, dict[str, float]] = {row.row_id: {} for row in rows}
        self.strays = sum(not self._takes(record) for record in records)

    def _takes(self, record: Record) -> bool:
        """File a record away; False = no planned row is called so."""
        if record.row not in self._judged:
            return False
        if record.judgement is not None:
            self._judged[record.row].setdefault(record.scene, Judged(record, judgement_of(record.judgement)))
        if record.minimal_eps is not None:
            self._smallest[record.row].setdefault(record.scene, record.minimal_eps)
        return True

    def judged(self, row: Row) -> Mapping[str, Judged]:
        """Return a row's judged attacks by scene."""
        return self._judged[row.row_id]

    def smallest(self, row: Row) -> Mapping[str, float]:
        """Return the smallest eps that sufficed by scene, gray levels; infinite = none did."""
        return self._smallest[row.row_id]

    def succeeded(self, row: Row, mark: Mark) -> Mapping[str, bool]:
        """Return by scene whether the row's attacker reached the goal against a target."""
        return {s: has_succeeded(j.judgement, mark, row.goal, self.match) for s, j in self.judged(row).items()}

    def opened(self, row: Row) -> Mapping[str, bool] | None:
        """Return by scene whether any try opened the gate as the victim; None for those who want it shut."""
        if row.goal is not Goal.IMPERSONATION:
            return None
        return {scene: judged.judgement.granted > 0 for scene, judged in self.judged(row).items()}


def judgement_of(values: Mapping[str, Any]) -> Judgement:
    """Rebuild a judgement from what :func:`redteam.campaign.records.judgement_values` made of it.

    Raises:
        UsageError: a value is missing or impossible.
    """
    try:
        points = values["landmarks"]
        return Judgement(
            reason=values["reason"],
            subject=_SOMEBODY_ELSE if values["granted_as_other"] else None,
            tries=values["tries"],
            granted=values["granted"],
            scores=dict(values["scores"]),
            likeness=dict(values["likeness"]),
            landmarks=None if points is None else tuple((float(x), float(y)) for x, y in points),
            findings=tuple(_finding(finding) for finding in values["findings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"a record holds no judgement: {error!r}", hint="run the campaign anew in another --out folder"
        ) from error


def _finding(values: Mapping[str, Any]) -> Finding:
    return Finding(
        defense=values["defense"],
        outcome=Outcome(values["outcome"]),
        statistic=float(values["statistic"]),
        threshold=float(values["threshold"]),
    )

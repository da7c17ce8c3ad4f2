"""How far patches moved what the gate looks at: the landmarks, and with them the aligned crop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from calibration.certificate.reached import ReachedAlignment, checked_alignment
from edge.domain.errors import UsageError
from edge.domain.reasons import Reason
from redteam.campaign.plan import Alignment, Row
from redteam.patches.reached import Spread, summary
from redteam.report.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class Movement:
    """What one patch attack did to the alignment.

    Attributes:
        row: the attack.
        n: how many pictures were judged.
        lost: how many of them showed the gate no face that can be aligned.
        refused: how many more it aligned and then refused for their quality, such as a head that seems turned away:
            nothing is compared there.
        reached: the alignments of all others; their scenes bear the campaign's own ids.
    """

    row: Row
    n: int
    lost: int
    refused: int
    reached: tuple[ReachedAlignment, ...]

    @property
    def spreads(self) -> Mapping[str, Spread]:
        """Median and maximum by number, as :func:`redteam.patches.reached.summary` gives them; empty of none."""
        return summary(self.reached)

    def values(self) -> dict[str, Any]:
        """Return the movement as plain values; pixels, degrees and ratios."""
        numbers = {name: {"median": s.median, "most": s.most} for name, s in self.spreads.items()}
        row = self.row
        return {
            "patch": row.patch,
            "printed": row.is_printed,
            "alignment": row.alignment.value,
            "attack": row.attack,
            "attacker": row.attacker.value,
            "n": self.n,
            "lost": self.lost,
            "refused": self.refused,
            **numbers,
        }


def movements(outcomes: Outcomes) -> Iterator[Movement]:
    """Yield the movement of each patch attack whose face is looked for.

    Raises:
        UsageError: a record of a movement is not one.
    """
    for row in outcomes.rows:
        if row.patch is None or row.alignment is Alignment.FROZEN:
            continue
        every = list(outcomes.judged(row).values())
        aligned = [judged for judged in every if judged.record.moved is not None]
        compared = [judged for judged in aligned if judged.judgement.reason != Reason.LOW_QUALITY]
        reached = tuple(_reached(judged.record.moved or {}) for judged in compared)
        lost, refused = len(every) - len(aligned), len(aligned) - len(compared)
        yield Movement(row, len(every), lost, refused, reached)


def _reached(values: Mapping[str, Any]) -> ReachedAlignment:
    try:
        return checked_alignment(values)
    except (ValueError, TypeError, OverflowError) as error:
        raise UsageError(
            f"a record holds no reached alignment: {error}", hint="run the campaign anew in another --out folder"
        ) from error

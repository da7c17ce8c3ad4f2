"""Compares two attacks scene by scene: whether the one that must do better does worse beyond chance.

The scenes are the same, so they are paired: only those count on which the two differ (McNemar, Psychometrika 12,
1947), and the exact sign test says how likely so many or more of them are to go the wrong way by chance.
"""

import math
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from redteam.campaign.plan import Attacker, Row
from redteam.report.outcomes import Outcomes
from redteam.report.rates import Rate
from redteam.success import Mark, Point, Target

_RARE = 0.05
_NUMBER = re.compile(r"-(\d+)")

_FACENET = (Mark(Target.FACENET, Point.LOOSE), Mark(Target.FACENET, Point.STRICT))
_SFACE = (Mark(Target.SFACE, Point.LOOSE), Mark(Target.SFACE, Point.STRICT))
_BOTH = Mark(Target.BOTH)
GATE = Mark(Target.GATE)

_AIMS = {
    Attacker.OBLIVIOUS: _FACENET,
    Attacker.TRANSFER: _SFACE,
    Attacker.JOINT: (*_FACENET, *_SFACE, _BOTH),
    Attacker.ADAPTIVE: (_BOTH, GATE),
    Attacker.SEED_KNOWN: (_BOTH, GATE),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rates on the same scenes.

    Attributes:
        more: of the attack that must not do worse.
        less: of the other one.
        won: scenes on which the first succeeded and the other did not.
        lost: scenes on which it is the other way round.
        words: what is compared.
        suspects: ids of the rows that must not be believed if it does.
    """

    more: Rate
    less: Rate
    won: int
    lost: int
    words: str
    suspects: frozenset[str]

    @property
    def is_upheld(self) -> bool:
        """Whether so many lost scenes, or more, are no rarity between equals: one time in twenty or more often."""
        differing = self.won + self.lost
        ways = sum(math.comb(differing, lost) for lost in range(self.lost, differing + 1))
        return bool(ways >= _RARE * 2**differing)


def aims_of(row: Row) -> Sequence[Mark]:
    """Return what a row's attacker climbs towards; elsewhere more budget need not help, and nothing is asked."""
    return _AIMS.get(row.attacker, ())


def compared(outcomes: Outcomes, more: Row, less: Row, mark: Mark, suspects: Iterable[Row]) -> Comparison | None:
    """Compare two rows on the scenes that both were run on; None where there is none."""
    first, second = outcomes.succeeded(more, mark), outcomes.succeeded(less, mark)
    shared = first.keys() & second.keys()
    if not shared:
        return None
    return Comparison(
        more=Rate.of(first[scene] for scene in shared),
        less=Rate.of(second[scene] for scene in shared),
        won=sum(first[scene] and not second[scene] for scene in shared),
        lost=sum(second[scene] and not first[scene] for scene in shared),
        words=f"{more.row_id} against {less.row_id} on {words_of(mark)}",
        suspects=frozenset(row.row_id for row in suspects),
    )


def words_of(mark: Mark) -> str:
    """Return a target's name with its operating point."""
    return mark.target.value if mark.point is None else f"{mark.target.value} ({mark.point.value})"


def steps_of(row: Row) -> int:
    """Return how many steps a row's attack takes; 1 where its name has no number."""
    found = _NUMBER.search(row.attack)
    return int(found[1]) if found else 1


def without_eps(row: Row) -> Row:
    """Return a row that is equal for equal attacks of any eps."""
    return replace(row, eps=None, scenes=0)


def without_steps(row: Row) -> Row:
    """Return a row that is equal for equal attacks of any number of steps."""
    return replace(row, attack=_NUMBER.sub("-*", row.attack), scenes=0)


def without_draws(row: Row) -> Row:
    """Return a row that is equal for equal attacks of any number of random views."""
    return replace(row, draws=0, scenes=0)


def series(rows: Iterable[Row], alike: Callable[[Row], Row], number: Callable[[Row], float]) -> Iterator[list[Row]]:
    """Yield each two or more rows that differ in one number alone, ascending in it.

    Args:
        rows: attacks; searches of the smallest eps are passed over.
        alike: makes equal what differs in the number alone.
        number: the number.
    """

    def key(row: Row) -> str:
        return alike(row).row_id

    attacks = sorted((row for row in rows if row.minimal_for is None), key=key)
    for _, members in groupby(attacks, key=key):
        ordered = sorted(members, key=number)
        if len(ordered) > 1:
            yield ordered


def setting_of(row: Row) -> Hashable:
    """Return what two attackers must have in common to be compared: budget, goal, knowledge and alignment."""
    return row.goal, row.eps, row.patch, row.is_printed, row.knows, row.alignment

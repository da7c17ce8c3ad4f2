"""Honesty checks that compare attacks: what has more of something must not do worse, scene by scene."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from redteam.campaign.plan import Attacker, Row
from redteam.report.comparison import (
    GATE,
    Comparison,
    aims_of,
    compared,
    series,
    setting_of,
    steps_of,
    without_draws,
    without_eps,
    without_steps,
)
from redteam.report.honesty import HonestyCheck, upheld
from redteam.report.outcomes import Outcomes


def rises_with_eps(outcomes: Outcomes) -> HonestyCheck:
    """More budget must not help less against what an attacker aims at."""
    found = [c for rows in series(outcomes.rows, without_eps, eps_of) for c in _rising(rows, outcomes)]
    return upheld("success rises with eps", found)


def rises_with_steps(outcomes: Outcomes) -> HonestyCheck:
    """More steps must not help less against what an attacker aims at."""
    found = [c for rows in series(outcomes.rows, without_steps, steps_of) for c in _rising(rows, outcomes)]
    return upheld("success rises with steps", found)


def stronger_attackers_win(outcomes: Outcomes) -> HonestyCheck:
    """Who knows more must not do worse at the gate with the same budget."""
    weaker = {
        Attacker.ADAPTIVE: (Attacker.JOINT, Attacker.OBLIVIOUS, Attacker.TRANSFER, Attacker.BLACKBOX),
        Attacker.JOINT: (Attacker.OBLIVIOUS,),
    }
    found = [c for more, less in weaker.items() for c in _ranked(outcomes, more, less)]
    return upheld("gate: adaptive >= joint >= oblivious", found)


def known_seed_helps(outcomes: Outcomes) -> HonestyCheck:
    """Who can foresee the random views must not do worse than who cannot."""
    return upheld("gate: seed-known >= adaptive", _ranked(outcomes, Attacker.SEED_KNOWN, (Attacker.ADAPTIVE,)))


def draws_saturate(outcomes: Outcomes) -> HonestyCheck:
    """The most random views a step must not help, beyond chance, over half as many nor over what the table uses."""
    adaptive = [r for r in outcomes.rows if r.attacker is Attacker.ADAPTIVE]
    sweeps = list(series(adaptive, without_draws, draws_of))
    swept = {row.row_id for rows in sweeps for row in rows}
    in_table = {row.draws for row in adaptive if row.row_id not in swept}
    found: list[Comparison | None] = []
    for *fewer, most in sweeps:
        for row in fewer:
            if 2 * row.draws == most.draws:
                found.append(compared(outcomes, row, most, GATE, adaptive))
            elif row.draws in in_table:
                suspects = [r for r in adaptive if r.draws <= row.draws]
                found.append(compared(outcomes, row, most, GATE, suspects))
    return upheld("gate: the adaptive attacker's random views suffice", found)


def eps_of(row: Row) -> float:
    """Return a row's budget in gray levels; 0 where it has none."""
    return row.eps or 0.0


def draws_of(row: Row) -> int:
    """Return how many random views a step the row's attacker looks through."""
    return row.draws


def _rising(rows: Sequence[Row], outcomes: Outcomes) -> Iterator[Comparison | None]:
    """Yield each row's comparison with the one before it, at what its attacker aims at."""
    for less, more in pairwise(rows):
        for mark in aims_of(more):
            yield compared(outcomes, more, less, mark, rows)


def _ranked(outcomes: Outcomes, stronger: Attacker, weaker: Iterable[Attacker]) -> Iterator[Comparison | None]:
    """Yield a comparison of each weaker row with the stronger one that shares most scenes with it and does best."""
    attacks = [row for row in outcomes.rows if row.minimal_for is None]
    for less in (row for row in attacks if row.attacker in weaker):
        rivals = [r for r in attacks if r.attacker is stronger and setting_of(r) == setting_of(less)]
        found = [c for rival in rivals if (c := compared(outcomes, rival, less, GATE, rivals))]
        yield max(found, key=lambda c: (c.more.n, c.more.success), default=None)

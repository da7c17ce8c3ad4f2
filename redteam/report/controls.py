"""Honesty checks of single rows: what an attack in working order must reach, and what a control must not."""

from collections.abc import Mapping, Sequence

from redteam.campaign.plan import Attacker, Row
from redteam.report.comparison import aims_of, words_of
from redteam.report.honesty import HonestyCheck, few
from redteam.report.outcomes import Outcomes
from redteam.report.rates import Rate
from redteam.scene import Goal
from redteam.success import MARKS, Mark, Target

_REACH_EPS, _REACHED_COSINE, _REACHED_SHARE = 8.0, 0.8, 0.95
_UNBOUNDED_EPS = 64.0
_WHOLE_GATE = frozenset({Attacker.JOINT, Attacker.ADAPTIVE, Attacker.SEED_KNOWN})
_ROUNDING = 1e-3


def joint_reaches(outcomes: Outcomes) -> HonestyCheck:
    """The joint attack at 8/255 must bring both models near what it aims at, or nobody's attack on both counts.

    Where several were judged on as many scenes, the one that reaches most is asked.
    """
    name = f"joint at {_REACH_EPS:g}/255: both cosines >= {_REACHED_COSINE} on {100 * _REACHED_SHARE:g} % of scenes"
    rows = [r for r in _attacks(outcomes, Attacker.JOINT, Goal.IMPERSONATION) if r.eps == _REACH_EPS]
    reached = [(row, _reached(outcomes, row)) for row in rows if outcomes.judged(row)]
    if not reached:
        return HonestyCheck(name, None, "no such attack was judged")
    row, found = max(reached, key=lambda each: (each[1].n, each[1].success))
    ok = (found.share or 0.0) >= _REACHED_SHARE
    return HonestyCheck(name, ok, f"{row.row_id}: {found.words}", frozenset() if ok else _of(outcomes, _WHOLE_GATE))


def _reached(outcomes: Outcomes, row: Row) -> Rate:
    """Return how often a row's pictures come near to what they aim at in every model."""
    models = outcomes.match.weights
    return Rate.of(
        all(each.judgement.likeness.get(model, -1.0) >= _REACHED_COSINE for model in models)
        for each in outcomes.judged(row).values()
    )


def unbounded_wins(outcomes: Outcomes) -> HonestyCheck:
    """With 64/255 every scene must overcome every bare model that its attacker aims at."""
    rows = [r for r in outcomes.rows if r.eps == _UNBOUNDED_EPS and r.minimal_for is None and outcomes.judged(r)]
    told, voids = [], frozenset[str]()
    for row in rows:
        rates = {mark: Rate.of(outcomes.succeeded(row, mark).values()) for mark in aims_of(row) if mark.point}
        short = {mark: rate for mark, rate in rates.items() if rate.success < rate.n}
        worst = min(rates.values(), key=lambda rate: rate.success, default=None)
        told += [f"{row.row_id} on {words_of(mark)}: {rate.words}" for mark, rate in short.items()]
        if worst and not short:
            told.append(f"{row.row_id}: {worst.words}")
        if short:
            voids |= _of(outcomes, _WHOLE_GATE if row.attacker in _WHOLE_GATE else {row.attacker})
    name = f"eps {_UNBOUNDED_EPS:g}: every scene overcomes the bare models"
    if not told:
        return HonestyCheck(name, None, "no such attack was judged")
    return HonestyCheck(name, not voids, few(told), voids)


def noise_fails(outcomes: Outcomes, fars: Mapping[Mark, float]) -> HonestyCheck:
    """Noise must open neither the gate at any try nor both models, and no bare model above its false accept rate."""
    name = "noise opens nothing"
    rows = [r for r in _attacks(outcomes, Attacker.NOISE, Goal.IMPERSONATION) if outcomes.judged(r)]
    if not rows:
        return HonestyCheck(name, None, "no noise was judged")
    found = [(r, mark, Rate.of(_opened(outcomes, r, mark).values())) for r in rows for mark in MARKS]
    opened = [
        f"{r.row_id} on {words_of(mark)}: {rate.words}" for r, mark, rate in found if _is_opened(mark, rate, fars)
    ]
    if opened:
        return HonestyCheck(name, ok=False, detail=few(opened), voids=_of(outcomes, set(Attacker)))
    most = max((rate for _, _, rate in found), key=lambda rate: (rate.share or 0.0, -rate.n))
    return HonestyCheck(name, ok=True, detail=f"rows: {len(rows)}, the most against any target: {most.words}")


def budgets_kept(outcomes: Outcomes) -> HonestyCheck:
    """No attacked picture may differ from the clean one by more than the row's eps."""
    name = "no picture leaves its budget"
    rows = [r for r in outcomes.rows if r.eps is not None and r.minimal_for is None and outcomes.judged(r)]
    largest = {r: max(judged.record.linf for judged in outcomes.judged(r).values()) for r in rows}
    beyond = {r: linf for r, linf in largest.items() if not linf <= (r.eps or 0.0) + _ROUNDING}
    if not rows:
        return HonestyCheck(name, None, "no attack with an eps was judged")
    told = few([f"{r.row_id}: {linf:g}" for r, linf in beyond.items()]) or f"rows: {len(rows)}"
    return HonestyCheck(name, not beyond, told, frozenset(r.row_id for r in beyond))


def clean_is_right() -> HonestyCheck:
    """Say how scenes were chosen: no record holds it, so it cannot be checked again."""
    words = "by construction: a scene is played only if every target decides its clean picture rightly"
    return HonestyCheck("clean pictures are decided rightly", None, words)


def _attacks(outcomes: Outcomes, attacker: Attacker, goal: Goal) -> Sequence[Row]:
    return [
        row
        for row in outcomes.rows
        if row.attacker is attacker and row.goal is goal and row.minimal_for is None and row.patch is None
    ]


def _of(outcomes: Outcomes, attackers: frozenset[Attacker] | set[Attacker]) -> frozenset[str]:
    return frozenset(row.row_id for row in outcomes.rows if row.attacker in attackers)


def _opened(outcomes: Outcomes, row: Row, mark: Mark) -> Mapping[str, bool]:
    """Return by scene whether noise got in; at the gate any try counts."""
    at_any_try = outcomes.opened(row) if mark.target is Target.GATE else None
    return outcomes.succeeded(row, mark) if at_any_try is None else at_any_try


def _is_opened(mark: Mark, rate: Rate, fars: Mapping[Mark, float]) -> bool:
    """Whether noise got in more often than chance lets strangers in."""
    far = fars.get(mark, 0.0)
    interval = rate.interval
    return interval is not None and interval.low > far

"""What was promised of the gate before it was attacked: the most success that each attack may have, in percent."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from redteam.campaign.plan import Alignment, Attacker, Row
from redteam.report.rates import Rate
from redteam.scene import Goal

MINIMAL_GOAL_EPS: Final = 4.8
"""Least median of the smallest eps of an adaptive attacker at the gate, gray levels: as RobFR's randomization."""


class State(StrEnum):
    """Whether a goal is met: only an interval on one side of it says so."""

    MET = "met"
    MISSED = "missed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class _Promise:
    attacker: Attacker
    attack: str
    most_percent: dict[float | None, float]


_PROMISES: Final = (
    _Promise(Attacker.NOISE, r"noise", {16: 0}),
    _Promise(Attacker.OBLIVIOUS, r"fgsm", {2: 1, 4: 1, 8: 1, 16: 3}),
    _Promise(Attacker.OBLIVIOUS, r"pgd-\d+", {2: 1, 4: 1, 8: 2, 16: 5}),
    _Promise(Attacker.OBLIVIOUS, r"mi-fgsm-\d+", {2: 1, 4: 1, 8: 3, 16: 8}),
    _Promise(Attacker.OBLIVIOUS, r"cw-margin-\d+", {2: 1, 4: 1, 8: 1, 16: 1}),
    _Promise(Attacker.TRANSFER, r"ti-mi-fgsm-\d+", {4: 1, 8: 4, 16: 12}),
    _Promise(Attacker.JOINT, r"pgd-\d+", {2: 10, 4: 25, 8: 50, 16: 80}),
    _Promise(Attacker.ADAPTIVE, r"a?pgd-\d+( x \d+)?", {2: 15, 4: 40}),
)


def goal_percent(row: Row) -> float | None:
    """Return the most success at the gate that was promised for an attack, percent; None = only to be reported."""
    if row.goal is not Goal.IMPERSONATION or row.patch or row.minimal_for or row.alignment is not Alignment.DETECTED:
        return None
    for promise in _PROMISES:
        if row.attacker is promise.attacker and re.fullmatch(promise.attack, row.attack):
            return promise.most_percent.get(row.eps)
    return None


def state_of(rate: Rate, most_percent: float) -> State:
    """Return whether a measured rate keeps a promise: met below, missed above, open where the interval spans it.

    A promise of nothing at all cannot be shown by counting; it is met while nothing was counted, and ``n`` tells how
    much that says.
    """
    interval = rate.interval
    if interval is None:
        return State.OPEN
    if most_percent == 0:
        return State.MET if rate.success == 0 else State.MISSED
    if 100 * interval.high <= most_percent:
        return State.MET
    return State.MISSED if 100 * interval.low > most_percent else State.OPEN

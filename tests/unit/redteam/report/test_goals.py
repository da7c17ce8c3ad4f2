from typing import Any

import pytest

from redteam.campaign.plan import Alignment, Attacker
from redteam.report.goals import State, goal_percent, state_of
from redteam.report.rates import Rate
from redteam.scene import Goal
from redteam.success import Target
from tests.unit.redteam.report.campaigns import a_row


@pytest.mark.parametrize(
    ("attacker", "attack", "eps", "most"),
    [
        (Attacker.NOISE, "noise", 16.0, 0),
        (Attacker.OBLIVIOUS, "fgsm", 8.0, 1),
        (Attacker.OBLIVIOUS, "pgd-20", 8.0, 2),
        (Attacker.OBLIVIOUS, "mi-fgsm-20", 8.0, 3),
        (Attacker.TRANSFER, "ti-mi-fgsm-20", 16.0, 12),
        (Attacker.JOINT, "pgd-40", 4.0, 25),
        (Attacker.ADAPTIVE, "apgd-100 x 3", 4.0, 40),
        (Attacker.ADAPTIVE, "pgd-40", 8.0, None),
        (Attacker.SEED_KNOWN, "pgd-40", 4.0, None),
        (Attacker.JOINT, "pgd-40", 64.0, None),
    ],
)
def test_goals_are_those_of_the_protocol(attacker: Attacker, attack: str, eps: float, most: float | None) -> None:
    assert goal_percent(a_row(attacker, attack, eps=eps)) == most


@pytest.mark.parametrize(
    "changes",
    [
        {"goal": Goal.DODGING},
        {"patch": "glasses"},
        {"alignment": Alignment.FROZEN},
        {"minimal_for": Target.GATE},
    ],
)
def test_nothing_was_promised_of_others(changes: dict[str, Any]) -> None:
    assert goal_percent(a_row(attack="pgd-40", **changes)) is None


@pytest.mark.parametrize(
    ("rate", "most", "state"),
    [
        (Rate(0, 0), 1, State.OPEN),
        (Rate(0, 60), 1, State.OPEN),
        (Rate(0, 400), 1, State.MET),
        (Rate(30, 60), 1, State.MISSED),
        (Rate(0, 300), 0, State.MET),
        (Rate(1, 300), 0, State.MISSED),
        (Rate(10, 10), 100, State.MET),
    ],
)
def test_a_goal_is_met_or_missed_by_its_whole_interval(rate: Rate, most: float, state: State) -> None:
    assert state_of(rate, most) is state

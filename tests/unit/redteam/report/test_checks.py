from collections.abc import Callable, Mapping
from typing import Any

import pytest

from edge.domain.errors import EdgeError
from redteam.campaign.plan import Attacker, Row
from redteam.report.checks import honesty_checks
from redteam.report.controls import budgets_kept, joint_reaches, noise_fails, unbounded_wins
from redteam.report.honesty import HonestyCheck, refuse_dishonest, voids_of
from redteam.report.orders import (
    draws_saturate,
    known_seed_helps,
    rises_with_eps,
    rises_with_steps,
    stronger_attackers_win,
)
from redteam.report.outcomes import Outcomes
from redteam.scene import Goal
from redteam.success import Target
from tests.unit.redteam.report.campaigns import (
    FARS,
    LOOSE,
    MATCH,
    a_judgement,
    a_record,
    a_row,
    outcomes_of,
    records_of,
)

Check = Callable[[Outcomes], HonestyCheck]
Counted = Mapping[Row, tuple[int, int]]


def adaptive(**changes: Any) -> Row:
    return a_row(Attacker.ADAPTIVE, "pgd-40", **{"draws": 2, **changes})


def oblivious(**changes: Any) -> Row:
    return a_row(Attacker.OBLIVIOUS, **changes)


FEW, MANY = (1, 20), (15, 20)
STEPS = a_row(attack="pgd-5"), a_row(attack="pgd-40")
EPS = a_row(eps=2.0), a_row(eps=4.0)
DRAWS = adaptive(draws=4), adaptive(draws=8)
SEED = adaptive(), a_row(Attacker.SEED_KNOWN, "pgd-40")
RANKS = a_row(), adaptive()
LOWER = oblivious(), a_row()


@pytest.mark.parametrize(
    ("check", "less", "more"),
    [
        (rises_with_eps, *EPS),
        (rises_with_steps, *STEPS),
        (known_seed_helps, *SEED),
        (stronger_attackers_win, *RANKS),
        (stronger_attackers_win, *LOWER),
    ],
)
def test_more_must_not_do_worse(check: Check, less: Row, more: Row) -> None:
    assert check(outcomes_of({less: FEW, more: MANY})).ok is True
    assert check(outcomes_of({less: MANY, more: MANY})).ok is True
    broken = check(outcomes_of({less: MANY, more: FEW}))
    assert broken.ok is False
    assert more.row_id in broken.voids
    assert "15/20: 75.0 %" in broken.detail
    assert "1/20: 5.0 %" in broken.detail


@pytest.mark.parametrize(
    "check",
    [rises_with_eps, rises_with_steps, known_seed_helps, stronger_attackers_win, draws_saturate, joint_reaches],
)
def test_without_data_nothing_is_passed(check: Check) -> None:
    assert check(outcomes_of({})).ok is None
    assert check(outcomes_of({a_row(): (0, 0), adaptive(): (0, 0)})).ok is None


def test_worse_within_the_interval_is_no_failure() -> None:
    assert rises_with_eps(outcomes_of({EPS[0]: (11, 20), EPS[1]: (10, 20)})).ok is True


def test_only_common_scenes_are_compared() -> None:
    less, more = EPS
    far = [a_record(less, 100 + i, records_of(less, 1, 1)[0].judgement) for i in range(50)]
    assert rises_with_eps(outcomes_of({less: (0, 20), more: (0, 20)}, far)).ok is True
    apart = [a_record(more, 100 + i) for i in range(20)]
    assert rises_with_eps(Outcomes([less, more], [*records_of(less, 20, 20), *apart], MATCH)).ok is None


def test_more_budget_need_not_help_where_nobody_aims() -> None:
    less, more = oblivious(eps=2.0), oblivious(eps=4.0)
    past_sface = a_judgement(sface=LOOSE)
    outcomes = Outcomes([less, more], records_of(less, 20, 20, past_sface) + records_of(more, 0, 20), MATCH)
    assert rises_with_eps(outcomes).ok is True


def test_different_attacks_are_no_series() -> None:
    counted = {a_row(eps=2.0): MANY, a_row(attack="apgd-20", eps=4.0): FEW, a_row(eps=4.0, patch="glasses"): FEW}
    assert rises_with_eps(outcomes_of(counted)).ok is None


def test_the_strongest_of_some_attacks_stands_for_its_attacker() -> None:
    assert stronger_attackers_win(outcomes_of({oblivious(): MANY, a_row(): FEW, STEPS[1]: MANY})).ok is True


def test_attackers_of_another_budget_are_not_compared() -> None:
    counted: Counted = {oblivious(eps=16.0): MANY, a_row(eps=8.0): FEW, a_row(goal=Goal.DODGING, eps=16.0): FEW}
    assert stronger_attackers_win(outcomes_of(counted)).ok is None


def test_saturated_draws_hold_and_rising_ones_void_the_adaptive_attacker() -> None:
    half, most = DRAWS
    assert draws_saturate(outcomes_of({half: (10, 20), most: (12, 20)})).ok is True
    rising = draws_saturate(outcomes_of({half: FEW, most: MANY, adaptive(eps=2.0): FEW, a_row(): FEW}))
    assert rising.ok is False
    assert rising.voids == {half.row_id, most.row_id, adaptive(eps=2.0).row_id}


def test_another_share_than_half_says_nothing_of_saturation() -> None:
    assert draws_saturate(outcomes_of({adaptive(draws=1): FEW, DRAWS[0]: MANY})).ok is None


def test_fewer_draws_than_suffice_void_the_rows_that_use_them() -> None:
    counted = {adaptive(draws=2): FEW, DRAWS[0]: MANY, DRAWS[1]: MANY, adaptive(eps=2.0): FEW}
    check = draws_saturate(outcomes_of(counted))
    assert check.ok is False
    assert check.voids == {adaptive().row_id, adaptive(eps=2.0).row_id}


def test_the_joint_attack_must_reach_what_it_aims_at() -> None:
    row, others = a_row(), (adaptive(), a_row(Attacker.SEED_KNOWN, "pgd-40"), oblivious())
    near = [a_record(row, i, a_judgement(likeness=0.85)) for i in range(19)]
    far = [a_record(row, i, a_judgement(likeness=0.79)) for i in range(19, 21)]
    assert joint_reaches(Outcomes([row, *others], near + far[:1], MATCH)).ok is True
    broken = joint_reaches(Outcomes([row, *others], near + far, MATCH))
    assert broken.ok is False
    assert broken.voids == {row.row_id, others[0].row_id, others[1].row_id}


def test_the_joint_attack_that_reaches_most_is_asked() -> None:
    weak, strong = a_row(), a_row(attack="mi-fgsm-10")
    far = [a_record(weak, i, a_judgement(likeness=0.79)) for i in range(20)]
    near = [a_record(strong, i, a_judgement(likeness=0.85)) for i in range(20)]
    check = joint_reaches(Outcomes([weak, strong], far + near, MATCH))
    assert check.ok is True
    assert strong.row_id in check.detail


def test_a_lost_face_is_not_reached() -> None:
    row = a_row()
    assert joint_reaches(Outcomes([row], [a_record(row, 0, a_judgement() | {"likeness": {}})], MATCH)).ok is False


def test_an_unbounded_attack_must_win_every_scene() -> None:
    row, joint = oblivious(eps=64.0), a_row(eps=64.0)
    assert unbounded_wins(outcomes_of({row: (20, 20), joint: (20, 20)})).ok is True
    broken = unbounded_wins(outcomes_of({row: (19, 20), joint: (20, 20), oblivious(): FEW}))
    assert broken.ok is False
    assert broken.voids == {row.row_id, oblivious().row_id}
    assert unbounded_wins(outcomes_of({oblivious(): FEW})).ok is None


def test_noise_that_opens_anything_voids_everything() -> None:
    noise, other = a_row(Attacker.NOISE, "noise"), oblivious()
    assert noise_fails(outcomes_of({noise: (0, 150), other: MANY}), FARS).ok is True
    broken = noise_fails(outcomes_of({noise: (1, 150), other: MANY}), FARS)
    assert broken.ok is False
    assert broken.voids == {noise.row_id, other.row_id}
    assert noise_fails(outcomes_of({other: MANY}), FARS).ok is None


def test_noise_at_a_loose_point_is_measured_against_its_far() -> None:
    noise = a_row(Attacker.NOISE, "noise")
    at_floor = a_judgement(sface=LOOSE)
    few = Outcomes([noise], records_of(noise, 2, 150, at_floor), MATCH)
    assert noise_fails(few, FARS).ok is True
    assert noise_fails(few, {}).ok is False
    assert noise_fails(Outcomes([noise], records_of(noise, 15, 150, at_floor), MATCH), FARS).ok is False


def test_noise_that_opens_at_a_later_try_opens() -> None:
    noise = a_row(Attacker.NOISE, "noise")
    later = a_judgement(granted=1, tries=5, reason="adversarial_input")
    assert noise_fails(Outcomes([noise], records_of(noise, 1, 150, later), MATCH), FARS).ok is False


@pytest.mark.parametrize(("linf", "ok"), [(8.0, True), (8.5, False), (float("nan"), False)])
def test_a_picture_beyond_its_budget_voids_its_row(linf: float, ok: bool) -> None:
    row, other = a_row(), a_row(eps=4.0)
    outcomes = outcomes_of({row: (0, 0), other: FEW}, [a_record(row, 0, linf=linf)])
    check = budgets_kept(outcomes)
    assert (check.ok, check.voids) == (ok, frozenset() if ok else {row.row_id})


def test_every_check_is_there_and_searches_do_not_disturb_them() -> None:
    search = a_row(eps=16.0, minimal_for=Target.GATE)
    checks = honesty_checks(outcomes_of({search: (0, 0)}), FARS)
    assert len(checks) == 10
    assert {check.ok for check in checks} == {None}
    assert "by construction" in checks[-1].detail
    assert checks[0].values() == {"check": checks[0].name, "ok": None, "detail": checks[0].detail}


def test_voids_name_every_failed_check() -> None:
    found = voids_of([HonestyCheck("a", ok=False, detail="", voids=frozenset({"r"}))] * 2)
    assert found == {"r": "failed: a; a"}


def test_a_failed_check_refuses_the_table_and_one_without_data_does_not() -> None:
    refuse_dishonest([HonestyCheck("held", True, ""), HonestyCheck("not measured", None, "")])
    with pytest.raises(EdgeError, match="weak; weaker") as caught:
        refuse_dishonest([HonestyCheck(n, ok, "") for n, ok in (("weak", False), ("held", True), ("weaker", False))])
    assert "void" in caught.value.hint

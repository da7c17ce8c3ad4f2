"""Suites are made of rows with unique names, known attacks and known shapes."""

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: make redteam-setup")

from edge.daemon.assembly import DEFAULT_PROFILE  # noqa: E402
from edge.domain.errors import UsageError  # noqa: E402
from edge.trust.profile import load_profile  # noqa: E402
from redteam.campaign.arsenal import attack_of  # noqa: E402
from redteam.campaign.plan import SOUGHT, Alignment, Attacker, Knowledge, Row  # noqa: E402
from redteam.campaign.suites import SUITES, suite_named  # noqa: E402
from redteam.patches.shapes import PatchShape  # noqa: E402
from redteam.scene import Goal  # noqa: E402
from redteam.success import Target  # noqa: E402


@pytest.mark.parametrize("name", SUITES)
def test_every_row_of_a_suite_has_a_name_of_its_own_that_is_safe_for_files(name: str) -> None:
    ids = [row.row_id for row in suite_named(name)]
    assert len(set(ids)) == len(ids)
    assert all("/" not in row_id and row_id == row_id.strip() for row_id in ids)


def test_rows_that_differ_have_different_names() -> None:
    base = {"attacker": Attacker.JOINT, "attack": "pgd-20", "scenes": 5}
    variants = [
        Row(**base),  # type: ignore[arg-type]  # a dictionary of known fields
        Row(**base, eps=2.0),  # type: ignore[arg-type]
        Row(**base, eps=4.0),  # type: ignore[arg-type]
        Row(**base, goal=Goal.DODGING),  # type: ignore[arg-type]
        Row(**base, knows=Knowledge.TEMPLATES),  # type: ignore[arg-type]
        Row(**base, alignment=Alignment.FROZEN),  # type: ignore[arg-type]
        Row(**base, draws=4),  # type: ignore[arg-type]
        Row(**base, patch="glasses"),  # type: ignore[arg-type]
        Row(**base, patch="glasses", is_printed=True),  # type: ignore[arg-type]
        Row(**base, alignment=Alignment.JITTERED),  # type: ignore[arg-type]
        Row(**base, source=Target.SFACE),  # type: ignore[arg-type]
        Row(**base, minimal_for=Target.GATE),  # type: ignore[arg-type]
    ]
    assert len({row.row_id for row in variants}) == len(variants)


def test_the_number_of_scenes_is_no_part_of_the_name() -> None:
    few, many = (Row(attacker=Attacker.NOISE, attack="noise", eps=8.0, scenes=n) for n in (5, 50))
    assert few.row_id == many.row_id


@pytest.mark.parametrize("name", ["patch", "full"])
def test_whoever_wears_something_paints_prints_seeks_guesses_and_moves(name: str) -> None:
    rows = [row for row in suite_named(name) if row.patch is not None]
    assert {row.patch for row in rows} == {SOUGHT, *(shape.value for shape in PatchShape)}
    assert {row.alignment for row in rows if row.is_printed} == {Alignment.DETECTED, Alignment.JITTERED}
    moving = {row.patch for row in rows if row.attacker is Attacker.DISPLACEMENT}
    assert moving == {"glasses", "forehead", "lower-face"}


def test_bars_of_two_percent_have_scenes_enough() -> None:
    noise = [
        row for row in suite_named("nightly") if row.attacker is Attacker.NOISE and row.goal is Goal.IMPERSONATION
    ]
    assert noise
    assert min(row.scenes for row in noise) >= 150


def test_a_row_that_two_parts_of_a_suite_want_gets_the_scenes_of_the_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    few, many = (Row(attacker=Attacker.NOISE, attack="noise", eps=8.0, scenes=n) for n in (5, 50))
    for order in ((few, many), (many, few)):
        monkeypatch.setitem(SUITES, "both", order)
        assert suite_named("both") == (many,)


@pytest.mark.parametrize("name", ["pgd-20", "noise", "pgd-40 x 2", "bim-40+bim-10", "cw-margin-5", "patch-50"])
def test_attacks_have_names(name: str) -> None:
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    assert attack_of(Row(attacker=Attacker.JOINT, attack=name, scenes=1), profile).name


@pytest.mark.parametrize("name", ["pgd", "pgd-x", "bim-40+", "nonsense"])
def test_an_unknown_attack_is_refused(name: str) -> None:
    profile = load_profile(DEFAULT_PROFILE, environment="development")
    with pytest.raises(UsageError, match="no attack"):
        attack_of(Row(attacker=Attacker.JOINT, attack=name, scenes=1), profile)


def test_an_unknown_suite_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="'huge'") as caught:
        suite_named("huge")
    assert "nightly" in caught.value.hint

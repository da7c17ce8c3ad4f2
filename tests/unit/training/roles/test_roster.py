"""Who may do what."""

import pytest

from edge.domain.errors import TrustError, UsageError
from tests.support.datasets import signer_of
from training.roles.role import PERMITTED, Action, Role, clashing, may
from training.roles.roster import Roster

ADA = signer_of("ada").public_key
EVE = signer_of("eve").public_key


@pytest.fixture
def roster() -> Roster:
    return Roster().appointed("ada", ADA, [Role.ADMINISTRATOR])


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Role)
def test_one_role_an_action(action: Action, role: Role) -> None:
    assert may([role], action) is (PERMITTED[action] is role)


def test_whoever_trains_does_not_approve() -> None:
    assert clashing([Role.TRAINER, Role.APPROVER]) == {Role.TRAINER, Role.APPROVER}
    assert clashing([Role.CURATOR, Role.TRAINER]) == frozenset()


def test_roles_that_clash_are_refused(roster: Roster) -> None:
    with pytest.raises(UsageError, match="cannot be administrator and reviewer"):
        roster.appointed("ada", ADA, [Role.ADMINISTRATOR, Role.REVIEWER])


def test_a_name_and_a_key_stay_together(roster: Roster) -> None:
    with pytest.raises(UsageError, match="ada is here already"):
        roster.appointed("ada", EVE, [Role.ADMINISTRATOR])
    with pytest.raises(UsageError, match="ada is here already"):
        roster.appointed("eve", ADA, [Role.REVIEWER])


def test_the_last_administrator_stays(roster: Roster) -> None:
    with pytest.raises(UsageError, match="last administrator"):
        roster.appointed("ada", ADA, [])
    assert roster.appointed("eve", EVE, [Role.ADMINISTRATOR]).appointed("ada", ADA, []).members["ada"].roles == set()


@pytest.mark.parametrize("key", [b"", bytes(32), b"\1" + bytes(31)])
def test_a_key_that_everybody_has_is_refused(roster: Roster, key: bytes) -> None:
    with pytest.raises(UsageError, match="no Ed25519 public key"):
        roster.appointed("eve", key, [Role.REVIEWER])


def test_nobody_may_do_anything(roster: Roster) -> None:
    with pytest.raises(TrustError, match="nobody here is called 'eve'"):
        roster.require("eve", Action.REVIEW)
    with pytest.raises(TrustError, match="belongs to nobody"):
        roster.holder_of(EVE)

"""Roles of people who work on the data, and the least that each of them may do.

The split follows the separation of duty of NIST SP 800-53 AC-5 and the least privilege of AC-6: whoever brings a
picture does not judge it, whoever trains does not choose the data, whoever approves a model did not make it.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person is to the data."""

    CONTRIBUTOR = "contributor"
    CURATOR = "curator"
    REVIEWER = "reviewer"
    TRAINER = "trainer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Action(StrEnum):
    """What can be done to the data or with it."""

    CONTRIBUTE = "contribute"
    CHANGE = "change"
    REMOVE = "remove"
    VET = "vet"
    REVIEW = "review"
    SEAL = "seal"
    RECALL = "recall"
    USE = "use"
    APPROVE = "approve"
    APPOINT = "appoint"


PERMITTED: Final[Mapping[Action, Role]] = {
    Action.CONTRIBUTE: Role.CONTRIBUTOR,
    Action.CHANGE: Role.CURATOR,
    Action.REMOVE: Role.CURATOR,
    Action.VET: Role.CURATOR,
    Action.REVIEW: Role.REVIEWER,
    Action.SEAL: Role.CURATOR,
    Action.RECALL: Role.CURATOR,
    Action.USE: Role.TRAINER,
    Action.APPROVE: Role.APPROVER,
    Action.APPOINT: Role.ADMINISTRATOR,
}
"""The one role that may do it: no role includes another."""

PEOPLE_TO_TRUST: Final = 2
"""Reviewers, none of them who contributed the picture, before it counts as trusted."""

PEOPLE_TO_PROMOTE: Final = 2
"""Approvers, none of them who trained the model, before it may serve."""

_APART: Final = (
    frozenset({Role.TRAINER, Role.APPROVER}),
    frozenset({Role.ADMINISTRATOR, Role.REVIEWER}),
    frozenset({Role.ADMINISTRATOR, Role.APPROVER}),
)


def may(roles: Iterable[Role], action: Action) -> bool:
    """Return whether somebody with ``roles`` may do ``action``."""
    return PERMITTED[action] in frozenset(roles)


def clashing(roles: Iterable[Role]) -> frozenset[Role]:
    """Return two of ``roles`` that one person must not hold together; empty if there are none.

    A trainer who approves would promote their own model. An administrator who reviews or approves could appoint the
    second pair of eyes and be it.
    """
    held = frozenset(roles)
    return next((pair for pair in _APART if pair <= held), frozenset())

"""The people of a dataset at one moment: names, keys, roles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from edge.domain.errors import TrustError, UsageError
from edge.trust.signing import is_small_order, key_id
from training.roles.role import PERMITTED, Action, Role, clashing, may


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a dataset.

    Attributes:
        name: as it is written everywhere; unique, for ever.
        public_key: Ed25519, 32 raw bytes; unique, for ever.
        roles: what they may do now; empty = they left.
    """

    name: str
    public_key: bytes
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who ever was a member, by name. People leave by losing their roles, so old signatures keep a name."""

    members: Mapping[str, Member] = field(default_factory=dict)

    def require(self, name: str, action: Action) -> Member:
        """Return the member ``name`` if they may do ``action``.

        Raises:
            TrustError: there is nobody of that name, or their roles do not allow it.
        """
        member = self.members.get(name)
        if member is None:
            raise TrustError(
                f"nobody here is called {name!r}", hint="an administrator adds people: 'training people add'"
            )
        if not may(member.roles, action):
            held = ", ".join(sorted(member.roles)) or "no role any more"
            raise TrustError(
                f"{name} may not {action.value}: that takes a {PERMITTED[action].value}, and {name} has {held}",
                hint="let somebody with that role do it, or ask an administrator for the role",
            )
        return member

    def holder_of(self, public_key: bytes) -> Member:
        """Return whose key that is.

        Raises:
            TrustError: nobody's.
        """
        for member in self.members.values():
            if member.public_key == public_key:
                return member
        raise TrustError(
            f"the key {key_id(public_key)} belongs to nobody here",
            hint="an administrator adds people with their public key: 'training people add'",
        )

    def appointed(self, name: str, public_key: bytes, roles: Iterable[Role]) -> "Roster":
        """Return the roster with ``name`` added, or with their roles replaced; no roles = they left.

        Raises:
            UsageError: the key is no key or another person's, a person's key would change, two roles clash, or the
                last administrator would be gone.
        """
        held = frozenset(roles)
        _check_key(name, public_key)
        if pair := clashing(held):
            raise UsageError(
                f"{name} cannot be {' and '.join(sorted(pair))} at once",
                hint="one person would check their own work: give one of the roles to somebody else",
            )
        for member in self.members.values():
            if (member.name == name) != (member.public_key == public_key):
                raise UsageError(
                    f"{member.name} is here already with the key {key_id(member.public_key)}",
                    hint="a name and a key stay together for ever: take a new name for a new key, and take the old "
                    "name's roles away",
                )
        members = {**self.members, name: Member(name, public_key, held)}
        if not any(Role.ADMINISTRATOR in member.roles for member in members.values()):
            raise UsageError(
                f"{name} is the last administrator",
                hint="appoint another administrator first, then take this role away",
            )
        return Roster(members)


def _check_key(name: str, public_key: bytes) -> None:
    if len(public_key) != 32 or is_small_order(public_key):
        raise UsageError(
            f"what is given as the key of {name} is no Ed25519 public key",
            hint="give the 64 hexadecimal digits that 'training people key' prints",
        )

"""Topic names of one gate, with what each carries: ``egate/v1/{site}/{gate}/{state|evt|cmd|rsp}/…``.

State is retained, so that whoever subscribes knows it at once. Events, commands, responses and what a kiosk shows are
never retained: a retained grant would be replayed to every new subscriber.
"""

import re
from dataclasses import dataclass

from edge.domain.errors import ConfigError
from edge.domain.event import EventKind

ROOT = "egate/v1"
EVENTS_OF_ALL_GATES = f"{ROOT}/+/+/evt/#"

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_FLEET = "fleet"  # the gate level of commands to a whole site


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic and how it is published.

    Attributes:
        topic: full topic name.
        qos: MQTT quality of service, 0 or 1; never 2, because consumers drop duplicates anyway.
        is_retained: whether the broker keeps the last message for new subscribers.
        expiry_s: seconds after which the broker drops an undelivered message; None = never.
    """

    topic: str
    qos: int
    is_retained: bool
    expiry_s: int | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one gate. Names: lower case, digits and dashes, at most 63 characters.

    Raises:
        ConfigError: a name is not allowed in a topic.
    """

    site: str
    gate: str

    def __post_init__(self) -> None:
        checked_name(self.site, "site")
        if checked_name(self.gate, "gate") == _FLEET:
            raise ConfigError(f"a gate cannot be called {_FLEET!r}", hint="that name addresses all gates of a site")

    @property
    def availability(self) -> Channel:
        """``online`` or ``offline`` as plain text; the last will writes ``offline``."""
        return Channel(self._topic("state/availability"), qos=1, is_retained=True)

    @property
    def birth(self) -> Channel:
        """The birth certificate."""
        return Channel(self._topic("state/birth"), qos=1, is_retained=True)

    @property
    def health(self) -> Channel:
        """Sent every 30 s, gone after three missed ones."""
        return Channel(self._topic("state/health"), qos=0, is_retained=True, expiry_s=90)

    @property
    def audit_head(self) -> Channel:
        """A signed checkpoint of the audit chain."""
        return Channel(self._topic("state/audit-head"), qos=1, is_retained=True)

    @property
    def kiosk(self) -> Channel:
        """What the person is shown, sent on change and every second. Not retained: it may say ``granted``."""
        return Channel(self._topic("state/kiosk"), qos=0, is_retained=False, expiry_s=3)

    @property
    def commands(self) -> str:
        """Filter over every command to this gate."""
        return self._topic("cmd/#")

    @property
    def events(self) -> str:
        """Filter over every event of this gate."""
        return self._topic("evt/#")

    @property
    def source(self) -> str:
        """CloudEvents ``source`` of this gate."""
        return f"/egate/{self.site}/{self.gate}"

    def event(self, kind: EventKind) -> Channel:
        """Where events of ``kind`` go."""
        return Channel(self._topic(f"evt/{kind}"), qos=1, is_retained=False)

    def command(self, name: str) -> Channel:
        """Where the command ``name`` comes in; it expires after 10 s."""
        return Channel(self._topic(f"cmd/{checked_name(name, 'command')}"), qos=1, is_retained=False, expiry_s=10)

    def response(self, name: str) -> Channel:
        """Where the answer to the command ``name`` goes; nobody waits longer than the command lives."""
        return Channel(self._topic(f"rsp/{checked_name(name, 'command')}"), qos=1, is_retained=False, expiry_s=10)

    def _topic(self, rest: str) -> str:
        return f"{ROOT}/{self.site}/{self.gate}/{rest}"


def checked_name(name: str, what: str) -> str:
    """Return ``name`` if it may be a topic level.

    Raises:
        ConfigError: it may not; ``what`` says whose name it is.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigError(
            f"{name[:80]!r} is no valid {what} name",
            hint="use lower case letters, digits and dashes, at most 63, not beginning with a dash",
        )
    return name

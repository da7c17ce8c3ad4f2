"""Who speaks: the names that stand in every event of a gate."""

from dataclasses import dataclass

from edge.messaging.topics import Topics, checked_name


@dataclass(frozen=True, slots=True)
class GateIdentity:
    """Which gate, at which door, since which start.

    Attributes:
        site: topic level.
        gate: topic level.
        access_point: the door or kiosk that is guarded; CloudEvents ``subject``.
        boot_id: random, new at every start of the daemon.

    Raises:
        ConfigError: a name is not allowed.
    """

    site: str
    gate: str
    access_point: str
    boot_id: str

    def __post_init__(self) -> None:
        Topics(self.site, self.gate)
        checked_name(self.access_point, "access point")
        checked_name(self.boot_id, "boot id")

    @property
    def source(self) -> str:
        """CloudEvents ``source``: unique with ``id``."""
        return self.topics.source

    @property
    def topics(self) -> Topics:
        """The topics of this gate."""
        return Topics(self.site, self.gate)

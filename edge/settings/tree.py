"""The whole settings tree and what may not be combined."""

import ipaddress
import os
from pathlib import Path

from pydantic import Field

from edge.domain.errors import ConfigError
from edge.domain.level import Level
from edge.settings.keeping import EvidenceSection, RetentionSection
from edge.settings.metrics_section import MetricsSection
from edge.settings.record_sections import AuditSection, OutboxSection
from edge.settings.sections import (
    AlertsSection,
    BrokerSection,
    CameraSection,
    ChallengeSection,
    DoorSection,
    EngineSection,
    Environment,
    GateSection,
    LogSection,
    PolicySection,
    Section,
    StateSection,
    TrustSection,
)
from edge.trust.development_key import DEVELOPMENT_PUBLIC_KEY


class Settings(Section):
    """Everything that can be set."""

    environment: Environment = Field(default=Environment.PRODUCTION, description="development or production.")
    gate: GateSection = Field(default_factory=GateSection)
    camera: CameraSection = Field(default_factory=CameraSection)
    engine: EngineSection = Field(default_factory=EngineSection)
    policy: PolicySection = Field(default_factory=PolicySection)
    alerts: AlertsSection = Field(default_factory=AlertsSection)
    challenge: ChallengeSection = Field(default_factory=ChallengeSection)
    trust: TrustSection = Field(default_factory=TrustSection)
    broker: BrokerSection = Field(default_factory=BrokerSection)
    door: DoorSection = Field(default_factory=DoorSection)
    state: StateSection = Field(default_factory=StateSection)
    outbox: OutboxSection = Field(default_factory=OutboxSection)
    audit: AuditSection = Field(default_factory=AuditSection)
    retention: RetentionSection = Field(default_factory=RetentionSection)
    evidence: EvidenceSection = Field(default_factory=EvidenceSection)
    log: LogSection = Field(default_factory=LogSection)
    metrics: MetricsSection = Field(default_factory=MetricsSection)

    @property
    def state_dir(self) -> Path:
        """The state folder in force."""
        if self.state.dir is not None:
            return self.state.dir.expanduser()
        base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        return Path(base) / "edge-gate"

    @property
    def level(self) -> Level:
        """The security level in force."""
        if self.policy.level is not None:
            return self.policy.level
        opens = self.door.kind != "none" and self.environment is Environment.PRODUCTION
        return Level.STANDARD if opens else Level.CONVENIENCE

    def refuse_contradictions(self) -> None:
        """Refuse combinations that no single field can see.

        Raises:
            ConfigError: always with what to change.
        """
        if self.policy.frames_needed > self.policy.frames_window:
            raise ConfigError(
                f"policy.frames_needed ({self.policy.frames_needed}) is more than frames_window "
                f"({self.policy.frames_window}): nobody could ever be granted",
                hint="raise frames_window or lower frames_needed",
            )
        if self.policy.failures_before_escalation > self.policy.failures_before_hold:
            raise ConfigError(
                "policy.failures_before_escalation is more than failures_before_hold: nobody would ever be asked for "
                "a second factor",
                hint="lower failures_before_escalation",
            )
        if (self.broker.cert_file is None) != (self.broker.key_file is None):
            raise ConfigError("a client certificate needs its key", hint="set both broker.cert_file and key_file")
        if self.broker.ca_file is None and self.broker.cert_file is not None:
            raise ConfigError("mutual TLS needs the broker's CA", hint="set broker.ca_file")
        if self.broker.username is not None and self.broker.password_file is None:
            raise ConfigError("a broker user needs a password", hint="set broker.password_file")
        if self.camera.unsafe_source and self.environment is Environment.PRODUCTION:
            raise ConfigError(
                "camera.unsafe_source is refused in production", hint="remove it; name and pin a real camera"
            )
        if self.evidence.strangers and not self.evidence.keep:
            raise ConfigError("evidence.strangers without evidence.keep keeps nothing", hint="set evidence.keep too")
        if self.metrics.unsafe_host and self.environment is Environment.PRODUCTION:
            raise ConfigError(
                "metrics.unsafe_host is refused in production",
                hint="remove it; let something on this machine scrape 127.0.0.1 and pass it on",
            )
        self._refuse_plaintext()
        self._refuse_everybodys_commands()

    def _refuse_plaintext(self) -> None:
        if self.broker.ca_file is not None or _is_this_machine(self.broker.host):
            if self.broker.unsafe_plaintext and self.environment is Environment.PRODUCTION:
                raise ConfigError("broker.unsafe_plaintext is refused in production", hint="remove it; set ca_file")
            return
        if self.environment is Environment.PRODUCTION or not self.broker.unsafe_plaintext:
            raise ConfigError(
                f"the broker {self.broker.host} would be reached without TLS",
                hint="set broker.ca_file (and the port, usually 8883)",
            )

    def _refuse_everybodys_commands(self) -> None:
        everybodys = DEVELOPMENT_PUBLIC_KEY.hex()
        if self.environment is Environment.PRODUCTION and any(
            key.public_key == everybodys for key in self.trust.command_keys
        ):
            raise ConfigError(
                "trust.command_keys lists the development key, which everybody has",
                hint="make a key of your own with 'edge-gate command make-key' and list its public key",
            )


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

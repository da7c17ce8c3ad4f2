"""What the demo ran with: shown on the screen, the sheet and the report."""

from dataclasses import dataclass
from importlib.metadata import version

from edge.commands.demo.scenes import ENROLLED_NAME
from edge.commands.demo.stage import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Facts in words.

    Attributes:
        environment: development, always.
        gate_version: of the software.
        models: recognizers, runtime and arithmetic.
        profile: where the thresholds come from.
        broker: which broker, and where.
        enrolled: who is enrolled, and from what.
        played: date and time, UTC.
    """

    environment: str
    gate_version: str
    models: str
    profile: str
    broker: str
    enrolled: str
    played: str

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """Name and value of each fact that is worth a line."""
        return (
            ("models", self.models),
            ("profile", self.profile),
            ("broker", self.broker),
            ("enrolled", self.enrolled),
        )


def facts_of(stage: Stage) -> Facts:
    """Return the facts of a stage."""
    models, profile = stage.parts.models, stage.parts.profile
    names = " and ".join(recognizer.model_id for recognizer in models.stages)
    return Facts(
        environment=stage.parts.settings.environment.value,
        gate_version=version("edge-gate"),
        models=f"{names} on {models.runtime}, {models.precision}; every engine proven",
        profile=f"{profile.name}, signed by {profile.signed_by}, digest {profile.digest[:12]}",
        broker=f"{stage.broker.name} on {stage.broker.host}:{stage.broker.port}, MQTT 5",
        enrolled=f"{ENROLLED_NAME}, {stage.templates} pictures from the synthetic camera",
        played=stage.clock.utc().strftime("%Y-%m-%d %H:%M UTC"),
    )

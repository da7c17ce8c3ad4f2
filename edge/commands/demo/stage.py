"""What all scenes share: models loaded once, one enrolled person, one gate's records and line, one subscriber."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from edge.commands.demo.broker import DemoBroker
from edge.commands.demo.enrollment import enroll_portrait, enrolled_gallery
from edge.commands.demo.line import GateLine
from edge.commands.demo.subscriber import Subscriber
from edge.daemon.assembly import GateParts, policy_of
from edge.daemon.broker import broker_options
from edge.daemon.models import Models
from edge.daemon.profile_in_force import profile_in_force
from edge.daemon.state import open_gate_state
from edge.domain.clock import Clock
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import BirthV1, LifecyclePhase
from edge.messaging.status import birth_certificate
from edge.pipeline.act import Actor
from edge.settings.sections import BrokerSection, EngineSection, Environment, GateSection, StateSection
from edge.settings.tree import Settings
from edge.trust.keys import KeyRing

_LEAST_BACKOFF_S, _MOST_BACKOFF_S = 0.1, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that a scene needs.

    Attributes:
        parts: settings, profile, models and people.
        actor: records and sends, for a door of each scene's own.
        line: the gate's side of the bus.
        broker: can be taken away and brought back.
        subscriber: the other side.
        clock: the machine's.
        templates: how many pictures the enrolled person's templates were made of.
    """

    parts: GateParts
    actor: Actor
    line: GateLine
    broker: DemoBroker
    subscriber: Subscriber
    clock: Clock
    templates: int


def demo_settings(engine: EngineSection, broker: DemoBroker, state_dir: Path) -> Settings:
    """Return the demo's settings. Of the site's only how engines run, so that no door or state of its is touched."""
    return Settings(
        environment=Environment.DEVELOPMENT,
        gate=GateSection(site="demo", gate="front-door", access_point="front-door"),
        engine=engine,
        broker=BrokerSection(host=broker.host, port=broker.port),
        state=StateSection(dir=state_dir),
    )


@contextmanager
def open_stage(settings: Settings, models: Models, broker: DemoBroker, clock: Clock) -> Iterator[Stage]:
    """Open the state, enroll the person, connect gate and subscriber; close all of it at the end.

    Raises:
        EdgeError: any of it fails.
    """
    opened, keys = open_gate_state(settings)
    with opened as state:
        profile = profile_in_force(settings, models, clock)
        templates = enroll_portrait(models, profile, state, clock)
        parts = GateParts(settings, profile, models, enrolled_gallery(models, state))
        section = settings.gate
        identity = GateIdentity(section.site, section.gate, section.access_point, secrets.token_hex(8))
        options = replace(broker_options(settings), least_backoff_s=_LEAST_BACKOFF_S, most_backoff_s=_MOST_BACKOFF_S)
        with (
            Subscriber(
                replace(options, client_id="demo-subscriber"), {identity.source: [keys.signer.public_key]}, clock
            ) as subscriber,
            GateLine(options, identity.topics, _birth(parts, identity, keys), state.outbox, clock) as line,
        ):
            actor = Actor(
                ledger=state.ledger, door=None, identity=identity, signer=keys.signer, clock=clock, wake=line.wake
            )
            actor.record_lifecycle(LifecyclePhase.STARTING, version("edge-gate"))
            yield Stage(
                parts=parts,
                actor=actor,
                line=line,
                broker=broker,
                subscriber=subscriber,
                clock=clock,
                templates=templates,
            )
            actor.record_lifecycle(LifecyclePhase.STOPPING, version("edge-gate"))


def _birth(parts: GateParts, identity: GateIdentity, keys: KeyRing) -> BirthV1:
    return birth_certificate(
        identity,
        version=version("edge-gate"),
        models={binding.model_id: binding.model_digest for binding in parts.models.bindings.values()},
        policy_digest=policy_of(
            parts.settings.policy, parts.profile, is_stills=False, level=parts.settings.level
        ).digest,
        key_id=keys.signer.key_id,
    )

"""The gate that is drilled: real models, a person who stays before a synthetic camera, a folder of its own."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed
from edge.commands.demo.enrollment import enroll_portrait
from edge.commands.demo.scenes import ENROLLED_PORTRAIT
from edge.commands.drill.faulty_engine import EngineSwitch, FaultyEngine
from edge.commands.drill.faulty_feed import FaultyFeed
from edge.commands.drill.pretend_usb import PretendUsb
from edge.commands.drill.shifted_clock import ShiftedClock
from edge.daemon.assembly import GateParts, build_gate, read_profile
from edge.daemon.live_gallery import LiveGallery
from edge.daemon.models import Models, model_files, model_store, recognizer_file, with_engines
from edge.daemon.recorder import Recorder
from edge.daemon.state import open_gate_state
from edge.daemon.watches.gate_watches import gate_watches
from edge.domain.clock import SystemClock
from edge.domain.profile import Profile
from edge.door.fake import FakeDoor
from edge.messaging.identity import GateIdentity
from edge.pipeline.act import Actor
from edge.pipeline.gate import Gate
from edge.settings.sections import (
    CameraSection,
    EngineSection,
    Environment,
    GateSection,
    PolicySection,
    StateSection,
)
from edge.settings.tree import Settings
from edge.store.state import DATABASE_FILE, State

PERSON = f"synthetic:{ENROLLED_PORTRAIT}?seed=3&scale=1.1&gap_s=0&enter_s=0&stay_s=0"
"""Somebody enrolled who stays before the camera for ever."""

_DOOR_AGE_MS = 2_000.0
_SLOWER_THAN_ALLOWED = 1.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What all drills share.

    Attributes:
        settings: of a drilled gate; its state folder holds one enrolled person and is copied for each drill.
        profile: the one that ships, whatever its date.
        models: loaded once, their recognizers behind ``engines``.
        engines: what is wrong with them.
    """

    settings: Settings
    profile: Profile
    models: Models
    engines: EngineSwitch


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """One drilled gate and everything that can be made to go wrong with it.

    Attributes:
        gate: judges.
        feed: its camera's pictures.
        recorder: acts on what it decides.
        door: what a grant opens.
        actor: for records of a drill's own.
        state: its store.
        clock: its clock, which can be set.
        calendar: what the profile's dates are held against: time that passed by itself.
        usb: where its camera is plugged in.
        engines: what is wrong with the models.
        model_file: a file of its models, its own to exchange.
        older: a copy of its database from before.
    """

    gate: Gate
    feed: FaultyFeed
    recorder: Recorder
    door: FakeDoor
    actor: Actor
    state: State
    clock: ShiftedClock
    calendar: ShiftedClock
    usb: PretendUsb
    engines: EngineSwitch
    model_file: Path
    older: Path


def drill_settings(engine: EngineSection, folder: Path) -> Settings:
    """Return the settings of a drilled gate. Of the site's only how engines run.

    Whoever stays may try again at once, and has all the time that a busy machine takes: what is drilled is how soon
    a fault is noticed, not how fast the machine is.
    """
    return Settings(
        environment=Environment.DEVELOPMENT,
        gate=GateSection(site="drill", gate="drill"),
        camera=CameraSection(stale_after_ms=5_000),
        engine=engine,
        policy=PolicySection(
            most_frame_age_ms=10_000,
            attempt_timeout_ms=60_000,
            rearm_after_denial_ms=0,
            rearm_after_grant_ms=0,
            failures_before_hold=100,
        ),
        state=StateSection(dir=folder),
    )


def prepare(models: Models, engine: EngineSection, folder: Path) -> Base:
    """Enroll the person into a folder that drills copy.

    Raises:
        EdgeError: the profile or the state cannot be used.
    """
    settings = drill_settings(engine, folder / "state")
    shipped = read_profile(settings, models, environment=Environment.DEVELOPMENT.value)
    clock = SystemClock()
    profile = replace(shipped, created=min(shipped.created, clock.utc()))
    opened, _ = open_gate_state(settings)
    with opened as state:
        enroll_portrait(models, profile, state, clock)
    switch = EngineSwitch(engine.answer_within_ms / 1_000 * _SLOWER_THAN_ALLOWED)
    return Base(
        settings=settings,
        profile=profile,
        models=with_engines(models, lambda inner: FaultyEngine(inner, switch)),
        engines=switch,
    )


@contextmanager
def drilled_gate(base: Base, folder: Path) -> Iterator[Rig]:
    """Put a gate together as the daemon does, in ``folder``, with a seam at each part that a drill breaks.

    Raises:
        EdgeError: a part cannot be used.
    """
    clock, calendar = ShiftedClock(SystemClock()), ShiftedClock(SystemClock())
    shutil.copytree(base.settings.state_dir, folder / "state")
    older = Path(shutil.copy(folder / "state" / DATABASE_FILE, folder / "older"))
    settings = base.settings.model_copy(update={"state": StateSection(dir=folder / "state")})
    files = _linked_models(settings, folder / "models")
    usb = PretendUsb(folder / "usb")
    opened, keys = open_gate_state(settings)
    with (
        opened as state,
        CameraFeed(parse_source(PERSON), clock=clock, guard=usb.guard()) as feed,
    ):
        door = FakeDoor(clock, longest_age_ms=_DOOR_AGE_MS)
        identity = GateIdentity("drill", "drill", "drill", secrets.token_hex(8))
        actor = Actor(
            ledger=state.ledger, door=door, identity=identity, signer=keys.signer, clock=clock, wake=lambda: None
        )
        recorder = Recorder(actor, clock)
        people = LiveGallery(base.models, state, clock)
        watches = gate_watches(
            recorder, state.database, files, base.profile, Environment.PRODUCTION, clock, calendar=calendar
        )
        parts = GateParts(settings, base.profile, base.models, people())
        gate = build_gate(parts, feed.source, clock, is_lock_step=False, people=people, health=watches)
        yield Rig(
            gate=gate,
            feed=FaultyFeed(feed, usb.source),
            recorder=recorder,
            door=door,
            actor=actor,
            state=state,
            clock=clock,
            calendar=calendar,
            usb=usb,
            engines=base.engines,
            model_file=next(iter(files)),
            older=older,
        )


def _linked_models(settings: Settings, folder: Path) -> dict[Path, str]:
    """Return the models' files with their sha256, as links in a folder of the drill's own."""
    folder.mkdir()
    files = {}
    for file, sha256 in model_files(model_store(settings.engine), recognizer_file(settings.engine)).items():
        link = folder / file.name
        link.symlink_to(file)
        files[link] = sha256
    return files

"""What ``edge-gate check`` looks at. Each probe asks what ``run`` will ask; none fetches or builds anything."""

import os
import shutil
from collections.abc import Callable, Mapping

from edge.capture.supervisor import CameraFeed, Nothing, Pace
from edge.commands.check_machine import MACHINE_PROBES, MachineProbe
from edge.daemon.assembly import CatalogModels, gallery_of, read_profile, stored_gallery
from edge.daemon.broker import broker_options
from edge.daemon.camera import camera_guard, camera_pin, camera_source
from edge.daemon.certificates_in_force import certificates_asked
from edge.daemon.models import (
    RECOGNIZERS,
    load_models,
    model_store,
    recognizer_file,
    require_built,
    serving_bindings,
)
from edge.daemon.profile_in_force import date_problem, profile_in_force, refuse_outgrown
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.errors import ConfigError, TrustError
from edge.domain.level import Level
from edge.domain.mask_family import families_of
from edge.domain.posture import Posture
from edge.messaging.login import try_login
from edge.policy.limits_record import limits_from
from edge.settings.tree import Settings
from engines.building import is_building
from engines.machine.root import MachineRoot
from engines.runtime.registry import available_precisions

Probe = Callable[[Settings], str]
"""Looks at one thing and says how it is. Raises an EdgeError or EngineError where the gate could not serve."""

_LEAST_FREE_BYTES = 200 * 2**20
_CAMERA_PATIENCE_MS = 10_000
_ASKED_FOR = {
    Level.CONVENIENCE: "a face alone opens; nothing certain stands against a good replay",
    Level.STANDARD: "a face, and head movements or a badge or PIN of the same person",
    Level.HIGH: "a badge or PIN, and the face of that person under the patch certificate",
}


def _models(settings: Settings) -> str:
    _refuse_while_built(settings)
    require_built(model_store(settings.engine), recognizer_file(settings.engine))
    return f"{len(RECOGNIZERS) + 1} models built"


def _refuse_while_built(settings: Settings) -> None:
    store = model_store(settings.engine)
    if is_building(store):
        raise ConfigError(
            f"engines are being built in {store.root}: a gate that waits for them is shut until they are",
            hint="wait; under systemd 'journalctl -u edge-gate-engines -f' shows how far it is",
        )


def _engines(settings: Settings) -> str:
    _refuse_while_built(settings)
    with load_models(settings.engine, may_fetch=False) as models:
        precisions = ", ".join(available_precisions(models.runtime))
        return f"{models.runtime} {models.precision}, every engine proven (available: {precisions})"


def _profile(settings: Settings) -> str:
    now = SystemClock().utc()
    profile = profile_in_force(settings, CatalogModels(serving_bindings(settings.engine.precision)), SystemClock())
    problem = date_problem(profile.created, profile.expires, now)
    date = problem[0] if problem else f"expires in {(profile.expires - now).days} days"
    return f"{profile.name}, signed by {profile.signed_by} {profile.key_id}, {date}, digest {profile.digest[:12]}"


def _state(settings: Settings) -> str:
    opened, _ = open_gate_state(settings)
    with opened:
        report = opened.ledger.verify_chain()
        if not report.is_whole:
            raise TrustError(
                f"the audit chain is broken at row {report.fault_seq}: {report.detail}",
                hint="keep a copy of the state folder for inspection, then restore it from a backup",
            )
        waiting = len(opened.outbox.pending(opened.outbox.depth()))
        aside = len(opened.outbox.aside())
        return (
            f"{settings.state_dir}: {report.records} audit records, chain whole, {waiting} messages wait"
            f"{f', {aside} were set aside' if aside else ''}"
        )


def _people(settings: Settings) -> str:
    """Open every name and template, as a gate with the catalog's models would."""
    opened, _ = open_gate_state(settings)
    with opened:
        models = CatalogModels(serving_bindings(settings.engine.precision))
        gallery_of(models, opened.gallery.load_templates(models.bindings))
        opened.gallery.load_masked((), models.bindings)
        return f"{len(opened.gallery.people())} people, every template open and bound to the models that run"


def _certificate(settings: Settings) -> str:
    """Look who lacks templates for the certificates that grants need, or, where they need none, for any."""
    profile = read_profile(settings, environment="development")
    asked = certificates_asked(profile, settings.policy)
    opened, _ = open_gate_state(settings)
    with opened:
        stored_gallery(CatalogModels(serving_bindings(settings.engine.precision)), opened.gallery, asked)
        people = opened.gallery.people()
    needed = {family.digest for family in families_of(asked or profile.certificates)}
    lacking = sum(not needed <= person.families for person in people)
    told = f"grants need {', '.join(c.name for c in asked)}" if asked else "no grant needs one"
    if lacking and asked:
        raise ConfigError(
            f"{told}, and {lacking} of {len(people)} people have no occluded templates for it: they are denied",
            hint="run 'edge-gate people rederive'; whoever has no kept pictures must enroll again",
        )
    return f"{told}; {len(people) - lacking} of {len(people)} people have occluded templates"


def _gallery(settings: Settings) -> str:
    """Compare how many are enrolled with how many the profile is for, whoever signed it: another line tells that."""
    room = read_profile(settings, environment="development")
    opened, _ = open_gate_state(settings)
    with opened:
        people = opened.gallery.count()
    refuse_outgrown(people, room)
    is_nearly_full = room.gallery.is_nearly_full_with(people)
    warning = ", nearly full: fit a profile for a larger gallery soon" if is_nearly_full else ""
    return f"{people} people, and the profile is for {room.gallery.most_people} at most{warning}"


def _level(settings: Settings) -> str:
    chosen = "set" if settings.policy.level is not None else "by default"
    return f"{settings.level} ({chosen}, door {settings.door.kind}): {_ASKED_FOR[settings.level]}"


def _posture(settings: Settings) -> str:
    opened, _ = open_gate_state(settings)
    with opened:
        posture, stored = opened.limits.posture(), opened.limits.load()
    try:
        limits_from(stored.record)
    except ValueError as error:
        raise TrustError(
            f"the limits are not what the gate wrote: {error}",
            hint="find out who altered them; 'edge-gate limits unlock' begins anew",
        ) from error
    if posture is not Posture.NORMAL:
        raise ConfigError(
            f"{posture}: every attempt is denied", hint="edge-gate posture set normal, when the place is safe"
        )
    return posture.value


def _key(settings: Settings) -> str:
    opened, keys = open_gate_state(settings)
    opened.close()
    return f"events are signed by {keys.signer.key_id}, public key {keys.signer.public_key.hex()}"


def _disk(settings: Settings) -> str:
    folder = settings.state_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES or not os.access(folder, os.W_OK):
        raise ConfigError(f"{free // 2**20} MiB free in {folder}", hint="free space, or move the state folder")
    return f"{free // 2**20} MiB free in {folder}"


def _broker(settings: Settings) -> str:
    options = broker_options(settings)
    try_login(options)
    return f"{options.address} takes the login{', TLS' if options.tls else ', plain TCP on this machine'}"


def _camera(settings: Settings) -> str:
    source = camera_source(settings)
    clock = SystemClock()
    deadline_ns = clock.monotonic_ns() + _CAMERA_PATIENCE_MS * 1_000_000
    guard = camera_guard(settings, source)
    with CameraFeed(source, pace=Pace.REALTIME, clock=clock, guard=guard) as feed:
        while clock.monotonic_ns() < deadline_ns:
            frame = feed.next_frame(500)
            if not isinstance(frame, Nothing):
                how = "as pinned" if camera_pin(settings) else "not pinned: see 'edge-gate cameras list'"
                return f"{source.redacted}: {frame.width_px} x {frame.height_px}, {how}"
    raise ConfigError(f"{source.redacted} gave no frame", hint="check the cable, the address and who else uses it")


def _of_this_machine(probe: MachineProbe) -> Probe:
    return lambda settings: probe(settings, MachineRoot())


PROBES: Mapping[str, Probe] = {
    **{name: _of_this_machine(probe) for name, probe in MACHINE_PROBES.items()},
    "models": _models,
    "engines": _engines,
    "profile": _profile,
    "state": _state,
    "people": _people,
    "certificate": _certificate,
    "gallery": _gallery,
    "level": _level,
    "posture": _posture,
    "key": _key,
    "disk": _disk,
    "broker": _broker,
    "camera": _camera,
}
"""By the name of their line, in order."""

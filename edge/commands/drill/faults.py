"""The faults that are drilled: how each comes and goes, and what the gate must say of it."""

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from edge.commands.drill.faulty_engine import EngineFault
from edge.commands.drill.faulty_feed import PictureFault
from edge.commands.drill.rig import Rig
from edge.domain.errors import StoreError
from edge.domain.reasons import Reason
from edge.messaging.payloads import LifecyclePhase

_MOST_FILLING = 1_000
_JUMP = dt.timedelta(hours=6)
_JUMP_MS = 500.0  # then it is set back, before the gate takes the new time for good


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault.

    Attributes:
        name: for programs.
        reason: what the attempt that it meets must be denied with; its anomaly has the same name.
        hint: where to look if the gate does not notice it.
        begin: makes it happen.
        end: takes its cause away.
        shows_after_ms: how long it cannot be told from an ordinary delay.
        shows_on_decision: it can show only when something is to be recorded.
        lasts_ms: how long it stays at the least, once it shows.
    """

    name: str
    reason: Reason
    hint: str
    begin: Callable[[Rig], None]
    end: Callable[[Rig], None]
    shows_after_ms: float = 0.0
    shows_on_decision: bool = False
    lasts_ms: float = 1_500.0


def gate_faults(answer_within_ms: float) -> tuple[Fault, ...]:
    """Return every fault of the gate itself; ``answer_within_ms`` is when an engine's silence shows."""
    return (*_of_camera(), *_of_engines(answer_within_ms), *_of_files(), *_of_time())


def _of_camera() -> tuple[Fault, ...]:
    look = "camera.{}, and edge/pipeline/checks.py"
    pinned = "edge/capture/trust"
    return (
        _picture("camera_frozen", PictureFault.FROZEN, Reason.FROZEN_FEED, look.format("frozen_after_frames")),
        _picture("camera_dark", PictureFault.DARK, Reason.DARK_FRAME, look.format("dark_below")),
        _picture("camera_covered", PictureFault.COVERED, Reason.BLANK_FRAME, look.format("blank_below")),
        Fault(
            name="camera_unplugged",
            reason=Reason.FAULT_CAMERA,
            hint=pinned,
            begin=lambda rig: rig.usb.unplug(),
            end=lambda rig: rig.usb.plug("DRILL0001"),
        ),
        Fault(
            name="camera_swapped",
            reason=Reason.CAMERA_SWAPPED,
            hint=pinned,
            begin=lambda rig: rig.usb.plug("DRILL0002"),
            end=lambda rig: rig.usb.plug("DRILL0001"),
        ),
    )


def _picture(name: str, fault: PictureFault, reason: Reason, hint: str) -> Fault:
    def set_to(wanted: PictureFault) -> Callable[[Rig], None]:
        return lambda rig: setattr(rig.feed, "fault", wanted)

    return Fault(name=name, reason=reason, hint=hint, begin=set_to(fault), end=set_to(PictureFault.NONE))


def _of_engines(answer_within_ms: float) -> tuple[Fault, ...]:
    def fault(name: str, kind: EngineFault, shows_after_ms: float = 0.0) -> Fault:
        return Fault(
            name=name,
            reason=Reason.FAULT_ENGINE,
            hint="edge/pipeline/judging_aside.py, edge/recognition/answers.py",
            begin=lambda rig: rig.engines.set(kind),
            end=lambda rig: rig.engines.set(EngineFault.NONE),
            shows_after_ms=shows_after_ms,
        )

    return (
        fault("engine_nan", EngineFault.NAN),
        fault("engine_constant", EngineFault.STUCK),
        fault("engine_slow", EngineFault.SLOW, answer_within_ms),
        fault("engine_hangs", EngineFault.HANGS, answer_within_ms),
    )


def _of_files() -> tuple[Fault, ...]:
    return (
        Fault(
            name="model_swapped",
            reason=Reason.FAULT_INTEGRITY,
            hint="edge/daemon/watches/model_files.py",
            begin=_swap_model,
            end=_put_model_back,
        ),
        Fault(
            name="gallery_rolled_back",
            reason=Reason.FAULT_INTEGRITY,
            hint="edge/daemon/watches/database_place.py",
            begin=_roll_back,
            end=_put_database_back,
        ),
        Fault(
            name="disk_full",
            reason=Reason.FAULT_STORE,
            hint="edge/daemon/recorder.py",
            begin=_fill_disk,
            end=lambda rig: _cap(rig, 0),
            shows_on_decision=True,
        ),
    )


def _of_time() -> tuple[Fault, ...]:
    return (
        _jump("clock_forward", _JUMP),
        _jump("clock_back", -_JUMP),
        Fault(
            name="profile_expired",
            reason=Reason.FAULT_INTEGRITY,
            hint="edge/daemon/watches/profile_date.py",
            begin=lambda rig: setattr(rig.calendar, "shift", dt.timedelta(days=36_500)),
            end=lambda rig: setattr(rig.calendar, "shift", dt.timedelta(0)),
        ),
    )


def _jump(name: str, by: dt.timedelta) -> Fault:
    return Fault(
        name=name,
        reason=Reason.CLOCK_JUMPED,
        hint="edge/daemon/watches/wall_clock.py",
        begin=lambda rig: setattr(rig.clock, "shift", by),
        end=lambda rig: setattr(rig.clock, "shift", dt.timedelta(0)),
        lasts_ms=_JUMP_MS,
    )


def _aside_of(file: Path) -> Path:
    return file.with_name(file.name + ".aside")


def _swap_model(rig: Rig) -> None:
    rig.model_file.rename(_aside_of(rig.model_file))
    rig.model_file.write_bytes(b"another model")


def _put_model_back(rig: Rig) -> None:
    _aside_of(rig.model_file).replace(rig.model_file)


def _roll_back(rig: Rig) -> None:
    database = rig.state.database.path
    database.rename(_aside_of(database))
    rig.older.rename(database)


def _put_database_back(rig: Rig) -> None:
    database = rig.state.database.path
    database.rename(rig.older)
    _aside_of(database).rename(database)


def _fill_disk(rig: Rig) -> None:
    """Let the database grow no more, and use up what is left in it: SQLite then says what it says of a full disk."""
    _cap(rig, 1)
    with contextlib.suppress(StoreError):
        for _ in range(_MOST_FILLING):
            rig.actor.record_lifecycle(LifecyclePhase.STARTING, version("edge-gate"))


def _cap(rig: Rig, pages: int) -> None:
    """Bound the database to so many pages, or to as many as it has if that is more; 0 = as many as SQLite can."""
    rig.state.database.read(f"PRAGMA max_page_count = {pages or 2**31 - 2}")

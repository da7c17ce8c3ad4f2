"""What a gate watches, each by itself: quiet while all is well, a fault while it is not, quiet again behind it."""

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from edge.daemon.watches.database_place import DatabasePlaceWatch
from edge.daemon.watches.model_files import ModelFilesWatch
from edge.daemon.watches.profile_date import ProfileDateWatch
from edge.daemon.watches.wall_clock import WallClockWatch
from edge.daemon.watches.watches import Watches
from edge.domain.errors import EdgeError, StoreError, TrustError
from edge.domain.reasons import Reason
from edge.settings.sections import Environment
from edge.store.database import Database
from tests.support.hand_clock import HandClock
from tests.support.profiles import a_profile

NOON = dt.datetime(2026, 3, 14, 12, tzinfo=dt.UTC)
SECOND = 1_000_000_000


def move(clock: HandClock, seconds: float, *, wall: float | None = None) -> None:
    clock.now_ns += int(seconds * SECOND)
    clock.now_utc += dt.timedelta(seconds=seconds if wall is None else wall)


@pytest.mark.parametrize(
    ("wall", "way"), [(3_600.0, "forward"), (-3_600.0, "back"), (0.9, "forward"), (-0.6, "back")]
)
def test_a_wall_clock_that_is_set_is_told_for_a_second(wall: float, way: str) -> None:
    clock = HandClock(NOON)
    watch = WallClockWatch(clock)
    move(clock, 0.25)
    assert watch() is None
    move(clock, 0.25, wall=0.25 + wall)
    fault = watch()
    assert fault is not None
    assert fault.reason is Reason.CLOCK_JUMPED
    assert way in str(fault)
    move(clock, 0.9)
    assert watch() is not None
    move(clock, 0.2)
    assert watch() is None
    move(clock, 0.25, wall=0.25 - wall)
    assert watch() is not None


def test_a_clock_that_is_slewed_was_not_set() -> None:
    clock = HandClock(NOON)
    watch = WallClockWatch(clock)
    for seconds in [0.25] * 40 + [7_200.0]:
        move(clock, seconds, wall=seconds * 1.0005)
        assert watch() is None


def test_a_reading_that_was_interrupted_says_nothing() -> None:
    clock = HandClock(NOON)
    watch = WallClockWatch(clock)

    class Interrupted(HandClock):
        def utc(self) -> dt.datetime:
            read = clock.utc()
            clock.now_ns += SECOND
            return read

        def monotonic_ns(self) -> int:
            return clock.now_ns

    watch._clock = Interrupted(NOON)
    assert watch() is None


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"weights")
    return path


def _write(path: Path) -> None:
    path.write_bytes(b"Weights")


def _write_with_the_old_times(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"wEights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _put_another(path: Path) -> None:
    path.with_suffix(".new").write_bytes(b"weightS")
    path.with_suffix(".new").replace(path)


@pytest.mark.parametrize("change", [_write, _write_with_the_old_times, _put_another, Path.unlink])
def test_a_model_that_is_exchanged_is_told_until_it_is_back(model: Path, change: Callable[[Path], None]) -> None:
    watch = ModelFilesWatch({model: hashlib.sha256(b"weights").hexdigest()})
    assert watch() is None
    change(model)
    for _ in range(2):
        fault = watch()
        assert isinstance(fault, TrustError)
        assert fault.hint
    model.write_bytes(b"weights")
    assert watch() is None


def test_a_model_is_read_again_only_when_something_changed(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = ModelFilesWatch({model: hashlib.sha256(b"weights").hexdigest()})
    monkeypatch.setattr("edge.daemon.watches.model_files.read_proven", lambda *_: pytest.fail("it was read again"))
    assert watch() is None


def test_an_older_database_in_its_place_is_told_until_it_is_back(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "gate.sqlite3")
    watch = DatabasePlaceWatch(database)
    assert watch() is None
    database.path.rename(tmp_path / "aside")
    assert isinstance(watch(), TrustError)
    database.path.write_bytes((tmp_path / "aside").read_bytes())
    assert isinstance(watch(), TrustError)
    (tmp_path / "aside").replace(database.path)
    assert watch() is None
    database.close()


@pytest.mark.parametrize(
    ("environment", "denies"), [(Environment.PRODUCTION, True), (Environment.DEVELOPMENT, False)]
)
def test_a_profile_that_expires_while_the_gate_runs(environment: Environment, denies: bool) -> None:
    clock = HandClock(NOON)
    hour = dt.timedelta(hours=1)
    profile = replace(a_profile(), created=NOON - hour, expires=NOON + hour)
    watch = ProfileDateWatch(profile, environment, clock)
    assert watch() is None
    move(clock, 3_600)
    assert (watch() is not None) is denies
    clock.now_utc = NOON
    assert watch() is None


def test_the_first_fault_is_told_and_all_are_asked_a_few_times_a_second() -> None:
    clock = HandClock(NOON)
    faults: list[EdgeError | None] = [None, None]
    asked = [0, 0]

    def watch(number: int) -> Callable[[], EdgeError | None]:
        def ask() -> EdgeError | None:
            asked[number] += 1
            return faults[number]

        return ask

    watches = Watches((watch(0), watch(1)), clock)
    assert watches() is None
    faults[:] = [StoreError("full", hint="h"), TrustError("altered", hint="h")]
    assert watches() is None
    move(clock, 0.25)
    assert watches() is faults[0]
    faults[0] = None
    move(clock, 0.25)
    assert watches() is faults[1]
    faults[1] = None
    move(clock, 0.25)
    assert watches() is None
    assert asked == [4, 4]

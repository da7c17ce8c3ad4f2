"""Limits and posture of a running gate: kept over starts, ordered from anywhere, and lost to the safe side alone."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.daemon.standing import LOOK_AGAIN_MS, Standing
from edge.domain.errors import StoreError
from edge.domain.posture import Posture
from edge.domain.reasons import Decision, Reason
from edge.pipeline.gate import Gate
from edge.pipeline.step import Step
from edge.policy.limits import Allowance, Limits
from edge.store.state import DATABASE_FILE, State, open_state
from edge.trust.keys import KeyRing
from tests.support.gate_scene import MS, POLICY, Scene, anomalies, attacked, outcomes
from tests.support.messages import SIGNER

KEYS = KeyRing(signer=SIGNER, gallery_key=bytes(32))
TERMS = POLICY.limits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def state(folder: Path) -> Iterator[State]:
    with open_state(folder, KEYS) as opened:
        yield opened


def start(state: State, scene: Scene, boot_id: str = "boot1") -> tuple[Standing, Gate, Step]:
    standing = Standing(state.limits, TERMS, boot_id, scene)
    scene.gate = Gate(scene.stages, standing.restored(scene))
    return standing, scene.gate, standing.begin(scene.gate)


def fail(scene: Scene, times: int) -> None:
    scene.judge = attacked
    for track in range(times):
        scene.nearest = 100 + track
        scene.frame()
        scene.gate.finish(is_stopped=True)


def test_a_hold_survives_a_kill_and_runs_again_in_full(state: State) -> None:
    scene = Scene()
    standing, gate, told = start(state, scene)
    assert not told.anomalies
    fail(scene, TERMS.failures)
    assert gate.limits.is_held(scene.now_ns)
    standing.save(gate)

    again = Scene()
    again.now_ns = 77 * MS  # another boot of the machine: its clock begins anew
    _, gate, _ = start(state, again, "boot2")
    assert gate.limits.gate.held_until_ns == 77 * MS + TERMS.hold_ns
    assert outcomes([again.frame(), again.frame(), gate.finish(is_stopped=True)]) == [(Decision.DENIED, Reason.HELD)]


def test_limits_are_written_when_they_change_alone(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    standing, gate, _ = start(state, scene)
    saved: list[str] = []
    monkeypatch.setattr(type(state.limits), "save", lambda self, boot, now, record: saved.append(record))
    standing.save(gate)
    assert not saved
    fail(scene, 1)
    standing.save(gate)
    standing.save(gate)
    assert len(saved) == 1


@pytest.mark.parametrize(
    "damage", ["DELETE FROM limits", "UPDATE limits SET record = '{'", "UPDATE limits SET record = '{\"a\": 1}'"]
)
def test_limits_that_are_gone_or_no_limits_hold_the_gate(folder: Path, state: State, damage: str) -> None:
    with sqlite3.connect(folder / DATABASE_FILE) as connection:
        connection.execute(damage)
    scene = Scene()
    _, gate, told = start(state, scene)
    assert anomalies([told]) == ["fault_integrity"]
    assert gate.limits.is_held(scene.now_ns)
    assert not gate.limits.is_held(scene.now_ns + TERMS.hold_ns)
    assert state.limits.load().boot_id == "boot1"


def test_a_posture_that_is_gone_is_a_lockdown(folder: Path, state: State) -> None:
    with sqlite3.connect(folder / DATABASE_FILE) as connection:
        connection.execute("DELETE FROM posture")
    _, gate, told = start(state, Scene())
    assert anomalies([told]) == ["lockdown", "fault_integrity"]
    assert gate.limits.posture is Posture.LOCKDOWN


def test_an_order_from_another_thread_is_in_force_kept_and_told(state: State) -> None:
    scene = Scene()
    standing, gate, _ = start(state, scene)
    orders = []
    thread = threading.Thread(target=lambda: orders.append(standing.order_posture(Posture.LOCKDOWN, by="command 7")))
    thread.start()
    thread.join()
    assert not orders[0].done()
    step = standing.follow(gate)
    assert orders[0].result(0) is None
    assert [(a.anomaly.value, a.detail) for a in step.anomalies] == [("lockdown", "command 7")]
    assert state.limits.posture() is Posture.LOCKDOWN
    _, later, told = start(state, Scene(), "boot2")
    assert later.limits.posture is Posture.LOCKDOWN
    assert anomalies([told]) == ["lockdown"]
    standing.order_posture(Posture.NORMAL, by="command 8")
    assert anomalies([standing.follow(gate)]) == ["posture_normal"]
    assert state.limits.posture() is Posture.NORMAL


def test_an_unlock_ends_a_hold(state: State) -> None:
    scene = Scene()
    standing, gate, _ = start(state, scene)
    fail(scene, TERMS.failures)
    done = standing.order_unlock(by="command 9")
    assert anomalies([standing.follow(gate)]) == ["limits_unlocked"]
    assert done.done()
    assert gate.limits == Limits()
    assert state.limits.load().record == "{}"


def test_what_another_process_wrote_is_followed_within_a_second(folder: Path, state: State) -> None:
    scene = Scene()
    standing, gate, _ = start(state, scene)
    standing.follow(gate)
    fail(scene, TERMS.failures)
    standing.save(gate)
    with open_state(folder, KEYS) as other:
        other.limits.unlock()
        other.limits.set_posture(Posture.OUT_OF_SERVICE)
    scene.now_ns += LOOK_AGAIN_MS * MS
    assert sorted(anomalies([standing.follow(gate)])) == ["limits_unlocked", "out_of_service"]
    assert gate.limits.gate == Allowance()
    scene.now_ns += LOOK_AGAIN_MS * MS
    assert standing.follow(gate) == Step()


def test_a_lockdown_is_in_force_even_if_it_cannot_be_kept(state: State) -> None:
    standing, gate, _ = start(state, Scene())
    state.close()
    done = standing.order_posture(Posture.LOCKDOWN, by="x")
    with pytest.raises(StoreError):
        standing.follow(gate)
    assert isinstance(done.exception(0), StoreError)
    assert gate.limits.posture is Posture.LOCKDOWN


def test_a_normal_posture_that_cannot_be_kept_is_not_in_force(state: State) -> None:
    standing, gate, _ = start(state, Scene())
    standing.order_posture(Posture.LOCKDOWN, by="x")
    standing.follow(gate)
    state.close()
    standing.order_posture(Posture.NORMAL, by="x")
    with pytest.raises(StoreError):
        standing.follow(gate)
    assert gate.limits.posture is Posture.LOCKDOWN

"""The gate's numbers: read from a real store and handed out on loopback, whatever else is the matter."""

import datetime as dt
import math
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.daemon.metrics_room import Measured, MetricsRoom
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.clock import SystemClock
from edge.domain.event import EventKind
from edge.domain.frame import Frame
from edge.messaging.link import Link, LinkState
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions, TlsOptions
from edge.messaging.traffic import Traffic
from edge.messaging.wire import Ack, Delivery
from edge.pipeline.act import Actor
from edge.pipeline.step import Step
from edge.pipeline.verify import ModelStage
from edge.settings.metrics_section import MetricsSection
from edge.store.state import State, open_state
from edge.trust.keys import KeyRing
from engines.machine.root import MachineRoot
from tests.support.certificates import TestAuthority
from tests.support.messages import IDENTITY, NOON, SIGNER, a_plain_message, a_verdict
from tests.support.mosquitto import free_port


@dataclass
class PlayedMessenger:
    link: Link = field(default_factory=lambda: Link(LinkState.CONNECTED))
    traffic: Traffic = field(default_factory=lambda: Traffic(SystemClock(), lambda _: None))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with open_state(folder, KeyRing.open(folder, is_new=True)) as opened:
        yield opened


def room(state: State, port: int = 0, unsafe_host: str = "", **more: Any) -> MetricsRoom:
    model = SimpleNamespace(model_id="sface", embedder=SimpleNamespace(runs=4, run_ns=2_000_000_000))
    measured = Measured(
        database=state.database,
        messenger=cast("Messenger", more.pop("messenger", PlayedMessenger())),
        broker=more.pop("broker", BrokerOptions(host="127.0.0.1", client_id="g")),
        models=(cast("ModelStage", model),),
        is_faulty=more.pop("is_faulty", lambda: False),
        machine=MachineRoot(path=more.pop("root", Path("/nowhere"))),
    )
    return MetricsRoom(MetricsSection(port=port, unsafe_host=unsafe_host), measured, SystemClock())


def lines_of(metrics: MetricsRoom) -> dict[str, float]:
    rows = (line.rpartition(" ") for line in metrics.metrics.text().decode().splitlines() if line[0] != "#")
    return {name.removeprefix("edge_gate_"): float(number) for name, _, number in rows}


def record(state: State, ago_s: float) -> None:
    clock = SystemClock()
    actor = Actor(ledger=state.ledger, door=None, identity=IDENTITY, signer=SIGNER, clock=clock, wake=lambda: None)
    actor.record_verdict(a_verdict(decided_utc=clock.utc() - dt.timedelta(seconds=ago_s)))


def test_the_store_is_read_as_it_stands(state: State) -> None:
    metrics = room(state)
    metrics.take_snapshot()
    assert (lines_of(metrics)["outbox_rows"], lines_of(metrics)["outbox_oldest_seconds"]) == (0, 0)
    for ago_s in (100, 50):
        record(state, ago_s)
    metrics.take_snapshot()
    told = lines_of(metrics)
    assert (told["outbox_rows"], told["audit_head"]) == (2, 2)
    assert 100 <= told["outbox_oldest_seconds"] < 160
    state.outbox.delete([1])
    metrics.take_snapshot()
    assert 50 <= lines_of(metrics)["outbox_oldest_seconds"] < 100


def test_link_events_engines_and_fault_are_told(state: State) -> None:
    messenger = PlayedMessenger(Link(LinkState.AWAY))
    messenger.traffic.note(a_plain_message("x"), Ack(Delivery(1, 1), 135, "Not authorized"))
    metrics = room(state, messenger=messenger, is_faulty=lambda: True)
    metrics.take_snapshot()
    told = lines_of(metrics)
    assert (told["broker_connected"], told["fault"]) == (0, 1)
    assert told['puback_failures_total{reason="Not authorized"}'] == 1
    assert told[f'events_total{{kind="{EventKind.DECISION}",outcome="refused"}}'] == 1
    assert told['engine_runs_total{model="sface"}'] == 4
    assert told['engine_seconds_total{model="sface"}'] == 2
    assert math.isnan(told["certificate_end_timestamp_seconds"])


def test_the_end_of_the_own_certificate_is_told(state: State, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path, "ca")
    pair = authority.issue("lobby")
    tls = TlsOptions(ca_file=authority.ca_file, cert_file=pair.cert_file, key_file=pair.key_file)
    metrics = room(state, broker=BrokerOptions(host="h", client_id="lobby", tls=tls))
    metrics.take_snapshot()
    left_s = lines_of(metrics)["certificate_end_timestamp_seconds"] - SystemClock().utc().timestamp()
    assert 23 * 3600 < left_s <= 24 * 3600
    pair.cert_file.unlink()
    metrics.take_snapshot()
    assert math.isnan(lines_of(metrics)["certificate_end_timestamp_seconds"])


def test_the_machine_says_how_warm_it_is(state: State, tmp_path: Path) -> None:
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    for name, text in (("temp", "61250"), ("trip_point_0_type", "passive"), ("trip_point_0_temp", "95000")):
        (zone / name).write_text(text)
    metrics = room(state, root=tmp_path)
    metrics.take_snapshot()
    assert (lines_of(metrics)["temperature_celsius"], lines_of(metrics)["throttling_celsius"]) == (61.25, 95)
    metrics = room(state)
    metrics.take_snapshot()
    assert math.isnan(lines_of(metrics)["temperature_celsius"])


def test_a_store_that_is_gone_is_no_number_and_no_end(state: State) -> None:
    metrics = room(state)
    metrics.take_snapshot()
    state.close()
    state.database.path.unlink()
    metrics.take_snapshot()
    assert math.isnan(lines_of(metrics)["outbox_rows"])
    assert lines_of(metrics)["broker_connected"] == 1


def test_frames_and_steps_are_noted_where_they_arise(state: State) -> None:
    metrics = room(state)
    clock = SystemClock()
    for seq in (1, 2, 6):
        frame = Frame(camera_id="c", seq=seq, captured_ns=clock.monotonic_ns(), captured_utc=NOON, pixels=_black())
        metrics.note_frame(frame, Step(looked_ms=12.0 if seq > 1 else None))
    report = AnomalyReport(anomaly=Anomaly.HELD, detail="x", attempt=None, occurred_utc=NOON)
    metrics.note_step(Step(verdicts=(a_verdict(),), anomalies=(report,)), 3.0)
    told = lines_of(metrics)
    assert (told["frames_total"], told["frames_skipped_total"]) == (3, 3)
    assert told['stage_seconds_count{stage="detect"}'] == 2
    assert told['stage_seconds_count{stage="record"}'] == 1
    assert told['anomalies_total{anomaly="held"}'] == 1
    assert told['decisions_total{decision="granted",reason="match"}'] == 1


def _black() -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.zeros((8, 8, 3), np.uint8)


def test_it_is_handed_out_where_the_settings_ask_for_it(state: State) -> None:
    port = free_port()
    metrics = room(state, port)
    metrics.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=15) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain")
            assert b"edge_gate_decisions_total" in answer.read()
    finally:
        metrics.stop()


@pytest.mark.parametrize(("host", "told"), [("", []), ("127.0.0.2", ["127.0.0.2"])])
def test_numbers_that_others_may_reach_are_told_of(state: State, host: str, told: list[str]) -> None:
    metrics = room(state, free_port(), host)
    with capture_logs() as lines:
        metrics.start()
        metrics.stop()
    assert [line["host"] for line in lines if line["event"] == "metrics.exposed"] == told


def test_by_default_nothing_listens_and_nothing_is_read(state: State) -> None:
    metrics = room(state)
    metrics.start()
    assert metrics._thread is None
    assert metrics._endpoint is None
    metrics.stop()

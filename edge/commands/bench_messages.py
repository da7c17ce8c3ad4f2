"""``edge-gate bench messages``: how fast decisions reach disk, broker and subscriber, against the disk alone."""

import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from edge.commands.bench_bus import BenchGate, Heard, Listener, bench_gate, listener
from edge.commands.bench_fsync import SyncTally, appends, overwrites
from edge.commands.demo.broker import DemoBroker
from edge.commands.interruptible import interruptible
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import for_people, print_json
from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError
from edge.settings.load import load_settings
from edge.telemetry.logs import configure_logs

_ROUNDS: Final = 10
_SYNCS_S: Final = 0.5
_PACE_S: Final = 0.05
_PATIENCE_S: Final = 180.0
_POLL_S: Final = 0.01


@dataclass(slots=True)
class _Burst:
    """What rounds of decisions, as fast as they go, came to."""

    appends: SyncTally = field(default_factory=SyncTally)
    overwrites: SyncTally = field(default_factory=SyncTally)
    decisions: int = 0
    decisions_s: float = 0.0
    commits_ms: list[float] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


def messages(
    decisions: Annotated[int, typer.Option(min=50, help="Decisions as fast as they go, in ten rounds.")] = 2_000,
    paced: Annotated[int, typer.Option(min=10, help="Decisions at 20 a second.")] = 200,
    backlog: Annotated[int, typer.Option(min=0, help="Decisions while the broker is away; 0 = leave it out.")] = 0,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Time decisions through audit, outbox, a mosquitto of its own on loopback and a subscriber in its own process.

    Each decision is one durable commit. The gate is whole but for camera, models and door, in a folder of its own on
    the state folder's file system, which is removed again. ``ratio`` is decisions a second, until the subscriber had
    the last one, to plain appends of as many bytes with a sync each, ``overwrite_ratio`` to writing over what is
    there; both are measured in turn with the decisions. Exits with 1 if an event is lost or out of order.
    """
    configure_logs(level="error")
    folder = _near(load_settings(config, state_dir=state).state_dir)
    is_well = True
    with interruptible(), tempfile.TemporaryDirectory(prefix=".edge-gate-bench-", dir=folder) as scratch:
        for record in _records(Path(scratch), decisions, paced, backlog):
            is_well = is_well and record.get("lost", 0) == 0 and record.get("in_order", True)
            if as_json:
                print_json(record)
            else:
                _print(record)
    if not is_well:
        raise typer.Exit(1)


def _near(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there: the same file system in all likelihood."""
    folder = folder.absolute()
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _records(scratch: Path, decisions: int, paced: int, backlog: int) -> Iterator[dict[str, Any]]:
    store = scratch / "state"
    store.mkdir(mode=0o700)
    with (
        DemoBroker(is_lasting=True) as broker,
        listener(broker.host, broker.port) as ear,
        bench_gate(store, broker.host, broker.port) as gate,
    ):
        yield {"figure": "machine", "broker": broker.name, "cores": os.cpu_count(), "load_1_min": os.getloadavg()[0]}
        ear.ask(1, _PATIENCE_S)
        gate.decide()
        row_bytes = gate.row_bytes()
        gate.messenger.start()
        first = ear.answer()
        burst = _burst(gate, ear, scratch, row_bytes, decisions // _ROUNDS)
        burst.heard.append(first)
        burst.decisions += 1
        yield from _burst_records(burst, row_bytes)
        yield _paced(gate, ear, paced)
        if backlog:
            yield _backlog(gate, ear, broker, backlog)
        yield {"figure": "machine", "load_1_min": os.getloadavg()[0]}


def _burst(gate: BenchGate, ear: Listener, scratch: Path, row_bytes: int, count: int) -> _Burst:
    """Measure disk and gate in turn: whatever else uses the disk slows both."""
    burst = _Burst()
    for _ in range(_ROUNDS):
        burst.appends += appends(scratch, row_bytes, _SYNCS_S)
        burst.overwrites += overwrites(scratch, row_bytes, _SYNCS_S)
        ear.ask(count, _PATIENCE_S)
        spans = [gate.decide() for _ in range(count)]
        heard = ear.answer()
        took_s = (max(arrived for _, arrived in heard.events) - spans[0][1]) / 1e9 if heard.events else _PATIENCE_S
        burst.decisions += count
        burst.decisions_s += took_s
        burst.commits_ms += [(after - before) / 1e6 for _, before, after in spans]
        burst.heard.append(heard)
    return burst


def _burst_records(burst: _Burst, row_bytes: int) -> Iterator[dict[str, Any]]:
    per_s = len(burst.commits_ms) / burst.decisions_s
    for figure, tally in (("appends", burst.appends), ("overwrites", burst.overwrites)):
        yield {"figure": figure, "per_s": round(tally.per_s, 1), "bytes": row_bytes, "syncs": tally.count}
    yield {
        "figure": "decisions",
        "per_s": round(per_s, 1),
        "ratio": round(per_s / burst.appends.per_s, 3),
        "overwrite_ratio": round(per_s / burst.overwrites.per_s, 3),
        **_account(burst.heard, burst.decisions),
    }
    yield {"figure": "commit_ms", **_quantiles(burst.commits_ms)}


def _paced(gate: BenchGate, ear: Listener, count: int) -> dict[str, Any]:
    """Decide now and then; return from the decision, before it was recorded, to the subscriber."""
    ear.ask(count, _PATIENCE_S)
    pause = threading.Event()
    began: dict[int, int] = {}
    for _ in range(count):
        sequence, before_ns, _ = gate.decide()
        began[sequence] = before_ns
        pause.wait(_PACE_S)
    heard = ear.answer()
    took_ms = [(arrived - began[sequence]) / 1e6 for sequence, arrived in heard.events if sequence in began]
    return {"figure": "decision_to_subscriber_ms", **_quantiles(took_ms), **_account([heard], count)}


def _backlog(gate: BenchGate, ear: Listener, broker: DemoBroker, count: int) -> dict[str, Any]:
    """Take the broker away, decide, bring it back, and wait for the last event."""
    clock, pause = SystemClock(), threading.Event()
    broker.stop()
    until_ns = clock.monotonic_ns() + int(_PATIENCE_S * 1e9)
    while gate.is_connected():
        if clock.monotonic_ns() > until_ns:
            raise BrokerError("the gate does not notice that the broker is gone", hint="report this as a defect")
        pause.wait(_POLL_S)
    began_ns = clock.monotonic_ns()
    for _ in range(count):
        gate.decide()
    away_ns = clock.monotonic_ns() - began_ns
    ear.ask(count, _PATIENCE_S)
    broker.start()
    back_ns = clock.monotonic_ns()
    while not gate.is_connected() and clock.monotonic_ns() < back_ns + _PATIENCE_S * 1e9:
        pause.wait(_POLL_S)
    connected_ns = clock.monotonic_ns()
    heard = ear.answer()
    last_ns = max((arrived for _, arrived in heard.events), default=clock.monotonic_ns())
    return {
        "figure": "backlog",
        "away_s": round(away_ns / 1e9, 2),
        "connected_after_s": round((connected_ns - back_ns) / 1e9, 2),
        "delivered_after_s": round((last_ns - back_ns) / 1e9, 2),
        **_account([heard], count),
    }


def _account(heard: Sequence[Heard], count: int) -> dict[str, Any]:
    return {
        "decisions": count,
        "lost": count - sum(len(each.events) for each in heard),
        "repeated": sum(each.repeated for each in heard),
        "in_order": all(each.is_in_order for each in heard),
    }


def _quantiles(values_ms: Sequence[float]) -> dict[str, float | None]:
    if not values_ms:
        return {"p50": None, "p95": None, "p99": None}
    return {
        f"p{rank}": round(float(value), 3)
        for rank, value in zip((50, 95, 99), np.percentile(values_ms, (50, 95, 99)), strict=True)
    }


def _print(record: dict[str, Any]) -> None:
    values = "; ".join(
        f"{key.replace('_', ' ')} {for_people(value)}" for key, value in record.items() if key != "figure"
    )
    print(f"{record['figure'].replace('_', ' '):28} {values}", flush=True)

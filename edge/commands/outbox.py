"""``edge-gate outbox``: what waits for the broker, and what to do with what it never takes."""

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Any

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer, print_json
from edge.daemon.outbox_keeper import outbox_report, told
from edge.daemon.state import NO_BOOT, open_gate_state
from edge.domain.anomaly import Anomaly
from edge.domain.audit import Entry
from edge.domain.clock import SystemClock
from edge.domain.errors import UsageError
from edge.messaging.entries import anomaly_entry
from edge.messaging.identity import GateIdentity
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from edge.store.outbox import StoredMessage
from edge.store.outbox_upkeep import OutboxUpkeep, Tally, Tell
from edge.trust.keys import KeyRing

app = typer.Typer(help="Events that wait for the broker.", no_args_is_help=True)

_COLUMNS = {"sequence": 10, "kind": 10, "state": 8, "attempts": 8, "bytes": 7, "refusal": 40}
_BY = "by a command on the gate"

Act = Callable[[OutboxUpkeep, Collection[int] | None, Tell], Tally | None]
SeqsArgument = Annotated[
    list[int] | None,
    typer.Argument(help="Sequence numbers, as 'edge-gate outbox list' shows.", min=1, metavar="SEQUENCE..."),
]
AllOption = Annotated[bool, typer.Option("--all", help="Everything that was set aside.")]


@app.command("list")
def list_messages(
    limit: Annotated[int, typer.Option(min=1, help="Most waiting events to list.")] = 100,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was set aside because the broker refused it too often, and the first events that wait."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        aside = opened.outbox.aside()
        waiting = opened.outbox.pending(limit)
        depth = opened.outbox.depth()
        weight = opened.upkeep.weight()
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    for message in aside:
        printer.record(_row(message, "aside"))
    for message in waiting:
        printer.record(_row(message, "waiting"))
    printer.summary({"waiting": depth, "aside": len(aside), "bytes": weight.size_bytes})


@app.command("retry")
def retry(
    sequences: SeqsArgument = None,
    everything: AllOption = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send events that were set aside again; a running gate does so within a second. It is put on record."""
    settings = load_settings(config, state_dir=state)
    tally = _do(OutboxUpkeep.retry, settings, _chosen(sequences, everything), Anomaly.OUTBOX_RETRIED, "sent again")
    _tell("retried", tally, as_json=as_json)


@app.command("drop")
def drop(
    sequences: SeqsArgument = None,
    everything: AllOption = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Drop events that were set aside. It is put on record, and their audit rows stay. What waits never goes."""
    settings = load_settings(config, state_dir=state)
    tally = _do(OutboxUpkeep.drop_aside, settings, _chosen(sequences, everything), Anomaly.OUTBOX_DROPPED, "dropped")
    _tell("dropped", tally, as_json=as_json)


def _chosen(sequences: list[int] | None, everything: bool) -> Collection[int] | None:
    if everything == bool(sequences):
        raise UsageError("say which events", hint="give sequence numbers from 'edge-gate outbox list', or --all")
    return None if everything else frozenset(sequences or ())


def _do(act: Act, settings: Settings, chosen: Collection[int] | None, anomaly: Anomaly, word: str) -> Tally:
    opened, keys = open_gate_state(settings)
    with opened:
        aside = {message.seq for message in opened.outbox.aside()}
        unknown = sorted(set(chosen or ()) - aside)
        if unknown:
            raise UsageError(f"event {unknown[0]} was not set aside", hint="'edge-gate outbox list' shows which were")
        tally = act(opened.upkeep, chosen, _telling(settings, keys, anomaly, word))
    if tally is None:
        raise UsageError("nothing was set aside", hint="there is nothing to do")
    return tally


def _telling(settings: Settings, keys: KeyRing, anomaly: Anomaly, word: str) -> Tell:
    section, clock = settings.gate, SystemClock()
    identity = GateIdentity(section.site, section.gate, section.access_point, NO_BOOT)

    def tell(tally: Tally) -> Entry:
        report = outbox_report(anomaly, f"{word} {_BY}: {told(tally)}", clock)
        return anomaly_entry(report, identity, keys.signer, clock.utc())

    return tell


def _tell(word: str, tally: Tally, *, as_json: bool) -> None:
    if as_json:
        print_json({"ok": True, word: tally.count, "first_seq": tally.first_seq, "last_seq": tally.last_seq})
    else:
        print(f"{word}: {told(tally)}")


def _row(message: StoredMessage, state: str) -> Mapping[str, Any]:
    return {
        "sequence": message.seq,
        "kind": message.message.kind.value,
        "state": state,
        "attempts": message.attempts,
        "bytes": len(message.message.payload),
        "refusal": message.refusal or None,
    }

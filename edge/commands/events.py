"""``edge-gate events``: what a gate tells, for people and programs that read along."""

import queue
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.following import Following
from edge.commands.interruptible import interruptible
from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import Printer
from edge.commands.public_key import public_key
from edge.daemon.broker import broker_options
from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError, EdgeError, TrustError, UsageError
from edge.messaging.commands.sender import CommandSender, OtherTopics
from edge.messaging.consumer.gaps import ReplayRequest, replay_command
from edge.messaging.consumer.memory import ConsumerMemory
from edge.messaging.consumer.reader import EventReader
from edge.messaging.follower import Follower
from edge.messaging.options import BrokerOptions
from edge.messaging.topics import Topics
from edge.messaging.wire import Incoming
from edge.settings.load import load_settings
from edge.settings.tree import Settings
from edge.telemetry.logs import configure_logs
from edge.trust.keys import SIGNING_KEY_FILE, read_key
from edge.trust.signing import Signer, verify

app = typer.Typer(help="Events of a gate, as they come.", no_args_is_help=True)

_COLUMNS = {"time": 24, "sequence": 8, "kind": 9, "ok": 3, "what": 60}
_CONNECT_S = 10.0
_POLL_S = 0.25
_MOST_WAITING = 10_000  # what does not fit shows as a gap, and is asked for


@app.callback()
def _group() -> None:
    """Keep the group although it has one command."""


@app.command("follow")
def follow(
    *,
    site: Annotated[str | None, typer.Option(help="Site of the gate. Default: that of the settings.")] = None,
    gate: Annotated[str | None, typer.Option(help="The gate. Default: that of the settings.")] = None,
    gate_key: Annotated[
        list[str] | None,
        typer.Option(
            help="The gate's public key, hexadecimal; repeat it while a key is replaced. Default: this one's."
        ),
    ] = None,
    memory: Annotated[
        Path | None, typer.Option(help="File that keeps what was seen, so that a gap over a restart is found.")
    ] = None,
    replay_key: Annotated[
        Path | None, typer.Option(help="File (0600) of a command key that may ask the gate to send events again.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after so long. Default: never.")] = None,
    most: Annotated[int | None, typer.Option(min=1, help="End after so many events. Default: never.")] = None,
    stop_at_refused: Annotated[bool, typer.Option("--stop-at-refused", help="End at the first forged one.")] = False,
    config: ConfigOption = None,
    state: StateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the events of one gate, one line each, if the gate signed them.

    What is forged, retained or on another topic is told as such and not believed; then the command ends with 4.
    """
    configure_logs(level="error")
    settings = load_settings(config, state_dir=state)
    topics = Topics(site or settings.gate.site, gate or settings.gate.gate)
    keys = [public_key(text, "--gate-key") for text in gate_key or ()] or [_own_key(settings)]
    options = _options(settings, topics)
    kept = ConsumerMemory() if memory is None else ConsumerMemory.load(memory)
    reader = EventReader({topics.source: keys}, verify, kept)
    arrived = _Arrived(None if seconds is None else time.monotonic_ns() + int(seconds * 1e9))
    sender = None
    if replay_key is not None:
        others = OtherTopics((topics.events,), arrived.take)
        signer = Signer(read_key(replay_key))
        sender = CommandSender(options, topics, signer, SystemClock(), gate_key=keys[0], others=others)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    ask = None if sender is None else _asker(sender)
    session = Following(reader, kept, memory, topics.source, printer.record, ask)
    with (
        session.saved(),
        suppress(KeyboardInterrupt),
        interruptible(),
        sender or _followed(options, topics, arrived.take),
    ):
        for message in arrived:
            session.take(message)
            if (most is not None and session.events >= most) or (stop_at_refused and session.refused):
                break
    if session.refused:
        raise TrustError(
            f"{session.refused} messages on {topics.events} are not the gate's",
            hint="find out who else may publish there: the broker's access list should name the gate alone",
        )


class _Arrived:
    """What came, for one thread that iterates; None now and then, until the time is over."""

    def __init__(self, until_ns: int | None) -> None:
        self._until_ns = until_ns
        self._waiting: queue.Queue[Incoming] = queue.Queue(_MOST_WAITING)

    def take(self, message: Incoming) -> None:
        """Take a message, on the network thread."""
        if not self._waiting.full():
            self._waiting.put_nowait(message)

    def __iter__(self) -> Iterator[Incoming | None]:
        while self._until_ns is None or time.monotonic_ns() < self._until_ns:
            try:
                yield self._waiting.get(timeout=_POLL_S)
            except queue.Empty:
                yield None


@contextmanager
def _followed(options: BrokerOptions, topics: Topics, take: Callable[[Incoming], None]) -> Iterator[None]:
    """Subscribe for as long as the context lasts.

    Raises:
        BrokerError: the broker is away or does not grant it.
    """
    follower = Follower(options, (topics.events,), take, SystemClock())
    follower.start()
    try:
        if not follower.wait_ready(_CONNECT_S):
            raise follower.link.fault or BrokerError(
                "the broker does not grant the subscription", hint="let this client read the gate's evt/# there"
            )
        yield
    finally:
        follower.stop()


def _asker(sender: CommandSender) -> Callable[[ReplayRequest], str]:
    def ask(request: ReplayRequest) -> str:
        command = replay_command(request)
        if command is None:
            return "this version has no command to ask for it"
        try:
            response = sender.send(command).response
        except EdgeError as error:
            return f"asked, and {error}"
        return f"asked: {response.outcome.value} {response.detail}".rstrip()

    return ask


def _options(settings: Settings, topics: Topics) -> BrokerOptions:
    options = broker_options(settings)
    if options.tls is not None and options.tls.cert_file is not None:
        # The broker takes the certificate's name for the client id, and one connection a client id.
        if options.client_id in (topics.gate, settings.gate.gate):
            raise UsageError(
                f"the certificate here is the gate {options.client_id}'s own: the broker would put the gate out",
                hint="follow from another machine, with a certificate of its own that may read evt/#",
            )
        return replace(options, session_expiry_s=0)
    # The gate's own client id would throw the gate out.
    return replace(options, client_id=f"follow-{secrets.token_hex(8)}", session_expiry_s=0, least_backoff_s=0.5)


def _own_key(settings: Settings) -> bytes:
    file = settings.state_dir / SIGNING_KEY_FILE
    if not file.exists():
        raise UsageError(
            "there is no gate here whose key could be taken", hint="give --gate-key, from 'edge-gate check'"
        )
    return Signer(read_key(file)).public_key

"""A gate that decides all the time, as a process: a real store, a real ledger, client and drain. No camera.

``python -m tests.support.deciding_gate HOST PORT FOLDER`` says ``SEQ LINK`` after each commit, until a line comes in;
then it sends what it owes, says ``empty`` and leaves. A second line, or the end of its input, ends it at once.
"""

import sys
import threading
from pathlib import Path

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import SystemClock
from edge.messaging.link import Link
from edge.messaging.messenger import Messenger
from edge.messaging.options import BrokerOptions
from edge.messaging.payloads import HealthV1
from edge.pipeline.act import Actor
from edge.store.state import open_state
from edge.telemetry.logs import configure_logs
from edge.trust.keys import KeyRing
from tests.support.messages import IDENTITY, SIGNER, a_birth, a_verdict

_EVERY_S = 0.02


class _Listener:
    def on_link(self, link: Link) -> None: ...

    def on_anomaly(self, report: AnomalyReport) -> None: ...

    def health(self) -> HealthV1:
        return HealthV1(boot_id=IDENTITY.boot_id, uptime_s=0, outbox_rows=0, fault=None)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(host: str, port: int, folder: Path) -> None:
    """Decide until told to stop."""
    configure_logs(form="json")
    clock = SystemClock()
    options = BrokerOptions(
        host=host,
        port=port,
        client_id="gate1",
        keepalive_s=1,
        connect_timeout_s=1,
        will_delay_s=0,
        least_backoff_s=0.05,
        most_backoff_s=0.2,
    )
    is_enough, is_over = threading.Event(), threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        is_enough.set()
        sys.stdin.readline()
        is_over.set()

    threading.Thread(target=listen, daemon=True).start()
    folder.mkdir(mode=0o700, exist_ok=True)
    with open_state(folder, KeyRing.open(folder, is_new=not any(folder.iterdir()))) as state:
        messenger = Messenger(options, IDENTITY.topics, a_birth(), state.outbox, clock, _Listener())
        actor = Actor(
            ledger=state.ledger, door=None, identity=IDENTITY, signer=SIGNER, clock=clock, wake=messenger.wake
        )
        messenger.start()
        while not is_enough.wait(_EVERY_S):
            ticket = actor.record_verdict(a_verdict(decided_utc=clock.utc()))
            _say(f"{ticket.seq} {messenger.link.state}")
        while state.outbox.depth() and not is_over.wait(_EVERY_S):
            pass
        _say("owing" if state.outbox.depth() else "empty")
        messenger.stop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))

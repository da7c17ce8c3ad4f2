"""A consumer in a process of its own, so that what it does costs the gate of ``bench messages`` nothing.

``python -m edge.commands.bench_listener HOST PORT`` says ``ready`` once its subscription stands. For each line
``COUNT PATIENCE_S`` that comes in it waits for so many events that it has not told of yet, and prints a JSON object:
``{"heard": [[sequence, monotonic_ns], ...], "repeated": N}`` in order of arrival, each event once. It ends with its
input.
"""

import json
import queue
import sys

from edge.domain.clock import SystemClock
from edge.messaging.follower import Follower
from edge.messaging.options import BrokerOptions
from edge.messaging.topics import EVENTS_OF_ALL_GATES
from edge.messaging.wire import Incoming
from edge.telemetry.logs import configure_logs

_READY_S = 15.0


class _Ear:
    """Takes what arrives, with when."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._arrived: queue.SimpleQueue[tuple[bytes, int]] = queue.SimpleQueue()
        self._known: set[str] = set()

    def take(self, message: Incoming) -> None:
        """Note a message, on the network thread."""
        self._arrived.put((message.payload, self._clock.monotonic_ns()))

    def told(self, count: int, patience_s: float) -> dict[str, object]:
        """Return the next ``count`` events, or those that came within ``patience_s``."""
        until_ns = self._clock.monotonic_ns() + int(patience_s * 1e9)
        heard: list[tuple[int, int]] = []
        repeated = 0
        while len(heard) < count:
            left_s = (until_ns - self._clock.monotonic_ns()) / 1e9
            try:
                payload, arrived_ns = self._arrived.get(timeout=max(0.0, left_s))
            except queue.Empty:
                break
            event = json.loads(payload)
            if event["id"] in self._known:
                repeated += 1
                continue
            self._known.add(event["id"])
            heard.append((int(event["sequence"]), arrived_ns))
        return {"heard": heard, "repeated": repeated}


def main(host: str, port: int) -> None:
    """Listen until the input ends."""
    configure_logs(level="error")
    ear = _Ear()
    options = BrokerOptions(
        host=host, port=port, client_id="bench-listener", least_backoff_s=0.05, most_backoff_s=0.2
    )
    follower = Follower(options, (EVENTS_OF_ALL_GATES,), ear.take, SystemClock())
    follower.start()
    try:
        _say("ready" if follower.wait_ready(_READY_S) else "deaf")
        for line in sys.stdin:
            count, patience_s = line.split()
            _say(json.dumps(ear.told(int(count), float(patience_s))))
    finally:
        follower.stop()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

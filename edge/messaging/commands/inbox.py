"""From the network thread to the gate's: a bounded queue in, one examining thread, a bounded queue out.

The network thread only hands over. What does not fit is counted and dropped, so that a flood fills nothing; a flood
of commands costs commands, never the gate's frames.
"""

import dataclasses
import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import Clock
from edge.messaging.commands.examination import AcceptedCommand, Arrival, Examiner, RefusedCommand
from edge.messaging.commands.parsing import MOST_BYTES
from edge.messaging.commands.problems import CommandProblem
from edge.messaging.commands.refusals import RefusalReports
from edge.messaging.commands.time_of_day import TimeOfDay
from edge.messaging.wire import Incoming

MOST_WAITING: Final = 64
"""Messages that wait to be examined: with the largest payload, 256 KiB."""
MOST_ACCEPTED: Final = 16
"""Commands that wait for the gate; it takes them between two frames."""
_POLL_S = 0.5
_REFUSAL_REPLY_NS = 1_000_000_000

log = structlog.get_logger(__name__)


class CommandInbox:
    """See the module."""

    def __init__(
        self,
        examiner: Examiner,
        time: TimeOfDay,
        clock: Clock,
        *,
        tell: Callable[[AnomalyReport], None],
        reply: Callable[[RefusedCommand], None],
    ) -> None:
        """Take everything; start nothing yet.

        Args:
            examiner: used on the examining thread alone.
            time: used on the network thread alone.
            clock: for the limits of reports.
            tell: takes anomalies; called on the examining thread, must hand over and return.
            reply: answers a refused command whose signature held; called on the examining thread, once a second.
        """
        self._examiner = examiner
        self._time = time
        self._clock = clock
        self._reports = RefusalReports(clock, tell)
        self._reply = reply
        self._arrived: queue.Queue[Arrival] = queue.Queue(MOST_WAITING)
        self._accepted: queue.Queue[AcceptedCommand] = queue.Queue(MOST_ACCEPTED)
        self._dropped = 0  # written by the network thread alone
        self._dropped_told = 0
        self._replied_ns: int | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to examine. Starts once."""
        if self._thread is not None:
            raise RuntimeError("an inbox starts once; make a new one")
        self._thread = threading.Thread(target=self._run, name="commands", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread. May be repeated."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(2 * _POLL_S)

    def hand_over(self, message: Incoming) -> None:
        """Take a message, on the network thread. Never blocks."""
        is_too_large = len(message.payload) > MOST_BYTES
        if is_too_large:
            message = dataclasses.replace(message, payload=b"")
        try:
            self._arrived.put_nowait(Arrival(message, self._time.now(), is_too_large))
        except queue.Full:
            self._dropped += 1

    def take(self) -> list[AcceptedCommand]:
        """Return the commands that hold, oldest first, on the gate's thread. Never blocks."""
        taken: list[AcceptedCommand] = []
        while len(taken) < MOST_ACCEPTED:
            try:
                taken.append(self._accepted.get_nowait())
            except queue.Empty:
                break
        return taken

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                arrival = self._arrived.get(timeout=_POLL_S)
            except queue.Empty:
                arrival = None
            try:
                if arrival is not None:
                    self._sort(arrival)
                self._tell_of_dropped()
            except Exception:
                log.exception("command.not_examined")  # a defect of ours; the command is dropped, the thread lives

    def _sort(self, arrival: Arrival) -> None:
        outcome = self._examiner.examine(arrival)
        if isinstance(outcome, AcceptedCommand):
            try:
                self._accepted.put_nowait(outcome)
            except queue.Full:
                outcome = RefusedCommand(
                    problem=CommandProblem.TOO_MANY_AT_ONCE,
                    command_id=outcome.command_id,
                    name=outcome.name,
                    sender=outcome.key.name,
                    wants_reply=outcome.wants_reply,
                )
            else:
                return
        self._reports.add(outcome.problem, arrival.message.topic, sender=outcome.sender)
        if outcome.wants_reply and self._may_reply():
            self._reply(outcome)

    def _may_reply(self) -> bool:
        """Answer refusals now and then: whoever plays recorded commands back must not make the gate talk."""
        now_ns = self._clock.monotonic_ns()
        if self._replied_ns is not None and now_ns - self._replied_ns < _REFUSAL_REPLY_NS:
            return False
        self._replied_ns = now_ns
        return True

    def _tell_of_dropped(self) -> None:
        dropped = self._dropped
        if dropped > self._dropped_told:
            self._reports.add(CommandProblem.TOO_MANY_AT_ONCE, "cmd", count=dropped - self._dropped_told)
            self._dropped_told = dropped

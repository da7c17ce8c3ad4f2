"""Tells of refused commands: each kind of refusal at once, then at most once in a while, with how many there were.

A kind of its own limit each, so that a flood of one does not hide another.
"""

from collections.abc import Callable
from typing import Final

import structlog

from edge.domain.anomaly import AnomalyReport
from edge.domain.clock import Clock
from edge.messaging.commands.problems import ANOMALY_OF, CommandProblem
from edge.messaging.wording import one_line

QUIET_NS: Final = 10_000_000_000
_MOST_TOPIC_CHARACTERS = 60

log = structlog.get_logger(__name__)


class RefusalReports:
    """Rate-limited reports. One thread."""

    def __init__(self, clock: Clock, tell: Callable[[AnomalyReport], None]) -> None:
        """``tell`` takes the reports; it must hand over and return."""
        self._clock = clock
        self._tell = tell
        self._told_ns: dict[CommandProblem, int] = {}
        self._unsaid: dict[CommandProblem, int] = {}

    def add(self, problem: CommandProblem, topic: str, *, sender: str = "", count: int = 1) -> None:
        """Count refusals and tell of them if that was not done lately.

        Args:
            problem: why.
            topic: where the command came in; any text.
            sender: whose signature held; empty = nobody's.
            count: how many.
        """
        self._unsaid[problem] = self._unsaid.get(problem, 0) + count
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._told_ns.get(problem, now_ns - QUIET_NS) < QUIET_NS:
            return
        self._told_ns[problem] = now_ns
        number = self._unsaid.pop(problem)
        where = one_line(topic, _MOST_TOPIC_CHARACTERS)
        # The check says whom it may blame: before a signature held, a name in a command proves nothing.
        by = f", signed by {sender}" if sender else ""
        often = f"; {number} since the last report" if number > 1 else ""
        detail = f"refused at {where}{by}: {problem.value}{often}"
        log.warning("command.refused", problem=problem.name.lower(), topic=where, sender=sender, number=number)
        self._tell(
            AnomalyReport(anomaly=ANOMALY_OF[problem], detail=detail, attempt=None, occurred_utc=self._clock.utc())
        )

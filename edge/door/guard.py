"""What every door checks before it moves: a grant, fresh, and never twice."""

import contextlib
import threading
from collections.abc import Iterator
from typing import final

from edge.domain.clock import Clock
from edge.domain.errors import DoorError
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict


@final
class OpeningGuard:
    """Admits each granted attempt once, while it is fresh. May be used from any thread."""

    def __init__(self, clock: Clock, *, longest_age_ms: float) -> None:
        """Read time from ``clock``; refuse verdicts older than ``longest_age_ms``."""
        if not 0 < longest_age_ms < float("inf"):
            raise ValueError(f"the age limit must be positive and finite, got {longest_age_ms}")
        self._clock = clock
        self._longest_age_ns = round(longest_age_ms * 1e6)
        self._lock = threading.Lock()
        # Attempts that are too old are refused by age, so only fresh ones need remembering.
        self._decided_ns: dict[AttemptId, int] = {}
        self._failed: set[AttemptId] = set()

    @contextlib.contextmanager
    def opening(self, verdict: Verdict) -> Iterator[bool]:
        """Check ``verdict``, then run the block that drives the door; True inside = drive it, False = it has been.

        A block that raises has failed for good: the door may have moved, so this attempt never drives it again.

        Raises:
            DoorError: no grant, too old, from the future, or an attempt whose opening failed.
        """
        with self._lock:
            self._check(verdict)
            is_new = verdict.attempt_id not in self._decided_ns
            self._decided_ns[verdict.attempt_id] = max(
                verdict.decided_ns, self._decided_ns.get(verdict.attempt_id, verdict.decided_ns)
            )
            try:
                yield is_new
            except BaseException:
                self._failed.add(verdict.attempt_id)
                raise

    def _check(self, verdict: Verdict) -> None:
        if verdict.decision is not Decision.GRANTED or verdict.reason is not Reason.MATCH or verdict.subject is None:
            raise DoorError("only a granted verdict opens a door", hint="report this as a defect of edge-gate")
        now_ns = self._clock.monotonic_ns()
        age_ns = now_ns - verdict.decided_ns
        if not 0 <= age_ns <= self._longest_age_ns:
            raise DoorError(
                f"the verdict is {age_ns / 1e6:.0f} ms old, the limit is {self._longest_age_ns / 1e6:.0f} ms",
                hint="look for what held the gate up: a full disk or an overloaded device",
            )
        self._forget_before(now_ns - self._longest_age_ns)
        if verdict.attempt_id in self._failed:
            raise DoorError(
                "this attempt's opening failed before", hint="check the door, then present the face again"
            )

    def _forget_before(self, oldest_ns: int) -> None:
        for attempt_id in [id_ for id_, decided_ns in self._decided_ns.items() if decided_ns < oldest_ns]:
            del self._decided_ns[attempt_id]
            self._failed.discard(attempt_id)

"""What was decided waits here for its tick: nothing of an attempt leaves the gate before its outcome may be known.

The door, the audit, the event, the anomalies of the attempt and the person's display all follow from one release. A
kill meanwhile loses no more than the attempt itself: what was not released opened nothing and was told to nobody.
"""

from dataclasses import replace

from edge.domain.anomaly import AnomalyReport
from edge.domain.posture import Posture
from edge.domain.verdict import AttemptId
from edge.pipeline.step import Step
from edge.policy.decide import overruled


class ReleaseQueue:
    """Steps that wait. One thread, the gate's."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Step]] = []
        self._of_open: dict[AttemptId, tuple[AnomalyReport, ...]] = {}

    def add(self, step: Step) -> None:
        """Take what a frame led to. Anomalies that belong to no attempt wait for nothing."""
        told = [anomaly for anomaly in step.anomalies if anomaly.attempt is None]
        for anomaly in step.anomalies:
            if anomaly.attempt is not None:
                known = self._of_open.get(anomaly.attempt, ())
                self._of_open[anomaly.attempt] = (*known, anomaly)
        if told:
            self._waiting.append((0, Step(anomalies=tuple(told))))
        for verdict in step.verdicts:
            anomalies = self._of_open.pop(verdict.attempt_id, ())
            self._waiting.append((verdict.release_ns, Step(verdicts=(verdict,), anomalies=anomalies)))

    def overrule(self, posture: Posture) -> None:
        """Deny the grants that wait, if a posture was taken meanwhile."""
        self._waiting = [
            (release_ns, replace(step, verdicts=tuple(overruled(verdict, posture) for verdict in step.verdicts)))
            for release_ns, step in self._waiting
        ]

    def due(self, now_ns: int) -> tuple[Step, ...]:
        """Return what may leave at a monotonic time, once, the earliest first."""
        ready = sorted((w for w in self._waiting if w[0] <= now_ns), key=lambda w: w[0])
        self._waiting = [w for w in self._waiting if w[0] > now_ns]
        return tuple(step for _, step in ready)

    def flush(self) -> tuple[Step, ...]:
        """Return everything: the gate stops, and nothing may be lost."""
        ready = sorted(self._waiting, key=lambda w: w[0])
        told = tuple(anomaly for anomalies in self._of_open.values() for anomaly in anomalies)
        self._waiting, self._of_open = [], {}
        return (*(step for _, step in ready), *((Step(anomalies=told),) if told else ()))

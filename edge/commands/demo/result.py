"""What a scene led to, and whether that is how it must end."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.commands.demo.scenes import Scene
from edge.domain.anomaly import AnomalyReport
from edge.domain.face import Face
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import Verdict
from edge.messaging.verification import Event


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """The frame that tells most of a scene.

    Attributes:
        pixels: uint8 BGR (h, w, 3), a copy.
        face: the largest face in it; None = none was found or looked for.
    """

    pixels: NDArray[np.uint8]
    face: Face | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BareVerdict:
    """What a gate with the bare FaceNet alone would make of a shot.

    Attributes:
        score: cosine to the enrolled person.
        threshold: from which such a gate opens; from the profile.
    """

    score: float
    threshold: float

    @property
    def accepts(self) -> bool:
        """Whether such a gate would open."""
        return self.score >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """An event as the subscriber got it; its signature held.

    Attributes:
        topic: full name.
        payload: verbatim.
        event: the same, parsed.
    """

    topic: str
    payload: str
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneResult:
    """How a scene went.

    Attributes:
        scene: which.
        verdicts: how its attempts ended.
        anomalies: what was told besides.
        openings: how often the door opened.
        shot: its picture.
        bare: what the bare FaceNet alone would do; None when the shot has no face.
        recorded: sequence numbers that the audit chain gave to its decisions and anomalies.
        waiting: events that the outbox held at the end of the scene, before a broker that was away came back.
        received: its events, in order of arrival.
    """

    scene: Scene
    verdicts: tuple[Verdict, ...]
    anomalies: tuple[AnomalyReport, ...]
    openings: int
    shot: Shot
    bare: BareVerdict | None
    recorded: tuple[int, ...]
    waiting: int
    received: tuple[ReceivedEvent, ...]

    @property
    def decision(self) -> Decision:
        """How its last attempt ended; denied when there was none."""
        return self.verdicts[-1].decision if self.verdicts else Decision.DENIED

    @property
    def reason(self) -> Reason:
        """Why."""
        return self.verdicts[-1].reason if self.verdicts else Reason.FAULT_INTERNAL

    @property
    def anomaly(self) -> str | None:
        """The first anomaly that was told."""
        return self.anomalies[0].anomaly.value if self.anomalies else None

    @property
    def received_sequences(self) -> tuple[int, ...]:
        """Sequence numbers in order of arrival."""
        return tuple(received.event.sequence for received in self.received)

    @property
    def is_received(self) -> bool:
        """Whether the subscriber got every decision and every anomaly."""
        return bool(self.recorded) and set(self.recorded) == set(self.received_sequences)

    @property
    def is_as_expected(self) -> bool:
        """Whether it ended as it must."""
        return not self.shortcomings

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """What is not as it must be, in words."""
        return (*_of_decisions(self), *_of_messages(self))


def _of_decisions(result: SceneResult) -> Iterator[str]:
    scene = result.scene
    if len(result.verdicts) != scene.attempts:
        yield f"{len(result.verdicts)} attempts instead of {scene.attempts}"
    for verdict in result.verdicts:
        if verdict.decision is not scene.decision or verdict.reason not in scene.reasons:
            must = " or ".join(sorted(scene.reasons))
            yield f"{verdict.decision} ({verdict.reason}) instead of {scene.decision} ({must})"
    granted = sum(verdict.decision is Decision.GRANTED for verdict in result.verdicts)
    if result.openings != granted:
        yield f"the door opened {result.openings} times for {granted} grants"
    if scene.has_anomaly != bool(result.anomalies):
        yield "no anomaly was told" if scene.has_anomaly else f"an anomaly was told: {result.anomaly}"
    if scene.fools_bare_facenet and not (result.bare and result.bare.accepts):
        yield "a bare FaceNet would not have accepted it, so it shows nothing"


def _of_messages(result: SceneResult) -> Iterator[str]:
    if not result.is_received:
        missing = sorted(set(result.recorded) - set(result.received_sequences))
        yield f"not received over MQTT: {missing or 'nothing was recorded'}"
    if result.scene.broker_is_away:
        if result.waiting != len(result.recorded):
            yield f"{result.waiting} events waited for the broker instead of {len(result.recorded)}"
        if list(result.received_sequences) != sorted(result.received_sequences):
            yield f"received out of order: {result.received_sequences}"

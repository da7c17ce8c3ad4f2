"""Plays a scene: its source through a gate of its own, decisions recorded, sent, and received."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from edge.capture.source import parse_source
from edge.capture.supervisor import CameraFeed, Pace
from edge.commands.demo.bare_facenet import bare_verdict
from edge.commands.demo.camera_roll import CameraRoll
from edge.commands.demo.result import SceneResult, Shot
from edge.commands.demo.scenes import Scene
from edge.commands.demo.stage import Stage
from edge.daemon.assembly import build_gate
from edge.daemon.feed_loop import steps
from edge.domain.anomaly import AnomalyReport
from edge.domain.verdict import Verdict
from edge.door.fake import FakeDoor
from edge.pipeline.act import Actor
from edge.pipeline.step import Step

_DOOR_AGE_MS = 2_000.0


@dataclass(frozen=True, slots=True)
class _Records:
    """What was recorded, in order."""

    sequences: list[int]
    verdicts: list[Verdict]
    anomalies: list[AnomalyReport]

    def add(self, step: Step, actor: Actor) -> None:
        """Act on a step in the gate's one order: verdicts before anomalies."""
        for verdict in step.verdicts:
            self.sequences.append(actor.record_verdict(verdict).seq)
            self.verdicts.append(verdict)
        for anomaly in step.anomalies:
            self.sequences.append(actor.record_anomaly(anomaly).seq)
            self.anomalies.append(anomaly)


def play(scene: Scene, stage: Stage) -> SceneResult:
    """Play a scene and return how it went.

    Raises:
        EdgeError: something that should work does not, such as the camera, an engine or the broker.
    """
    records = _Records([], [], [])
    with _broker_away(stage) if scene.broker_is_away else nullcontext():
        openings, shot = _run(scene, stage, records)
        waiting = stage.line.waiting
    received = stage.subscriber.collect(records.sequences)
    return SceneResult(
        scene=scene,
        verdicts=tuple(records.verdicts),
        anomalies=tuple(records.anomalies),
        openings=openings,
        shot=shot,
        bare=bare_verdict(shot, stage.parts),
        recorded=tuple(records.sequences),
        waiting=waiting,
        received=received,
    )


def _run(scene: Scene, stage: Stage, records: _Records) -> tuple[int, Shot]:
    """Run the source through a gate. In lock-step, so that a slow machine sees the same frames as a fast one."""
    source = parse_source(scene.source)
    roll = CameraRoll()
    with CameraFeed(source, pace=Pace.FAST, clock=stage.clock) as feed:
        door = FakeDoor(feed.clock, longest_age_ms=_DOOR_AGE_MS)
        actor = replace(stage.actor, door=None if source.is_stills else door)
        gate = build_gate(stage.parts, source, feed.clock)
        for step in steps(feed, gate, on_frame=roll.follow):
            records.add(step, actor)
    return len(door.openings), roll.shot


@contextmanager
def _broker_away(stage: Stage) -> Iterator[None]:
    """Take the broker away within, and bring it back behind."""
    stage.line.wait_sent()
    stage.line.hold()
    stage.broker.stop()
    stage.line.wait_away()
    stage.subscriber.wait_away()
    yield
    stage.broker.start()
    stage.subscriber.wait_ready()
    stage.line.release()

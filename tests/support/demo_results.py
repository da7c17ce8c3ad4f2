"""Results of scenes as the demo makes them, without playing any."""

import datetime as dt
import json

import numpy as np

from edge.commands.demo.result import BareVerdict, ReceivedEvent, SceneResult, Shot
from edge.commands.demo.scenes import Scene
from edge.domain.anomaly import Anomaly, AnomalyReport
from edge.domain.face import Box, Face
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging.verification import Event

NOW = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def a_verdict(decision: Decision, reason: Reason) -> Verdict:
    return Verdict(
        attempt_id=AttemptId("a1"),
        decision=decision,
        reason=reason,
        subject=SubjectRef("p-1") if decision is Decision.GRANTED else None,
        findings=(),
        frames=2,
        started_ns=0,
        decided_ns=1,
        decided_utc=NOW,
        policy_digest="",
    )


def a_report(anomaly: Anomaly) -> AnomalyReport:
    return AnomalyReport(anomaly=anomaly, detail="<b>", attempt=None, occurred_utc=NOW)


def an_event(sequence: int, kind: str = "decision") -> ReceivedEvent:
    payload = {"sequence": f"{sequence:020d}", "signature": "x" * 88, "data": {"detail": "</pre><script>alert(1)"}}
    event = Event(
        id=f"chain-{sequence}",
        source="/egate/demo/front-door",
        type=f"io.egate.{kind}.v1",
        subject="front-door",
        occurred_utc=NOW,
        expires_utc=None,
        sequence=sequence,
        boot_id="b",
        data={},
    )
    return ReceivedEvent(topic=f"egate/v1/demo/front-door/evt/{kind}", payload=json.dumps(payload), event=event)


def a_shot(*, has_face: bool = True) -> Shot:
    face = Face(frame_seq=1, box=Box(40.0, 30.0, 50.0, 60.0), landmarks=np.full((5, 2), 50, np.float32), score=0.9)
    return Shot(pixels=np.full((120, 160, 3), 90, np.uint8), face=face if has_face else None)


def a_good_result(scene: Scene) -> SceneResult:
    """How ``scene`` must go."""
    reason = min(scene.reasons)
    verdicts = tuple(a_verdict(scene.decision, reason) for _ in range(scene.attempts))
    anomalies = (a_report(Anomaly(reason.value)),) if scene.has_anomaly else ()
    recorded = tuple(range(7, 7 + len(verdicts) + len(anomalies)))
    return SceneResult(
        scene=scene,
        verdicts=verdicts,
        anomalies=anomalies,
        openings=len(verdicts) if scene.decision is Decision.GRANTED else 0,
        shot=a_shot(has_face=scene.name != "dark_frame"),
        bare=None if scene.name == "dark_frame" else BareVerdict(score=0.9, threshold=0.6),
        recorded=recorded,
        waiting=len(recorded) if scene.broker_is_away else 0,
        received=tuple(an_event(sequence) for sequence in recorded),
    )

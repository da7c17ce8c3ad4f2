"""Results in words, the same on the screen, the sheet and the report."""

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from edge.commands.demo.result import BareVerdict, ReceivedEvent, SceneResult
from edge.domain.visible_text import visible

_LONGEST = 28


def plain(name: str) -> str:
    """Return a name of the wire as words."""
    return name.replace("_", " ")


def yes_no(is_so: bool) -> str:
    """Return yes or no."""
    return "yes" if is_so else "no"


def bare_words(bare: BareVerdict | None) -> str:
    """Return what a gate with the bare FaceNet alone would do."""
    if bare is None:
        return "sees no face"
    return "would open" if bare.accepts else "would stay shut"


def bare_word(bare: BareVerdict | None) -> str:
    """Return the same for a narrow column."""
    if bare is None:
        return "no face"
    return "opens" if bare.accepts else "stays shut"


def numbers(sequences: tuple[int, ...]) -> str:
    """Return sequence numbers as text."""
    return " ".join(f"#{sequence}" for sequence in sequences) or "none"


def event_name(received: ReceivedEvent) -> str:
    """Return the kind and number of an event, such as ``decision #7``."""
    return f"{_kind(received)} #{received.event.sequence}"


def event_names(events: tuple[ReceivedEvent, ...]) -> str:
    """Return kinds and numbers of events in order of arrival, such as ``anomaly #8, decision #7``."""
    groups = [
        f"{kind} {numbers(tuple(one.event.sequence for one in group))}" for kind, group in groupby(events, key=_kind)
    ]
    return ", ".join(groups) or "nothing"


def shortened(payload: str) -> str:
    """Return a JSON payload indented, its long values cut; what does not show is escaped."""
    lines = json.dumps(_cut(json.loads(payload)), indent=2, ensure_ascii=False).split("\n")
    return "\n".join(visible(line) for line in lines)


def record_of(result: SceneResult) -> Mapping[str, Any]:
    """Return what programs get of a scene."""
    bare = result.bare
    return {
        "scene": result.scene.name,
        "decision": result.decision.value,
        "reason": result.reason.value,
        "received_over_mqtt": result.is_received,
        "as_expected": result.is_as_expected,
        "shortcomings": list(result.shortcomings),
        "attempts": len(result.verdicts),
        "anomaly": result.anomaly,
        "door_openings": result.openings,
        "recorded": list(result.recorded),
        "received": list(result.received_sequences),
        "bare_facenet": None
        if bare is None
        else {"accepts": bare.accepts, "cosine": round(bare.score, 4), "threshold": round(bare.threshold, 4)},
    }


def _kind(received: ReceivedEvent) -> str:
    return received.topic.rpartition("/")[2]


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        return value[: _LONGEST - 1] + "…"
    if isinstance(value, dict):
        return {key: _cut(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cut(inner) for inner in value]
    return value

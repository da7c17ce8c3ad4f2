"""Records as campaigns leave them, without attacking anything."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge.daemon.models import SCREENING, SECOND
from edge.domain.profile import MatchPoint
from redteam.campaign.plan import Attacker, Row
from redteam.campaign.records import MANIFEST_FILE, RECORDS_FILE, Manifest, Record
from redteam.report.outcomes import Outcomes
from redteam.success import MARKS, Point

MATCH = MatchPoint(
    threshold=0.5,
    weights={SCREENING: 0.5, SECOND: 0.5},
    floors={SCREENING: 0.3, SECOND: 0.4},
    alone={SCREENING: 0.6, SECOND: 0.7},
)
FARS = {mark: 0.01 if mark.point is Point.LOOSE else 1e-5 for mark in MARKS if mark.point}
SHUT, LOOSE, STRICT = 0.1, 0.45, 0.9
MANIFEST = Manifest(
    suite="smoke",
    seed=7,
    revision="abc123",
    profile_digest="d1ge57",
    precision="fp32",
    torch="2.13.0",
    cast="40 enrolled; lfw: people of split B",
)


def a_row(attacker: Attacker = Attacker.JOINT, attack: str = "pgd-20", **changes: Any) -> Row:
    return Row(**{"attacker": attacker, "attack": attack, "scenes": 10, "eps": 8.0, **changes})


def a_judgement(
    *,
    sface: float = SHUT,
    facenet: float = SHUT,
    granted: int = 0,
    tries: int = 1,
    reason: str | None = None,
    likeness: float = 0.9,
    is_other: bool = False,
) -> dict[str, Any]:
    return {
        "reason": reason or ("match" if granted else "unknown_person"),
        "granted_as_other": is_other,
        "tries": tries,
        "granted": granted,
        "scores": {SCREENING: sface, SECOND: facenet},
        "likeness": {SCREENING: likeness, SECOND: likeness},
        "landmarks": [[1.0, 2.0]] * 5,
        "findings": [{"defense": "squeeze", "outcome": "fail", "statistic": 0.4, "threshold": 0.2}],
    }


def opened(**changes: Any) -> dict[str, Any]:
    return a_judgement(**{"sface": STRICT, "facenet": STRICT, "granted": 5, "tries": 5, **changes})


def a_record(row: Row, scene: int, judgement: Mapping[str, Any] | None = None, **changes: Any) -> Record:
    judged = None if row.minimal_for else judgement or a_judgement()
    values = {"seconds": 1.0, "linf": row.eps or 0.0, "judgement": judged, **changes}
    return Record(row=row.row_id, scene=f"scene-{scene}", goal=row.goal, **values)


def records_of(row: Row, successes: int, n: int, success: Mapping[str, Any] | None = None) -> list[Record]:
    """Return records of which the first so many succeeded, by default at everything."""
    return [a_record(row, i, (success or opened()) if i < successes else None) for i in range(n)]


def searched(row: Row, found: Sequence[float]) -> list[Record]:
    return [a_record(row, i, linf=eps, minimal_eps=eps) for i, eps in enumerate(found)]


def outcomes_of(counted: Mapping[Row, tuple[int, int]], more: Iterable[Record] = ()) -> Outcomes:
    """Return the outcomes of rows with so many successes of so many scenes."""
    records = [record for row, (successes, n) in counted.items() for record in records_of(row, successes, n)]
    return Outcomes(tuple(counted), [*records, *more], MATCH)


def write_campaign(folder: Path, records: Iterable[Record], manifest: Manifest = MANIFEST) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST_FILE).write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    lines = "".join(json.dumps(asdict(record)) + "\n" for record in records)
    (folder / RECORDS_FILE).write_text(lines, encoding="utf-8")
    return folder

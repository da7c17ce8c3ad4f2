"""A suite with one of everything, and what it might have recorded."""

import dataclasses
import math

from redteam.campaign.plan import Alignment, Attacker, Knowledge, Row
from redteam.campaign.records import Record
from redteam.scene import Goal
from redteam.success import Target
from tests.unit.redteam.report.campaigns import a_row, records_of, searched

HOSTILE = "<script>alert(1)</script>|`x`](y)\u202e\n# z"
MOVED = {
    "scene_id": "secret-scene",
    "shape": "glasses",
    "landmarks_px": 3.0,
    "landmarks_crop_px": 2.5,
    "shift_px": 1.5,
    "rotation_degrees": -4.0,
    "scale": 0.8,
    "transform": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
}

NOISE = a_row(Attacker.NOISE, "noise", eps=16.0)
GLASSES = a_row(attack="patch-120", eps=None, patch="glasses")
SEARCHES = (
    a_row(Attacker.OBLIVIOUS, "bim-20", eps=16.0, knows=Knowledge.TEMPLATES, minimal_for=Target.FACENET),
    a_row(Attacker.ADAPTIVE, "pgd-40", eps=16.0, draws=2, minimal_for=Target.GATE),
)
EVERYTHING: tuple[Row, ...] = (
    NOISE,
    *(a_row(Attacker.OBLIVIOUS, eps=e) for e in (2.0, 4.0, 64.0)),
    *(a_row(attack="pgd-40", eps=e) for e in (2.0, 8.0)),
    *(a_row(attack=f"pgd-{n}", eps=4.0) for n in (5, 40)),
    *(a_row(Attacker.ADAPTIVE, "pgd-40", eps=4.0, draws=d) for d in (1, 2, 4)),
    a_row(Attacker.SEED_KNOWN, "pgd-40", eps=4.0),
    GLASSES,
    a_row(attack="patch-120", eps=None, patch="glasses", alignment=Alignment.FROZEN),
    a_row(Attacker.OBLIVIOUS, "pgd-20", eps=2.0, goal=Goal.DODGING),
    *SEARCHES,
)


def everything_recorded() -> list[Record]:
    records = [*searched(SEARCHES[0], [1, 1, 2, 2, 3, 3, 4, math.inf]), *searched(SEARCHES[1], [math.inf] * 7)]
    for row in EVERYTHING:
        if row.minimal_for is None:
            successes = 0 if row is NOISE else 10 if row.eps == 64 else 7
            records += records_of(row, successes, 10)
    return [
        dataclasses.replace(r, moved=MOVED) if r.row == GLASSES.row_id and r.scene != "scene-9" else r
        for r in records
    ]

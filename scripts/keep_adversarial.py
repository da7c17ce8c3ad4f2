"""Keeps some attacked pictures of a campaign on the two public-domain portraits as a floor for the tests.

Usage: .venv/bin/edge-gate redteam run --suite smoke --out FOLDER, then
.venv/bin/python scripts/keep_adversarial.py FOLDER. Of every row the first scenes are kept, with what they opened.
"""

import json
import shutil
import sys
from pathlib import Path

from edge.daemon.assembly import DEFAULT_PROFILE
from edge.trust.profile import load_profile
from redteam.campaign.records import Record, read_manifest, read_records
from redteam.report.outcomes import judgement_of
from redteam.success import MARKS, has_succeeded

KEPT = Path(__file__).parents[1] / "tests" / "adversarial"
_SCENES_A_ROW = 2


def main(folder: Path) -> None:
    """Copy pictures and write ``index.json`` beside them."""
    manifest = read_manifest(folder)
    if "portraits" not in manifest.cast:
        sys.exit("only pictures of the public-domain portraits may be kept")
    by_row: dict[str, list[Record]] = {}
    for record in read_records(folder):
        by_row.setdefault(record.row, []).append(record)
    match = load_profile(DEFAULT_PROFILE, environment="development").match
    index = []
    for row, records in by_row.items():
        for record in sorted(records, key=lambda r: r.scene)[:_SCENES_A_ROW]:
            if record.picture is None or record.judgement is None:
                continue
            name = f"{row}.{record.scene}.png"
            shutil.copyfile(folder / record.picture, KEPT / name)
            judgement = judgement_of(record.judgement)
            opened = [
                [m.target.value, m.point.value if m.point else None]
                for m in MARKS
                if has_succeeded(judgement, m, record.goal, match)
            ]
            index.append({"file": name, "row": row, "linf": record.linf, "opened": opened})
    (KEPT / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    print(f"{len(index)} pictures kept in {KEPT}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

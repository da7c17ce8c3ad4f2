"""What a campaign leaves behind: a manifest of what was attacked, and one JSON line a row and scene."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from edge.domain.errors import UsageError
from redteam.judge import Judgement
from redteam.scene import Goal

MANIFEST_FILE = "campaign.json"
RECORDS_FILE = "records.jsonl"
PICTURES_FOLDER = "pictures"
PORTRAITS_FOLDER = "portraits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a campaign is: figures of two folders may be compared if all but ``scenes`` agrees.

    Attributes:
        suite: which rows.
        seed: of every attack.
        revision: of the project's source when the campaign began; ``+`` behind it: with changes.
        profile_digest: of the thresholds that were attacked.
        precision: arithmetic of the judged engines.
        torch: version.
        cast: who was enrolled and where the pictures are from, in words.
        certificates: names of those in force at the gate, with commas; empty = none.
    """

    suite: str
    seed: int
    revision: str
    profile_digest: str
    precision: str
    torch: str
    cast: str
    certificates: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one attack on one scene came to.

    Attributes:
        row: id of the row.
        scene: id of the scene.
        goal: what for.
        seconds: attack time, a share of its batch's.
        linf: largest change of a value, gray levels.
        judgement: what the gate and the bare models made of it; None for a search of the smallest eps.
        minimal_eps: the smallest eps that overcame the row's target; infinite = none did; None where not searched.
        queries: how often a black-box attacker asked; None for others.
        picture: file of the attacked picture in the campaign's folder.
        revision: of the source that made it.
        moved: the fields of :class:`calibration.certificate.reached.ReachedAlignment`; None where none was reached.
    """

    row: str
    scene: str
    goal: Goal
    seconds: float
    linf: float
    judgement: Mapping[str, Any] | None = None
    minimal_eps: float | None = None
    queries: int | None = None
    picture: str | None = None
    revision: str = ""
    moved: Mapping[str, Any] | None = None


def judgement_values(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement as plain values: no names, and of the findings what failed."""
    return {
        "reason": judgement.reason,
        "granted_as_other": judgement.subject is not None and judgement.granted == 0,
        "tries": judgement.tries,
        "granted": judgement.granted,
        "scores": dict(judgement.scores),
        "likeness": dict(judgement.likeness),
        "landmarks": judgement.landmarks,
        "findings": [
            {"defense": f.defense, "outcome": f.outcome.value, "statistic": f.statistic, "threshold": f.threshold}
            for f in judgement.findings
        ],
    }


class CampaignFolder:
    """The folder of a campaign. One process writes; what it wrote stays when it is killed.

    Args:
        path: the folder; made when it is not there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / PICTURES_FOLDER).mkdir(parents=True, exist_ok=True)

    def begin(self, manifest: Manifest, *, is_across_revisions: bool = False) -> None:
        """Write the manifest, or check that the folder's is the same; drop a line that a kill cut short.

        Args:
            manifest: of this run.
            is_across_revisions: go on with a campaign that another revision began; every record names its own.

        Raises:
            UsageError: the folder holds another campaign.
        """
        file = self.path / MANIFEST_FILE
        if file.exists():
            before = read_manifest(self.path)
            if before != (replace(manifest, revision=before.revision) if is_across_revisions else manifest):
                changed = [k for k, v in asdict(manifest).items() if v != getattr(before, k)]
                raise UsageError(
                    f"{self.path} holds a campaign of another {', '.join(changed)}",
                    hint="name another --out folder, or remove this one: figures of both would be mixed",
                )
            self._drop_cut_line()
            return
        file.write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")

    def _drop_cut_line(self) -> None:
        file = self.path / RECORDS_FILE
        text = file.read_bytes() if file.exists() else b""
        if text and not text.endswith(b"\n"):
            file.write_bytes(text[: text.rfind(b"\n") + 1])

    def append(self, records: list[Record]) -> None:
        """Add records, at once and flushed."""
        with (self.path / RECORDS_FILE).open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(asdict(record)) + "\n" for record in records))


def read_manifest(folder: Path) -> Manifest:
    """Read a campaign's manifest.

    Raises:
        UsageError: there is none, or it is not one.
    """
    try:
        return Manifest(**json.loads((folder / MANIFEST_FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"{folder} holds no campaign: {error}", hint="run 'edge-gate redteam run --out FOLDER' first"
        ) from error


def read_records(folder: Path) -> Iterator[Record]:
    """Yield every record; a last line without an end was cut by a kill and is passed over.

    Raises:
        UsageError: a line is no record.
    """
    file = folder / RECORDS_FILE
    lines = file.read_text("utf-8").split("\n")[:-1] if file.exists() else []
    for number, line in enumerate(lines, start=1):
        try:
            values = json.loads(line)
            yield Record(**{**values, "goal": Goal(values["goal"])})
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(
                f"line {number} of {file} is no record: {error}", hint="remove the line; its attack runs again"
            ) from error

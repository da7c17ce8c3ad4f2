"""``training contribute``, ``status``, ``relabel`` and ``remove``: pictures of a dataset."""

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.domain.errors import UsageError
from edge.domain.label import check_name, check_note
from edge.trust.keys import read_key
from edge.trust.signing import Signer
from training.commands.options import DatasetOption, KeyOption, written
from training.intake.folder import RefusedFile, take_folder
from training.manifest.entries import MOST_PICTURES_AN_ENTRY, Contributed, Relabeled, Removed
from training.manifest.log import ManifestLog
from training.manifest.objects import PictureFiles
from training.manifest.standing import Dataset, Status
from training.roles.role import Action

Shortened = Annotated[str, typer.Argument(help="sha256 of the picture, or the beginning of it.")]


def contribute(
    folder: Annotated[Path, typer.Argument(help="Pictures, one subfolder a person: SUBJECT/picture.jpg.")],
    source: Annotated[str, typer.Option(help="Where they come from; a recall can name it.")],
    license_: Annotated[str, typer.Option("--license", help="Under which terms they may be used.")],
    consent: Annotated[str, typer.Option(help="What the people agreed to, and where that is kept.")],
    dataset: DatasetOption,
    key: KeyOption,
    *,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring pictures in. They are new: nothing learns from them before they are vetted and reviewed."""
    del state
    log, files = ManifestLog(dataset), PictureFiles(dataset)
    before = log.read()
    author = before.roster.holder_of(Signer(read_key(key)).public_key)
    before.roster.require(author.name, Action.CONTRIBUTE)  # before anything is copied
    refused: list[RefusedFile] = []
    taken = take_folder(folder, files, known=frozenset(before.pictures), refused=refused.append)
    count = 0
    while batch := tuple(islice(taken, MOST_PICTURES_AN_ENTRY)):
        written(
            dataset,
            key,
            Contributed(source=check_name(source), license=license_, consent=check_note(consent), pictures=batch),
        )
        count += len(batch)
    printer = Printer(as_json=as_json, columns={"refused": 40, "reason": 60})
    for file in refused:
        printer.record({"refused": file.path, "reason": file.reason})
    printer.summary({"contributed": count, "refused_files": len(refused), "source": source})
    if not count:
        raise typer.Exit(1)


def status(
    dataset: DatasetOption,
    only: Annotated[Status | None, typer.Option("--only", help="List the pictures that stand so.")] = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell how the pictures stand; by source and contributor, or one by one with ``--only``."""
    del state
    stands = ManifestLog(dataset).read()
    if only is not None:
        _list(stands, only, as_json=as_json)
        return
    printer = Printer(as_json=as_json, columns={"source": 24, "contributor": 24, "pictures": 8, "standing": 60})
    groups: dict[tuple[str, str], dict[str, int]] = {}
    for picture in stands.pictures.values():
        counts = groups.setdefault((picture.source, picture.contributor), {})
        counts[picture.status.value] = counts.get(picture.status.value, 0) + 1
    for (source, contributor), counts in groups.items():
        shown = ", ".join(f"{number} {name}" for name, number in counts.items())
        printer.record(
            {"source": source, "contributor": contributor, "pictures": sum(counts.values())}
            | ({"standing": counts} if as_json else {"standing": shown})
        )
    printer.summary({"dataset": stands.name, "pictures": len(stands.pictures), **stands.counts()})


def relabel(
    picture: Shortened,
    subject: Annotated[str, typer.Argument(help="Who it shows.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    dataset: DatasetOption,
    key: KeyOption,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a picture shows somebody else. It is to be vetted and reviewed again."""
    del state
    sha256 = find_picture(ManifestLog(dataset).read(), picture)
    written(dataset, key, Relabeled(sha256=sha256, subject=check_name(subject), reason=check_note(reason)))
    if as_json:
        print_json({"sha256": sha256, "subject": subject})
    else:
        print(f"{sha256[:16]} is said to show {subject}")


def remove(
    pictures: Annotated[list[str], typer.Argument(help="sha256 of pictures, or beginnings of them.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    dataset: DatasetOption,
    key: KeyOption,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take pictures out and destroy their files. Their lines stay: what learned from them can still be asked."""
    del state
    stands = ManifestLog(dataset).read()
    chosen = tuple(dict.fromkeys(find_picture(stands, picture) for picture in pictures))
    written(dataset, key, Removed(pictures=chosen, reason=check_note(reason)))
    files = PictureFiles(dataset)
    for sha256 in chosen:
        files.destroy(sha256)
    if as_json:
        print_json({"removed": list(chosen)})
    else:
        print(f"{len(chosen)} removed; 'training trace' tells what learned from them")


def find_picture(dataset: Dataset, beginning: str) -> str:
    """Return the sha256 of the one picture whose sha256 begins so.

    Raises:
        UsageError: none does, or several do.
    """
    found = [sha256 for sha256 in dataset.pictures if sha256.startswith(beginning.lower())] if beginning else []
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} pictures begin with {beginning!r}",
            hint="'training status --only new' names them; give more of it",
        )
    return found[0]


def _list(stands: Dataset, only: Status, *, as_json: bool) -> None:
    printer = Printer(as_json=as_json, columns={"sha256": 16, "subject": 24, "contributor": 16, "findings": 70})
    for picture in stands.standing(only):
        findings = [{"screen": f.screen, "score": f.score, "reason": f.reason} for f in picture.findings]
        printer.record(
            {
                "sha256": picture.facts.sha256 if as_json else picture.facts.sha256[:16],
                "subject": picture.facts.subject,
                "contributor": picture.contributor,
                "source": picture.source,
                "findings": findings if as_json else "; ".join(f.reason for f in picture.findings),
            }
        )

"""``training seal``, ``versions``, ``pictures``, ``recall``, ``trace``, ``verify``: what was learned from what."""

from pathlib import Path
from typing import Annotated, Any

import typer

from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.domain.errors import TrustError, UsageError
from edge.domain.label import check_note
from training.commands.options import DatasetOption, KeyOption, written
from training.manifest.entries import Recalled
from training.manifest.lineage import Trace, trace
from training.manifest.log import ManifestLog
from training.manifest.objects import PictureFiles
from training.manifest.standing import Dataset, Status
from training.manifest.version import find_version, seal_of

SourceOption = Annotated[str | None, typer.Option("--source", help="Pictures of that source.")]
ContributorOption = Annotated[str | None, typer.Option("--contributor", help="Pictures that this member brought.")]
PicturesOption = Annotated[list[str] | None, typer.Option("--picture", help="A single picture, by its sha256.")]


def seal(dataset: DatasetOption, key: KeyOption, state: IdleStateOption = None, as_json: JsonOption = False) -> None:
    """Make a version of all pictures that are trusted now."""
    del state
    entry = seal_of(ManifestLog(dataset).read())
    written(dataset, key, entry)
    if as_json:
        print_json({"version": entry.version, "pictures": entry.pictures})
    else:
        print(f"version {entry.version}: {entry.pictures} pictures")


def versions(dataset: DatasetOption, state: IdleStateOption = None, as_json: JsonOption = False) -> None:
    """List all versions, oldest first; how many of their pictures are not trusted any more."""
    del state
    stands = ManifestLog(dataset).read()
    printer = Printer(
        as_json=as_json, columns={"version": 16, "sealed": 20, "author": 16, "pictures": 8, "no_longer_trusted": 17}
    )
    for version in stands.versions.values():
        lost = sum(stands.pictures[sha256].status is not Status.TRUSTED for sha256 in version.pictures)
        printer.record(
            {
                "version": version.id if as_json else version.id[:16],
                "sealed": version.sealed.isoformat(timespec="seconds"),
                "author": version.author,
                "pictures": len(version.pictures),
                "no_longer_trusted": lost,
            }
        )


def pictures(
    version: Annotated[str, typer.Argument(help="Id of the version, or the beginning of it.")],
    dataset: DatasetOption,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the pictures of a version, as they were labeled when it was sealed."""
    del state
    printer = Printer(as_json=as_json, columns={"sha256": 64, "subject": 32})
    for sha256, facts in find_version(ManifestLog(dataset).read(), version).pictures.items():
        printer.record({"sha256": sha256, "subject": facts.subject})


def recall(
    reason: Annotated[str, typer.Option(help="Why.")],
    dataset: DatasetOption,
    key: KeyOption,
    source: SourceOption = None,
    contributor: ContributorOption = None,
    picture: PicturesOption = None,
    *,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Trust pictures no longer: no later version has them. Tells which versions, models and people saw them."""
    del state
    wanted = _wanted(source, contributor, picture, reason=check_note(reason))
    _report(trace(written(dataset, key, wanted), wanted), as_json=as_json)


def trace_command(
    dataset: DatasetOption,
    source: SourceOption = None,
    contributor: ContributorOption = None,
    picture: PicturesOption = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell which versions, models and people saw data from somewhere; nothing is changed."""
    del state
    wanted = _wanted(source, contributor, picture, reason="asked")
    _report(trace(ManifestLog(dataset).read(), wanted), as_json=as_json)


def verify(
    dataset: DatasetOption,
    administrator: Annotated[
        str | None, typer.Option(help="Public key that must have founded it, from elsewhere than this folder.")
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="SEQUENCE:HASH that was noted elsewhere: shows whether the end was cut off.")
    ] = None,
    files: Annotated[bool, typer.Option("--files", help="Read every picture's file too.")] = False,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every line, signature and right in the log; with ``--files`` every picture too."""
    del state
    log = ManifestLog(dataset)
    stands = log.read(administrator=_key(administrator))
    if head is not None:
        _check_head(log, head)
    checked = _check_files(dataset, stands) if files else 0
    values: dict[str, Any] = {
        "ok": True,
        "dataset": stands.name,
        "founder": stands.founder.hex(),
        "lines": stands.sequence + 1,
        "head": f"{stands.sequence}:{stands.head}",
        "files": checked,
    }
    if as_json:
        print_json(values)
    else:
        print(f"{stands.name}: {values['lines']} lines hold, {checked} files read; note this head elsewhere:")
        print(values["head"])


def _check_head(log: ManifestLog, head: str) -> None:
    sequence, colon, digest = head.partition(":")
    if not (colon and sequence.isdecimal()):
        raise UsageError("that is no head", hint="give SEQUENCE:HASH as 'training verify' printed it")
    if log.hash_at(int(sequence)) != digest:
        raise TrustError(
            f"the log has not the line {head} that was noted: its end was cut off, or it is another log",
            hint="restore it from a copy that verifies against that head",
        )


def _check_files(folder: Path, stands: Dataset) -> int:
    files = PictureFiles(folder)
    kept = [sha256 for sha256, picture in stands.pictures.items() if picture.status is not Status.REMOVED]
    for sha256 in kept:
        files.proven(sha256)
    return len(kept)


def _key(text: str | None) -> bytes | None:
    try:
        return None if text is None else bytes.fromhex(text)
    except ValueError as error:
        raise UsageError("that is no public key", hint="give 64 hexadecimal digits") from error


def _wanted(source: str | None, contributor: str | None, pictures: list[str] | None, *, reason: str) -> Recalled:
    if source is None and contributor is None and not pictures:
        raise UsageError("nothing is named", hint="give --source, --contributor or --picture")
    for sha256 in pictures or ():
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise UsageError(
                f"{sha256!r} is no sha256", hint="give all 64 digits: 'training status --only new --json'"
            )
    return Recalled(source=source, contributor=contributor, pictures=tuple(pictures or ()), reason=reason)


def _report(found: Trace, *, as_json: bool) -> None:
    uses = [{"what": use.what, "identity": use.identity, "version": use.version} for use in found.uses]
    if as_json:
        print_json({"pictures": len(found.pictures), "versions": [v.id for v in found.versions], "uses": uses})
        return
    print(f"{len(found.pictures)} pictures, in {len(found.versions)} versions, used by {len(uses)}")
    for version in found.versions:
        print(f"  version {version.id[:16]} of {version.sealed:%Y-%m-%d}")
    for use in uses:
        print(f"  {use['what']} {use['identity']}")

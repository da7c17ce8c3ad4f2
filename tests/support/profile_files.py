"""Profiles on the disk, changed as their own writer would change them: with a fitting digest."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path

from edge.trust.profile_document import PROFILE_FILE, digest_of
from edge.trust.profile_writing import ARRAYS_FILE
from edge.trust.toml_text import toml_text

Document = dict[str, object]


def read_toml(folder: Path) -> Document:
    """Return the document as it stands."""
    return tomllib.loads((folder / PROFILE_FILE).read_text())


def rewrite(folder: Path, change: Callable[[Document], None]) -> None:
    """Change a profile and pin it anew, as whoever may write to the folder can; a signature stays as it is."""
    document = read_toml(folder)
    del document["digest"]
    change(document)
    (folder / PROFILE_FILE).write_text(toml_text({"digest": digest_of(document, folder), **document}))


def at(document: Document, path: str) -> tuple[Document, str]:
    """Return the table and the key that ``path`` (with slashes) leads to."""
    *tables, key = path.split("/")
    for table in tables:
        document = document[table]  # type: ignore[assignment] # the path leads through tables
    return document, key


def put(folder: Path, path: str, value: object) -> None:
    """Set one value and pin the profile anew."""

    def change(document: Document) -> None:
        table, key = at(document, path)
        table[key] = value

    rewrite(folder, change)


def pin_archive(folder: Path) -> None:
    """Pin the archive that lies there."""
    put(folder, "arrays/sha256", hashlib.sha256((folder / ARRAYS_FILE).read_bytes()).hexdigest())

"""Reads a folder of pictures, ``SUBJECT/file``, as a contribution; a picture that cannot be taken is told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import imagehash
from PIL import Image

from edge.capture.picture import read_picture
from edge.domain.errors import EdgeError, UsageError
from training.manifest.entries import PictureFacts
from training.manifest.objects import PictureFiles

MOST_PICTURES = 1_000_000
"""A contribution is not a disk full of files."""

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was not taken: its path under the folder, and why."""

    path: str
    reason: str


def picture_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return (subject, path) of every picture under ``folder``, in order of name; links are not followed.

    Raises:
        UsageError: the folder is not there, or holds no subfolder with a picture.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="give a folder with one subfolder a person")
    found = [
        (person.name, path)
        for person in sorted(folder.iterdir())
        if person.is_dir() and not person.is_symlink()
        for path in sorted(person.iterdir())
        if path.suffix.lower() in _SUFFIXES and path.is_file() and not path.is_symlink()
    ]
    if not found:
        raise UsageError(f"{folder} holds no SUBJECT/picture", hint="give a folder with one subfolder a person")
    if len(found) > MOST_PICTURES:
        raise UsageError(f"{folder} holds {len(found)} pictures", hint=f"contribute {MOST_PICTURES} at most at once")
    yield from found


def take_folder(
    folder: Path, files: PictureFiles, *, known: frozenset[str], refused: Callable[[RefusedFile], None]
) -> Iterator[PictureFacts]:
    """Copy every picture of ``folder`` in and return what it is; one picture is in memory at a time.

    Args:
        folder: one subfolder a subject.
        files: where pictures are copied to.
        known: sha256 of pictures that the dataset has already.
        refused: told each file that was not taken.
    """
    seen = set(known)
    for subject, path in picture_files(folder):
        try:
            facts = _take(subject, path, files, seen)
        except (EdgeError, ValueError) as error:
            refused(RefusedFile(str(path.relative_to(folder)), str(error)))
            continue
        seen.add(facts.sha256)
        yield facts


def _take(subject: str, path: Path, files: PictureFiles, seen: set[str]) -> PictureFacts:
    pixels = read_picture(path)
    sha256 = files.take(path)
    if sha256 in seen:
        raise UsageError("the same file is in the dataset already", hint="leave it out")
    image = Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB))
    return PictureFacts(
        sha256=sha256,
        perceptual=str(imagehash.phash(image)),
        size_bytes=path.stat().st_size,
        width_px=pixels.shape[1],
        height_px=pixels.shape[0],
        original=path.name,
        subject=subject,
    )

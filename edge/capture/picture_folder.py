"""The pictures of a folder."""

from pathlib import Path

from edge.domain.errors import CameraError


def pictures_in(folder: Path) -> list[Path]:
    """Return every file that counts as meant, in the order of names: not hidden ones, not subfolders.

    Raises:
        CameraError: there is none, or the folder cannot be listed.
    """
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    except OSError as error:
        raise CameraError(
            f"cannot list {folder}: {error.strerror}", hint="check that this user may read the folder"
        ) from error
    if not found:
        raise CameraError(f"the folder {folder} holds no picture", hint="put JPEG or PNG pictures into it")
    return found

"""The folder that the demo writes to, tried before any work is done."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from edge.domain.errors import EdgeError


class OutFolderError(EdgeError):
    """The folder cannot be made or written."""

    exit_code: ClassVar[int] = 5


@dataclass(frozen=True, slots=True)
class OutFolder:
    """A folder that took a file."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """Make the folder if need be, and try it.

        Raises:
            OutFolderError: it cannot be made or written.
        """
        folder = cls(path)
        trial = folder.write(".trial", b"")
        trial.unlink(missing_ok=True)
        return folder

    def write(self, name: str, content: bytes) -> Path:
        """Write a file and return its path.

        Raises:
            OutFolderError: it cannot be written.
        """
        file = self.path / name
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise OutFolderError(
                f"cannot write {file}: {error.strerror or error}",
                hint="give a folder that you may write with --out DIR, on a disk with some space",
            ) from error
        return file

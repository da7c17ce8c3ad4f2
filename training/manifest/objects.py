"""The picture files of a dataset, each under its own sha256: a file that was changed is found when it is read."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from edge.domain.errors import StoreError, TrustError
from edge.trust.file_writing import public_folder

_CHUNK_BYTES = 1 << 20


class PictureFiles:
    """The folder ``objects`` of a dataset."""

    def __init__(self, folder: Path) -> None:
        """Name the dataset's folder; nothing is opened yet."""
        self._root = folder / "objects"

    def path_of(self, sha256: str) -> Path:
        """Return where the picture lies, whether it is there or not."""
        return self._root / sha256[:2] / sha256

    def take(self, source: Path) -> str:
        """Copy a file in and return its sha256; a file that is here already stays as it is.

        Raises:
            StoreError: it cannot be read, or the folder cannot be written.
        """
        public_folder(self._root)
        try:
            with source.open("rb") as file, tempfile.NamedTemporaryFile(dir=self._root, delete=False) as draft:
                digest = hashlib.sha256()
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    draft.write(chunk)
            sha256 = digest.hexdigest()
            place = self.path_of(sha256)
            place.parent.mkdir(exist_ok=True)
            shutil.move(draft.name, place)
        except OSError as error:
            raise StoreError(
                f"{source.name} cannot be taken in: {error.strerror}", hint="check the file, and the room on the disk"
            ) from error
        return sha256

    def proven(self, sha256: str) -> Path:
        """Return the path of a picture whose content is still what its name says.

        Raises:
            StoreError: it is not there.
            TrustError: it was changed.
        """
        path = self.path_of(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise StoreError(
                f"the picture {sha256[:16]} is not on the disk: {error.strerror}",
                hint="put the file back from a copy, or take it out: 'training remove'",
            ) from error
        if found != sha256:
            raise TrustError(
                f"the file of picture {sha256[:16]} was changed",
                hint="put the file back from a copy that has this sha256; find out who can write there",
            )
        return path

    def destroy(self, sha256: str) -> None:
        """Delete the file of a removed picture; nothing where there is none.

        Raises:
            StoreError: it cannot be deleted.
        """
        try:
            self.path_of(sha256).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"the picture {sha256[:16]} cannot be deleted: {error.strerror}", hint="let this user write there"
            ) from error

"""Where models lie on disk. Nothing is read from here without its hash, nothing is half written.

::

    ROOT/sources/HASH16-NAME      published weights
    ROOT/onnx/ID-HASH16.onnx      converted models, one a precision, each with a .json telling where it comes from
    ROOT/compiled/RUNTIME/...     what a runtime compiled, rebuilt at will
"""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.catalog import ModelSpec
from engines.errors import EngineError, IntegrityError
from engines.runtime.base import Precision

_SYSTEM_ROOT = Path("/var/lib/edge-gate/models")
_HASH_CHARS = 16


def default_root() -> Path:
    """Return the system's model folder if it is there and writable, else the user's cache folder."""
    if _SYSTEM_ROOT.is_dir() and os.access(_SYSTEM_ROOT, os.W_OK):
        return _SYSTEM_ROOT
    return user_cache() / "models"


def user_cache() -> Path:
    """Return the gate's folder in the user's cache folder (XDG Base Directory Specification)."""
    configured = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".cache"
    return base / "edge-gate"


class ModelStore:
    """A folder of models.

    Attributes:
        root: the folder; made when first written to.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    def source_path(self, spec: ModelSpec) -> Path:
        """Return where a model's published weights lie, there or not."""
        return self.root / "sources" / f"{spec.source.member_sha256[:_HASH_CHARS]}-{spec.source.file_name}"

    def onnx_path(self, spec: ModelSpec, precision: Precision = Precision.FP32) -> Path:
        """Return where a model's converted form of a precision lies, there or not.

        Raises:
            EngineError: the catalog pins no file of that precision.
        """
        return self.root / "onnx" / f"{spec.id}-{spec.file_sha256(precision)[:_HASH_CHARS]}.onnx"

    def manifest_path(self, spec: ModelSpec, precision: Precision = Precision.FP32) -> Path:
        """Return where the provenance of that form lies, there or not.

        Raises:
            EngineError: the catalog pins no file of that precision.
        """
        return self.onnx_path(spec, precision).with_suffix(".json")

    def compiled_dir(self, runtime: str) -> Path:
        """Return the folder that a runtime may keep compiled models in, there or not."""
        return self.root / "compiled" / runtime

    def read(self, path: Path, sha256: str) -> bytes:
        """Return the bytes of a file of the store, proven.

        Raises:
            EngineError: the file is not there or cannot be read.
            IntegrityError: its hash is not ``sha256``.
        """
        return read_proven(path, sha256)

    def write(self, path: Path, data: bytes) -> None:
        """Write a file of the store: all of it or nothing, and on disk when this returns.

        Raises:
            EngineError: the folder is read-only or full.
        """
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            _sync_folder(path.parent)

    @contextmanager
    def workspace(self) -> Iterator[Path]:
        """Give a private folder on the store's file system that is gone afterwards.

        Raises:
            EngineError: the folder is read-only or full.
        """
        with self._explained():
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder = tempfile.TemporaryDirectory(dir=self.root, prefix=".work-")
        with folder as name:
            yield Path(name)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _explain(self.root, error) from error


def read_proven(path: Path, sha256: str) -> bytes:
    """Return the bytes of a file whose hash is ``sha256``.

    Raises:
        EngineError: the file is not there or cannot be read.
        IntegrityError: its hash is another.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise EngineError(f"{path} is not there", hint="run 'edge-gate engines fetch' first") from error
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror}", hint="check who may read this file") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise IntegrityError(
            f"{path} ({len(data)} bytes) has sha256 {found[:_HASH_CHARS]}..., not {sha256[:_HASH_CHARS]}...",
            hint="delete this file, then run 'edge-gate engines fetch' and 'edge-gate engines build'",
        )
    return data


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _explain(root: Path, error: OSError) -> EngineError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return EngineError(f"the model folder {root} is full", hint="free 500 MB there, or name another folder")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return EngineError(
            f"the model folder {root} cannot be written: {error.strerror}",
            hint="run as its owner, or name another folder",
        )
    return EngineError(f"the model folder {root} cannot be used: {error}", hint="name another folder")

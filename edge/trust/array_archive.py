"""The arrays of a profile: one NumPy archive, pinned by its sha256, that holds what was asked for and nothing else.

The format is ``.npz`` (a ZIP of ``.npy``, NumPy enhancement proposal 1) in one fixed form: names in order, nothing
compressed, little-endian C order, no dates. The same arrays give the same bytes, and a few kilobytes cannot unfold
into gigabytes.
"""

import hashlib
import io
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from edge.domain.errors import ConfigError, TrustError

FloatArray = NDArray[np.float32] | NDArray[np.float64]

_DTYPES: Mapping[str, np.dtype[Any]] = {"float32": np.dtype("<f4"), "float64": np.dtype("<f8")}
_MOST_BYTES = 64 * 2**20
_MOST_NAMES = 64
_LONGEST_HEADER = 1_024
_NO_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayTerms:
    """What is asked of an array.

    Attributes:
        dimensions: how many axes it has.
        dtype: ``float32`` or ``float64``.
        most_side: longest axis.
    """

    dimensions: int
    dtype: str
    most_side: int = 65_536


def pack_arrays(arrays: Mapping[str, FloatArray], terms: Mapping[str, ArrayTerms]) -> tuple[bytes, str]:
    """Return the archive of ``arrays`` and its sha256 in hexadecimal; the same arrays give the same bytes.

    Raises:
        ValueError: an array is missing, not asked for, or not as ``terms`` say, or all are too large together.
    """
    if arrays.keys() != terms.keys():
        raise ValueError(f"the profile asks for the arrays {sorted(terms)}, not {sorted(arrays)}")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            array = np.ascontiguousarray(_checked(name, arrays[name], terms[name]))
            member = io.BytesIO()
            npy.write_array(member, array.astype(_DTYPES[terms[name].dtype]), version=(1, 0), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _NO_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, member.getvalue())
    content = buffer.getvalue()
    if len(content) > _MOST_BYTES:
        raise ValueError(f"the arrays take {len(content)} bytes, more than {_MOST_BYTES}")
    return content, hashlib.sha256(content).hexdigest()


def read_arrays(path: Path, sha256: str, terms: Mapping[str, ArrayTerms]) -> Mapping[str, FloatArray]:
    """Read an archive, once, and return its arrays, read-only, by name.

    Raises:
        TrustError: it is missing or not the one that ``sha256`` pins.
        ConfigError: it is no archive, or holds more, less or something else than ``terms`` ask for.
    """
    content = read_pinned(path, sha256)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_entries(archive.infolist(), terms)
            return {name: _checked(name, _read(archive, name), terms[name]) for name in terms}
    except (ValueError, KeyError, OSError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} holds no usable arrays: {error}", hint="fit the profile again") from error


def read_pinned(path: Path, sha256: str) -> bytes:
    """Return the bytes of an archive that is the pinned one.

    Raises:
        TrustError: it is missing, too large or not the one that ``sha256`` pins.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise TrustError(f"{path} cannot be read: {error.strerror}", hint="copy the whole profile folder") from error
    if len(content) > _MOST_BYTES or hashlib.sha256(content).hexdigest() != sha256:
        raise TrustError(
            f"{path} is not the file that the profile pins",
            hint="copy the whole profile folder again from where it was fitted, or fit again",
        )
    return content


def _refuse_entries(entries: list[zipfile.ZipInfo], terms: Mapping[str, ArrayTerms]) -> None:
    names = sorted(entry.filename for entry in entries)
    if names != sorted(f"{name}.npy" for name in terms):
        raise ValueError(f"the profile asks for the arrays {sorted(terms)}, and it holds {names[:_MOST_NAMES]}")
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.file_size > _MOST_BYTES for entry in entries):
        raise ValueError("its arrays must be stored as they are")


def _read(archive: zipfile.ZipFile, name: str) -> FloatArray:
    member = io.BytesIO(archive.read(f"{name}.npy"))
    if npy.read_magic(member) != (1, 0):
        raise ValueError(f"{name} is of another version of the format")
    shape, is_fortran, dtype = npy.read_array_header_1_0(member, max_header_size=_LONGEST_HEADER)
    if is_fortran or dtype not in _DTYPES.values():
        raise ValueError(f"{name} must be float32 or float64, little-endian, in C order")
    body = member.read()
    if min(shape, default=0) < 0 or len(body) != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name} is cut off or has something behind it")
    array: FloatArray = np.frombuffer(body, dtype=dtype).reshape(shape)
    return array


def _checked(name: str, array: object, terms: ArrayTerms) -> FloatArray:
    """Return ``array`` if it is as ``terms`` say.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(array, np.ndarray) or array.dtype != _DTYPES[terms.dtype] or array.ndim != terms.dimensions:
        raise ValueError(f"{name} must be {terms.dtype} in {terms.dimensions} dimensions")
    if not array.size or max(array.shape) > terms.most_side:
        raise ValueError(f"{name} must have 1 to {terms.most_side} entries on every axis")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite")
    return array

"""The archive beside a profile: what was asked for, finite and bounded, and nothing else."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.domain.errors import ConfigError, TrustError
from edge.domain.profile import Profile
from edge.trust import array_archive
from edge.trust.array_archive import ArrayTerms, pack_arrays, read_arrays
from edge.trust.profile import load_profile
from edge.trust.profile_writing import ARRAYS_FILE
from tests.support.profile_files import pin_archive

TERMS = {"map": ArrayTerms(dimensions=2, dtype="float32"), "center": ArrayTerms(dimensions=1, dtype="float64")}
MAP = np.arange(6, dtype=np.float32).reshape(2, 3)
CENTER = np.array([0.5, -0.25])


def pinned(folder: Path, content: bytes) -> tuple[Path, str]:
    path = folder / "x.npz"
    path.write_bytes(content)
    return path, hashlib.sha256(content).hexdigest()


def npz(**arrays: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type] # numpy's stub takes every keyword for a flag
    return buffer.getvalue()


def test_what_is_packed_is_read_and_cannot_be_written_to(tmp_path: Path) -> None:
    content, sha256 = pack_arrays({"map": MAP, "center": CENTER}, TERMS)
    path, _ = pinned(tmp_path, content)
    found = read_arrays(path, sha256, TERMS)
    assert found.keys() == TERMS.keys()
    np.testing.assert_array_equal(found["map"], MAP)
    np.testing.assert_array_equal(found["center"], CENTER)
    assert [found[name].dtype.str for name in ("map", "center")] == ["<f4", "<f8"]
    assert not any(array.flags.writeable for array in found.values())


def test_the_same_arrays_give_the_same_bytes() -> None:
    content, sha256 = pack_arrays({"map": MAP, "center": CENTER}, TERMS)
    assert pack_arrays({"center": CENTER.copy(), "map": np.asfortranarray(MAP)}, TERMS) == (content, sha256)
    assert sha256 == "78f0e1fc7f33782a64f71b2938944551e3bb99a9d1b0b0e172ed3a0d5ab59387"
    with np.load(io.BytesIO(content), allow_pickle=False) as plain:
        np.testing.assert_array_equal(plain["map"], MAP)


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"map": MAP},
        {"map": MAP, "center": CENTER, "third": MAP},
        {"map": MAP.astype(np.float64), "center": CENTER},
        {"map": MAP.ravel(), "center": CENTER},
        {"map": np.zeros((0, 3), np.float32), "center": CENTER},
        {"map": np.full((2, 2), np.inf, np.float32), "center": CENTER},
        {"map": np.zeros((1, 65_537), np.float32), "center": CENTER},
    ],
)
def test_what_was_not_asked_for_is_not_packed(arrays: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"array|map"):
        pack_arrays(arrays, TERMS)


@pytest.mark.parametrize(
    "content",
    [
        npz(map=MAP),
        npz(map=MAP, center=CENTER, third=MAP),
        npz(map=MAP, center=CENTER.astype(np.float32)),
        npz(map=MAP, center=CENTER.astype(">f8")),
        npz(map=MAP, center=np.zeros(0)),
        npz(map=MAP, center=np.array([np.nan])),
        npz(map=MAP, center=np.array([object()], dtype=object)),
        npz(map=np.asfortranarray(MAP), center=CENTER),
        npz(map=MAP.astype(np.int32), center=CENTER),
        b"",
        b"not an archive",
        b"PK\3\4 broken",
    ],
)
def test_a_pinned_archive_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        read_arrays(*pinned(tmp_path, content), TERMS)
    assert caught.value.exit_code == 3
    assert caught.value.hint


def zipped(members: list[tuple[str, bytes]], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + body


FLOATS = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}"
ONLY_CENTER = {"center": TERMS["center"]}


def test_a_member_made_by_hand_is_read(tmp_path: Path) -> None:
    content = zipped([("center.npy", npy(FLOATS % "(2,)", CENTER.tobytes()))])
    np.testing.assert_array_equal(read_arrays(*pinned(tmp_path, content), ONLY_CENTER)["center"], CENTER)


@pytest.mark.parametrize(
    "content",
    [
        zipped([("center.npy", npy(FLOATS % "(2,)", bytes(15)))]),
        zipped([("center.npy", npy(FLOATS % "(2,)", bytes(17)))]),
        zipped([("center.npy", npy(FLOATS % "(-2,)", bytes(16)))]),
        zipped([("center.npy", npy(FLOATS % "(2**40,)", bytes(16)))]),
        zipped([("center.npy", npy(FLOATS % "(1099511627776,)", bytes(16)))]),
        zipped([("center.npy", npy(FLOATS % "(2,)", bytes(16), b"\x02\x00"))]),
        zipped([("center.npy", npy(FLOATS.replace("<f8", "|O") % "(2,)", bytes(16)))]),
        zipped([("center.npy", npy("{" + " " * 5_000 + (FLOATS % "(2,)")[1:], bytes(16)))]),
        zipped([("center.npy", b"")]),
        zipped([("center", npy(FLOATS % "(2,)", bytes(16)))]),
        zipped([("../center.npy", npy(FLOATS % "(2,)", bytes(16)))]),
        zipped([("center.npy", npy(FLOATS % "(2,)", bytes(16)))], compression=zipfile.ZIP_DEFLATED),
    ],
)
def test_a_member_that_is_not_plain_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError):
        read_arrays(*pinned(tmp_path, content), ONLY_CENTER)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    member = npy(FLOATS % "(2,)", bytes(16))
    with pytest.raises(ConfigError):
        read_arrays(*pinned(tmp_path, zipped([("center.npy", member)] * 2)), ONLY_CENTER)


def test_an_archive_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, sha256 = pack_arrays({"map": MAP, "center": CENTER}, TERMS)
    path, _ = pinned(tmp_path, content)
    monkeypatch.setattr(array_archive, "_MOST_BYTES", len(content) - 1)
    with pytest.raises(TrustError):
        read_arrays(path, sha256, TERMS)
    with pytest.raises(ValueError, match="more than"):
        pack_arrays({"map": MAP, "center": CENTER}, TERMS)


@pytest.mark.parametrize("damage", ["missing", "altered", "truncated"])
def test_an_archive_that_is_not_the_pinned_one_is_an_integrity_fault(
    profile: Profile, folder: Path, dump: Callable[[Profile], Profile], damage: str
) -> None:
    dump(profile)
    path = folder / ARRAYS_FILE
    content = path.read_bytes()
    path.unlink()
    if damage == "altered":
        path.write_bytes(content[:-30] + b"\1" + content[-29:])
    elif damage == "truncated":
        path.write_bytes(content[:-1])
    with pytest.raises(TrustError) as caught:
        load_profile(folder, environment="development")
    assert caught.value.exit_code == 4


def test_a_profile_with_another_archive_that_is_pinned_is_refused(
    profile: Profile, folder: Path, dump: Callable[[Profile], Profile]
) -> None:
    dump(profile)
    (folder / ARRAYS_FILE).write_bytes(npz(weights=MAP))
    pin_archive(folder)
    with pytest.raises(ConfigError, match=r"agreement\.weights"):
        load_profile(folder, environment="development")

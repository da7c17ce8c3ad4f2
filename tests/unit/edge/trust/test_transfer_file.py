"""A file of people opens for its one recipient, as its one gate wrote it, or not at all."""

import struct
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.errors import TrustError, UsageError
from edge.trust.sealing import Recipient, seal_to
from edge.trust.signing import Signer
from edge.trust.transfer_file import open_transfer_file, transfer_file

GATE = Signer(b"g" * 32)
RECEIVER = Recipient(b"r" * 32)
RECORDS = [{"name": "Ada", "n": 1}, {"name": "Bob", "n": 2}, {"name": "Cem", "n": 3}]
FILE = transfer_file(RECORDS, to=RECEIVER.public_key, signer=GATE)


def _opened(
    content: bytes, *, recipient: Recipient = RECEIVER, by: bytes = GATE.public_key
) -> list[Mapping[str, object]]:
    return list(open_transfer_file(content, recipient=recipient, by=by))


def _frames(content: bytes) -> tuple[bytes, list[bytes]]:
    form, rest = content[: content.index(b"\n") + 1], content[content.index(b"\n") + 1 :]
    frames = []
    while rest:
        (size,) = struct.unpack(">I", rest[:4])
        frames.append(rest[: 4 + size])
        rest = rest[4 + size :]
    return form, frames


def test_records_come_back_in_order() -> None:
    assert _opened(FILE) == RECORDS
    assert _opened(transfer_file([], to=RECEIVER.public_key, signer=GATE)) == []


def test_nothing_lies_open() -> None:
    assert b"Ada" not in FILE
    assert transfer_file(RECORDS, to=RECEIVER.public_key, signer=GATE) != FILE
    assert "r" * 32 not in repr(RECEIVER)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(TrustError, match="not sealed to the key") as caught:
        _opened(FILE, recipient=Recipient(b"x" * 32))
    assert caught.value.exit_code == 4
    assert caught.value.hint


def test_another_gates_file_is_refused() -> None:
    with pytest.raises(TrustError, match="signature"):
        _opened(FILE, by=Signer(b"x" * 32).public_key)
    mallory = transfer_file(RECORDS, to=RECEIVER.public_key, signer=Signer(b"m" * 32))
    with pytest.raises(TrustError, match="signature"):
        _opened(mallory)


def test_a_recipient_cannot_pass_it_on_as_the_gates_own() -> None:
    third = Recipient(b"t" * 32)
    form, frames = _frames(FILE)
    info = b"egate-transfer-v1"
    anew = [seal_to(third.public_key, RECEIVER.open(f[4:], info=info), info=info) for f in frames]
    passed_on = form + b"".join(struct.pack(">I", len(f)) + f for f in anew)
    with pytest.raises(TrustError, match="somebody else"):
        _opened(passed_on, recipient=third)


@pytest.mark.parametrize("what", ["first", "last", "twice", "swapped", "without head", "foreign", "more"])
def test_records_dropped_doubled_moved_or_added_are_seen(what: str) -> None:
    form, frames = _frames(FILE)
    _, others = _frames(transfer_file(RECORDS, to=RECEIVER.public_key, signer=GATE))
    changed = {
        "first": [frames[0], *frames[2:]],
        "last": frames[:-1],
        "twice": [*frames[:2], *frames[1:]],
        "swapped": [frames[0], frames[2], frames[1], frames[3]],
        "without head": frames[1:],
        "foreign": [*frames[:3], others[3]],
        "more": [*frames, others[1]],
    }[what]
    with pytest.raises(TrustError):
        _opened(form + b"".join(changed))


@pytest.mark.parametrize("content", [b"", b"egate", b"egate-transfer-v2\n", b"PK\x03\x04", bytes(100)])
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(TrustError, match="no file of"):
        _opened(content)


def test_lengths_that_lie_are_refused() -> None:
    form, _ = _frames(FILE)
    for lie in (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x05abc", b"\0\0"):
        with pytest.raises(TrustError):
            _opened(form + lie)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FILE) - 1))
def test_cut_off_anywhere_it_is_refused(kept: int) -> None:
    with pytest.raises(TrustError):
        _opened(FILE[:kept])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_with_any_bit_turned_it_is_refused(place: int, bit: int) -> None:
    content = bytearray(FILE)
    content[place] ^= 1 << bit
    with pytest.raises(TrustError):
        _opened(bytes(content))


@pytest.mark.parametrize("key", [bytes(32), b"\1" + bytes(31)])
def test_nobodys_key_is_refused(key: bytes) -> None:
    with pytest.raises(UsageError, match="nobody's"):
        transfer_file(RECORDS, to=key, signer=GATE)

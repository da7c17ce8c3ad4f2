"""Files of the audit chain come from outside: whatever is in them, it ends in rows or in a fault of ours."""

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.errors import TrustError
from edge.domain.event import EventKind, Ticket
from edge.store.audit_chain import NO_HASH, next_record
from edge.store.chain_file import ChainFile, ChainFileHead, lines_of

CHAIN = "c" * 32
HEAD = ChainFileHead(chain_id=CHAIN, first_seq=1, previous_hash=NO_HASH)
RECORD = next_record(Ticket(CHAIN, 1), NO_HASH, EventKind.DECISION, {"note": "ü\u2028\x7f"})
LINES = list(lines_of(HEAD, [RECORD]))


def read(content: bytes) -> list[object]:
    file = ChainFile(io.BytesIO(content), "file")
    return list(file.records())


def test_what_was_written_is_read() -> None:
    assert read(b"".join(LINES)) == [RECORD]


@given(st.binary(max_size=300))
def test_any_bytes(content: bytes) -> None:
    for whole in (content, LINES[0] + content, b"".join(LINES) + content):
        with contextlib.suppress(TrustError):
            read(whole)


@given(st.data())
def test_any_turned_byte(data: st.DataObject) -> None:
    content = bytearray(b"".join(LINES))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(TrustError):
        read(bytes(content))


@pytest.mark.parametrize(
    "line",
    [
        b"[" * 100_000,
        b'{"seq":' + b"9" * 10_000 + b"}",
        b'{"seq":true,"body":"","hash":"","previous_hash":""}',
        LINES[1].replace(b'"seq":1', b'"seq":1.5'),
        LINES[1].replace(b'"body":"', b'"body":"\\ud800'),
        b'{"checkpoint":7}',
        b"x" * (1 << 20),
    ],
)
def test_hostile_lines(line: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        read(LINES[0] + line + b"\n")
    assert caught.value.hint

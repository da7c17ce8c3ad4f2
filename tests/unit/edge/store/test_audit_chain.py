from dataclasses import replace
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from edge.domain.audit import AuditRecord
from edge.domain.event import EventKind, Ticket
from edge.store.audit_chain import NO_HASH, ChainReport, check_chain, next_record
from edge.trust.canonical import canonical_json

_CHAIN = "c" * 32


def _chain(length: int, chain_id: str = _CHAIN) -> list[AuditRecord]:
    records: list[AuditRecord] = []
    for seq in range(1, length + 1):
        previous = records[-1].hash if records else NO_HASH
        records.append(next_record(Ticket(chain_id, seq), previous, EventKind.DECISION, {"attempt": f"a{seq}"}))
    return records


def _check(records: list[AuditRecord], length: int) -> ChainReport:
    head = _chain(length)[-1].hash if length else NO_HASH
    return check_chain(_CHAIN, (length, head), records)


_LENGTH = st.integers(1, 6)


def test_a_record_is_hashed_as_documented() -> None:
    first, second = _chain(2)
    assert first.body == canonical_json({"chain": _CHAIN, "seq": 1, "kind": "decision", "data": {"attempt": "a1"}})
    assert first.previous_hash == bytes(32)
    assert first.hash == sha256(b"egate-audit-v1\0" + bytes(32) + first.body).digest()
    assert second.previous_hash == first.hash


@given(st.integers(0, 6))
def test_an_untouched_chain_is_whole(length: int) -> None:
    report = _check(_chain(length), length)
    assert report.is_whole
    assert report.records == length
    assert report.fault_seq is None


@given(length=_LENGTH, data=st.data())
def test_any_changed_byte_is_found(length: int, data: st.DataObject) -> None:
    records = _chain(length)
    at = data.draw(st.integers(0, length - 1))
    field = data.draw(st.sampled_from(["body", "hash", "previous_hash"]))
    content = bytearray(getattr(records[at], field))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    altered = {"body": records[at].body, "hash": records[at].hash, "previous_hash": records[at].previous_hash}
    altered[field] = bytes(content)
    records[at] = AuditRecord(seq=at + 1, **altered)
    report = _check(records, length)
    assert not report.is_whole
    assert report.fault_seq is not None
    assert report.fault_seq in (at + 1, at + 2)
    assert report.records == report.fault_seq - 1


@given(length=_LENGTH, data=st.data())
def test_any_removed_row_is_found(length: int, data: st.DataObject) -> None:
    records = _chain(length)
    at = data.draw(st.integers(0, length - 1))
    del records[at : data.draw(st.integers(at + 1, length))]
    assert _check(records, length).fault_seq == at + 1


@given(length=st.integers(2, 6), data=st.data())
def test_any_other_order_is_found(length: int, data: st.DataObject) -> None:
    records = _chain(length)
    order = data.draw(st.permutations(range(length)).filter(lambda order: list(order) != list(range(length))))
    shuffled = [records[i] for i in order]
    assert not _check(shuffled, length).is_whole
    renumbered = [replace(record, seq=seq) for seq, record in enumerate(shuffled, 1)]
    assert not _check(renumbered, length).is_whole


@given(length=_LENGTH, data=st.data())
def test_any_inserted_row_is_found(length: int, data: st.DataObject) -> None:
    records = _chain(length)
    at = data.draw(st.integers(0, length))
    previous = records[at - 1].hash if at else NO_HASH
    forged = next_record(Ticket(_CHAIN, at + 1), previous, EventKind.DECISION, {"attempt": "forged"})
    inserted = data.draw(st.sampled_from([forged, *records]))
    records.insert(at, inserted)
    assert not _check(records, length).is_whole
    renumbered = [replace(record, seq=seq) for seq, record in enumerate(records, 1)]
    assert not _check(renumbered, length).is_whole


def test_rows_of_another_chain_are_found() -> None:
    strangers = _chain(2, "d" * 32)
    report = check_chain(_CHAIN, (2, strangers[-1].hash), strangers)
    assert report.fault_seq == 1
    assert "another" in report.detail


def test_a_body_that_is_no_record_is_found() -> None:
    for body in (b"", b"[]", b"{}", b"\xff", b"7", b'{"chain":[],"seq":1}', b"[" * 100_000):
        record = AuditRecord(
            seq=1, previous_hash=NO_HASH, body=body, hash=sha256(b"egate-audit-v1\0" + NO_HASH + body).digest()
        )
        assert check_chain(_CHAIN, (1, record.hash), [record]).fault_seq == 1

import base64
import datetime as dt
import json
from typing import Any

import pytest

from edge.domain.errors import TrustError
from edge.domain.event import Ticket
from edge.domain.reasons import Decision, Reason
from edge.messaging.envelope import SIGNATURE_CONTEXT, canonical, decision_message, lifecycle_message
from edge.messaging.identity import GateIdentity
from edge.messaging.payloads import LifecyclePhase
from edge.messaging.verification import MOST_BYTES, Event, may_open, verify_event
from edge.trust.signing import Signer, verify
from tests.support.messages import IDENTITY, KEYS, NOON, SIGNER, a_decision, a_verdict

PAYLOAD = a_decision(7).payload
SECOND = dt.timedelta(seconds=1)


def checked(payload: bytes) -> Event:
    return verify_event(payload, keys=KEYS, verify=verify)


def edited(**changes: Any) -> bytes:
    return json.dumps({**json.loads(PAYLOAD), **changes}).encode()


def test_a_genuine_event_is_understood() -> None:
    event = checked(PAYLOAD)
    assert event.id == "chain1-7"
    assert event.chain_id == "chain1"
    assert event.sequence == 7
    assert event.source == "/egate/site1/gate1"
    assert event.subject == "front-door"
    assert event.boot_id == "0123abcd"
    assert event.occurred_utc == NOON
    assert event.expires_utc == NOON + 10 * SECOND
    assert event.data["decision"] == "granted"


def test_spacing_and_order_do_not_matter() -> None:
    event = dict(reversed(json.loads(PAYLOAD).items()))
    assert checked(json.dumps(event, indent=2).encode()).sequence == 7


@pytest.mark.parametrize(
    "payload",
    [
        edited(data={**json.loads(PAYLOAD)["data"], "decision": "granted", "subject": "somebody-else"}),
        edited(expirytime="2099-01-01T00:00:00Z"),
        edited(sequence="00000000000000000008"),
        edited(subject="back-door"),
        edited(bootid="ffff"),
        edited(extra="1"),
        edited(signature="AAAA"),
        edited(signature="not base64!"),
        edited(signature=7),
        edited(source="/egate/site1/gate2"),
        edited(specversion="0.3"),
        edited(data=[1]),
        edited(Upper="1"),
        PAYLOAD[:-1],
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"specversion":"1.0","a":NaN}',
        b'{"specversion":"1.0","specversion":"1.0"}',
        b'{"specversion":"1.0","source":"/egate/site1/gate1","signature":"","x":1e999}',
        b'{"specversion":"1.0","source":"/egate/site1/gate1","signature":"AAAA","x":123456789012345678901234567890}',
        b"x" * (MOST_BYTES + 1),
    ],
    ids=range(24),
)
def test_everything_else_is_refused(payload: bytes) -> None:
    with pytest.raises(TrustError) as caught:
        checked(payload)
    assert caught.value.hint


def test_every_byte_counts() -> None:
    for position in range(0, len(PAYLOAD), 7):
        changed = bytearray(PAYLOAD)
        changed[position] ^= 1
        with pytest.raises(TrustError):
            checked(bytes(changed))


def test_the_key_of_one_gate_does_not_speak_for_another() -> None:
    other = Signer(bytes(32))
    message = decision_message(a_verdict(), IDENTITY, Ticket("chain1", 1), other, NOON, opens=True)
    with pytest.raises(TrustError):
        checked(message.payload)
    keys = {"/egate/site1/gate2": (other.public_key,), **KEYS}
    with pytest.raises(TrustError):
        verify_event(message.payload, keys=keys, verify=verify)


def test_a_second_key_may_be_trusted_while_one_is_replaced() -> None:
    new = Signer(bytes(32))
    keys = {IDENTITY.source: (SIGNER.public_key, new.public_key)}
    for signer in (SIGNER, new):
        message = decision_message(a_verdict(), IDENTITY, Ticket("chain1", 1), signer, NOON, opens=True)
        assert verify_event(message.payload, keys=keys, verify=verify).sequence == 1


def test_signed_nonsense_is_refused() -> None:
    """A gate of ours never sends this, but the keys could."""
    import base64

    from edge.messaging.envelope import SIGNATURE_CONTEXT, canonical

    for name, value in {
        "sequence": "7",
        "id": "",
        "time": "yesterday",
        "expirytime": "2026-01-01T00:00:00",
        "data": "text",
    }.items():
        event = {key: val for key, val in json.loads(PAYLOAD).items() if key != "signature"} | {name: value}
        signature = SIGNER.sign(canonical(event), context=SIGNATURE_CONTEXT)
        event["signature"] = base64.b64encode(signature).decode()
        with pytest.raises(TrustError):
            checked(canonical(event))


def test_a_fresh_grant_opens_once() -> None:
    event = checked(PAYLOAD)
    assert may_open(event, access_point=IDENTITY.access_point, now_utc=NOON + SECOND, after_sequence=6)
    assert not may_open(event, access_point=IDENTITY.access_point, now_utc=NOON + SECOND, after_sequence=7)


def test_a_grant_expires_and_cannot_come_from_the_future() -> None:
    event = checked(PAYLOAD)
    assert not may_open(event, access_point=IDENTITY.access_point, now_utc=NOON + 10 * SECOND, after_sequence=0)
    assert not may_open(event, access_point=IDENTITY.access_point, now_utc=NOON - 3 * SECOND, after_sequence=0)
    assert may_open(event, access_point=IDENTITY.access_point, now_utc=NOON - SECOND, after_sequence=0)


def test_nothing_else_opens() -> None:
    denied = a_verdict(Decision.DENIED, Reason.UNKNOWN_PERSON)
    other = GateIdentity("site1", "gate1", "front-door", "0123abcd")
    messages = [
        decision_message(denied, other, Ticket("chain1", 9), SIGNER, NOON, opens=True),
        lifecycle_message(LifecyclePhase.STARTING, "1", other, Ticket("chain1", 9), SIGNER, NOON),
    ]
    for message in messages:
        assert not may_open(
            checked(message.payload), access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0
        )


def test_a_gate_without_a_door_never_opens_one() -> None:
    message = decision_message(a_verdict(), IDENTITY, Ticket("chain1", 7), SIGNER, NOON)
    event = checked(message.payload)
    assert event.expires_utc is None
    assert not may_open(event, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)


def test_a_grant_for_another_door_opens_nothing() -> None:
    event = checked(decision_message(a_verdict(), IDENTITY, Ticket("chain1", 7), SIGNER, NOON, opens=True).payload)
    assert may_open(event, access_point=IDENTITY.access_point, now_utc=NOON, after_sequence=0)
    assert not may_open(event, access_point="vault", now_utc=NOON, after_sequence=0)


@pytest.mark.parametrize(
    ("name", "moment", "opens"),
    [
        ("time", "0001-01-01T00:00:00Z", True),  # its gate said so, and its time is not over
        ("time", "0001-01-01T00:00:00+14:00", True),
        ("time", "9999-12-31T23:59:59.999Z", False),
        ("expirytime", "0001-01-01T00:00:00+14:00", False),
        ("expirytime", "9999-12-31T23:59:59.999-14:00", True),
    ],
)
def test_times_at_the_ends_of_the_calendar_are_no_fault(name: str, moment: str, *, opens: bool) -> None:
    event = {**json.loads(PAYLOAD), name: moment}
    del event["signature"]
    signature = base64.b64encode(SIGNER.sign(canonical(event), context=SIGNATURE_CONTEXT)).decode()
    read = checked(json.dumps({**event, "signature": signature}).encode())
    assert may_open(read, access_point=IDENTITY.access_point, now_utc=NOON + SECOND, after_sequence=0) is opens

"""Bytes of a stranger: whatever they are, they end in a problem and never in an exception."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.command import CommandName
from edge.domain.limit_scope import LimitScope
from edge.domain.posture import Posture
from edge.messaging.commands.parsing import MOST_BYTES, ParsedCommand, json_object, name_of, parse, type_of
from edge.messaging.commands.payloads import AnyCommand, PostureCommandV1, UnlockCommandV1
from edge.messaging.commands.problems import CommandProblem
from tests.support.commands import CLAIM, SENDER, Commands, signed_again
from tests.support.messages import NOON

GOOD = Commands().make(NOON)
DOCUMENT = json.loads(GOOD)
POSTURE = PostureCommandV1(posture=Posture.LOCKDOWN)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "data",
    [
        CLAIM,
        POSTURE,
        UnlockCommandV1(scope=LimitScope.GATE),
        UnlockCommandV1(scope=LimitScope.IDENTITY, target="p-0123"),
        UnlockCommandV1(scope=LimitScope.CLUSTER, target="c7"),
    ],
)
def test_every_command_parses(data: AnyCommand) -> None:
    parsed = parse(Commands().make(NOON, data))
    assert isinstance(parsed, ParsedCommand)
    assert (parsed.name, parsed.data) == (data.name, data)


def test_a_real_command_is_far_below_the_size_limit() -> None:
    assert len(GOOD) < MOST_BYTES // 4


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"", CommandProblem.NOT_JSON),
        (b"OPEN_DOOR", CommandProblem.NOT_JSON),
        (b"[]", CommandProblem.NOT_JSON),
        (b"{}", CommandProblem.UNSIGNED),
        (b"\xff\xfe{}", CommandProblem.NOT_JSON),
        ("\ufeff{}".encode(), CommandProblem.NOT_JSON),
        (GOOD.decode().encode("utf-16"), CommandProblem.NOT_JSON),
        (b'{"a": NaN}', CommandProblem.NOT_JSON),
        (b'{"a": ' + b"9" * 4_000 + b"}", CommandProblem.UNSIGNED),
        (b'{"id": 1, "id": 2}', CommandProblem.NOT_JSON),
        (b"[" * 2_000 + b"]" * 2_000, CommandProblem.TOO_DEEP),
        (b'{"a":' * 9 + b"1" + b"}" * 9, CommandProblem.TOO_DEEP),
        (b" " * (MOST_BYTES + 1), CommandProblem.TOO_LARGE),
        (GOOD[:-1], CommandProblem.NOT_JSON),
        (GOOD + b"{}", CommandProblem.NOT_JSON),
    ],
    ids=range(15),
)
def test_what_is_no_json_object(payload: bytes, problem: CommandProblem) -> None:
    assert parse(payload) is problem


def test_a_name_twice_is_refused_in_the_payload_too() -> None:
    twice = GOOD.replace(b'"factor":"badge"', b'"factor":"badge","factor":"pin"')
    assert parse(twice) is CommandProblem.NOT_JSON


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"type": "io.egate.command.open.v1"}, CommandProblem.UNKNOWN_COMMAND),
        ({"type": "io.egate.command.claim.v2"}, CommandProblem.MALFORMED),
        ({"type": "io.egate.decision.v1"}, CommandProblem.MALFORMED),
        ({"type": "io.egate.command.posture.v1"}, CommandProblem.MALFORMED),
        ({"dataschema": "urn:egate:schema:command-claim:2.0"}, CommandProblem.MALFORMED),
        ({"specversion": "0.3"}, CommandProblem.MALFORMED),
        ({"more": "x"}, CommandProblem.MALFORMED),
        ({"id": "short"}, CommandProblem.MALFORMED),
        ({"sequence": "-0000000000000000001"}, CommandProblem.MALFORMED),
        ({"sequence": "\u0660" * 20}, CommandProblem.MALFORMED),
        ({"time": "2026-02-30T00:00:00Z"}, CommandProblem.MALFORMED),
        ({"time": "2026-02-03T00:00:00"}, CommandProblem.MALFORMED),
        ({"time": "2026-02-03T00:00:00+02:00"}, CommandProblem.MALFORMED),
        ({"expirytime": None}, CommandProblem.MALFORMED),
        ({"gate": "fleet\n"}, CommandProblem.MALFORMED),
        ({"keyid": SENDER.key_id.upper()}, CommandProblem.MALFORMED),
        ({"data": {}}, CommandProblem.MALFORMED),
        ({"data": "claim"}, CommandProblem.MALFORMED),
        ({"data": {**DOCUMENT["data"], "score": "0.9"}}, CommandProblem.MALFORMED),
        ({"data": {**DOCUMENT["data"], "factor": "face"}}, CommandProblem.MALFORMED),
        ({"data": {**DOCUMENT["data"], "subject": "p-0123\u0000"}}, CommandProblem.MALFORMED),
        ({"source": "x" * 201}, CommandProblem.MALFORMED),
    ],
    ids=str,
)
def test_a_signed_command_of_another_form(change: dict[str, object], problem: CommandProblem) -> None:
    assert parse(signed_again(GOOD, change, SENDER)) is problem


def test_null_for_no_answer_is_another_form() -> None:
    assert parse(json.dumps({**DOCUMENT, "replyto": None}).encode()) is CommandProblem.MALFORMED


def test_half_a_character_has_no_canonical_form() -> None:
    assert parse(json.dumps({**DOCUMENT, "source": "\ud800"}).encode()) is CommandProblem.MALFORMED


@pytest.mark.parametrize(
    ("scope", "target"), [("gate", "p-1"), ("identity", None), ("cluster", None), ("everybody", None)]
)
def test_an_unlock_names_exactly_whom_it_must(scope: str, target: str | None) -> None:
    good = Commands().make(NOON, UnlockCommandV1(scope=LimitScope.GATE))
    changed = signed_again(good, {"data": {"scope": scope, "target": target}}, SENDER)
    assert parse(changed) is CommandProblem.MALFORMED


def test_types_and_names_belong_together() -> None:
    assert {name_of(type_of(name)) for name in CommandName} == set(CommandName)


@settings(deadline=None)
@given(st.binary(max_size=6_000))
def test_no_bytes_are_a_command_or_a_crash(payload: bytes) -> None:
    assert isinstance(parse(payload), CommandProblem)
    json_object(payload, most_bytes=MOST_BYTES)


@settings(deadline=None)
@given(json_values)
def test_no_json_is_a_command_or_a_crash(value: object) -> None:
    assert isinstance(parse(json.dumps(value).encode()), CommandProblem)


@settings(deadline=None)
@given(st.sampled_from(sorted(DOCUMENT)), json_values)
def test_no_other_value_of_an_attribute_changes_what_is_signed_unseen(name: str, value: object) -> None:
    parsed = parse(json.dumps({**DOCUMENT, name: value}).encode())
    good = parse(GOOD)
    assert isinstance(good, ParsedCommand)
    if isinstance(parsed, ParsedCommand) and value != DOCUMENT[name]:
        assert name == "signature" or parsed.signed != good.signed


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_is_seen_or_means_nothing(place: int, byte: int) -> None:
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    parsed, good = parse(changed), parse(GOOD)
    assert isinstance(good, ParsedCommand)
    if isinstance(parsed, ParsedCommand) and parsed.signed == good.signed:
        assert json.loads(changed)["signature"] != DOCUMENT["signature"] or json.loads(changed) == DOCUMENT

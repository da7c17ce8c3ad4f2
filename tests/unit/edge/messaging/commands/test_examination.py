"""Every reason to refuse a command, one at a time, against one that holds."""

import base64
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.command import CommandName, CommandOutcome
from edge.domain.posture import Posture
from edge.messaging.commands.examination import AcceptedCommand, Arrival, Examiner, RefusedCommand
from edge.messaging.commands.payloads import PostureCommandV1
from edge.messaging.commands.problems import ANOMALY_OF, CommandProblem
from edge.messaging.commands.signing import response_of, signed_response
from edge.messaging.commands.time_of_day import Moment
from edge.messaging.wire import Incoming
from edge.trust.canonical import canonical_json
from tests.support.commands import CLAIM, CLAIMS_ALONE, KEYS, SENDER, STRANGER, Commands, incoming, signed_again
from tests.support.messages import IDENTITY, NOON, SIGNER, a_decision

SECOND = 1_000_000_000
POSTURE = PostureCommandV1(posture=Posture.LOCKDOWN)


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


class Desk:
    """An examiner that is given one message after the other."""

    def __init__(self) -> None:
        self.commands = Commands()
        self.examiner = Examiner(IDENTITY, KEYS)
        self.now_utc: dt.datetime | CommandProblem = NOON
        self.now_ns = SECOND

    def gets(self, payload: bytes, name: str = "claim") -> AcceptedCommand | RefusedCommand:
        return self.examine(incoming(payload, name))

    def examine(self, message: Incoming) -> AcceptedCommand | RefusedCommand:
        return self.examiner.examine(Arrival(message, Moment(self.now_ns, self.now_utc)))

    def problem(self, payload: bytes, name: str = "claim") -> CommandProblem:
        outcome = self.gets(payload, name)
        assert isinstance(outcome, RefusedCommand)
        return outcome.problem


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_command_that_holds_is_accepted(desk: Desk) -> None:
    accepted = desk.gets(desk.commands.make(NOON))
    assert isinstance(accepted, AcceptedCommand)
    assert (accepted.name, accepted.data, accepted.key.name) == (CommandName.CLAIM, CLAIM, "console")
    assert accepted.expires_ns == 11 * SECOND
    assert accepted.wants_reply


def test_an_answer_is_given_only_when_asked_for(desk: Desk) -> None:
    accepted = desk.gets(desk.commands.make(NOON, change={"replyto": None}))
    assert isinstance(accepted, AcceptedCommand)
    assert not accepted.wants_reply


def test_retained_is_refused_before_anything_else(desk: Desk) -> None:
    outcome = desk.examine(incoming(desk.commands.make(NOON), is_retained=True))
    assert outcome == RefusedCommand(problem=CommandProblem.RETAINED)


def test_one_that_was_too_large_to_keep_is_refused(desk: Desk) -> None:
    arrival = Arrival(incoming(b""), Moment(1, NOON), is_too_large=True)
    assert desk.examiner.examine(arrival) == RefusedCommand(problem=CommandProblem.TOO_LARGE)


def test_whoever_has_no_listed_key_commands_nothing(desk: Desk) -> None:
    assert desk.problem(desk.commands.make(NOON, signer=STRANGER)) is CommandProblem.UNKNOWN_KEY
    borrowed = {"keyid": SENDER.key_id, "source": f"/egate/site1/sender/{SENDER.key_id}"}
    assert desk.problem(desk.commands.make(NOON, signer=STRANGER, change=borrowed)) is CommandProblem.FORGED


def test_a_gate_without_keys_takes_nothing() -> None:
    arrival = Arrival(incoming(Commands().make(NOON)), Moment(1, NOON))
    outcome = Examiner(IDENTITY, {}).examine(arrival)
    assert outcome == RefusedCommand(problem=CommandProblem.UNKNOWN_KEY)


def test_a_key_sends_only_what_it_may(desk: Desk) -> None:
    assert isinstance(desk.gets(desk.commands.make(NOON, signer=CLAIMS_ALONE)), AcceptedCommand)
    assert (
        desk.problem(desk.commands.make(NOON, POSTURE, signer=CLAIMS_ALONE), "posture") is CommandProblem.NOT_ALLOWED
    )
    assert isinstance(desk.gets(desk.commands.make(NOON, POSTURE), "posture"), AcceptedCommand)


def test_what_was_signed_cannot_be_changed(desk: Desk) -> None:
    good = desk.commands.make(NOON)
    for old, new in ((b"p-0123", b"p-0124"), (b'"badge"', b'"pin"'), (b"0123abcd", b"0123abce")):
        assert desk.problem(good.replace(old, new)) is CommandProblem.FORGED
    assert isinstance(desk.gets(good), AcceptedCommand)


def test_without_a_signature_it_is_unsigned(desk: Desk) -> None:
    event = json.loads(desk.commands.make(NOON))
    del event["signature"]
    assert desk.problem(json.dumps(event).encode()) is CommandProblem.UNSIGNED


@pytest.mark.parametrize("context", ["egate-event-v1", "egate-response-v1", "egate-profile-v1"])
def test_a_signature_for_something_else_is_none(desk: Desk, context: str) -> None:
    event = json.loads(desk.commands.make(NOON))
    del event["signature"]
    signature = base64.b64encode(SENDER.sign(canonical_json(event), context=context)).decode()
    assert desk.problem(canonical_json({**event, "signature": signature})) is CommandProblem.FORGED


def test_the_gates_own_messages_are_no_commands(desk: Desk) -> None:
    assert desk.problem(a_decision(1).payload) is CommandProblem.MALFORMED
    response = response_of(CommandName.CLAIM, CommandOutcome.DONE, "")
    answer = signed_response(response, IDENTITY, SIGNER, command_id="0" * 32, response_id="1" * 32, now_utc=NOON)
    assert desk.problem(answer) is CommandProblem.MALFORMED


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"gate": "gate2"}, CommandProblem.OTHER_GATE),
        ({"site": "site2", "source": f"/egate/site2/sender/{SENDER.key_id}"}, CommandProblem.OTHER_GATE),
        ({"bootid": "0123abce"}, CommandProblem.OTHER_BOOT),
        ({"source": "/egate/site1/sender/somebody"}, CommandProblem.MALFORMED),
        ({"replyto": "egate/v1/site1/gate2/rsp/claim"}, CommandProblem.OTHER_REPLY),
        ({"replyto": "egate/v1/site1/gate1/rsp/unlock"}, CommandProblem.OTHER_REPLY),
        ({"replyto": "egate/v1/site1/gate1/evt/decision"}, CommandProblem.OTHER_REPLY),
        ({"replyto": ""}, CommandProblem.OTHER_REPLY),
        ({"data": {**CLAIM.model_dump(mode="json"), "access_point": "back-door"}}, CommandProblem.OTHER_DOOR),
        ({"expirytime": "2026-03-14T12:00:10.251Z"}, CommandProblem.TOO_LONG_LIVED),
        ({"expirytime": "9999-12-31T23:59:59Z"}, CommandProblem.TOO_LONG_LIVED),
        ({"time": "0001-01-01T00:00:00Z"}, CommandProblem.TOO_LONG_LIVED),
        ({"expirytime": "2026-03-14T12:00:00.250Z"}, CommandProblem.STALE),
        ({"expirytime": "0001-01-01T00:00:00Z"}, CommandProblem.STALE),
        ({"time": "9999-12-31T23:59:59Z"}, CommandProblem.FUTURE),
    ],
    ids=str,
)
def test_a_command_that_is_not_for_here_and_now(
    desk: Desk, change: dict[str, object], problem: CommandProblem
) -> None:
    assert desk.problem(desk.commands.make(NOON, change=change)) is problem


def test_a_command_comes_by_its_own_topic(desk: Desk) -> None:
    good = desk.commands.make(NOON)
    for name in ("unlock", "claim/more", "", "claims"):
        assert desk.problem(good, name) is CommandProblem.OTHER_TOPIC
    elsewhere = Incoming("egate/v1/site1/fleet/cmd/claim", good, is_retained=False)
    outcome = desk.examine(elsewhere)
    assert isinstance(outcome, RefusedCommand)
    assert outcome.problem is CommandProblem.OTHER_TOPIC


@pytest.mark.parametrize(
    ("age_s", "problem"),
    [
        (-2.001, CommandProblem.FUTURE),
        (-2, None),
        (0, None),
        (9.999, None),
        (10, CommandProblem.STALE),
        (3_600, CommandProblem.STALE),
    ],
)
def test_the_time_window(desk: Desk, age_s: float, problem: CommandProblem | None) -> None:
    outcome = desk.gets(desk.commands.make(NOON - seconds(age_s)))
    assert getattr(outcome, "problem", None) is problem
    if isinstance(outcome, AcceptedCommand):
        assert outcome.expires_ns == desk.now_ns + round((10 - age_s) * SECOND)


@pytest.mark.parametrize("clock", [CommandProblem.CLOCK_UNSET, CommandProblem.CLOCK_WENT_BACK])
def test_without_a_clock_nothing_is_taken(desk: Desk, clock: CommandProblem) -> None:
    desk.now_utc = clock
    assert desk.problem(desk.commands.make(NOON)) is clock


def test_the_same_message_twice_is_a_duplicate(desk: Desk) -> None:
    good = desk.commands.make(NOON)
    assert isinstance(desk.gets(good), AcceptedCommand)
    assert desk.problem(good) is CommandProblem.DUPLICATE
    spaced = json.dumps(json.loads(good), indent=1).encode()
    assert desk.problem(spaced) is CommandProblem.DUPLICATE


def test_a_replay_is_refused_however_the_clock_stands(desk: Desk) -> None:
    good = desk.commands.make(NOON)
    assert isinstance(desk.gets(good), AcceptedCommand)
    desk.now_ns += 3_600 * SECOND
    assert desk.problem(good) is CommandProblem.REPLAYED


def test_a_sequence_only_goes_up_for_each_key_by_itself(desk: Desk) -> None:
    assert isinstance(desk.gets(desk.commands.make(NOON, sequence=7)), AcceptedCommand)
    assert desk.problem(desk.commands.make(NOON, sequence=7)) is CommandProblem.REPLAYED
    assert desk.problem(desk.commands.make(NOON, sequence=6)) is CommandProblem.REPLAYED
    assert isinstance(desk.gets(desk.commands.make(NOON, sequence=1, signer=CLAIMS_ALONE)), AcceptedCommand)
    assert isinstance(desk.gets(desk.commands.make(NOON, sequence=8)), AcceptedCommand)


def test_a_refused_command_uses_up_no_sequence(desk: Desk) -> None:
    late = desk.commands.make(NOON - seconds(60), sequence=10**19)
    assert desk.problem(late) is CommandProblem.STALE
    assert isinstance(desk.gets(desk.commands.make(NOON, sequence=1)), AcceptedCommand)


def test_a_restart_refuses_what_was_recorded_before_it() -> None:
    recorded = Commands().make(NOON)
    reborn = type(IDENTITY)(IDENTITY.site, IDENTITY.gate, IDENTITY.access_point, "feedf00d")
    outcome = Examiner(reborn, KEYS).examine(Arrival(incoming(recorded), Moment(1, NOON)))
    assert isinstance(outcome, RefusedCommand)
    assert outcome.problem is CommandProblem.OTHER_BOOT


def test_nobody_is_answered_or_blamed_without_a_signature(desk: Desk) -> None:
    forged = desk.commands.make(NOON).replace(b"p-0123", b"p-0124")
    unanswered = [forged, b"{}", desk.commands.make(NOON, signer=STRANGER)]
    for payload in unanswered:
        outcome = desk.gets(payload)
        assert isinstance(outcome, RefusedCommand)
        assert (outcome.sender, outcome.command_id, outcome.wants_reply) == ("", None, False)


def test_whoever_signed_learns_why_at_the_gates_own_topic_alone(desk: Desk) -> None:
    outcome = desk.gets(desk.commands.make(NOON, change={"bootid": "0000"}))
    assert isinstance(outcome, RefusedCommand)
    assert (outcome.sender, outcome.wants_reply) == ("console", True)
    outcome = desk.gets(desk.commands.make(NOON, change={"replyto": "egate/v1/site1/gate1/evt/decision"}))
    assert isinstance(outcome, RefusedCommand)
    assert not outcome.wants_reply


def test_every_problem_is_an_anomaly_in_its_own_words() -> None:
    assert ANOMALY_OF.keys() == set(CommandProblem)
    assert len({problem.value for problem in CommandProblem}) == len(CommandProblem)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.text(max_size=80), st.booleans())
def test_nothing_that_is_not_signed_is_ever_accepted(payload: bytes, topic: str, is_retained: bool) -> None:
    outcome = Desk().examine(Incoming(topic, payload, is_retained))
    assert isinstance(outcome, RefusedCommand)


@settings(deadline=None)
@given(st.sampled_from(sorted(json.loads(Commands().make(NOON)))), st.text(max_size=40))
def test_no_attribute_can_be_changed_after_signing(name: str, value: str) -> None:
    event = json.loads(Commands().make(NOON))
    outcome = Desk().gets(json.dumps({**event, name: value}).encode())
    assert isinstance(outcome, RefusedCommand) or event[name] == value


@settings(deadline=None)
@given(
    st.sampled_from(["site", "gate", "bootid", "type", "source", "keyid", "replyto", "dataschema"]),
    st.text(max_size=40),
)
def test_no_address_but_the_gates_own_is_taken_signed_or_not(name: str, value: str) -> None:
    good = Commands().make(NOON)
    outcome = Desk().gets(signed_again(good, {name: value}, SENDER))
    assert isinstance(outcome, RefusedCommand) or json.loads(good)[name] == value

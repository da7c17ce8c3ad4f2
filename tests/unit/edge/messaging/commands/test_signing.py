"""Answers: believed when the gate signed them, for the command that was asked."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.command import CommandName, CommandOutcome
from edge.domain.errors import TrustError
from edge.messaging.commands.signing import response_of, response_to, signed_response
from tests.support.commands import SENDER, Commands
from tests.support.messages import IDENTITY, NOON, SIGNER

ASKED = "a" * 32
RESPONSE = response_of(CommandName.POSTURE, CommandOutcome.DONE, "")
ANSWER = signed_response(RESPONSE, IDENTITY, SIGNER, command_id=ASKED, response_id="b" * 32, now_utc=NOON)


def test_the_gates_answer_is_believed() -> None:
    assert response_to(ASKED, ANSWER, gate_key=SIGNER.public_key) == RESPONSE
    assert response_to(ASKED, ANSWER, gate_key=None) == RESPONSE


def test_an_answer_to_somebody_else_is_passed_over() -> None:
    assert response_to("c" * 32, ANSWER, gate_key=SIGNER.public_key) is None


def test_a_command_is_no_answer() -> None:
    event = json.loads(Commands().make(NOON))
    payload = json.dumps({**event, "correlationid": ASKED}).encode()
    assert response_to(ASKED, payload, gate_key=SIGNER.public_key) is None


@pytest.mark.parametrize(
    "payload",
    [
        ANSWER.replace(b'"outcome":"done"', b'"outcome":"declined"'),
        ANSWER.replace(b'"signature":"', b'"signature":"*'),
        json.dumps({k: v for k, v in json.loads(ANSWER).items() if k != "signature"}).encode(),
        signed_response(RESPONSE, IDENTITY, SENDER, command_id=ASKED, response_id="b" * 32, now_utc=NOON),
    ],
)
def test_a_forged_answer_is_no_answer_but_a_fault(payload: bytes) -> None:
    with pytest.raises(TrustError) as fault:
        response_to(ASKED, payload, gate_key=SIGNER.public_key)
    assert fault.value.hint


def test_an_answer_of_another_form_is_a_fault() -> None:
    event = json.loads(ANSWER)
    event["data"]["outcome"] = "opened"
    with pytest.raises(TrustError):
        response_to(ASKED, json.dumps(event).encode(), gate_key=None)


def test_a_newer_gate_may_say_more() -> None:
    event = json.loads(ANSWER)
    event["data"]["more"] = "x"
    assert response_to(ASKED, json.dumps(event).encode(), gate_key=None) == RESPONSE


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_are_an_answer_or_a_crash(payload: bytes) -> None:
    assert response_to(ASKED, payload, gate_key=SIGNER.public_key) is None

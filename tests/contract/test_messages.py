"""The contracts of the messages: committed as the code has them, valid by the public schemas, readable for ever."""

import base64
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from edge.domain.command import CommandName, CommandOutcome
from edge.domain.event import EventKind, Ticket
from edge.domain.finding import Finding
from edge.domain.reasons import Decision, Outcome, Reason
from edge.messaging.commands.examination import AcceptedCommand, Arrival, Examiner
from edge.messaging.commands.keys import CommandKey
from edge.messaging.commands.payloads import PAYLOAD_OF
from edge.messaging.commands.signing import response_to
from edge.messaging.commands.time_of_day import Moment
from edge.messaging.envelope import decision_message
from edge.messaging.payloads import Payload
from edge.messaging.verification import verify_event
from edge.messaging.wire import Incoming
from edge.trust.canonical import canonical_json
from edge.trust.signing import verify
from scripts.contracts.asyncapi import asyncapi_document
from scripts.contracts.examples import IDENTITY, NOON, SIGNER, examples
from scripts.contracts.schemas import EVENTS, STATES, published_models, schema_files, stem_of
from scripts.contracts.yaml_text import yaml_text
from scripts.write_contracts import EXAMPLES, MESSAGES, changed_examples, contract_files
from tests.support.messages import a_verdict

PUBLIC = Path(__file__).parents[1] / "support" / "schemas"
GOLDEN = sorted(EXAMPLES.glob("*.json"))
ASYNCAPI_SHA256 = "744cdfebad7865197e93de712ce7086769d7553fcfcd2cc4bf69a9e1c4c24377"

every_example = pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)


def public(name: str) -> dict[str, Any]:
    schema = json.loads((PUBLIC / name).read_bytes())
    assert isinstance(schema, dict)
    return schema


def committed_schema(stem: str) -> dict[str, Any]:
    schema = json.loads((MESSAGES / "schemas" / f"{stem}.json").read_bytes())
    assert isinstance(schema, dict)
    return schema


def problems(schema: dict[str, Any], document: object) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


def kind_of(document: dict[str, Any]) -> str:
    """Return what a committed example is: ``event``, ``command``, ``response`` or ``state``."""
    type_ = str(document.get("type", ""))
    if type_ == "io.egate.command-response.v1":
        return "response"
    if type_.startswith("io.egate.command.") and type_ != "io.egate.command.v1":
        return "command"
    return "event" if type_ else "state"


def test_the_committed_contracts_are_those_of_the_code() -> None:
    stale = [path.name for path, content in contract_files().items() if path.read_bytes() != content]
    assert not stale, "run python scripts/write_contracts.py"
    assert not changed_examples()


def test_every_payload_is_published() -> None:
    def below(model: type[Payload]) -> set[type[Payload]]:
        return {model}.union(*(below(one) for one in model.__subclasses__()))

    abstract = {model for model in below(Payload) if not hasattr(model, "schema_urn")}
    nested = {"FindingV1"}
    unpublished = below(Payload) - abstract - published_models()
    assert {model.__name__ for model in unpublished} == nested


def test_every_kind_of_event_and_every_command_has_a_schema_and_an_example() -> None:
    assert set(EVENTS) == {kind.value for kind in EventKind}
    wanted = {*EVENTS.values(), *STATES.values(), *(PAYLOAD_OF[name] for name in CommandName)}
    assert {stem_of(model.schema_urn) for model in wanted} <= {path.stem for path in GOLDEN}


def test_the_asyncapi_document_is_valid_by_the_public_schema() -> None:
    content = (PUBLIC / "asyncapi-3.1.0.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == ASYNCAPI_SHA256
    validator = Draft7Validator({**json.loads(content), "$schema": "http://json-schema.org/draft-07/schema#"})
    assert [error.message for error in validator.iter_errors(asyncapi_document())] == []
    assert [*validator.iter_errors({**asyncapi_document(), "channels": []})], "the public schema does check something"


def test_everything_that_the_asyncapi_document_refers_to_is_there() -> None:
    document = asyncapi_document()
    targets = references(document)
    assert len(targets) > 20
    for target in targets:
        if target.startswith("./"):
            assert (MESSAGES / target).is_file()
            continue
        found: Any = document
        for step in target.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return [*own, *(one for child in value.values() for one in references(child))]
    return [one for child in value for one in references(child)] if isinstance(value, list) else []


@pytest.mark.parametrize("stem", sorted(name.removesuffix(".json") for name in schema_files()))
def test_every_schema_is_one(stem: str) -> None:
    Draft202012Validator.check_schema(committed_schema(stem))


@every_example
def test_every_example_follows_the_schema_of_its_version_and_of_today(path: Path) -> None:
    document = json.loads(path.read_bytes())
    assert problems(committed_schema(path.stem), document.get("data", document)) == []
    if "dataschema" in document:
        assert stem_of(document["dataschema"]) == path.stem
    if kind_of(document) == "event":
        assert problems(committed_schema("event-1.0"), document) == []
    if kind_of(document) == "command":
        assert problems(committed_schema("command-1.0"), document) == []


@pytest.mark.parametrize("path", [p for p in GOLDEN if b'"specversion"' in p.read_bytes()], ids=lambda p: p.stem)
def test_every_cloud_event_follows_the_public_schema(path: Path) -> None:
    document = json.loads(path.read_bytes())
    schema = public("cloudevents-1.0.json")
    validator = Draft7Validator(schema, format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    del document["source"]
    assert [*validator.iter_errors(document)]


@every_example
def test_todays_code_reads_every_example_of_every_version(path: Path) -> None:
    payload = path.read_bytes()
    document = json.loads(payload)
    match kind_of(document):
        case "event":
            keys = {IDENTITY.source: (SIGNER.public_key,)}
            event = verify_event(payload, keys=keys, verify=verify)
            assert (event.sequence, event.data) == (int(document["sequence"]), document["data"])
        case "command":
            key = CommandKey(public_key=SIGNER.public_key, name="example", commands=frozenset(CommandName))
            message = Incoming(IDENTITY.topics.command(document["type"].split(".")[3]).topic, payload, False)
            outcome = Examiner(IDENTITY, {key.key_id: key}).examine(Arrival(message, Moment(1, NOON)))
            assert isinstance(outcome, AcceptedCommand), outcome
            assert outcome.data.model_dump(mode="json") == document["data"]
        case "response":
            answer = response_to(document["correlationid"], payload, gate_key=SIGNER.public_key)
            assert answer is not None
            assert answer.outcome is CommandOutcome.DONE
        case _:
            (model,) = (model for model in STATES.values() if path.stem.startswith(stem_of(model.schema_urn)[:5]))
            assert model.model_validate_json(payload).model_dump(mode="json") == document


@every_example
def test_what_was_written_canonically_is_written_so_again(path: Path) -> None:
    payload = path.read_bytes()
    document = json.loads(payload)
    assert payload == examples().get(path.stem, payload)
    if kind_of(document) != "state":
        assert canonical_json(document) == payload
        assert len(base64.b64decode(document["signature"])) == 64


def test_a_consumers_schema_takes_what_comes_later_and_not_another_decision() -> None:
    document = json.loads((EXAMPLES / "decision-1.0.json").read_bytes())["data"]
    schema = committed_schema("decision-1.0")
    assert problems(schema, {**document, "weather": "fine", "reason": "something_new"}) == []
    assert problems(schema, {**document, "decision": "perhaps"})
    assert problems(schema, {name: value for name, value in document.items() if name != "decision"})


@settings(max_examples=60, deadline=None)
@given(
    reason=st.sampled_from(list(Reason)),
    outcomes=st.lists(st.sampled_from(list(Outcome)), max_size=4),
    seq=st.integers(1, 2**53),
    moment=st.integers(0, 4_000_000_000).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC)),
    opens=st.booleans(),
)
def test_whatever_a_gate_decides_follows_its_schemas(
    reason: Reason, outcomes: list[Outcome], seq: int, moment: dt.datetime, opens: bool
) -> None:
    decision = Decision.GRANTED if reason is Reason.MATCH else Decision.DENIED
    findings = tuple(
        Finding(defense=f"defense{number}", outcome=outcome, statistic=0.5, threshold=0.25)
        for number, outcome in enumerate(outcomes)
    )
    verdict = a_verdict(decision, reason, findings, moment)
    message = decision_message(verdict, IDENTITY, Ticket("0" * 32, seq), SIGNER, NOON, opens=opens)
    document = json.loads(message.payload)
    assert problems(committed_schema("event-1.0"), document) == []
    assert problems(committed_schema("decision-1.0"), document["data"]) == []


def test_the_schema_of_a_command_takes_nothing_else() -> None:
    document = json.loads((EXAMPLES / "command-claim-1.0.json").read_bytes())
    registry: Registry[Any] = Registry().with_resources(
        [(schema["$id"], Resource.from_contents(schema)) for schema in schema_files().values()]
    )
    for stem, changed in (
        ("command-1.0", {**document, "extra": "1"}),
        ("command-claim-1.0", {**document["data"], "a": "b"}),
    ):
        validator = Draft202012Validator(committed_schema(stem), registry=registry)
        assert [*validator.iter_errors(changed)]


def test_yaml_says_every_scalar_as_json_does() -> None:
    text = yaml_text({"on": "no", "a": [], "b": [{"c": "1"}, None], "$ref": {"d e": 1.5, "f": {}}, "g": True})
    assert text == ('"on": "no"\na: []\nb:\n  -\n    c: "1"\n  - null\n"$ref":\n  "d e": 1.5\n  f: {}\ng: true\n')

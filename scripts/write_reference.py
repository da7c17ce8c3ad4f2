"""Writes the generated parts of docs/reference from the code. They stand between markers; prose around them stays.

``python scripts/write_reference.py`` writes; with ``--check`` it writes nothing and exits 1 if a page is out of date.
"""

import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from edge.commands.app import build_app
from edge.domain import errors
from edge.domain.claim import Factor
from edge.domain.command import CommandName
from edge.domain.errors import EdgeError
from edge.domain.event import EventKind, Ticket
from edge.domain.finding import Finding
from edge.domain.match import SubjectRef
from edge.domain.reasons import Decision, Outcome, Reason
from edge.domain.verdict import AttemptId, Verdict
from edge.messaging import payloads
from edge.messaging.commands import payloads as command_payloads
from edge.messaging.commands.payloads import CommandResponseV1
from edge.messaging.commands.signing import CommandTerms, signed_command
from edge.messaging.envelope import decision_message
from edge.messaging.identity import GateIdentity
from edge.messaging.topics import Channel, Topics
from edge.settings.load import describe
from edge.trust.signing import Signer

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"

_BLOCK = re.compile(r"(<!-- begin (?P<name>[a-z-]+): .*? -->\n).*?(<!-- end (?P=name) -->)", re.DOTALL)
_NOON = dt.datetime(2026, 3, 14, 12, 0, 0, 250_000, tzinfo=dt.UTC)

Schema = Mapping[str, Any]


def main() -> int:
    """Write or check every page."""
    stale = [page for page in sorted(REFERENCE.glob("*.md")) if page.read_text("utf-8") != filled(page)]
    for page in stale:
        if "--check" in sys.argv[1:]:
            print(f"{page.relative_to(ROOT)}: out of date; run python scripts/write_reference.py")
        else:
            page.write_text(filled(page), "utf-8")
            print(f"{page.relative_to(ROOT)}: written")
    return 1 if stale and "--check" in sys.argv[1:] else 0


def filled(page: Path) -> str:
    """Return a page's text with every generated block as the code has it now.

    Raises:
        KeyError: the page names a block that nobody writes.
    """
    return _BLOCK.sub(lambda m: f"{m[1]}\n{BLOCKS[m['name']]().strip()}\n\n{m[3]}", page.read_text("utf-8"))


def settings_block() -> str:
    """Return a table a section of the settings."""
    schema = describe()
    definitions = schema["$defs"]
    top, sections = [], []
    for key, field in schema["properties"].items():
        definition = definitions.get(_reference(field), {})
        if definition.get("type") == "object":
            rows = [_setting(name, entry, definitions) for name, entry in definition["properties"].items()]
            sections.append(f"## {key}\n\n{definition['description']}\n\n{_table(_SETTING_COLUMNS, rows)}")
        else:
            top.append(_setting(key, field, definitions))
    return "\n\n".join([f"## Top level\n\n{_table(_SETTING_COLUMNS, top)}", *sections])


def commands_block() -> str:
    """Return every visible command with its arguments and options."""
    root = typer.main.get_command(build_app())
    return "\n\n".join(_command(words, command) for words, command in commands_of(root))


def commands_of(command: Any, words: str = "edge-gate") -> Iterator[tuple[str, Any]]:
    """Yield (full name, click command) of every visible command that does something, depth first."""
    children = getattr(command, "commands", None)
    if children is None:
        yield words, command
        return
    for name, child in children.items():
        if not child.hidden:
            yield from commands_of(child, f"{words} {name}")


def exit_codes_block() -> str:
    """Return exit code by exit code which faults of the gate end with it."""
    faults = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, EdgeError)]
    rows = [(f"`{f.exit_code}`", f"`{f.__name__}`", _first_line(f), f"`{f.reason}`") for f in faults]
    return _table(("code", "fault", "meaning", "reason of a verdict that it ends"), sorted(rows))


def topics_block() -> str:
    """Return every topic that a gate publishes to or reads."""
    topics = Topics("site", "gate")
    channels: list[tuple[Channel, str]] = [
        (topics.availability, "`online` or `offline`, plain text; the last will says `offline`"),
        (topics.birth, "birth certificate, on every connect"),
        (topics.health, "health, every 30 s"),
        (topics.audit_head, "a signed checkpoint of the audit chain, with new rows; keep each"),
        (topics.kiosk, "what the person is shown, on change and every second; for anybody"),
        *((topics.event(kind), f"signed {kind} events") for kind in EventKind),
        *((topics.command(name.value), f"signed {name} commands, read by the gate") for name in CommandName),
        *((topics.response(name.value), f"signed answers to {name} commands") for name in CommandName),
    ]
    rows = [
        (
            f"`{channel.topic.replace('/site/gate/', '/{site}/{gate}/')}`",
            str(channel.qos),
            "yes" if channel.is_retained else "no",
            "-" if channel.expiry_s is None else f"{channel.expiry_s} s",
            what,
        )
        for channel, what in channels
    ]
    return _table(("topic", "QoS", "retained", "expiry", "what"), rows)


def payloads_block() -> str:
    """Return the fields of every payload."""
    models = (
        payloads.DecisionV1,
        payloads.FindingV1,
        payloads.AnomalyV1,
        payloads.LifecycleV1,
        payloads.CommandV1,
        payloads.GalleryV1,
        payloads.BirthV1,
        payloads.HealthV1,
        payloads.KioskV1,
        payloads.AuditHeadV1,
    )
    return "\n\n".join(_payload(model) for model in models)


def command_payloads_block() -> str:
    """Return the fields of every command and of its answer."""
    models = (command_payloads.CommandEnvelopeV1, *command_payloads.PAYLOAD_OF.values(), CommandResponseV1)
    return "\n\n".join(_payload(model) for model in models)


def command_example_block() -> str:
    """Return a claim, made by the gate's own code with a key that everybody knows."""
    data = command_payloads.ClaimCommandV1(
        subject="p-0c1d2e3f405162738495a6b7c8d9eafb", factor=Factor.BADGE, access_point=_IDENTITY.access_point
    )
    terms = CommandTerms(
        boot_id=_IDENTITY.boot_id, command_id=f"{11:032x}", sequence=1_773_489_600_250_000, issued_utc=_NOON
    )
    payload = signed_command(data, _IDENTITY.topics, Signer(bytes(range(32))), terms)
    text = json.dumps(json.loads(payload), indent=2)
    return f"Topic `{_IDENTITY.topics.command(data.name.value).topic}`:\n\n```json\n{text}\n```"


def example_block() -> str:
    """Return a decision event, made by the gate's own code with a key that everybody knows."""
    ticket, signer = Ticket(f"{7:032x}", 42), Signer(bytes(range(32)))
    message = decision_message(_verdict(), _IDENTITY, ticket, signer, _NOON, opens=True)
    text = json.dumps(json.loads(message.payload), indent=2)
    return f"Topic `{message.topic}`:\n\n```json\n{text}\n```"


BLOCKS: Mapping[str, Callable[[], str]] = {
    "settings": settings_block,
    "commands": commands_block,
    "exit-codes": exit_codes_block,
    "topics": topics_block,
    "payloads": payloads_block,
    "example": example_block,
    "command-payloads": command_payloads_block,
    "command-example": command_example_block,
}

_SETTING_COLUMNS = ("key", "type and bounds", "default", "what it is")
_IDENTITY = GateIdentity("north", "lobby", "front-door", "5f2c9a1be04d7733")
_BOUNDS = (
    ("exclusiveMinimum", "more than {}"),
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("multipleOf", "multiple of {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("pattern", "`{}`"),
)


def _verdict() -> Verdict:
    findings = tuple(
        Finding(defense=name, outcome=Outcome.PASS, statistic=0.5, threshold=0.25)
        for name in ("randomize", "squeeze", "agree")
    )
    return Verdict(
        attempt_id=AttemptId("9d1f0c6a52e84b0f8f4f6f1f8f1f2a3b"),
        decision=Decision.GRANTED,
        reason=Reason.MATCH,
        subject=SubjectRef("p-0c1d2e3f405162738495a6b7c8d9eafb"),
        findings=findings,
        frames=2,
        started_ns=0,
        decided_ns=412_000_000,
        decided_utc=_NOON,
        policy_digest="ab" * 32,
    )


def _payload(model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    definitions = schema.get("$defs", {})
    rows = [
        (f"`{name}`", _type_of(entry, definitions), _text(entry.get("description", "")))
        for name, entry in schema["properties"].items()
    ]
    return (
        f"### {model.__name__}\n\n{_first_line(model)} Schema `{getattr(model, 'schema_urn')}`.\n\n"  # noqa: B009 - a class variable that BaseModel lacks
        + _table(("field", "type and bounds", "meaning"), rows)
    )


def _setting(name: str, entry: Schema, definitions: Schema) -> tuple[str, ...]:
    default = entry.get("default")
    shown = "-" if default is None else f"`{json.dumps(default)}`"
    return f"`{name}`", _type_of(entry, definitions), shown, _text(entry["description"])


def _type_of(entry: Schema, definitions: Schema) -> str:
    """Return type and bounds of a JSON Schema entry, in words."""
    if "anyOf" in entry:
        named = [_type_of(one, definitions) for one in entry["anyOf"] if one.get("type") != "null"]
        return ", ".join([*named, "or null"] if any(o.get("type") == "null" for o in entry["anyOf"]) else named)
    definition = definitions.get(_reference(entry))
    if definition is not None:
        if definition["title"] in ("Reason", "Anomaly"):
            return f"a value of [{definition['title']}](../how-to/incident.md)"
        return _choice(definition["enum"]) if "enum" in definition else f"{definition['title']}"
    if "enum" in entry:
        return _choice(entry["enum"])
    if "items" in entry:
        return f"list of {_type_of(entry['items'], definitions)}"
    if isinstance(entry.get("additionalProperties"), Mapping):
        return f"object of {_type_of(entry['additionalProperties'], definitions)}"
    kind = entry.get("format") or entry.get("type", "any")
    bounds = [words.format(_plain(entry[key])) for key, words in _BOUNDS if key in entry]
    return ", ".join([kind, *bounds])


def _choice(values: list[str]) -> str:
    return "one of " + ", ".join(f"`{value}`" for value in values)


def _reference(entry: Schema) -> str:
    return str(entry.get("$ref", "")).rpartition("/")[2]


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _command(words: str, command: Any) -> str:
    """Return one command as its ``--help`` has it. typer brings a command line library of its own, without types."""
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    usage = " ".join([words, *map(_argument, arguments), "[OPTIONS]"])
    place = "\n\nIn a source checkout only." if words.split()[1] == "redteam" else ""
    context = typer.Context(command)
    records = [parameter.get_help_record(context) for parameter in (*arguments, *options)]
    rows = [(f"`{name}`", _text(meaning.replace(f"{ROOT}/", ""))) for name, meaning in records]
    table = "\n\n" + _table(("argument or option", "meaning"), rows) if rows else ""
    return f"## {words}\n\n{_paragraphs(command.help or '')}{place}\n\n```text\n{usage}\n```{table}"


def _argument(argument: Any) -> str:
    name = (argument.name or "").upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _first_line(thing: type) -> str:
    return _text((thing.__doc__ or "").strip().splitlines()[0])


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _text(text: str) -> str:
    return " ".join(text.split())


def _table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [columns, tuple("---" for _ in columns), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())

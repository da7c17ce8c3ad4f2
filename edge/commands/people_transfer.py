"""``edge-gate people make-key``, ``export``, ``import``: people from one gate to another, sealed to the receiver."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, IdleStateOption, JsonOption, StateOption
from edge.commands.output import Printer, print_json
from edge.commands.public_key import public_key
from edge.daemon.assembly import read_profile
from edge.daemon.models import serving_bindings
from edge.daemon.profile_in_force import refuse_outgrown
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.embedding import Binding
from edge.domain.errors import StoreError, UsageError
from edge.domain.gallery_change import GalleryAct
from edge.domain.match import SubjectRef
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from edge.store.state import State
from edge.store.transfer import PersonContents
from edge.trust.file_writing import create_private_file
from edge.trust.keys import make_key, read_key
from edge.trust.sealing import Recipient
from edge.trust.signing import key_id
from edge.trust.transfer_file import open_transfer_file, transfer_file

_MOST_FILE_BYTES = 2 * 2**30
_COLUMNS = {"subject": 32, "templates": 9, "pictures": 8, "ok": 4, "detail": 60}


def make_transfer_key(
    file: Annotated[Path, typer.Argument(help="New file for the key, mode 0600, where people are imported.")],
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key to receive people with, and print its public key for the gate that exports them."""
    del state
    recipient = Recipient(make_key(file))
    values = {"key": str(file), "key_id": recipient.key_id, "public_key": recipient.public_key.hex()}
    if as_json:
        print_json(values)
        return
    for name, value in values.items():
        print(f"{name:10} {visible(value)}")


def export(
    file: Annotated[Path, typer.Argument(help="New file, mode 0600.")],
    subjects: Annotated[list[str] | None, typer.Argument(help="Names of people. Default: everybody.")] = None,
    *,
    to: Annotated[
        str, typer.Option(help="Public key of the receiver, hexadecimal, from 'edge-gate people make-key'.")
    ],
    discard_crops: Annotated[bool, typer.Option("--discard-crops", help="Leave the kept pictures out.")] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Export people into a file that the receiver alone can open. It goes on record who leaves the gate, and to whom.

    Templates can be turned back into faces: treat the receiver's key as you would the pictures.
    """
    receiver_key = public_key(to, "--to", source="edge-gate people make-key")
    if file.exists():
        raise UsageError(f"{file} is there already", hint="name a new file")
    opened, keys = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        people = opened.gallery.export(_asked(opened, subjects), f"to key {key_id(receiver_key)}")
        records = [_record(person, discard_crops=discard_crops) for person in people]
        if not create_private_file(file, transfer_file(records, to=receiver_key, signer=keys.signer)):
            raise UsageError(f"{file} is there already", hint="name a new file")
    values = {"file": str(file), "people": len(records), "to": key_id(receiver_key), "signed_by": keys.signer.key_id}
    if as_json:
        print_json(values)
    else:
        print(visible(f"{len(records)} people are in {file}, for the key {values['to']} alone"))


def import_people(
    file: Annotated[Path, typer.Argument(help="File of 'edge-gate people export'.")],
    *,
    key: Annotated[Path, typer.Option(help="File (0600) with the key that it was exported to.")],
    by: Annotated[str, typer.Option("--from", help="Public key of the gate that exported it, hexadecimal.")],
    apply: Annotated[
        bool, typer.Option("--apply", help="Enroll them. Default: show what that would change.")
    ] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Import people of another gate, after all of the file is proven. Who cannot be enrolled is named with why.

    They get new references. Faces are not compared with people here who bear other names.
    """
    recipient = Recipient(read_key(key))
    gate_key = public_key(by, "--from")
    records = list(open_transfer_file(_content(file), recipient=recipient, by=gate_key))
    people = [PersonContents.parse(record) for record in records]
    settings = load_settings(config, state_dir=state)
    opened, _ = open_gate_state(settings)
    printer = Printer(as_json=as_json, columns=_COLUMNS)
    now = SystemClock().utc()
    refused = 0
    with opened:
        opened.gallery.register.read()
        plan = _plan(opened, people, serving_bindings(settings.engine.precision), now)
        welcome = [person for person, problem in plan if not problem]
        refuse_outgrown(opened.gallery.count() + len(welcome), read_profile(settings, environment="development"))
        if apply and welcome:
            opened.gallery.enroll_all(welcome, created=now, act=GalleryAct.IMPORTED)
        for person, problem in plan:
            refused += bool(problem)
            told = problem or ("enrolled" if apply else "would be enrolled")
            printer.record(
                {
                    "subject": person.label,
                    "templates": len(person.templates),
                    "pictures": len(person.crops),
                    "ok": not problem,
                    "is_applied": apply and not problem,
                    "detail": told,
                }
            )
    if refused:
        raise typer.Exit(1)


def _asked(opened: State, names: Sequence[str] | None) -> tuple[SubjectRef, ...]:
    people = {person.label: person.subject for person in opened.gallery.people()}
    if missing := [name for name in names or () if name not in people]:
        raise UsageError(f"nobody is enrolled as {missing[0]!r}", hint="see 'edge-gate people list'")
    asked = tuple(people[name] for name in dict.fromkeys(names or people))
    if not asked:
        raise UsageError("nobody is enrolled", hint="there is nothing to export")
    return asked


def _record(person: PersonContents, *, discard_crops: bool) -> Mapping[str, object]:
    record = person.record()
    return {**record, "crops": []} if discard_crops else record


def _plan(
    opened: State, people: Sequence[PersonContents], bindings: Mapping[str, Binding], now: dt.datetime
) -> list[tuple[PersonContents, str]]:
    """Return everybody with why they cannot be enrolled here; empty when they can."""
    taken = {person.label for person in opened.gallery.people()}
    plan = []
    for person in people:
        plan.append((person, _problem(person, taken, bindings, now)))
        taken.add(person.label)
    return plan


def _problem(person: PersonContents, taken: set[str], bindings: Mapping[str, Binding], now: dt.datetime) -> str:
    if person.label in taken:
        return "somebody is enrolled under this name already"
    if {t.binding for t in person.templates} != set(bindings.values()):
        return "their templates are of other models, crops or precision than the ones that run here"
    if not person.templates:
        return "they have no templates"
    try:
        person.terms.check(now)
    except UsageError as error:
        return str(error)
    return ""


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > _MOST_FILE_BYTES:
            raise UsageError(f"{file} is larger than 2 GiB", hint="export fewer people at a time")
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file} cannot be read: {error.strerror}", hint="check the path and its mode") from error

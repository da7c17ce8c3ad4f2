"""``edge-gate people purge``, ``rekey`` and ``accept``: how long people are kept, under which key, and as signed."""

from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import ConfigOption, JsonOption, StateOption
from edge.commands.output import print_json
from edge.daemon.retention import purge_expired
from edge.daemon.state import open_gate_state
from edge.domain.clock import SystemClock
from edge.domain.errors import TrustError
from edge.domain.visible_text import visible
from edge.settings.load import load_settings
from edge.store.state import State
from edge.store.state_lock import sole_daemon
from edge.trust.gallery_key_change import enforce_key, prepare_key


def purge(state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Erase whoever's retention time is over, and evidence of past hours. A running gate does it by itself."""
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        purged = purge_expired(opened, SystemClock().utc())
    if as_json:
        print_json({"people": list(purged.people), "evidence": purged.evidence})
    else:
        print(f"{len(purged.people)} people and {purged.evidence} pictures are erased")


def rekey(
    to: Annotated[
        Path | None,
        typer.Option(help="New file for the new key, outside the state folder, to make a credential of."),
    ] = None,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the gallery key; the gate must be stopped. Copies of the database made before need the old key.

    After an erasure this closes older backups for good: the old key is overwritten, unless it is a credential, which
    whoever provisions it must destroy.
    """
    settings = load_settings(config, state_dir=state)
    with sole_daemon(settings.state_dir):
        opened, _ = open_gate_state(settings)
        with opened:
            new_key = prepare_key(settings.state_dir, to)
            people = opened.gallery.rekey(new_key)
        enforce_key(settings.state_dir, elsewhere=to is not None)
    if as_json:
        print_json({"people": people, "key": str(to) if to else None})
    else:
        print(visible(f"{people} people are under the new gallery key" + (f", which is in {to}" if to else "")))


def accept(
    yes: Annotated[
        bool, typer.Option("--yes", help="Sign the people as they are. Default: show what differs.")
    ] = False,
    state: StateOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign the enrolled people as they are, after you restored a backup or came from a version that signed nobody.

    Without --yes it shows who differs from what was signed last, and exits with 4 if that is anybody. Records that
    were altered are never signed: erase that person.
    """
    opened, _ = open_gate_state(load_settings(config, state_dir=state))
    with opened:
        differing = opened.gallery.accept() if yes else opened.gallery.register.differing()
        why = "" if yes else _why_refused(opened)
    values = {
        "added": list(differing.added),
        "missing": list(differing.missing),
        "changed": list(differing.changed),
        "is_signed": yes or not why,
    }
    if as_json:
        print_json(values)
    else:
        for what in ("added", "missing", "changed"):
            print(visible(f"{what:8} {', '.join(getattr(differing, what)) or '-'}"))
        print(visible(why) or "everybody is signed for")
    if why:
        raise typer.Exit(TrustError.exit_code)


def _why_refused(opened: State) -> str:
    """Return why the gate refuses its people; empty when it does not."""
    try:
        opened.gallery.register.read()
    except TrustError as error:
        return str(error)
    return ""

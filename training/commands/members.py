"""``training init``, ``key``, ``appoint`` and ``members``: who works on a dataset."""

from pathlib import Path
from typing import Annotated

import typer

from edge.commands.options import IdleStateOption, JsonOption
from edge.commands.output import Printer, print_json
from edge.domain.errors import UsageError
from edge.domain.label import check_name
from edge.trust.keys import make_key, read_key
from edge.trust.signing import Signer, key_id
from training.commands.options import DatasetOption, KeyOption, written
from training.manifest.entries import Appointed, Founded
from training.manifest.log import ManifestLog
from training.roles.role import Role


def init(
    name: Annotated[str, typer.Argument(help="Name of the dataset.")],
    administrator: Annotated[str, typer.Option("--as", help="Your name, as the log will have it.")],
    dataset: DatasetOption,
    key: KeyOption,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Found a dataset; whose key this is becomes its administrator."""
    del state
    signer = Signer(read_key(key))
    entry = Founded(
        dataset=check_name(name), administrator=check_name(administrator), public_key=signer.public_key.hex()
    )
    after = written(dataset, key, entry)
    values = {"dataset": name, "administrator": administrator, "public_key": entry.public_key, "head": after.head}
    if as_json:
        print_json(values)
    else:
        print(f"founded {name}; whoever verifies it needs the administrator's public key:\n{entry.public_key}")


def key(
    file: Annotated[Path, typer.Argument(help="Where your private key is kept; made if it is not there.")],
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the public key of a private one, which is made where there is none. Nobody else ever needs the file."""
    del state
    seed = read_key(file) if file.exists() else make_key(file)
    public_key = Signer(seed).public_key
    if as_json:
        print_json({"public_key": public_key.hex(), "key_id": key_id(public_key)})
    else:
        print(public_key.hex())


def appoint(
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    public_key: Annotated[str, typer.Option("--public-key", help="Theirs, as 'training key' prints it.")],
    dataset: DatasetOption,
    key: KeyOption,
    role: Annotated[
        list[Role] | None, typer.Option("--role", help="May be given several times; none = they left.")
    ] = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person, or replace their roles."""
    del state
    if len(public_key) != 64 or not set(public_key) <= set("0123456789abcdef"):
        raise UsageError("that is no public key", hint="give the 64 hexadecimal digits that 'training key' prints")
    roles = tuple(sorted(set(role or [])))
    written(dataset, key, Appointed(name=check_name(name), public_key=public_key, roles=roles))
    if as_json:
        print_json({"name": name, "roles": list(roles)})
    else:
        print(f"{name}: {', '.join(roles) or 'no role any more'}")


def members(dataset: DatasetOption, state: IdleStateOption = None, as_json: JsonOption = False) -> None:
    """List everybody who ever was a member."""
    del state
    printer = Printer(as_json=as_json, columns={"name": 24, "roles": 40, "key_id": 16})
    for member in ManifestLog(dataset).read().roster.members.values():
        roles = sorted(member.roles)
        shown = roles if as_json else ", ".join(roles) or "left"
        printer.record({"name": member.name, "roles": shown, "key_id": key_id(member.public_key)})

"""``edge-gate cameras``: which cameras are there, and how each is pinned."""

from dataclasses import asdict
from typing import Annotated

import typer

from edge.capture.source import SourceKind, parse_source
from edge.capture.trust.identify import identify, present_cameras
from edge.capture.trust.identity import CameraIdentity, pin_as_toml
from edge.capture.trust.machine import Machine
from edge.capture.trust.udev_rule import udev_rule
from edge.commands.options import ConfigOption, IdleStateOption, JsonOption
from edge.commands.output import print_json
from edge.domain.errors import UsageError
from edge.domain.visible_text import visible
from edge.settings.load import load_settings

app = typer.Typer(help="Cameras of this machine and their pins.", no_args_is_help=True)


@app.callback()
def cameras() -> None:
    """Cameras of this machine and their pins."""


@app.command("list")
def list_cameras(
    source: Annotated[
        str | None,
        typer.Argument(help="A camera by its SOURCE, such as rtsps://…; by default all plugged in."),
    ] = None,
    config: ConfigOption = None,
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """List cameras with the pin that each would have; exit 1 if there is none. Look at it before you pin it."""
    settings = load_settings(config, state_dir=state)
    named = source or (settings.camera.source if settings.camera.source.startswith("rtsp") else None)
    found = [] if source else list(present_cameras(Machine()))
    if named:
        found.append(identify(parse_source(named), Machine()))
    for camera in found:
        _print(camera, as_json=as_json)
    if not found:
        if not as_json:
            print("no camera is plugged in")
        raise typer.Exit(1)


@app.command("udev")
def udev(
    source: Annotated[str, typer.Argument(help="A USB camera that is plugged in, such as /dev/video0.")],
    name: Annotated[str, typer.Option("--name", help="Name of the link below /dev.")] = "edge-gate-camera",
    state: IdleStateOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the udev rule that gives a USB camera one name for good."""
    del state
    camera = parse_source(source)
    if camera.kind is not SourceKind.V4L2:
        raise UsageError(f"{camera.redacted} is no USB camera", hint="name a device such as /dev/video0")
    rule = udev_rule(identify(camera, Machine()), name)
    if as_json:
        print_json({"rule": rule.text, "device": rule.device})
    else:
        print(visible(rule.text))


def _print(camera: CameraIdentity, *, as_json: bool) -> None:
    if as_json:
        pin = None if camera.unreal else {k: v for k, v in asdict(camera.pin).items() if v}
        print_json({"source": camera.source, "name": camera.name, "pin": pin, "unreal": camera.unreal or None})
        return
    print(visible(f"{camera.source}  {camera.name}"))
    if camera.unreal:
        print(visible(f"  not before a door: {camera.unreal}"))
    else:
        print("  [camera]")
        print(visible(f"  pin = {pin_as_toml(camera.pin)}"))

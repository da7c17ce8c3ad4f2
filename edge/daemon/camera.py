"""Which camera the daemon looks at, and what it is held to before a door."""

from edge.capture.source import Source, SourceKind, parse_source
from edge.capture.trust.before_a_door import why_not_before_a_door
from edge.capture.trust.guard import PinGuard
from edge.capture.trust.identity import CameraPin
from edge.capture.trust.machine import Machine
from edge.domain.errors import ConfigError
from edge.settings.sections import Environment
from edge.settings.tree import Settings


def camera_source(settings: Settings) -> Source:
    """Return what the daemon looks at.

    Raises:
        ConfigError: there is none; or a door is configured, and it is no camera, cannot prove which one it is, or is
            not pinned in production.
        UsageError: it follows no form of a source.
        CameraError: it is a file that is not there.
    """
    if not settings.camera.source:
        raise ConfigError("no camera is configured", hint="set camera.source, or EDGE__CAMERA__SOURCE")
    source = parse_source(settings.camera.source)
    if _has_door(settings):
        _refuse_unproven(source, settings)
        _refuse_unpinned(source, settings)
    return source


def camera_pin(settings: Settings) -> CameraPin | None:
    """Return the pin of the settings."""
    section = settings.camera.pin
    return None if section is None else CameraPin(**section.model_dump())


def camera_guard(settings: Settings, source: Source, machine: Machine | None = None) -> PinGuard | None:
    """Return what holds the camera to its pin, and before a door to being real; None where nothing is asked of it."""
    pin = camera_pin(settings)
    is_asked = _has_door(settings) and not settings.camera.unsafe_source
    return PinGuard(source, pin, machine) if pin or is_asked else None


def _has_door(settings: Settings) -> bool:
    return settings.door.kind != "none"


def _refuse_unproven(source: Source, settings: Settings) -> None:
    why = why_not_before_a_door(source)
    if not why or (settings.camera.unsafe_source and not source.is_stills):
        return
    hint = "set door.kind = none to try it: decisions then open nothing"
    if settings.environment is Environment.DEVELOPMENT and not source.is_stills:
        hint += "; or camera.unsafe_source = true, in development alone"
    raise ConfigError(f"a door is configured, and of {source.redacted} holds: {why}", hint=hint)


def _refuse_unpinned(source: Source, settings: Settings) -> None:
    pin = camera_pin(settings) or CameraPin()
    lacking = pin.lacks(source.kind) if source.is_device else ()
    if lacking and settings.environment is not Environment.DEVELOPMENT:
        raise ConfigError(
            f"a door is configured, and the camera {source.redacted} is not pinned: camera.pin lacks "
            f"{' and '.join(lacking)}",
            hint=_how_to_pin(source),
        )


def _how_to_pin(source: Source) -> str:
    shown = " with its source behind it" if source.kind is SourceKind.RTSP else ""
    return f"'edge-gate cameras list'{shown} prints the pin of the camera that is there now"

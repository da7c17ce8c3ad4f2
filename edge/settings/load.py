"""Reading the settings. Order, strongest first: environment (``EDGE__SECTION__KEY``), TOML file, defaults.

``EDGE__STATE`` and ``EDGE__CONFIG`` are short forms for the state folder and the settings file. An ``EDGE__``
variable that names no setting is an error: a typing error must not silently leave a default in force.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from edge.domain.errors import ConfigError
from edge.settings.sections import Environment, Section
from edge.settings.tree import Settings

PREFIX = "EDGE__"
DEFAULT_FILE = Path("/etc/edge-gate/edge-gate.toml")
_SHORT = {"EDGE__STATE": "EDGE__STATE__DIR", "EDGE__CONFIG": ""}


def load_settings(
    file: Path | None = None, *, environ: Mapping[str, str] | None = None, state_dir: Path | None = None
) -> Settings:
    """Read, merge and check the settings.

    Args:
        file: TOML file; None = ``EDGE__CONFIG``, else ``/etc/edge-gate/edge-gate.toml`` if it exists.
        environ: environment, default the process's.
        state_dir: state folder that overrides every other.

    Raises:
        ConfigError: unreadable file, unknown key or variable, value out of range, or settings that contradict.
    """
    environ = os.environ if environ is None else environ
    values = _from_file(file or _named_file(environ))
    _merge(values, _from_environment(environ))
    if state_dir is not None:
        _merge(values, {"state": {"dir": state_dir}})
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(
            _describe(error), hint="see docs/reference/settings.md for every key and its bounds"
        ) from error
    settings.refuse_contradictions()
    return settings


def _named_file(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("EDGE__CONFIG")
    if named:
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot read the settings file {file}: {error}", hint="check the path and its mode"
        ) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError alone
        raise ConfigError(f"{file} is not TOML: {error}", hint="mend the line that the message names") from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = _SHORT.get(variable, variable)
        if not name:
            continue
        path = name.removeprefix(PREFIX).lower().split("__")
        if not _is_setting(path):
            raise ConfigError(
                f"{variable} names no setting",
                hint="variables are EDGE__SECTION__KEY; see docs/reference/settings.md",
            )
        _place(values, path, text)
    return values


def _is_setting(path: list[str]) -> bool:
    field = Settings.model_fields.get(path[0])
    if field is None:
        return False
    section = field.annotation
    if isinstance(section, type) and issubclass(section, Section):
        return len(path) == 2 and path[1] in section.model_fields
    return len(path) == 1


def _place(values: dict[str, Any], path: list[str], text: str) -> None:
    for level in path[:-1]:
        values = values.setdefault(level, {})
    values[path[-1]] = text


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and key in base:
            if not isinstance(base[key], dict):
                raise ConfigError(f"settings refused: {key} is a section, not a value", hint=f"write it as [{key}]")
            _merge(base[key], value)
        else:
            base[key] = value


def _describe(error: ValidationError) -> str:
    lines = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
    return "settings refused: " + "; ".join(lines)


def describe(model: type[BaseModel] = Settings) -> dict[str, Any]:
    """Return the JSON Schema of the settings; documentation is generated from it."""
    return model.model_json_schema()


__all__ = ["DEFAULT_FILE", "PREFIX", "Environment", "describe", "load_settings"]

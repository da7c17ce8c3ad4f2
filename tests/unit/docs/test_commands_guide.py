"""What the guide of commands tells to write is what the gate takes."""

import re
from pathlib import Path
from typing import Any

from edge.domain.command import CommandName
from edge.settings.load import load_settings

GUIDE = (Path(__file__).parents[3] / "docs" / "how-to" / "commands.md").read_text("utf-8")


def code(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def test_its_settings_are_valid(tmp_path: Path) -> None:
    file = tmp_path / "edge-gate.toml"
    file.write_text(code("toml"), "utf-8")
    reader, console = load_settings(file, environ={}).trust.command_keys
    assert reader.commands == {CommandName.CLAIM}
    assert console.commands == {CommandName.UNLOCK, CommandName.POSTURE}


def test_its_example_runs() -> None:
    space: dict[str, Any] = {}
    exec(code("python"), space)  # noqa: S102 - our own documentation
    assert callable(space["on_badge"])


def test_it_lists_every_command() -> None:
    assert all(f"| `{name}` |" in GUIDE for name in CommandName)

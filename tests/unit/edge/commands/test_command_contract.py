"""What holds for the whole command line: hints name what is there, and every command takes the options of all."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from edge.commands.app import build_app
from scripts.write_reference import commands_of

ROOT = Path(__file__).parents[4]
SOURCES = sorted(path for package in ("edge", "engines", "calibration") for path in (ROOT / package).rglob("*.py"))
QUOTED = re.compile(r"'edge-gate (?P<words>[a-z][^']*)'")
BARE = re.compile(r"(?<!')\bedge-gate (?P<words>[a-z-]+)")
MAKE = re.compile(r"'make (?P<target>[a-z-]+)'")
NO_COMMANDS = {"again", "golden", "processes", "that"}  # "install edge-gate again", and the like

COMMANDS: dict[str, Any] = dict(commands_of(typer.main.get_command(build_app())))
GROUPS = {name.split()[1] for name in COMMANDS}


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield every string of a module but docstrings, with its line; what is filled in shows as ``{}``."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.lineno, node.value


def problem_of(words: str) -> str:
    """Return what of a command line, without ``edge-gate``, does not exist; empty when all of it does."""
    parts = words.split()
    if parts[0] == "--help":
        return ""
    for length in (2, 1):
        command = COMMANDS.get(" ".join(["edge-gate", *parts[:length]]))
        if command is not None:
            known = {option for parameter in command.params for option in parameter.opts}
            return " ".join(sorted({part for part in parts if part.startswith("--")} - known))
    return f"no command {words}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_message_names_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for line, text in texts(path):
        for match in QUOTED.finditer(text):
            assert not problem_of(match["words"]), f"{path.name}:{line}: {match[0]}"
        for match in BARE.finditer(text):
            assert match["words"] in GROUPS | NO_COMMANDS, f"{path.name}:{line}: {match[0]}"
        for quoted in re.findall(r"'([a-z]+) [a-z-]+'", text):
            assert quoted not in GROUPS, f"{path.name}:{line}: a command is named without edge-gate: {text}"
        for match in MAKE.finditer(text):
            assert match["target"] in targets, f"{path.name}:{line}: {match[0]}"


def test_hints_are_looked_at_at_all() -> None:
    named = {m["words"] for path in SOURCES for _, text in texts(path) for m in QUOTED.finditer(text)}
    assert {"engines fetch", "people list", "calibrate fit"} <= named
    assert problem_of("calibrate provisional")
    assert problem_of("people derive")
    assert problem_of("watch --no-such-option")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json_and_state(name: str) -> None:
    parameters = {option: p for p in COMMANDS[name].params for option in p.opts}
    assert parameters["--json"].is_flag
    assert parameters["--state"].help

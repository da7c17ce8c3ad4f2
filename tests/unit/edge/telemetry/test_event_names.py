"""Names of log events: ``noun.verb_past``, written out where the line is, and never made of values."""

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[4]
_LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical"}
_IRREGULAR: Final = ("lost", "found", "stuck", "heard", "understood", "kept", "set_aside")


def is_log_call(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and called.attr in _LEVELS
        and getattr(called.value, "id", "") in {"log", "_log"}
    )


def log_calls() -> list[tuple[Path, ast.Call]]:
    found: list[tuple[Path, ast.Call]] = []
    for room in ("edge", "engines"):
        for path in sorted((ROOT / room).rglob("*.py")):
            nodes = ast.walk(ast.parse(path.read_text("utf-8")))
            found.extend((path, node) for node in nodes if isinstance(node, ast.Call) and is_log_call(node.func))
    return found


def test_events_are_called_noun_verb_past() -> None:
    calls = log_calls()
    assert len(calls) > 20
    for path, call in calls:
        where = f"{path.relative_to(ROOT)}:{call.lineno}"
        assert len(call.args) == 1, where
        name = getattr(call.args[0], "value", None)
        assert isinstance(name, str), where
        noun, dot, verb = name.partition(".")
        assert dot, f"{where}: {name}"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", noun), f"{where}: {name}"
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", verb), f"{where}: {name}"
        assert verb.endswith(("ed", *_IRREGULAR)), f"{where}: {name}"


def test_no_line_is_given_what_redaction_would_cut() -> None:
    telling = {
        "name",
        "label",
        "password",
        "score",
        "similarity",
        "embedding",
        "vector",
        "template",
        "image",
        "pixels",
    }
    for path, call in log_calls():
        given = {keyword.arg for keyword in call.keywords}
        assert not given & telling, f"{path.relative_to(ROOT)}:{call.lineno}: {given & telling}"

"""Which names of TensorRT the gate's code touches, read from its syntax: a new one is found without anybody's help.

Objects of TensorRT go by one name each in ``engines/runtime/tensorrt``; a member of theirs on anything else is a
breach that tests report.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2] / "engines" / "runtime" / "tensorrt"
ROLES: Mapping[str, str] = {
    "builder": "Builder",
    "network": "INetworkDefinition",
    "tensor": "ITensor",
    "config": "IBuilderConfig",
    "profile": "IOptimizationProfile",
    "timing": "ITimingCache",
    "parser": "OnnxParser",
    "runtime": "Runtime",
    "engine": "ICudaEngine",
    "context": "IExecutionContext",
}
_RETURNS: Mapping[str, str] = {"get_input": "ITensor", "get_output": "ITensor"}
# Names that objects of other kinds have too, in this package.
_COMMON = {"name", "shape", "dtype", "log", "engine", "logger", "reset", "update", "file", "code", "line", "nbytes"}


@dataclass(frozen=True, slots=True)
class Touch:
    """One use of a name.

    Attributes:
        where: file and line.
        name: dotted, from the module on, such as ``Builder.create_network``.
        arguments: how many are given by place; None where it is not called.
        named: those given by name.
        is_written: whether it is set.
    """

    where: str
    name: str
    arguments: int | None = None
    named: tuple[str, ...] = ()
    is_written: bool = False


def touches() -> tuple[Touch, ...]:
    """Return every use of a name of TensorRT."""
    return tuple(
        touch for path in sorted(PACKAGE.glob("*.py")) for touch in _of_file(path.name, path.read_text("utf-8"))
    )


def strangers(members: set[str]) -> tuple[str, ...]:
    """Return where a member of TensorRT's classes is used on something that goes by another name than it should."""
    searched = {name for name in members if not name.startswith("__")} - _COMMON
    return tuple(
        f"{path.name}:{node.lineno}: {ast.unparse(node)}"
        for path in sorted(PACKAGE.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in searched and not _is_known(node)
    )


def misfits(listing: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the gate's code touches that bindings do not offer, or not with these arguments."""
    return tuple(
        f"{touch.where}: {touch.name}: {problem}" for touch in touches() if (problem := _problem(touch, listing))
    )


def _problem(touch: Touch, listing: Mapping[str, Any]) -> str:
    parts = touch.name.split(".")
    enums, classes = listing["enums"], listing["classes"]
    for size in (2, 1):
        kind, rest = ".".join(parts[:size]), parts[size:]
        if kind in enums:
            return "" if not rest or rest[0] in enums[kind] else "no such member"
    if parts[0] not in classes:
        return "" if touch.name == "__version__" else "no such name"
    listed = classes[parts[0]]
    member = parts[1] if len(parts) > 1 else "__init__"
    if member in listed["properties"]:
        can_be = touch.arguments is None and (not touch.is_written or listed["properties"][member] == "rw")
        return "" if can_be else "is a property that is not so used"
    if len(parts) == 1 and touch.arguments is None:
        return ""
    if member not in listed["methods"]:
        return "no such member"
    # The constructor of a base class is called with the object itself.
    given = (touch.arguments or 0) - (len(parts) == 2 and member == "__init__")
    fits = any(_takes(overload, given, touch.named) for overload in listed["methods"][member])
    return "" if touch.arguments is None or fits else f"does not take {given} arguments and {touch.named}"


def _takes(overload: list[str], given: int, named: tuple[str, ...]) -> bool:
    by_place, rest = overload[:given], overload[given:]
    needed = {name for name in rest if not name.endswith("=")} - set(named)
    return len(by_place) == given and not needed and set(named) <= {name.rstrip("=") for name in rest}


def _of_file(name: str, source: str) -> Iterator[Touch]:
    tree = ast.parse(source)
    aliases = {
        node.targets[0].id: dotted
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if (dotted := _dotted(node.value, {}))
    }
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        dotted = _dotted(node, aliases)
        if dotted and id(node) in inner:
            continue  # the longer name is looked at
        kind = _class_of(node.value)
        full = dotted or (f"{kind}.{node.attr}" if kind else "")
        if full:
            call = calls.get(id(node))
            named = tuple(keyword.arg or "**" for keyword in call.keywords) if call else ()
            is_written = isinstance(node.ctx, ast.Store)
            yield Touch(f"{name}:{node.lineno}", full, len(call.args) if call else None, named, is_written)


def _is_known(node: ast.Attribute) -> bool:
    """Return whether a member is of the module, of an object that goes by its name, or of the object at hand."""
    is_own = isinstance(node.value, ast.Name) and node.value.id == "self"
    return is_own or bool(_dotted(node, {})) or _class_of(node.value) is not None


def _dotted(node: ast.AST, aliases: Mapping[str, str]) -> str:
    """Return the name after ``trt.``, ``library().`` or an alias; empty if it is another."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name) and node.id in aliases:
        parts.insert(0, aliases[node.id])
    elif not (_is_module(node) and parts):
        return ""
    return ".".join(parts)


def _is_module(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        node = node.func
        return isinstance(node, ast.Name) and node.id == "library"
    return isinstance(node, ast.Name) and node.id in {"trt", "tensorrt"}


def _class_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _RETURNS.get(node.func.attr)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        return ROLES.get(node.attr.removeprefix("_"))
    return ROLES.get(node.id) if isinstance(node, ast.Name) else None

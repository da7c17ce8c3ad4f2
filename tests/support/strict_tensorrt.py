"""A strict stand-in for the module ``tensorrt``, made from the listing of a version's published bindings.

A name that the bindings lack is an AttributeError, arguments that they do not take are a TypeError, a member that
nobody needed so far is a NotImplementedError. What it builds it also runs: onnxruntime computes the very ONNX file
that was parsed, in the memory whose addresses were set, when the device of the stream comes to it.
"""

import inspect
import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

SURFACE = Path(__file__).with_name("tensorrt_surface.json")
VERSIONS: tuple[str, ...] = tuple(json.loads(SURFACE.read_text("utf-8"))["versions"])
UNPLAYED = "the strict fake does not play"


class StrictTensorRT(types.ModuleType):
    """The module.

    Attributes:
        faults: by ``Class.member``, what a call gives instead; an exception is raised, a function is called.
        touched: every ``Class.member`` that was used.
        events: what happened, in order, for tests of orders.
    """

    def __init__(self, version: str) -> None:
        super().__init__("tensorrt")
        self.surface = json.loads(SURFACE.read_text("utf-8"))["versions"][version]
        self.__version__ = version
        self.faults: dict[str, Any] = {}
        self.touched: set[str] = set()
        self.events: list[str] = []

    def fault(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        """Do what a member does, or what a test wants instead."""
        self.touched.add(name)
        if name not in self.faults:
            return real(*arguments)
        wanted = self.faults[name]
        if isinstance(wanted, BaseException):
            raise wanted
        return wanted(*arguments) if callable(wanted) else wanted


def strict_tensorrt(version: str) -> StrictTensorRT:
    """Return a new module as a version's bindings would be."""
    from tests.support import strict_tensorrt_plays as plays

    module = StrictTensorRT(version)
    for name, members in module.surface["enums"].items():
        outer, _, inner = name.rpartition(".")
        if not outer:
            setattr(module, inner, _enum(inner, members))
    for name, listed in module.surface["classes"].items():
        setattr(module, name, _class(module, name, listed, getattr(plays, name, object)))
    severity = _enum("Severity", module.surface["enums"]["ILogger.Severity"])
    module.ILogger.Severity = severity
    for name in module.surface["enums"]["ILogger.Severity"]:
        setattr(module.ILogger, name, getattr(severity, name))
    return module


def install(module: StrictTensorRT) -> None:
    """Make it what ``import tensorrt`` gives."""
    sys.modules["tensorrt"] = module


def _enum(name: str, members: dict[str, int]) -> type:
    """Return an enumeration as pybind11 makes them: members compare with their own kind only."""
    kind = type(name, (_EnumMember,), {"__slots__": ()})
    made = {each: kind(name, each, value) for each, value in members.items()}
    for each, member in made.items():
        setattr(kind, each, member)
    kind.__members__ = made  # type: ignore[attr-defined] # as pybind11 has it
    return kind


class _EnumMember:
    __slots__ = ("_kind", "_value", "name")

    def __init__(self, kind: str, name: str, value: int) -> None:
        self._kind, self.name, self._value = kind, name, value

    def __int__(self) -> int:
        return self._value

    def __str__(self) -> str:
        return f"{self._kind}.{self.name}"


def _class(module: StrictTensorRT, name: str, listed: dict[str, Any], play: type) -> type:
    is_subclassed = name.startswith(("ILogger", "IProgress"))
    space: dict[str, Any] = {"trt": module, "_listed": listed}
    for member, overloads in listed["methods"].items():
        if member != "__init__":
            space[member] = _method(module, f"{name}.{member}", overloads, getattr(play, f"play_{member}", None))
    for member, access in listed["properties"].items():
        space[member] = _property(module, f"{name}.{member}", member, access, play)
    space["__init__"] = _constructor(module, name, listed["methods"].get("__init__"), play)
    if not is_subclassed:
        space["__setattr__"] = _set_attribute
    return type(name, (play,), space)


def _set_attribute(self: Any, name: str, value: Any) -> None:
    if not name.startswith("_") and self._listed["properties"].get(name) != "rw":
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r} that can be set")
    object.__setattr__(self, name, value)


def _constructor(module: StrictTensorRT, name: str, overloads: list[list[str]] | None, play: type) -> Any:
    def construct(self: Any, *arguments: Any, **named: Any) -> None:
        if overloads is None:
            raise TypeError(f"{name}: No constructor defined!")
        bound = _bound(f"{name}.__init__", overloads, arguments, named)
        start = getattr(play, "play_init", lambda *_: None)
        module.fault(f"{name}.__init__", (self, *bound), start)

    return construct


def _method(module: StrictTensorRT, name: str, overloads: list[list[str]], play: Any) -> Any:
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        bound = _bound(name, overloads, arguments, named)
        if play is None:
            raise NotImplementedError(f"{UNPLAYED} {name}")
        return module.fault(name, (self, *bound), play)

    return call


def _property(module: StrictTensorRT, name: str, member: str, access: str, play: Any) -> property:
    reader = getattr(play, f"read_{member}", None)

    def read(self: Any) -> Any:
        if reader is None and f"_{member}" not in vars(self):
            raise NotImplementedError(f"{UNPLAYED} {name}")
        return module.fault(name, (self,), reader or (lambda me: vars(me)[f"_{member}"]))

    def write(self: Any, value: Any) -> None:
        module.touched.add(name)
        vars(self)[f"_{member}"] = value

    return property(read, write if access == "rw" else None)


def _bound(
    name: str, overloads: list[list[str]], arguments: tuple[Any, ...], named: dict[str, Any]
) -> tuple[Any, ...]:
    """Return the arguments by the first overload that takes them; TypeError as pybind11 gives if none does."""
    for overload in overloads:
        try:
            bound = _signature(overload).bind(*arguments, **named)
        except TypeError:
            continue
        return bound.args
    raise TypeError(f"{name}(): incompatible function arguments, takes {overloads}, got {arguments} {named}")


def _signature(overload: list[str]) -> inspect.Signature:
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature(
        [
            inspect.Parameter(name.rstrip("="), kind, default=None if name.endswith("=") else inspect.Parameter.empty)
            for name in overload
        ]
    )

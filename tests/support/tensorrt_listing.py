"""What Python bindings of TensorRT offer, as JSON: names and arguments of what an engine needs, no line of theirs.

Run by itself it lists the bindings that are on the path, ``tensorrt_bindings`` as the published wheels call them.
``tests/support/tensorrt_surface.json`` was listed so.
"""

import importlib
import json
import re
import sys
from typing import Any

CLASSES = (
    "Builder",
    "Dims",
    "IBuilderConfig",
    "ICudaEngine",
    "IExecutionContext",
    "IHostMemory",
    "ILogger",
    "INetworkDefinition",
    "IOptimizationProfile",
    "IProgressMonitor",
    "ITensor",
    "ITimingCache",
    "OnnxParser",
    "ParserError",
    "Runtime",
)
ENUMS = (
    "BuilderFlag",
    "DataType",
    "ILogger.Severity",
    "MemoryPoolType",
    "NetworkDefinitionCreationFlag",
    "TensorFormat",
    "TensorIOMode",
    "TensorLocation",
)
_SIGNATURE = re.compile(r"^(?:\d+\. )?(\w+)\((.*)\) -> ", re.MULTILINE)


def listing(bindings: Any) -> dict[str, Any]:
    """Return the surface of a module."""
    return {
        "version": bindings.__version__,
        "classes": {name: _class(getattr(bindings, name)) for name in CLASSES},
        "enums": {name: _enum(_at(bindings, name)) for name in ENUMS},
    }


def _at(module: Any, dotted: str) -> Any:
    for part in dotted.split("."):
        module = getattr(module, part)
    return module


def _enum(kind: Any) -> dict[str, int]:
    return {name: int(value) for name, value in sorted(kind.__members__.items())}


def _class(kind: Any) -> dict[str, Any]:
    methods: dict[str, Any] = {}
    properties: dict[str, str] = {}
    for name, member in sorted(vars(kind).items()):
        if name.startswith("add_") and kind.__name__ == "INetworkDefinition":
            continue  # one a kind of layer; the parser adds them
        if isinstance(member, property):
            properties[name] = "rw" if member.fset else "ro"
        elif name == "__init__" or (not name.startswith("_") and callable(member)):
            overloads = [
                _arguments(match[2]) for match in _SIGNATURE.finditer(member.__doc__ or "") if match[1] == name
            ]
            if overloads:
                methods[name] = [o for o in overloads if o != ["*args", "**kwargs"]]
    return {"methods": methods, "properties": properties}


def _arguments(text: str) -> list[str]:
    """Return the names of the arguments after ``self``; those that may be left out end with ``=``."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in "[(<") - (letter in "])>")
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    names = [part.partition(":")[0].strip() + ("=" if "=" in part else "") for part in parts]
    return [name for name in names if name not in {"self", ""}]


if __name__ == "__main__":
    json.dump(listing(importlib.import_module("tensorrt_bindings")), sys.stdout)

"""The command line, as a person would run it: in a process of its own, or here with engines that stay loaded."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from edge.commands.app import run_command_line
from edge.daemon.models import SERVING_BATCHES, Models, load_models
from edge.settings.sections import EngineSection
from engines.progress import Progress

PORTRAITS = Path(__file__).parents[2] / "edge" / "commands" / "demo" / "portraits"
ENROLLED = PORTRAITS / "astronaut.jpg"
STRANGER = PORTRAITS / "grace_hopper.jpg"
ADVERSARIAL = PORTRAITS.parent / "pictures" / "adversarial.png"

_LOADERS = (
    "edge.commands.watch.load_models",
    "edge.commands.people.load_models",
    "edge.commands.people_rederive.load_models",
    "edge.commands.check_probes.load_models",
)
_shared: dict[tuple[EngineSection, tuple[int, ...]], Models] = {}
_alive = ExitStack()


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended."""

    code: int
    records: tuple[dict[str, Any], ...]
    out: str
    err: str


def environment(**extra: str) -> dict[str, str]:
    """Return this process's environment without the gate's own variables, plus ``extra``."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("EDGE__")}
    return {**kept, **extra}


def command(*arguments: object) -> list[str]:
    """Return the argument list of ``edge-gate``."""
    return [sys.executable, "-m", "edge.commands.app", *map(str, arguments)]


def edge_gate(*arguments: object, env: Mapping[str, str] | None = None) -> Ran:
    """Run ``edge-gate`` in this process; engines of one configuration are loaded once and kept."""
    out, err = io.StringIO(), io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, environment(**(env or {})), clear=True))
        for loader in _LOADERS:
            stack.enter_context(patch(loader, _kept_models))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        code = run_command_line([str(a) for a in arguments])
    return _ran(code, out.getvalue(), err.getvalue())


def edge_gate_process(*arguments: object, env: Mapping[str, str] | None = None, timeout_s: float = 120) -> Ran:
    """Run ``edge-gate`` as a process, to its end."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment(**(env or {})),
        check=False,
    )
    return _ran(done.returncode, done.stdout, done.stderr)


def free_models() -> None:
    """Free the engines that were kept."""
    _shared.clear()
    _alive.close()


@contextmanager
def _kept_models(
    options: EngineSection,
    *,
    batches: Sequence[int] = SERVING_BATCHES,
    progress: Progress | None = None,
    may_fetch: bool = True,
) -> Iterator[Models]:
    key = (options, tuple(batches))
    if key not in _shared:
        loading = load_models(options, batches=batches, progress=progress, may_fetch=may_fetch)
        _shared[key] = _alive.enter_context(loading)
    yield _shared[key]


def _ran(code: int, out: str, err: str) -> Ran:
    records = tuple(json.loads(line) for line in out.splitlines() if line.startswith("{"))
    return Ran(code, records, out, err)

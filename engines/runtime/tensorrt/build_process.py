"""The parent of a build: another process does it, so that a crash or a lack of memory there ends nothing here."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from engines.errors import EngineError
from engines.progress import Progress

CHILD_MODULE = "engines.runtime.tensorrt.build_child"
PROGRESS_STEPS = 1000
_SILENCE_LIMIT_S = 1_800.0
_CANCEL_WAIT_S = 60.0
_MOST_LINE_BYTES = 65_536
_SHOWN_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildJob:
    """What the child is told, one JSON object on its standard input.

    Attributes:
        model_path: the ONNX file.
        model_sha256: hash that it must have.
        input_shape: (batch, channels, height, width).
        output_names: outputs of the plan.
        workspace_bytes: scratch memory that a layer may use.
        optimization_level: 0 to 5.
        plan_path: where the plan goes.
        timing_path: where measurements of builds are kept.
    """

    model_path: str
    model_sha256: str
    input_shape: tuple[int, int, int, int]
    output_names: tuple[str, ...]
    workspace_bytes: int
    optimization_level: int
    plan_path: str
    timing_path: str


def run_build(job: BuildJob, label: str, progress: Progress) -> float:
    """Build a plan in a process of its own and return how many seconds that took.

    An exception here (Ctrl-C, a SIGTERM that raises) cancels the build; so does the end of this process. The child
    then leaves nothing behind.

    Args:
        job: what to build.
        label: what to call it.
        progress: shown while it lasts.

    Raises:
        EngineError: it failed, crashed, ran out of memory or stood still.
    """
    start = time.monotonic()
    progress.start(label, PROGRESS_STEPS)
    try:
        with tempfile.TemporaryFile() as said:
            result = _result(job, said, progress)
            if result.get("event") != "built":
                raise _failure(label, result, said)
    finally:
        progress.finish()
    return time.monotonic() - start


def _result(job: BuildJob, said: IO[bytes], progress: Progress) -> Mapping[str, Any]:
    """Return the last thing that the child reported; how it ended if it said nothing."""
    process = _started(job, said)
    try:
        last = _followed(process, progress)
    finally:
        _stop(process)
    return last if last is not None else {"event": "ended", "status": process.returncode}


def _started(job: BuildJob, said: IO[bytes]) -> "subprocess.Popen[bytes]":
    order = json.dumps({name: getattr(job, name) for name in BuildJob.__slots__}).encode() + b"\n"
    try:
        # A session of its own: a terminal's Ctrl-C comes here alone, and cancels the child in order.
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", CHILD_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(
            f"the build process cannot start: {error.strerror}", hint="free memory or raise process limits"
        ) from error
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    try:
        process.stdin.write(order)
        process.stdin.flush()  # it stays open: its end tells the child that nobody waits any more
    except OSError:
        pass  # it has ended already; what it said tells why
    return process


def _followed(process: "subprocess.Popen[bytes]", progress: Progress) -> Mapping[str, Any] | None:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    last: Mapping[str, Any] | None = None
    pending, handle = b"", process.stdout.fileno()
    while True:
        if not select.select([handle], [], [], _SILENCE_LIMIT_S)[0]:
            return {"event": "failed", "message": "it stood still", "hint": "restart the device and try again"}
        more = os.read(handle, _MOST_LINE_BYTES)
        if not more:
            return last
        *lines, pending = (pending + more).split(b"\n")
        for line in lines:
            report = _parsed(line)
            if report.get("event") == "progress":
                progress.advance(min(PROGRESS_STEPS, max(0, int(report.get("steps", 0)))))
            elif report:
                last = report
        pending = pending[-_MOST_LINE_BYTES:]


def _parsed(line: bytes) -> Mapping[str, Any]:
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return report if isinstance(report, dict) else {}


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """See to it that the child is gone: asked first, so that it leaves nothing behind; killed if it does not go."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # it has ended before it read its order
    try:
        process.wait(timeout=_CANCEL_WAIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _failure(label: str, result: Mapping[str, Any], said: IO[bytes]) -> EngineError:
    message, hint = result.get("message"), result.get("hint")
    if result.get("event") == "failed" and isinstance(message, str) and isinstance(hint, str):
        return EngineError(f"{label} failed: {message}", hint=hint)
    last_words = _last_line(said)
    return EngineError(
        f"{label} failed: the build process {_ending(result.get('status'))}{': ' if last_words else ''}{last_words}",
        hint="free memory: stop the gate while building, close what else runs, then try again",
    )


def _last_line(said: IO[bytes]) -> str:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - _SHOWN_CHARS))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _ending(status: object) -> str:
    if isinstance(status, int) and status < 0:
        names = {int(number): number.name for number in signal.Signals}
        return f"was ended by {names.get(-status, f'signal {-status}')}"
    return f"ended with {status}"

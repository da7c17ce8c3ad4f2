"""The build process: ``python -m engines.runtime.tensorrt.build_child``. Its order comes in, its progress goes out.

It ends, leaving no file, when it gets SIGTERM or SIGINT and when nobody holds the other end of its standard input.
"""

import contextlib
import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from engines.cache import ModelStore, read_proven
from engines.errors import EngineError
from engines.runtime.tensorrt.binding import library
from engines.runtime.tensorrt.build_process import PROGRESS_STEPS, BuildJob
from engines.runtime.tensorrt.builder import BuildCanceledError, BuildOrder, build_plan
from engines.runtime.tensorrt.log import logger
from engines.runtime.tensorrt.private_folder import read_private

_MOST_TIMING_BYTES = 2**28
_STUBBORN_S = 50.0
_CANCELED_STATUS = 3


class _Reporter:
    """Writes reports to the parent; a line only when a thousandth more is done."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._lock = threading.Lock()
        self._steps = -1

    def say(self, **report: Any) -> None:
        """Write a report; fails with OSError when the parent is gone."""
        with self._lock:
            os.write(self._out, json.dumps(report).encode() + b"\n")

    def advance(self, fraction: float) -> None:
        """Say how far the build is, 0 to 1."""
        steps = int(fraction * PROGRESS_STEPS)
        if steps > self._steps:
            self._steps = steps
            self.say(event="progress", steps=steps)


def main() -> int:
    """Do the one job. Return the exit status."""
    reporter = _Reporter(os.dup(1))
    os.dup2(2, 1)  # what a library prints must not look like a report
    canceled = threading.Event()

    def cancel(number: int, frame: FrameType | None) -> None:
        del number, frame
        canceled.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, cancel)
    job = _job(sys.stdin.buffer.readline())
    threading.Thread(target=_watch_parent, args=(canceled,), daemon=True).start()
    outcome: list[int] = []
    # Not in the main thread: that one runs the signal handlers, which a long call into TensorRT would hold up.
    worker = threading.Thread(target=lambda: outcome.append(_work(job, reporter, canceled)), daemon=True)
    worker.start()
    _wait(worker, canceled)
    if not outcome:
        Path(job.plan_path).unlink(missing_ok=True)
        os._exit(_CANCELED_STATUS if canceled.is_set() else 1)  # it does not stop at its next step, or broke
    return outcome[0]


def _job(line: bytes) -> BuildJob:
    told = json.loads(line)
    return BuildJob(
        **{**told, "input_shape": tuple(told["input_shape"]), "output_names": tuple(told["output_names"])}
    )


def _wait(worker: threading.Thread, canceled: threading.Event) -> None:
    """Wait for the build; once canceled, only so long."""
    while worker.is_alive() and not canceled.is_set():
        worker.join(0.1)
    worker.join(_STUBBORN_S)


def _watch_parent(canceled: threading.Event) -> None:
    while os.read(0, 1024):
        pass
    canceled.set()


def _work(job: BuildJob, reporter: _Reporter, canceled: threading.Event) -> int:
    plan_path = Path(job.plan_path)
    try:
        start = time.monotonic()
        plan, timings = _built(job, reporter, canceled)
        _write(plan_path, plan)
        _keep_timings(Path(job.timing_path), timings)
        if canceled.is_set():
            raise BuildCanceledError  # noqa: TRY301 - the same end as in the middle of it
        reporter.say(event="built", seconds=time.monotonic() - start)
    except EngineError as error:
        return _failed(reporter, str(error), error.hint)
    except (BuildCanceledError, BrokenPipeError):
        plan_path.unlink(missing_ok=True)
        return _CANCELED_STATUS
    except MemoryError:
        return _failed(reporter, "not enough memory", "stop the gate while building")
    except OSError as error:
        plan_path.unlink(missing_ok=True)
        return _failed(reporter, f"{plan_path} cannot be written: {error.strerror}", "free space in the model folder")
    return 0


def _failed(reporter: _Reporter, message: str, hint: str) -> int:
    with contextlib.suppress(OSError):
        reporter.say(event="failed", message=message, hint=hint)
    return 1


def order_of(job: BuildJob, timings: bytes) -> BuildOrder:
    """Return what a job asks the builder for, its ONNX file proven.

    Args:
        job: what the parent wants.
        timings: what earlier builds measured, or nothing.

    Raises:
        EngineError: the file cannot be read.
        IntegrityError: it is another.
    """
    return BuildOrder(
        onnx=read_proven(Path(job.model_path), job.model_sha256),
        input_shape=job.input_shape,
        output_names=job.output_names,
        workspace_bytes=job.workspace_bytes,
        optimization_level=job.optimization_level,
        timings=timings,
    )


def _built(job: BuildJob, reporter: _Reporter, canceled: threading.Event) -> tuple[bytes, bytes]:
    library()
    order = order_of(job, _timings(Path(job.timing_path)))
    logger()
    return build_plan(order, reporter.advance, canceled.is_set)


def _write(path: Path, plan: bytes) -> None:
    """Write the plan under the name that the next builder clears away if nobody gives it another one."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(plan)
        file.flush()
        os.fsync(file.fileno())


def _timings(path: Path) -> bytes:
    """Return what earlier builds measured; nothing if that cannot be had: it only saves time."""
    try:
        with _locked(path):
            return read_private(path, _MOST_TIMING_BYTES)
    except (OSError, EngineError):
        return b""


def _keep_timings(path: Path, timings: bytes) -> None:
    """Keep what was measured. Of two builds at once the later one's is kept: the other only costs time again."""
    if timings:
        with contextlib.suppress(OSError, EngineError), _locked(path):
            ModelStore(path.parent).write(path, timings)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


if __name__ == "__main__":
    sys.exit(main())

"""Runs one target: draws inputs, keeps those that reach new lines, and reports every find once."""

import contextlib
import os
import re
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from redteam.fuzzing.reach import OURS, Line, lines_of
from redteam.fuzzing.target import Target

_MOST_KEPT = 2_000
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - folders of their own, mode 0700


class TookTooLongError(Exception):
    """One input used up its CPU time."""


@dataclass(frozen=True, slots=True)
class Find:
    """An input that broke a promise.

    Attributes:
        data: the input.
        what: the exception, in one line.
        trace: where.
    """

    data: bytes
    what: str
    trace: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a campaign.

    Attributes:
        target: which.
        inputs: how many were tried.
        kept: how many reached something new.
        lines: how many lines of the gate's code were reached.
        seconds: how long it took.
        slowest_cpu_s: CPU time of the slowest input, seconds.
        growth_mib: what the process grew by.
        finds: every broken promise, the first input of each.
    """

    target: str
    inputs: int = 0
    kept: int = 0
    lines: int = 0
    seconds: float = 0.0
    slowest_cpu_s: float = 0.0
    growth_mib: int = 0
    finds: list[Find] = field(default_factory=list)


def fuzz(
    target: Target,
    *,
    seed: int,
    seconds: float = float("inf"),
    most_inputs: int | None = None,
    watch: Callable[[bytes], None] = lambda _: None,
) -> Outcome:
    """Fuzz ``target`` on the main thread of this process; the same seed and number of inputs give the same campaign.

    Args:
        target: what to fuzz.
        seed: of all randomness.
        seconds: how long.
        most_inputs: how many inputs at most; None = as many as there is time for.
        watch: is shown each input before it is tried, for whoever outlives a crash of the process.
    """
    random, outcome = Random(seed), Outcome(target=target.name)  # noqa: S311 - repeatable, not secret
    _forget_peak()
    began, base_kib = time.monotonic(), _peak_kib()
    reached: set[Line] = set()
    known: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="edge-gate-fuzz-", dir=_MEMORY) as folder, _alarm():
        run = target.prepare(Path(folder))
        corpus: list[bytes] = []
        for data in _inputs(target, corpus, random):
            is_over = time.monotonic() - began >= seconds and outcome.inputs >= len(corpus)
            if is_over or outcome.inputs == most_inputs:
                break
            watch(data)
            lines, find = _tried(target, run, data, outcome, base_kib)
            outcome.inputs += 1
            if find is not None and find.trace not in known:
                known.add(find.trace)
                outcome.finds.append(find)
            if not lines <= reached and len(corpus) < _MOST_KEPT:
                reached |= lines
                corpus.append(data)
                outcome.kept += 1
    outcome.lines, outcome.seconds = len(reached), time.monotonic() - began
    return outcome


def _inputs(target: Target, corpus: list[bytes], random: Random) -> Iterator[bytes]:
    """Yield the target's own inputs, then mutations of them and of what was kept in ``corpus``."""
    seeds = target.corpus()
    yield from seeds
    while True:
        pool = corpus or seeds
        # What was kept last is what the fuzzer understands least.
        data = pool[-random.randint(1, min(8, len(pool)))] if random.random() < 0.3 else random.choice(pool)
        yield random.choice(target.mutations)(data, [*seeds, data], random)


def _tried(
    target: Target, run: Callable[[bytes], None], data: bytes, outcome: Outcome, base_kib: int
) -> tuple[set[Line], Find | None]:
    before_s, find = time.process_time(), None
    signal.setitimer(signal.ITIMER_PROF, target.most_cpu_s)
    try:
        lines = lines_of(lambda: run(data))
    except target.allowed as answer:
        lines = answer.__dict__["reached"]
    except (Exception, RecursionError) as error:  # noqa: BLE001 - any other exception is what is looked for
        lines = error.__dict__.get("reached", set())
        find = Find(data, f"{type(error).__name__}: {error}"[:300], _place(error))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    outcome.slowest_cpu_s = max(outcome.slowest_cpu_s, time.process_time() - before_s)
    outcome.growth_mib = (_peak_kib() - base_kib) // 1024
    if find is None and outcome.growth_mib > target.most_growth_mib:
        find = Find(data, f"the process grew by {outcome.growth_mib} MiB", "memory")
    return lines, find


def _place(error: BaseException) -> str:
    """Return the type of an exception and the last few places it passed; equal places are one find."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(OURS)][-2:]
    # Where a recursion ends is chance; where it began is not.
    last = [] if isinstance(error, RecursionError) else frames[-1:]
    return "\n".join(
        [type(error).__name__, *(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in own + last)]
    )


def _forget_peak() -> None:
    """Let the kernel measure the peak of memory from now on (Linux, proc(5), ``clear_refs``)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_kib() -> int:
    found = _PEAK.search(Path("/proc/self/status").read_text("ascii", "replace"))
    return 0 if found is None else int(found[1])


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TookTooLongError("the input used up its CPU time")

    before = signal.signal(signal.SIGPROF, ring)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)

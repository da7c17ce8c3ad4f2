"""Fuzzes parsers that outsiders reach, each target in a process of its own, and writes what it finds.

``python scripts/fuzz.py --seconds 120`` takes every target, ``python scripts/fuzz.py commands --seconds 3600`` one.
Exits 1 if anything broke a promise, with the input beside: run it again by ``--replay FILE``.
"""

import argparse
import hashlib
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from redteam.fuzzing.campaign import Find, Outcome, fuzz
from redteam.fuzzing.targets import TARGETS

_LATE_S = 90.0  # past its time a process hangs where no signal reaches it: in a library's C code
_COLUMNS = ("target", "inputs", "kept", "lines", "seconds", "slowest_cpu_s", "growth_mib", "finds")


def main() -> int:
    """Fuzz the chosen targets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="default: all")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each target")
    parser.add_argument(
        "--seed", type=int, default=None, help="of all randomness; default: a new one, which is shown"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at once")
    parser.add_argument("--out", type=Path, default=Path("fuzz-out"), help="folder for inputs that broke a promise")
    parser.add_argument("--replay", type=Path, help="run the one target on this file alone, and let it raise")
    arguments = parser.parse_args()
    names = arguments.targets or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"there is no target {min(unknown)!r}; there are {', '.join(TARGETS)}")
    if arguments.replay is not None:
        return _replay(names[0], arguments.replay)
    seed = int(time.time()) if arguments.seed is None else arguments.seed
    print(f"seed {seed}, {arguments.seconds:g} s a target, {arguments.jobs} at once")
    print("  ".join(column.rjust(max(9, len(column))) for column in _COLUMNS))
    arguments.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(arguments.jobs) as pool:
        outcomes = list(pool.map(lambda name: _apart(name, seed, arguments.seconds, arguments.out), names))
    return 1 if any(outcome.finds for outcome in outcomes) else 0


def _apart(name: str, seed: int, seconds: float, out: Path) -> Outcome:
    """Fuzz one target in a process of its own, and show how it went."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    last = out / f"{name}.last"
    process = context.Process(target=_work, args=(name, seed, seconds, last, theirs))
    process.start()
    theirs.close()
    deadline = time.monotonic() + seconds + _LATE_S
    outcome = None
    try:
        if ours.poll(deadline - time.monotonic()):
            outcome = ours.recv()
    except EOFError:
        outcome = None
    process.join(5)
    if outcome is None:
        what = "it hangs" if process.is_alive() else f"the process ended with {process.exitcode}"
        process.kill()
        said = _log(out, name).read_text("utf-8", "replace")[-2_000:] if _log(out, name).exists() else ""
        outcome = Outcome(target=name, finds=[Find(last.read_bytes() if last.exists() else b"", what, said)])
    last.unlink(missing_ok=True)
    _log(out, name).unlink(missing_ok=True)
    _show(outcome, out)
    return outcome


def _work(name: str, seed: int, seconds: float, last: Path, answer: multiprocessing.connection.Connection) -> None:
    log = os.open(_log(last.parent, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 2)  # libraries complain of bad pictures there, and Python of its own end
    handle = os.open(last, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)

    def watch(data: bytes) -> None:
        os.ftruncate(handle, len(data))
        os.pwrite(handle, data, 0)

    answer.send(fuzz(TARGETS[name], seed=seed, seconds=seconds, watch=watch))


def _log(out: Path, name: str) -> Path:
    return out / f"{name}.log"


def _show(outcome: Outcome, out: Path) -> None:
    cells = [outcome.target, outcome.inputs, outcome.kept, outcome.lines, f"{outcome.seconds:.0f}"]
    cells += [f"{outcome.slowest_cpu_s:.2f}", outcome.growth_mib, len(outcome.finds)]
    rows = [str(cell).rjust(max(9, len(name))) for cell, name in zip(cells, _COLUMNS, strict=True)]
    print("  ".join(rows), flush=True)
    for find in outcome.finds:
        file = out / f"{outcome.target}-{hashlib.sha256(find.data).hexdigest()[:16]}"
        file.write_bytes(find.data)
        print(f"{outcome.target}: {find.what!r}\n{find.trace}\n{file}", flush=True)


def _replay(name: str, file: Path) -> int:
    import tempfile

    target = TARGETS[name]
    with tempfile.TemporaryDirectory(prefix="edge-gate-fuzz-") as folder:
        try:
            target.prepare(Path(folder))(file.read_bytes())
        except target.allowed as answer:
            print(f"{name}: {type(answer).__name__}: {answer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

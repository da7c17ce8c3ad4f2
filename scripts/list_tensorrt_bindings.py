"""Write tests/support/tensorrt_surface.json: what the published bindings offer, listed from the bindings themselves.

Needs ``make tensorrt-bindings``.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINDINGS = ROOT / ".cache" / "tensorrt-bindings"
SURFACE = ROOT / "tests" / "support" / "tensorrt_surface.json"
NOTE = "Names and arguments, listed from the published Python bindings by scripts/list_tensorrt_bindings.py."


def main() -> int:
    """Write the file."""
    versions = {}
    for folder in sorted(BINDINGS.iterdir()):
        environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(folder / "stubs"),
            "PYTHONPATH": f"{folder / 'site'}:{ROOT}",
        }
        listed = subprocess.run(
            [sys.executable, "-m", "tests.support.tensorrt_listing"],
            env=environment,
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
        versions[folder.name] = json.loads(listed.stdout)
    text = json.dumps({"note": NOTE, "versions": versions}, indent=1, sort_keys=True)
    for _ in range(2):  # a line a member
        text = re.sub(r"\[\s+([^\[\]{}]*(?:\[[^\[\]]*\][^\[\]{}]*)*?)\s+\]", _on_one_line, text)
    SURFACE.write_text(text + "\n", "utf-8")
    return 0


def _on_one_line(found: re.Match[str]) -> str:
    return ("[" + re.sub(r"\s*\n\s*", " ", found[1]) + "]").replace("] ]", "]]")


if __name__ == "__main__":
    sys.exit(main())

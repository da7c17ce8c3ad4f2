"""A folder that stands for a machine's root, with stubs of the programs that would change this machine."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-jetson.sh"
L4T = "# R{release} (release), REVISION: 2.0, GCID: 1, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8\n"
LINES = ("settings", "jetpack", "tensorrt", "nvcc", "models", "engines", "nodes", "state", "profile", "camera")

_SYSTEMCTL = """#!/bin/sh
echo "$@" >> {root}/systemctl.log
case "$1" in
  is-active) test -e {root}/running && echo active || {{ echo inactive; exit 3; }} ;;
  start) test ! -e {root}/start-fails || {{ rm {root}/start-fails; exit 1; }}; touch {root}/running ;;
  stop) rm -f {root}/running ;;
esac
"""
_RUNUSER = '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
# Python, whose environments have this one's pip by a link: ensurepip takes seconds.
_QUICK_PYTHON = """#!/bin/sh
if [ "$2" != venv ]; then exec {python} "$@"; fi
{python} -m venv --without-pip "$3"
echo {pip} > "$3/lib/python{version}/site-packages/pip.pth"
"""
_NOTHING = "#!/bin/sh\nexit 0\n"

# The program of a toy release: it answers as the root's behavior.json says of its version.
_PROGRAM = """
import json, os, pathlib, sys
VERSION = "{version}"
def main():
    root = pathlib.Path(os.environ["EDGE_GATE_ROOT"])
    wanted = json.loads((root / "behavior.json").read_text()).get(VERSION, {{}})
    words = sys.argv[1:]
    with (root / "calls.log").open("a") as log:
        print(VERSION, *words, file=log)
    if words[0] == "check":
        state = root / "var/lib/edge-gate/state"
        only = [words[i + 1] for i, word in enumerate(words) if word == "--only"]
        if "migrates" in wanted and not only:
            (state / "migrated").write_text(VERSION)
        for name in {lines}:
            if only and name not in (*only, "settings"):
                continue
            bad = name in wanted.get("bad", ())
            bad = bad or (name == "state" and (state / "migrated").exists() and "migrates" not in wanted)
            print(json.dumps(dict(check=name, ok=not bad, detail="as it is", hint="mend it" if bad else "")))
        return 0
    return int(wanted.get(words[1], 0))
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of the script ended."""

    code: int
    out: str
    err: str


class InstalledRoot:
    """Runs the installation script on a root of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "root"
        self._wheels = folder / "wheels"
        self._stubs = folder / "stubs"
        for made in (self.path, self._wheels, self._stubs):
            made.mkdir()
        self.stub("systemctl", _SYSTEMCTL.format(root=self.path))
        self.stub("runuser", _RUNUSER)
        if os.geteuid() != 0 or shutil.which("systemd-tmpfiles") is None:
            self.stub("systemd-sysusers", _NOTHING)
            self.stub("systemd-tmpfiles", _NOTHING)
        pip = Path(find_spec("pip").origin or "").parent  # type: ignore[union-attr]  # every environment here has it
        (folder / "pip").mkdir()
        (folder / "pip/pip").symlink_to(pip)
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        self.stub("quick", _QUICK_PYTHON.format(python=sys.executable, pip=folder / "pip", version=version))
        (self.path / "etc").mkdir()
        self.behave()
        self.be_jetson()

    def stub(self, name: str, text: str) -> None:
        """Put a program before the machine's own."""
        file = self._stubs / name
        file.write_text(text)
        file.chmod(0o755)

    def be_jetson(self, release: int | None = 39) -> None:
        """Be a Jetson of an L4T release, or none."""
        file = self.path / "etc/nv_tegra_release"
        file.unlink(missing_ok=True)
        if release is not None:
            file.write_text(L4T.format(release=release))

    def behave(self, **of_version: Any) -> None:
        """Say how toy releases answer: by version, with ``_`` for dots, what is bad or fails."""
        (self.path / "behavior.json").write_text(
            json.dumps({version.removeprefix("v").replace("_", "."): what for version, what in of_version.items()})
        )

    def wheel(self, version: str, *, comment: str = "") -> Path:
        """Return a toy release as a wheel."""
        info = f"edge_gate-{version}.dist-info"
        files = {
            "edge_gate_toy.py": f"# {comment}\n" + _PROGRAM.format(version=version, lines=LINES),
            f"{info}/METADATA": "Metadata-Version: 2.1\nName: edge-gate\nProvides-Extra: openvino\n"
            f"Version: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: toy\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": "[console_scripts]\nedge-gate = edge_gate_toy:main\n",
        }
        record = "".join(f"{name},sha256={_digest(text)},{len(text.encode())}\n" for name, text in files.items())
        path = self._wheels / f"edge_gate-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in (files | {f"{info}/RECORD": record + f"{info}/RECORD,,\n"}).items():
                archive.writestr(zipfile.ZipInfo(name), text)  # of one date, so of one hash
        return path

    def run(self, *arguments: object, env: dict[str, str] | None = None, python: str | None = None) -> Ran:
        """Run the script; ``install`` and ``update`` with this Python, unless another is named."""
        words = [str(argument) for argument in arguments]
        if words[0] in ("install", "update") and "--python" not in words:
            words[1:1] = ["--python", python or str(self._stubs / "quick")]
        around = os.environ | {"EDGE_GATE_ROOT": str(self.path), "PATH": f"{self._stubs}:{os.environ['PATH']}"}
        around |= {"PIP_NO_INDEX": "1"} | (env or {})
        ran = subprocess.run(
            [str(SCRIPT), *words], env=around, capture_output=True, text=True, timeout=500, check=False
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    @property
    def current(self) -> str:
        """The version in force; empty where there is none."""
        link = self.path / "opt/edge-gate/current"
        return link.resolve().name if link.exists() else ""

    @property
    def is_running(self) -> bool:
        """Whether the gate's unit runs."""
        return (self.path / "running").exists()

    @property
    def releases(self) -> set[str]:
        """Versions whose folders are there."""
        folder = self.path / "opt/edge-gate/releases"
        return {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

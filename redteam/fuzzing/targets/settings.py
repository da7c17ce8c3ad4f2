"""Settings, from the file and from the environment."""

import re
from collections.abc import Callable
from pathlib import Path

from edge.settings.load import load_settings
from redteam.fuzzing.mutate import mutated, mutated_toml
from redteam.fuzzing.target import Target

_GUIDES = Path(__file__).parents[3] / "docs" / "how-to"
_TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
_VARIABLES = (
    b"EDGE__GATE__SITE=north\nEDGE__BROKER__PORT=8883\nEDGE__POLICY__FRAMES_NEEDED=2\nEDGE__STATE=/tmp/state",
    b'EDGE__TRUST__PROFILE_KEYS=["00"]\nEDGE__CAMERA__PIN={usb = "1"}\nEDGE__ENVIRONMENT=production',
    b'EDGE__TRUST__COMMAND_KEYS=[{"public_key": "00", "name": "a", "commands": ["claim"]}]\nEDGE__DOOR__KIND=none',
)


def _files() -> list[bytes]:
    return [text.encode() for page in sorted(_GUIDES.glob("*.md")) for text in _TOML.findall(page.read_text("utf-8"))]


def _prepare_file(folder: Path) -> Callable[[bytes], None]:
    file = folder / "edge-gate.toml"

    def run(data: bytes) -> None:
        file.write_bytes(data)
        load_settings(file, environ={})

    return run


def _prepare_environment(folder: Path) -> Callable[[bytes], None]:
    file = folder / "edge-gate.toml"
    file.write_text("[gate]\n", encoding="utf-8")

    def run(data: bytes) -> None:
        lines = data.decode("utf-8", "surrogateescape").replace("\x00", "").split("\n")
        load_settings(file, environ=dict(line.split("=", 1) for line in lines if "=" in line))

    return run


SETTINGS = Target(name="settings", corpus=_files, prepare=_prepare_file, mutations=(mutated, mutated_toml))
ENVIRONMENT = Target(
    name="environment", corpus=lambda: list(_VARIABLES), prepare=_prepare_environment, mutations=(mutated,)
)

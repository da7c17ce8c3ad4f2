"""Where the machine tells of itself; tests put trees of files in its place."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_MOST_BYTES = 4096
_PATIENCE_S = 5.0

RunsProgram = Callable[[Sequence[str]], str]
"""Returns what a program printed; empty where it is not there, fails or takes too long."""


def output_of(command: Sequence[str]) -> str:
    """Return what a program wrote to stdout; empty where it is not there, fails or takes longer than 5 s."""
    try:
        ran = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return ran.stdout.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRoot:
    """A machine's files and programs.

    Attributes:
        path: its root folder.
        output_of: runs a program of it.
    """

    path: Path = Path("/")
    output_of: RunsProgram = output_of

    def text(self, name: str) -> str:
        """Return the text of a small file without what ends it; empty where it cannot be read.

        Args:
            name: absolute path on the machine.
        """
        try:
            with self.file(name).open("rb") as file:
                raw = file.read(_MOST_BYTES)
        except OSError:
            return ""
        text = raw.decode("utf-8", "replace").strip("\0\r\n ")
        return "".join(c if c.isprintable() or c in "\n\t" else "." for c in text)

    def number(self, name: str) -> int | None:
        """Return the whole number in a file; None where there is none."""
        try:
            return int(self.text(name))
        except ValueError:
            return None

    def file(self, name: str) -> Path:
        """Return where a file of the machine lies."""
        return self.path / name.lstrip("/")

    def matching(self, folder: str, pattern: str) -> tuple[str, ...]:
        """Return the absolute paths, on the machine, of what matches in a folder, in order.

        Args:
            folder: absolute path on the machine.
            pattern: as of ``Path.glob``.
        """
        try:
            found = sorted(self.file(folder).glob(pattern))
        except OSError:
            return ()
        return tuple(f"/{entry.relative_to(self.path)}" for entry in found)

"""Where the kernel tells of cameras; tests put trees of their own in its place."""

from dataclasses import dataclass
from pathlib import Path

_MOST_TEXT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Roots of what the kernel shows.

    Attributes:
        sysfs: mounted sysfs.
        device_tree: the board's flattened device tree, as files.
    """

    sysfs: Path = Path("/sys")
    device_tree: Path = Path("/proc/device-tree")


def text_of(file: Path) -> str:
    """Return the text of a small kernel file without its end of line; empty when it is not there.

    What a device says of itself may hold anything: what does not print, and quotes, become dots.
    """
    try:
        raw = file.read_bytes()[:_MOST_TEXT]
    except OSError:
        return ""
    text = raw.rstrip(b"\n\0").decode("utf-8", "replace")
    return "".join(c if c.isprintable() and c not in "\"\\'" else "." for c in text)

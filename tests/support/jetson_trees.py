"""Files of a Jetson as NVIDIA's documents and users' reports show them; no Jetson was at hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from engines.machine.root import MachineRoot

RELEASE = (
    "# R{release} (release), REVISION: {revision}, GCID: 38968081, BOARD: generic, EABI: aarch64, DATE: Wed Jan  8"
)
POWER = "NV Power Mode: MAXN_SUPER\n2\n"


def jetson(
    root: Path, *, release: str = "39", revision: str = "2.0", printed: Mapping[str, str] | None = None
) -> MachineRoot:
    """Write an Orin Nano's files, and return it with programs that print what ``printed`` says by their name."""
    write(
        root,
        "/etc/nv_tegra_release",
        RELEASE.format(release=release, revision=revision) + "\n# KERNEL_VARIANT: oot\n",
    )
    write(root, "/proc/device-tree/model", "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit Super\0")
    write(root, "/proc/device-tree/compatible", "nvidia,p3768-0000+p3767-0005-super\0nvidia,tegra234\0")
    policy = "/sys/devices/system/cpu/cpufreq/policy0"
    for name, text in (("cur", "1728000"), ("min", "729600"), ("max", "1728000")):
        write(root, f"{policy}/scaling_{name}_freq", text)
    write(root, f"{policy}/scaling_governor", "schedutil")
    write(root, f"{policy}/related_cpus", "0 1 2 3")
    gpu = "/sys/class/devfreq/17000000.gpu"
    for name in ("cur", "min", "max"):
        write(root, f"{gpu}/{name}_freq", "1020000000")
    write(root, f"{gpu}/governor", "nvhost_podgov")
    write(root, "/sys/class/devfreq/3d00000.dma/cur_freq", "1")
    zone(root, 0, "cpu-thermal", 51_250, passive=99_000)
    zone(root, 1, "gpu-thermal", 49_000)
    zone(root, 2, "cv0-thermal", -256_000)
    return MachineRoot(path=root, output_of=programs(printed or {"nvpmodel": POWER}))


def zone(root: Path, number: int, name: str, now_mc: int, *, passive: int | None = None) -> None:
    """Write a thermal zone."""
    folder = f"/sys/class/thermal/thermal_zone{number}"
    write(root, f"{folder}/type", name)
    write(root, f"{folder}/temp", str(now_mc))
    if passive is not None:
        write(root, f"{folder}/trip_point_0_type", "passive")
        write(root, f"{folder}/trip_point_0_temp", str(passive))
        write(root, f"{folder}/trip_point_1_type", "critical")
        write(root, f"{folder}/trip_point_1_temp", str(passive + 5_500))


def write(root: Path, name: str, text: str) -> None:
    """Write a file of the machine."""
    file = root / name.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n" if text and not text.endswith("\0") else text)


def programs(printed: Mapping[str, str]) -> "Programs":
    """Return programs that print what is said by their name, and are not there otherwise."""
    return Programs(printed)


class Programs:
    """Programs of a machine, by name."""

    def __init__(self, printed: Mapping[str, str]) -> None:
        self._printed = dict(printed)

    def __call__(self, command: Sequence[str]) -> str:
        """Return what a program printed."""
        return self._printed.get(Path(command[0]).name, "")

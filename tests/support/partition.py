"""A network between the test and a process in a network namespace of its own, which the test can cut and mend."""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

_NOWHERE: Final = "02:00:00:00:de:ad"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


class Wire:
    """A pair of virtual interfaces.

    Attributes:
        here: the test's address.
        there: the namespace's address.
        namespace: its name.
    """

    def __init__(self, ip: str) -> None:
        self._ip = ip
        number = random.randrange(1 << 14)
        base = f"198.18.{number // 64}.{number % 64 * 4}"  # RFC 2544: addresses for tests of networks
        net, _, last = base.rpartition(".")
        self.here, self.there = f"{net}.{int(last) + 1}", f"{net}.{int(last) + 2}"
        self.namespace = f"egate-{os.getpid()}-{number}"
        self._near, self._far = f"eg{number}a", f"eg{number}b"

    def inside(self, *command: str) -> list[str]:
        """Return a command line that runs in the namespace."""
        return [self._ip, "netns", "exec", self.namespace, *command]

    def lay(self) -> None:
        """Make it; skip the test where that is not allowed."""
        made = self._run("netns", "add", self.namespace)
        if made.returncode != 0:
            pytest.skip(f"no network namespaces here, which needs CAP_NET_ADMIN and CAP_SYS_ADMIN: {made.stderr}")
        pair = self._run("link", "add", self._near, "type", "veth", "peer", "name", self._far)
        if pair.returncode != 0:
            pytest.skip(f"no virtual interfaces here: {pair.stderr}")
        self._must("link", "set", self._far, "netns", self.namespace)
        self._must("addr", "add", f"{self.here}/30", "dev", self._near)
        self._must("link", "set", self._near, "up")
        self._must("-n", self.namespace, "addr", "add", f"{self.there}/30", "dev", self._far)
        self._must("-n", self.namespace, "link", "set", "lo", "up")
        self._must("-n", self.namespace, "link", "set", self._far, "up")

    def take_away(self) -> None:
        """Remove it: the interfaces go with the namespace."""
        self._run("netns", "del", self.namespace)
        self._run("link", "del", self._near)

    def unplug(self) -> None:
        """Take the link down: both sides are told."""
        self._must("-n", self.namespace, "link", "set", self._far, "down")

    def plug_in(self) -> None:
        """Take it up again."""
        self._must("-n", self.namespace, "link", "set", self._far, "up")

    def silence(self) -> None:
        """Send every packet to an address that nobody has: it vanishes, and nobody is told. No module needed."""
        wrong = ("lladdr", _NOWHERE, "nud", "permanent")
        self._must("-n", self.namespace, "neigh", "replace", self.here, *wrong, "dev", self._far)
        self._must("neigh", "replace", self.there, *wrong, "dev", self._near)

    def let_speak(self) -> None:
        """Let packets arrive again."""
        self._must("-n", self.namespace, "neigh", "del", self.here, "dev", self._far)
        self._must("neigh", "del", self.there, "dev", self._near)

    def _must(self, *words: str) -> None:
        ran = self._run(*words)
        assert ran.returncode == 0, f"ip {' '.join(words)}: {ran.stderr}"

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self._ip, *words], capture_output=True, text=True, timeout=10, check=False)


@contextmanager
def wire() -> Iterator[Wire]:
    """A wire for the length of a test, which is skipped where none can be laid."""
    ip = shutil.which("ip", path=_PATH)
    if ip is None:
        pytest.skip("ip is missing: apt-get install iproute2")
    laid = Wire(ip)
    try:
        laid.lay()
        yield laid
    finally:
        laid.take_away()

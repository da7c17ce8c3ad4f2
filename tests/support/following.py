"""``edge-gate events follow`` as a process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.messages import IDENTITY, SIGNER
from tests.support.mosquitto import Mosquitto
from tests.support.waiting import wait_for

_SUBSCRIBED = f"{IDENTITY.topics.events} (QoS"


class Following:
    """One run of it."""

    def __init__(self, folder: Path, port: int, *arguments: str) -> None:
        self._out = folder / "followed.jsonl"
        self._err = folder / "followed.err"
        command = [sys.executable, "-m", "edge.commands.app", "events", "follow", "--json", *arguments]
        names = ["--site", IDENTITY.site, "--gate", IDENTITY.gate, "--gate-key", SIGNER.public_key.hex()]
        env = {"EDGE__BROKER__PORT": str(port), "PATH": "", "PYTHONPATH": str(Path(__file__).parents[2])}
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._process = subprocess.Popen([*command, *names], stdout=out, stderr=err, env=env)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.read_text("utf-8").splitlines()]

    @property
    def complaint(self) -> str:
        return self._err.read_text("utf-8")

    def end(self) -> int:
        self._process.terminate()
        return self._process.wait(20)

    def wait(self) -> int:
        return self._process.wait(30)


@contextmanager
def following(folder: Path, broker: Mosquitto, *arguments: str) -> Iterator[Following]:
    before = broker.log.count(_SUBSCRIBED)
    started = Following(folder, broker.port, *arguments)
    try:
        wait_for(lambda: broker.log.count(_SUBSCRIBED) > before, "it subscribes", 30)
        yield started
    finally:
        started.end()

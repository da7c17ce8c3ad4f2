"""A real mosquitto on a free loopback port, with the configuration that a test asks for."""

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.support.waiting import wait_for

HOST = "127.0.0.1"
_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def find_mosquitto() -> str:
    """Return the program; without one skip the test, or fail it where CI promised to have one."""
    program = shutil.which("mosquitto", path=_PATH)
    if program is None and os.environ.get("CI"):
        pytest.fail("mosquitto is missing: apt-get install mosquitto", pytrace=False)
    if program is None:
        pytest.skip("mosquitto is missing: apt-get install mosquitto")
    return program


def free_port() -> int:
    """Return a port on loopback that nobody listens on at the moment."""
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


class Mosquitto:
    """A broker that can be stopped, killed and started again on the same port."""

    def __init__(self, folder: Path, *config: str, is_anonymous: bool = True, port: int | None = None) -> None:
        """``config`` are further lines of mosquitto.conf; they come after the listener."""
        self._program = find_mosquitto()
        self.folder = folder
        self.port = free_port() if port is None else port
        self._log = folder / "mosquitto.log"
        self._config = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text("\n".join(self._lines(is_anonymous, config)) + "\n", encoding="utf-8")

    def _lines(self, is_anonymous: bool, config: tuple[str, ...]) -> list[str]:
        """Return the lines of the configuration."""
        return [
            f"listener {self.port} {HOST}",
            f"allow_anonymous {str(is_anonymous).lower()}",
            "persistence false",
            "log_dest stderr",
            "log_type all",
            "max_queued_messages 0",
            *(["user root"] if os.geteuid() == 0 else []),
            *config,
        ]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Run until it accepts connections."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        wait_for(self._is_listening, "mosquitto listens")

    def stop(self) -> None:
        """End it in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL: nothing is said to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def reload(self) -> None:
        """Let it read its files again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _is_listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"mosquitto ended: {self.log}"
        try:
            with socket.create_connection((HOST, self.port), timeout=1):
                return True
        except OSError:
            return False


def password_file(folder: Path, user: str, password: str) -> Path:
    """Write a mosquitto password file with one user (PBKDF2-SHA512, mosquitto's ``$7$`` form)."""
    import base64
    import hashlib

    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    fields = ("", "7", "101", base64.b64encode(salt).decode(), base64.b64encode(digest).decode())
    path = folder / "passwords"
    path.write_text(f"{user}:{'$'.join(fields)}\n", encoding="utf-8")
    path.chmod(0o600)
    return path

"""A private MQTT 5 broker for the demo: the machine's mosquitto, else an embedded one.

It listens on loopback alone, on a free port, keeps nothing on disk unless told to, and can be taken away and brought
back.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Protocol, Self

from edge.domain.clock import SystemClock
from edge.domain.errors import BrokerError

HOST = "127.0.0.1"
_START_S = 10.0
_STOP_S = 5.0
_POLL_S = 0.02
_FLEETING = ("persistence false",)
_LASTING = ("persistence true", "max_queued_messages 0")
# Debian puts daemons where a plain user's PATH does not look.
_DAEMON_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class _Server(Protocol):
    """One kind of broker."""

    name: str

    def start(self) -> None:
        """Listen, or raise BrokerError."""
        ...

    def stop(self) -> None:
        """Listen no more."""
        ...


class DemoBroker:
    """A context manager around a broker on loopback.

    Attributes:
        host: where to connect to.
        port: the same over ``stop`` and ``start``.
        name: which broker it is, for the screen.
    """

    def __init__(self, *, is_lasting: bool = False) -> None:
        """Take what is asked of it.

        Args:
            is_lasting: it remembers its clients while it is away, and drops nothing however slow they are. Only
                mosquitto can.
        """
        self.host = HOST
        self._is_lasting = is_lasting
        self.port = 0
        self.name = ""
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        """Start the broker.

        Raises:
            BrokerError: there is none on this machine, or it does not start.
        """
        self._folder = tempfile.TemporaryDirectory(prefix="edge-gate-demo-")
        try:
            self.port = _free_port()
            self._server = _server(Path(self._folder.name), self.port, is_lasting=self._is_lasting)
            self.name = self._server.name
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the broker and remove what it wrote."""
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def start(self) -> None:
        """Bring the broker back on the same port; done when it accepts connections.

        Raises:
            BrokerError: it does not come up.
        """
        if self._server is not None:
            self._server.start()

    def stop(self) -> None:
        """Take the broker away. May be repeated."""
        if self._server is not None:
            self._server.stop()


def _server(folder: Path, port: int, *, is_lasting: bool) -> _Server:
    path = os.pathsep.join((os.environ.get("PATH", ""), *_DAEMON_FOLDERS))
    program = shutil.which("mosquitto", path=path)
    if program is None and is_lasting:
        raise BrokerError("mosquitto is not on this machine", hint="apt install mosquitto, then run it again")
    if program is None:
        return _Embedded(folder, port)
    return _Mosquitto(program, folder, port, _LASTING if is_lasting else _FLEETING)


class _Mosquitto:
    """The machine's mosquitto with a configuration of ours."""

    def __init__(self, program: str, folder: Path, port: int, lines: tuple[str, ...]) -> None:
        self.name = _mosquitto_name(program)
        self._folder = folder
        self._port = port
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None
        config = folder / "mosquitto.conf"
        lines = (f"listener {port} {HOST}", "allow_anonymous true", "log_dest stderr", *lines)
        if os.geteuid() == 0:
            lines = (*lines, "user root")  # else it gives up root, and with it our private folder
        config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._command = [program, "-c", str(config)]

    def start(self) -> None:
        """Run it until it listens."""
        if self._process is not None:
            return
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        clock = SystemClock()
        deadline_ns = clock.monotonic_ns() + int(_START_S * 1e9)
        while not _accepts(self._port):
            if self._process.poll() is not None or clock.monotonic_ns() > deadline_ns:
                self.stop()
                said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
                raise BrokerError(
                    f"{self.name} does not start: {' '.join(said) or 'it says nothing'}",
                    hint="try `mosquitto -v` by hand, or take it off the PATH to use the embedded broker",
                )
            threading.Event().wait(_POLL_S)

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_STOP_S)


class _Embedded:
    """rumqttd, from the ``iotcore`` wheel, in a child process."""

    def __init__(self, folder: Path, port: int) -> None:
        try:
            import iotcore
        except ImportError as error:
            raise BrokerError(
                "there is no MQTT broker on this machine",
                hint="apt install mosquitto, or pip install 'edge-gate[demo]' for an embedded one",
            ) from error
        config = folder / "broker.toml"
        config.write_text(_EMBEDDED_CONFIG.format(host=HOST, port=port), encoding="utf-8")
        self.name = f"iotcore {iotcore.__version__} (embedded)"
        self._broker = iotcore.Broker(config_path=str(config))

    def start(self) -> None:
        """Run it until it listens."""
        try:
            self._broker.start(timeout=_START_S)
        except (OSError, RuntimeError) as error:
            raise BrokerError(
                f"{self.name} does not start: {error}", hint="apt install mosquitto to use that instead"
            ) from error

    def stop(self) -> None:
        """End it."""
        self._broker.stop(timeout=_STOP_S)


_EMBEDDED_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 50
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "demo"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 262144
max_inflight_count = 100
dynamic_filters = true
"""


def _mosquitto_name(program: str) -> str:
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False, timeout=_START_S)
    words = said.stdout.split()[:3]  # "mosquitto version 2.0.11"
    return f"mosquitto {words[2]}" if words[:2] == ["mosquitto", "version"] else "mosquitto"


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1.0):
            return True
    except OSError:
        return False

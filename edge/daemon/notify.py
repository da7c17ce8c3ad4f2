"""Talking to systemd: readiness, status and the watchdog (sd_notify(3)), in a datagram; silent without systemd."""

import os
import socket

_PATIENCE_S = 0.5  # a reader that does not read must not hold up the gate


class Notifier:
    """Sends to ``$NOTIFY_SOCKET``; does nothing where there is none."""

    def __init__(self, address: str | None = None) -> None:
        self._address = address if address is not None else os.environ.get("NOTIFY_SOCKET", "")

    def ready(self) -> None:
        """Say that the gate serves: engines proven, camera asked, state open."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Show a line in ``systemctl status``."""
        self._send(f"STATUS={' '.join(text.split())}")

    def alive(self) -> None:
        """Feed the watchdog. Call it only after real progress; :class:`edge.daemon.watchdog.Watchdog` does."""
        self._send("WATCHDOG=1")

    def extend(self, seconds: float) -> None:
        """Ask for more time to start, or to stop, from now on: what is being done takes long, and goes on."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1_000_000)}")

    def stopping(self) -> None:
        """Say that the gate shuts down."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(_PATIENCE_S)
                sender.sendto(message.encode(), address)
        except OSError:
            return  # systemd then restarts the unit, which is what a lost watchdog is for

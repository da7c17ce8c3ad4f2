"""Hands the metrics to whoever scrapes them, on loopback, and lets nobody take anything else from the gate.

One thread, one connection at a time, little patience. A scraper that is slow, silent, greedy or hostile keeps other
scrapers waiting and nobody else: the text is made at most once a second, answers come at most twenty times a second,
and a connection that has not asked and taken everything in two seconds is closed. Own code, because the server that
comes with the library gives every connection a thread and waits for ever.
"""

import socket
import threading
from collections.abc import Callable
from typing import Final

import structlog

from edge.domain.clock import Clock

LOOPBACK: Final = "127.0.0.1"
PATIENCE_S: Final = 2.0
_MOST_REQUEST_BYTES: Final = 4_096
_TEXT_LIVES_NS: Final = 1_000_000_000
_PAUSE_S: Final = 0.05
_LOOK_S: Final = 0.5
_OWN_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

log = structlog.get_logger(__name__)


class MetricsEndpoint:
    """``GET /metrics``, on a thread of its own."""

    def __init__(
        self, text: Callable[[], bytes], content_type: str, clock: Clock, *, port: int, host: str = LOOPBACK
    ) -> None:
        """Take everything; listen to nothing yet.

        Args:
            text: makes what is handed out; called on the endpoint's thread.
            content_type: of it.
            clock: time.
            port: TCP port; 0 = any that is free.
            host: address to listen on.
        """
        self._text = text
        self._content_type = content_type
        self._clock = clock
        self._address = (host, port)
        self._is_loopback = host == LOOPBACK
        self._made: tuple[int, bytes] | None = None
        self._listener: socket.socket | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_failing = False

    @property
    def port(self) -> int | None:
        """Where it listens; None = it does not."""
        return None if self._listener is None else int(self._listener.getsockname()[1])

    def start(self) -> bool:
        """Begin to listen; return whether that worked. A gate works without its metrics, so nothing is raised."""
        try:
            self._listener = socket.create_server(self._address, backlog=8)
        except OSError as error:
            log.warning(
                "metrics.refused", port=self._address[1], error=error.strerror, hint="set another metrics.port"
            )
            return False
        self._listener.settimeout(_LOOK_S)
        self._thread = threading.Thread(target=self._run, args=(self._listener,), name="metrics", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """End the thread. Bounded; may be repeated."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(PATIENCE_S + 2 * _LOOK_S)
        if self._listener is not None:
            self._listener.close()

    def _run(self, listener: socket.socket) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:  # no file descriptor is left, or the like
                self._stopping.wait(_LOOK_S)
                continue
            with connection:
                self._deal_with(connection)
            self._stopping.wait(_PAUSE_S)

    def _deal_with(self, connection: socket.socket) -> None:
        """Answer one connection; whatever it does or fails at ends it and nothing else."""
        try:
            request = self._request(connection)
            if request is not None:
                connection.sendall(self._answer(request))
                connection.shutdown(socket.SHUT_WR)
            self._is_failing = False
        except OSError:
            return
        except Exception:
            if not self._is_failing:
                log.exception("metrics.failed")
            self._is_failing = True

    def _request(self, connection: socket.socket) -> bytes | None:
        """Return the head of a request; None if none comes whole, soon and short."""
        deadline_ns = self._clock.monotonic_ns() + int(PATIENCE_S * 1e9)
        head = b""
        while b"\r\n\r\n" not in head:
            left_s = (deadline_ns - self._clock.monotonic_ns()) / 1e9
            if left_s <= 0 or len(head) > _MOST_REQUEST_BYTES or self._stopping.is_set():
                return None
            connection.settimeout(left_s)
            more = connection.recv(_MOST_REQUEST_BYTES)
            if not more:
                return None
            head += more
        connection.settimeout(max(0.1, (deadline_ns - self._clock.monotonic_ns()) / 1e9))
        return head

    def _answer(self, head: bytes) -> bytes:
        lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/1."):
            return _response("400 Bad Request", b"")
        if not self._is_own_name(lines[1:]):  # a web page whose name was pointed at this machine
            return _response("403 Forbidden", b"")
        if words[0] != "GET":
            return _response("405 Method Not Allowed", b"", "Allow: GET")
        if words[1].partition("?")[0] != "/metrics":
            return _response("404 Not Found", b"")
        return _response("200 OK", self._fresh_text(), f"Content-Type: {self._content_type}")

    def _is_own_name(self, fields: list[str]) -> bool:
        if not self._is_loopback:
            return True
        hosts = [line.partition(":")[2].strip() for line in fields if line.lower().startswith("host:")]
        names = {host if host.endswith("]") else host.rpartition(":")[0] or host for host in hosts}
        return names <= _OWN_NAMES

    def _fresh_text(self) -> bytes:
        now_ns = self._clock.monotonic_ns()
        if self._made is None or now_ns - self._made[0] >= _TEXT_LIVES_NS:
            self._made = (now_ns, self._text())
        return self._made[1]


def _response(status: str, body: bytes, *fields: str) -> bytes:
    head = (f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}", "Cache-Control: no-store")
    return "\r\n".join((*head, "Connection: close", "", "")).encode("ascii") + body

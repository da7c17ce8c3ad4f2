"""The page's server: standard library, this machine alone, until ctrl-C."""

import http.server
import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from edge.domain.errors import UsageError
from training.review.guard import ADDRESS, HEADERS, MOST_BODY_BYTES, Asked
from training.review.routes import Answer, Routes, told

_QUIET_S = 20.0  # a connection on which nothing comes is closed


class ReviewServer(http.server.ThreadingHTTPServer):
    """Listens on 127.0.0.1. Use as a context manager; ``serve_forever`` serves.

    Args:
        port: 0 = a free one.
        routes_of: makes the routes of the port that it became.

    Raises:
        UsageError: the port is taken.
    """

    daemon_threads = True

    def __init__(self, port: int, routes_of: Callable[[int], Routes]) -> None:
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise UsageError(
                f"the port {port} cannot be used: {error.strerror}", hint="name another one, or none: --port"
            ) from error
        self.routes = routes_of(self.server_port)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away; anything else is a fault of ours and is printed."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def page_address(self) -> str:
        """What the reviewer opens."""
        return self.routes.guard.page_address


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _QUIET_S
    server: ReviewServer

    def do_GET(self) -> None:
        self._respond(self.server.routes.answer(self._asked(b"")))

    def do_POST(self) -> None:
        asked = self._asked(b"")
        if self.server.routes.guard.refusal(asked):
            self.close_connection = True  # its body is not read
            self._respond(self.server.routes.answer(asked))
            return
        length = asked.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BODY_BYTES or "transfer-encoding" in asked.headers:
            self.close_connection = True
            self._respond(told(413, "that is too long, or its length is not said"))
            return
        self._respond(self.server.routes.answer(self._asked(self.rfile.read(int(length)))))

    def _asked(self, body: bytes) -> Asked:
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        return Asked(self.command, self.path, headers, body)

    def _respond(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class's
        """Answer what the parser refused, in our words: its own page would repeat what was sent."""
        self.close_connection = True
        self._respond(told(code, HTTPStatus(code).phrase))

    def version_string(self) -> str:
        return "edge-gate"

    def log_message(self, *_: Any) -> None:
        """Say nothing: every path holds the token."""

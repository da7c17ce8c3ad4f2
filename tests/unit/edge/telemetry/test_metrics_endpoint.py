"""The endpoint against scrapers that are slow, silent, greedy or hostile: they keep nobody but scrapers waiting."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge.domain.clock import SystemClock
from edge.telemetry import metrics_endpoint
from edge.telemetry.metrics_endpoint import LOOPBACK, MetricsEndpoint
from tests.support.waiting import wait_for


class Text:
    """What is handed out, and how often it was made."""

    def __init__(self) -> None:
        self.made = 0
        self.is_broken = False

    def __call__(self) -> bytes:
        self.made += 1
        if self.is_broken:
            raise ZeroDivisionError
        return b"edge_gate_frames_total 1.0\n"


@contextmanager
def endpoint(text: Text | None = None, host: str = LOOPBACK) -> Iterator[MetricsEndpoint]:
    served = MetricsEndpoint(text or Text(), "text/plain; version=0.0.4", SystemClock(), port=0, host=host)
    assert served.start()
    try:
        yield served
    finally:
        served.stop()


def ask(served: MetricsEndpoint, method: str = "GET", path: str = "/metrics", **fields: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, served.port, timeout=15)
    try:
        connection.request(method, path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def raw(served: MetricsEndpoint, sent: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, int(served.port or 0)), timeout=15) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def test_metrics_are_handed_out() -> None:
    with endpoint() as served:
        assert ask(served) == (200, b"edge_gate_frames_total 1.0\n")
        assert ask(served, path="/metrics?name[]=x")[0] == 200


def test_it_listens_on_loopback_alone() -> None:
    with endpoint() as served:
        assert served._listener is not None
        assert served._listener.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/../etc/passwd", 404), ("POST", "/metrics", 405), ("DELETE", "/metrics", 405)],
)
def test_there_is_nothing_else_and_nothing_to_change(method: str, path: str, status: int) -> None:
    with endpoint() as served:
        assert ask(served, method, path) == (status, b"")


def test_a_web_page_under_another_name_is_refused() -> None:
    with endpoint() as served:
        for name in ("evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example:1"):
            assert ask(served, Host=name)[0] == 403
        for name in ("localhost", "localhost:9464", "127.0.0.1:1", "[::1]", "[::1]:9464"):
            assert ask(served, Host=name)[0] == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\r\n\r\n",
        b"GET /metrics\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
        b"GET /metrics HTTP/1.1\r\n" + b"x" * 100_000,
        b"GET " + b"/" * 9_000 + b" HTTP/1.1\r\n\r\n",
        b"\xff" * 4_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_rubbish_ends_its_own_connection_alone(sent: bytes) -> None:
    with endpoint() as served:
        try:
            answer = raw(served, sent)
        except OSError:
            answer = b""
        assert b"edge_gate" not in answer
        assert ask(served)[0] == 200


def test_scrapers_that_hang_are_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_endpoint, "PATIENCE_S", 0.3)
    with endpoint() as served:
        port = int(served.port or 0)
        silent = [socket.create_connection((LOOPBACK, port)) for _ in range(4)]
        dripping = socket.create_connection((LOOPBACK, port))
        is_over = threading.Event()

        def drip() -> None:
            while not is_over.wait(0.05):
                try:
                    dripping.sendall(b"G")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            assert ask(served)[0] == 200  # behind five that hang, each for 0.3 s
            wait_for(lambda: not thread.is_alive(), "the dripping one is closed", 10)
        finally:
            is_over.set()
            thread.join()
            for connection in (*silent, dripping):
                connection.close()
    assert threading.active_count() < 20


def test_one_that_never_reads_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_endpoint, "PATIENCE_S", 0.3)

    class Large(Text):
        def __call__(self) -> bytes:
            return b"x" * 50_000_000

    with endpoint(Large()) as served, socket.create_connection((LOOPBACK, int(served.port or 0))) as greedy:
        greedy.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert ask(served, path="/")[0] == 404


def test_the_text_is_made_once_a_second_at_most_however_many_ask() -> None:
    text = Text()
    with endpoint(text) as served:
        begun_s = time.monotonic()
        for _ in range(12):
            assert ask(served)[0] == 200
        took_s = time.monotonic() - begun_s
    assert text.made <= took_s + 1
    assert took_s > 11 * 0.05  # a flood is slowed down


def test_a_defect_in_the_text_ends_neither_thread_nor_gate(capsys: pytest.CaptureFixture[str]) -> None:
    text = Text()
    text.is_broken = True
    with endpoint(text) as served:
        for _ in range(3):
            with pytest.raises((http.client.HTTPException, OSError)):
                ask(served)
        text.is_broken = False
        assert ask(served)[0] == 200
    assert capsys.readouterr().out.count("metrics.failed") == 1


def test_a_port_that_is_taken_is_told_and_costs_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as other:
        served = MetricsEndpoint(Text(), "text/plain", SystemClock(), port=other.getsockname()[1])
        assert not served.start()
        assert served.port is None
        served.stop()
    assert "metrics.refused" in capsys.readouterr().out


def test_a_stop_does_not_wait_for_a_scraper() -> None:
    with endpoint() as served, socket.create_connection((LOOPBACK, int(served.port or 0))):
        begun_s = time.monotonic()
        served.stop()
        served.stop()
        assert time.monotonic() - begun_s < 10
        assert served._thread is not None
        assert not served._thread.is_alive()

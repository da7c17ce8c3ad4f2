"""The server over a real socket: this machine alone, bounded requests, headers that keep the page to itself."""

import http.client
import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from edge.domain.errors import UsageError
from tests.support.review_scene import ReviewScene, portraits
from training.review.guard import MOST_BODY_BYTES
from training.review.server import ReviewServer


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> ReviewScene:
    return ReviewScene(tmp_path_factory.mktemp("served") / "data", portraits(people=1, trusted=0, open_=1))


@pytest.fixture
def address(scene: ReviewScene) -> Iterator[str]:
    with scene.served("rita") as page:
        yield page


def connected(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)


def raw(address: str, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=10) as line:
        line.sendall(request)
        answer = b""
        while part := line.recv(65536):
            answer += part
        return answer


def test_it_listens_on_this_machine_alone(scene: ReviewScene, address: str) -> None:
    assert urlsplit(address).hostname == "127.0.0.1"
    assert len(urlsplit(address).path) > 40
    with scene.session("ralf").open() as session, ReviewServer(0, lambda p: scene.routes(session, p)) as server:
        assert server.server_address[0] == "127.0.0.1"
        assert server.page_address != address


def test_every_answer_has_the_headers_and_nothing_is_logged(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    connection = connected(address)
    for path, status in ((urlsplit(address).path, 200), ("/", 403), ("/favicon.ico", 403)):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "edge-gate"
        assert "Access-Control-Allow-Origin" not in answer.headers
    connection.close()
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_page_of_a_rebound_name_gets_nothing(address: str) -> None:
    connection = connected(address)
    connection.request("GET", urlsplit(address).path, headers={"Host": "evil.example"})
    assert connection.getresponse().status == 403
    connection.close()


def test_decisions_go_through_with_the_right_headers_and_long_ones_do_not(scene: ReviewScene, address: str) -> None:
    origin = f"http://{urlsplit(address).netloc}"
    path = urlsplit(address).path + "api/undo"
    good = {"Origin": origin, "Content-Type": "application/json"}
    for headers, body, status in (
        (good, b"{}", 200),
        (good, b"{" + b" " * MOST_BODY_BYTES + b"}", 413),
        ({"Content-Type": "application/json"}, b"{}", 403),
        (good, b"nonsense", 400),
    ):
        connection = connected(address)
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        assert answer.status == status
        json.loads(answer.read())
        connection.close()


def test_odd_requests_are_refused_in_our_words(address: str) -> None:
    host = urlsplit(address).netloc
    path = urlsplit(address).path
    double = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert raw(address, double.encode()).startswith(b"HTTP/1.1 403")
    put = f"PUT {path}<script> HTTP/1.1\r\nHost: {host}\r\n\r\n"
    answer = raw(address, put.encode())
    assert b" 501 " in answer.splitlines()[0]
    assert b"<script>" not in answer
    chunked = (
        f"POST {path}api/undo HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    )
    assert b" 413 " in raw(address, chunked.encode()).splitlines()[0]
    assert b" 414 " in raw(address, b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n").splitlines()[0]


def test_a_port_that_is_taken_is_told(scene: ReviewScene, address: str) -> None:
    with scene.session("ralf").open() as session, pytest.raises(UsageError, match="cannot be used"):
        ReviewServer(urlsplit(address).port or 0, lambda p: scene.routes(session, p))

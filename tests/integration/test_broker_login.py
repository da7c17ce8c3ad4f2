"""One login to a real mosquitto, as ``edge-gate check`` tries it."""

import socket
import time
from pathlib import Path

import pytest

from edge.domain.errors import BrokerError
from edge.messaging.login import try_login
from edge.messaging.options import BrokerOptions, TlsOptions
from tests.support.bus import gate, some_options
from tests.support.certificates import TestAuthority
from tests.support.mosquitto import HOST, Mosquitto, free_port, password_file
from tests.support.waiting import wait_for

pytestmark = pytest.mark.broker


def refused(options: BrokerOptions, *, patience_s: float = 3.0) -> BrokerError:
    with pytest.raises(BrokerError) as caught:
        try_login(options, patience_s=patience_s)
    assert caught.value.hint
    return caught.value


def test_a_broker_that_lets_us_in_is_left_again_with_nothing_behind(mosquitto: Mosquitto) -> None:
    try_login(some_options(mosquitto.port))
    wait_for(lambda: "gate1-check disconnected" in mosquitto.log, "it has left")
    assert "PUBLISH" not in mosquitto.log
    assert "SUBSCRIBE" not in mosquitto.log


def test_a_running_gate_is_not_thrown_out(mosquitto: Mosquitto) -> None:
    with gate(some_options(mosquitto.port)) as a_gate:
        wait_for(lambda: "New client connected" in mosquitto.log, "the gate is there")
        try_login(some_options(mosquitto.port))
        assert "already connected" not in mosquitto.log
        assert all(link.fault is None for link in a_gate.links)


def test_a_refused_login_and_an_absent_broker_are_two_things(tmp_path: Path) -> None:
    users = password_file(tmp_path, "gate1", "right")
    secret = tmp_path / "secret"
    with Mosquitto(tmp_path, f"password_file {users}", is_anonymous=False) as broker:
        secret.write_text("right\n")
        secret.chmod(0o600)
        try_login(some_options(broker.port, user=("gate1", secret)))
        secret.write_text("wrong\n")
        login = refused(some_options(broker.port, user=("gate1", secret)))
        anonymous = refused(some_options(broker.port))
    absent = refused(some_options(free_port()))
    for fault in (login, anonymous):
        assert "refused the login" in str(fault)
        assert "broker.username" in fault.hint
    assert "cannot be reached" in str(absent)
    assert "broker runs" in absent.hint


def test_a_port_that_never_answers_is_not_waited_for_longer_than_said() -> None:
    with socket.create_server((HOST, 0)) as mute:
        start_s = time.monotonic()
        fault = refused(some_options(mute.getsockname()[1]), patience_s=0.5)
        assert time.monotonic() - start_s < 5
    assert "does not answer the login" in str(fault)


def test_tls_is_what_the_gate_itself_will_ask_for(tmp_path: Path) -> None:
    authority, stranger = TestAuthority(tmp_path, "ca"), TestAuthority(tmp_path, "stranger")
    server, client = authority.issue("broker", "localhost"), authority.issue("gate1")
    lines = (f"cafile {authority.ca_file}", f"certfile {server.cert_file}", f"keyfile {server.key_file}")
    with Mosquitto(tmp_path, *lines, "require_certificate true") as broker:

        def options(ca_file: Path, cert_file: Path | None, key_file: Path | None) -> BrokerOptions:
            tls = TlsOptions(ca_file=ca_file, cert_file=cert_file, key_file=key_file)
            return some_options(broker.port, host="localhost", tls=tls)

        try_login(options(authority.ca_file, client.cert_file, client.key_file))
        unproven = refused(options(stranger.ca_file, client.cert_file, client.key_file))
        assert "certificate" in str(unproven)
        refused(options(authority.ca_file, None, None))
        refused(some_options(broker.port, host="localhost"))

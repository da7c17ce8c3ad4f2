import ssl

import pytest

from edge.messaging.link import Link, LinkState, failed_connect, lost_connection, refused_certificate, refused_login


def hint_of(link: Link) -> str:
    assert link.fault is not None
    assert link.fault.exit_code == 5
    return link.fault.hint


@pytest.mark.parametrize("code", [0x01, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C])
def test_what_the_same_login_gets_again_is_a_refusal(code: int) -> None:
    link = refused_login("broker:1883", code, "some reason")
    assert link.state is LinkState.REFUSED
    assert "broker:1883" in str(link.fault)
    assert "some reason" in str(link.fault)
    assert hint_of(link)


@pytest.mark.parametrize("code", [0x88, 0x89, 0x97, 0x9F, 0x80])
def test_what_may_pass_by_itself_is_no_refusal(code: int) -> None:
    link = refused_login("broker:1883", code, "busy")
    assert link.state is LinkState.AWAY
    assert hint_of(link)


def test_a_bad_password_says_where_to_look() -> None:
    assert "password" in hint_of(refused_login("b:1", 0x86, "Bad user name or password"))


def test_a_stolen_client_id_is_named() -> None:
    assert "took over" in hint_of(lost_connection("b:1", 0x8E, "Session taken over"))
    assert "client_id" in hint_of(lost_connection("b:1", None, "Unspecified error"))


def test_a_certificate_that_is_not_trusted_is_a_refusal() -> None:
    error = ssl.SSLCertVerificationError("bad")
    error.verify_message = "self-signed certificate"
    link = failed_connect("b:8883", error)
    assert link.state is LinkState.REFUSED
    assert "self-signed" in str(link.fault)
    assert "ca_file" in hint_of(link)


@pytest.mark.parametrize(
    "error", [ConnectionRefusedError(111, "Connection refused"), TimeoutError(), ssl.SSLError("x")]
)
def test_what_cannot_be_reached_is_away(error: OSError) -> None:
    link = failed_connect("b:1883", error)
    assert link.state is LinkState.AWAY
    assert hint_of(link)


@pytest.mark.parametrize(
    ("alert", "words", "hint"),
    [
        ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "certificate required", "cert_file"),
        ("SSLV3_ALERT_CERTIFICATE_EXPIRED", "certificate expired", "renew"),
        ("SSLV3_ALERT_CERTIFICATE_REVOKED", "certificate revoked", "revoked"),
        ("TLSV1_ALERT_UNKNOWN_CA", "unknown ca", "another CA"),
        ("TLSV1_ALERT_SOMETHING_NEW", "something new", "broker's cafile"),
    ],
)
def test_a_refused_certificate_says_why(alert: str, words: str, hint: str) -> None:
    link = refused_certificate("broker:8883", alert)
    assert link.state is LinkState.REFUSED
    assert link.fault is not None
    assert words in str(link.fault)
    assert hint in link.fault.hint

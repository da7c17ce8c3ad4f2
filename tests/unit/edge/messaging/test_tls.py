import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from edge.domain.errors import BrokerError
from edge.messaging.options import TlsOptions
from edge.messaging.tls import client_certificate, client_context
from tests.support.certificates import TestAuthority


@pytest.fixture
def good(tmp_path: Path) -> TlsOptions:
    authority = TestAuthority(tmp_path, "ca")
    pair = authority.issue("gate1")
    return TlsOptions(ca_file=authority.ca_file, cert_file=pair.cert_file, key_file=pair.key_file)


def test_nothing_is_left_to_chance(good: TlsOptions) -> None:
    context = client_context(good)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert len(context.get_ca_certs()) == 1


def test_a_missing_or_broken_file_is_a_fault_with_a_hint(good: TlsOptions, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", encoding="utf-8")
    empty = tmp_path / "empty.pem"
    empty.touch()
    other = TestAuthority(tmp_path, "other").issue("gate2")
    for options in (
        replace(good, ca_file=tmp_path / "missing.pem"),
        replace(good, ca_file=broken),
        replace(good, ca_file=empty),
        replace(good, cert_file=tmp_path / "missing.pem"),
        replace(good, key_file=other.key_file),
    ):
        with pytest.raises(BrokerError) as caught:
            client_context(options)
        assert str(options.ca_file) in caught.value.hint


def test_an_encrypted_key_does_not_ask_on_the_terminal(good: TlsOptions) -> None:
    assert good.key_file is not None
    key = serialization.load_pem_private_key(good.key_file.read_bytes(), None)
    good.key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"x"),
        )
    )
    with pytest.raises(BrokerError, match="passphrase"):
        client_context(good)


def test_a_key_that_others_may_read_is_refused(good: TlsOptions) -> None:
    assert good.key_file is not None
    good.key_file.chmod(0o644)
    with pytest.raises(BrokerError, match="0644") as caught:
        client_context(good)
    assert "chmod 600" in caught.value.hint


def test_our_certificate_says_who_we_are_and_until_when(good: TlsOptions, tmp_path: Path) -> None:
    assert good.cert_file is not None
    certificate = client_certificate(good.cert_file)
    assert certificate.name == "gate1"
    assert certificate.ends_utc.tzinfo is not None
    for file in (tmp_path / "missing.pem", good.key_file, tmp_path):
        assert file is not None
        with pytest.raises(BrokerError, match="no certificate"):
            client_certificate(file)

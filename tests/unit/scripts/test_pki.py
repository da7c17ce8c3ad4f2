"""The test CA: short lives, private keys, and names that nobody can borrow rights with."""

import datetime as dt
import shutil
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.support.fleet_broker import Pki, users_of

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing: apt-get install openssl")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki") / "ca")


def certificate(pki: Pki, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((pki.folder / f"{name}.crt").read_bytes())


def test_certificates_live_ninety_days_and_serve_one_purpose(pki: Pki) -> None:
    pki.run("broker", "broker", "broker.example", "192.0.2.1")
    pki.run("gate", "lobby")
    for name, usage in (
        ("broker", ExtendedKeyUsageOID.SERVER_AUTH),
        ("lobby", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        made = certificate(pki, name)
        assert made.not_valid_after_utc - made.not_valid_before_utc == dt.timedelta(days=90)
        assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [usage]
        assert made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
        made.verify_directly_issued_by(certificate(pki, "gate-ca"))
    names = certificate(pki, "broker").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["192.0.2.1"]


def test_keys_are_private_and_the_script_says_that_it_is_for_tests(pki: Pki) -> None:
    said = pki.run("gate", "private")
    assert "TEST CA" in said
    assert "not for a site" in said
    for key in ("private.key", "gate-ca.key"):
        assert stat.S_IMODE((pki.folder / key).stat().st_mode) == 0o600
    assert "TEST" in certificate(pki, "gate-ca").subject.rfc4514_string()


def test_no_gate_is_called_as_somebody_with_other_rights(pki: Pki) -> None:
    users = users_of("acl") | users_of("acl-center")
    assert {"backend", "backend-2", "lobby-kiosk", "lobby-reader", "north-bridge"} <= users
    for name in (*users, "broker", "fleet", "gate-ca", "../lobby", "Lobby", "a" * 64, "", "+", "#"):
        refused = pki.try_run("gate", name)
        assert refused.returncode == 2, name
        assert "pki.sh:" in refused.stderr
    assert not (pki.folder.parent / "lobby.crt").exists()


def test_a_revoked_certificate_is_on_the_list_and_a_ca_is_never_overwritten(pki: Pki) -> None:
    pki.run("gate", "stolen")
    pki.run("revoke", "stolen")
    listed = x509.load_pem_x509_crl((pki.folder / "gate-ca.crl").read_bytes())
    serial = certificate(pki, "stolen").serial_number
    assert listed.get_revoked_certificate_by_serial_number(serial) is not None
    before = listed.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    pki.run("crl")
    again = x509.load_pem_x509_crl((pki.folder / "gate-ca.crl").read_bytes())
    assert again.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number > before
    assert again.get_revoked_certificate_by_serial_number(serial) is not None
    assert pki.try_run("revoke", "stolen").returncode == 2
    assert pki.try_run("init").returncode == 2


@pytest.mark.parametrize("words", [(), ("gate",), ("broker", "b"), ("revoke", "nobody"), ("no-such-command",)])
def test_a_wrong_call_is_told(pki: Pki, words: tuple[str, ...], tmp_path: Path) -> None:
    refused = pki.try_run(*(words or ("",)))
    assert refused.returncode == 2
    assert not list(tmp_path.iterdir())

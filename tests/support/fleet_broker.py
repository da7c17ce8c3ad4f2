"""The broker of ``deploy/mosquitto`` with certificates of ``scripts/pki.sh``: what is shipped is what is tested."""

import datetime as dt
import os
import re
import subprocess
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.messaging.options import BrokerOptions, TlsOptions
from tests.support.bus import some_options
from tests.support.mosquitto import HOST, Mosquitto

REPOSITORY: Final = Path(__file__).parents[2]
SHIPPED: Final = REPOSITORY / "deploy" / "mosquitto"
SITE: Final = "north"
_PKI = REPOSITORY / "scripts" / "pki.sh"


class Pki:
    """A CA in a folder, made if it is not there and used by ``scripts/pki.sh``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / "gate-ca.key").exists():
            self.run("init")

    def run(self, command: str, *words: str) -> str:
        """Run one command of the script and return what it says; fail if it fails."""
        ran = self.try_run(command, *words)
        assert ran.returncode == 0, ran.stderr
        return ran.stderr

    def try_run(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command of the script."""
        return subprocess.run(
            [_PKI, command, self.folder, *words], capture_output=True, text=True, timeout=30, check=False
        )

    def tls(self, name: str | None, ca_file: Path | None = None) -> TlsOptions:
        """Return the options of a client that shows the certificate ``name``; None = it shows none."""
        ca_file = ca_file or self.folder / "gate-ca.crt"
        if name is None:
            return TlsOptions(ca_file=ca_file)
        return TlsOptions(
            ca_file=ca_file, cert_file=self.folder / f"{name}.crt", key_file=self.folder / f"{name}.key"
        )


class FleetBroker(Mosquitto):
    """The shipped configuration, with a folder, a port and a user of the test's in place of the machine's.

    Attributes:
        settings: lines of the shipped file that the test changes, by their first word.
    """

    def __init__(self, folder: Path, *config: str, acl: str = "acl", server: str = "broker", **settings: str) -> None:
        """``config`` are lines that come after the shipped ones; ``server`` names the broker's own certificate."""
        (folder / "lib").mkdir(exist_ok=True)
        self._acl, self._server, self._settings = acl, server, settings
        super().__init__(folder, *config)

    def _lines(self, is_anonymous: bool, config: tuple[str, ...]) -> list[str]:
        (self.folder / "acl").write_bytes((SHIPPED / self._acl).read_bytes())
        (self.folder / "acl").chmod(0o600)
        return [*self._on_this_machine((SHIPPED / "mosquitto.conf").read_text("utf-8")), *config, "log_type all"]

    def _on_this_machine(self, shipped: str) -> list[str]:
        changes = {
            "listener": f"listener {self.port} {HOST}",
            "user": "user root" if os.geteuid() == 0 else "",
            "certfile": f"certfile {self.folder}/certs/{self._server}.crt",
            "keyfile": f"keyfile {self.folder}/certs/{self._server}.key",
            "socket_domain": "",  # a listener with an address needs none
            **{name: f"{name} {value}" for name, value in self._settings.items()},
        }
        lines = [changes.get(line.partition(" ")[0], line) for line in shipped.splitlines()]
        moved = (
            line.replace("/etc/mosquitto/", f"{self.folder}/").replace("/var/lib/mosquitto/", f"{self.folder}/lib/")
            for line in lines
        )
        return [line for line in moved if not line.startswith("#")]


def fleet_options(broker: Mosquitto, tls: TlsOptions, client_id: str, *, host: str = "localhost") -> BrokerOptions:
    """Return options with short waits; a refusal waits as long as the others, unless the test asks otherwise."""
    return some_options(broker.port, client_id, host=host, tls=tls)


def users_of(acl: str) -> frozenset[str]:
    """Return the users that an access list of ``deploy/mosquitto`` names."""
    return frozenset(re.findall(r"^user (\S+)$", (SHIPPED / acl).read_text("utf-8"), re.MULTILINE))


def signed_by(
    pki: Pki, name: str, *, hosts: tuple[str, ...] = (), is_server: bool = False, days: int = 1, cn: str | None = None
) -> None:
    """Let the CA sign what its script would not: a certificate that ended (``days`` below 0), or of a wrong kind."""
    ca_key = serialization.load_pem_private_key((pki.folder / "gate-ca.key").read_bytes(), None)
    ca = x509.load_pem_x509_certificate((pki.folder / "gate-ca.crt").read_bytes())
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    usage = ExtendedKeyUsageOID.SERVER_AUTH if is_server else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn or name)]))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=30))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    certificate = builder.sign(ca_key, hashes.SHA256())
    (pki.folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = pki.folder / f"{name}.key"
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    key_file.chmod(0o600)

"""The TLS side of the broker connection: TLS 1.3, our CA alone, host name checked, no way to switch that off."""

import datetime as dt
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from edge.domain.errors import BrokerError
from edge.messaging.options import TlsOptions
from edge.trust.private_file import exposure


class ClientContext(ssl.SSLContext):
    """A context that remembers why the other side refused us.

    Attributes:
        alert: name of the alert that ended the latest connection, such as ``SSLV3_ALERT_CERTIFICATE_REVOKED``. In TLS
            1.3 the broker looks at our certificate after we think that the connection stands, so this comes with the
            first read; the client library keeps it to itself.
    """

    alert: str | None = None


class _HeardSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails (the client library drops it unclosed), and notes alerts."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the standard library's signature
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if isinstance(self.context, ClientContext):
                self.context.alert = error.reason
            raise


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What our own certificate says.

    Attributes:
        name: its common name: the broker's user name for us.
        ends_utc: when it ends.
    """

    name: str
    ends_utc: dt.datetime


def client_certificate(file: Path) -> ClientCertificate:
    """Read the certificate that we show.

    Raises:
        BrokerError: it cannot be read, or names nobody.
    """
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (OSError, ValueError) as error:
        raise BrokerError(
            f"{file} is no certificate with one common name",
            hint="set broker.cert_file to the gate's own certificate, PEM, the gate's certificate first",
        ) from error
    return ClientCertificate(str(name.value), certificate.not_valid_after_utc)


def client_context(options: TlsOptions) -> ClientContext:
    """Return the context of the connection.

    Raises:
        BrokerError: a file is missing or is no certificate, the key does not belong to the certificate, or others
            may read the key.
    """
    context = ClientContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name by default
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.sslsocket_class = _HeardSocket
    try:
        context.load_verify_locations(cafile=options.ca_file)
        if options.cert_file is not None:
            _refuse_exposed(options.key_file or options.cert_file)
            context.load_cert_chain(options.cert_file, options.key_file, password=_no_passphrase)
    except (OSError, ValueError) as error:
        files = ", ".join(str(f) for f in (options.ca_file, options.cert_file, options.key_file) if f is not None)
        raise BrokerError(
            f"TLS to the broker cannot be set up: {error}",
            hint=f"check that these are readable PEM files that belong together: {files}",
        ) from error
    return context


def _refuse_exposed(key_file: Path) -> None:
    problem = exposure(key_file)
    if problem is not None:
        raise BrokerError(
            f"the key of the client certificate is no secret: {problem}",
            hint="make a new key and certificate if others may have read it, then chmod 600 for the gate's user",
        )


def _no_passphrase() -> bytes:
    """Refuse an encrypted key instead of asking on a terminal that a daemon does not have."""
    raise ValueError("the key is encrypted with a passphrase")

"""The TLS side of the broker connection: TLS 1.3, our CA alone, host name checked, no way to switch that off."""

import ssl

from edge.domain.errors import BrokerError
from edge.messaging.options import TlsOptions


class _ClosingSocket(ssl.SSLSocket):
    """Closes itself when the handshake fails: the client library drops it unclosed."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - the standard library's signature
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def client_context(options: TlsOptions) -> ssl.SSLContext:
    """Return the context of the connection.

    Raises:
        BrokerError: a file is missing or is no certificate, or the key does not belong to the certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and host name by default
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.sslsocket_class = _ClosingSocket
    try:
        context.load_verify_locations(cafile=options.ca_file)
        if options.cert_file is not None:
            context.load_cert_chain(options.cert_file, options.key_file, password=_no_passphrase)
    except (OSError, ValueError) as error:
        files = ", ".join(str(f) for f in (options.ca_file, options.cert_file, options.key_file) if f is not None)
        raise BrokerError(
            f"TLS to the broker cannot be set up: {error}",
            hint=f"check that these are readable PEM files that belong together: {files}",
        ) from error
    return context


def _no_passphrase() -> bytes:
    """Refuse an encrypted key instead of asking on a terminal that a daemon does not have."""
    raise ValueError("the key is encrypted with a passphrase")

"""How to reach the broker: one frozen value that the composition root makes of the settings."""

from dataclasses import dataclass
from pathlib import Path

from edge.domain.errors import BrokerError
from edge.trust.private_file import exposure


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsOptions:
    """TLS 1.3 with the broker's own CA; the host name is always checked.

    Attributes:
        ca_file: CA certificates that may vouch for the broker, PEM. No system CA is trusted.
        cert_file: client certificate, PEM; None = the broker asks for none.
        key_file: key of the client certificate, PEM; mode 0600, or a credential of the service.
    """

    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """A broker and how patiently to deal with it.

    Attributes:
        host: name or address; with TLS it must be in the broker's certificate.
        port: TCP port.
        client_id: fixed, one per gate: a second client with it would throw this one out. With a client certificate
            it is the certificate's common name.
        username: None = none is sent.
        password_file: file that holds the password alone; mode 0600, or a credential of the service.
        tls: None = plain TCP, for loopback.
        keepalive_s: silence after which the connection is probed.
        connect_timeout_s: most seconds for TCP and TLS to come up.
        session_expiry_s: how long the broker keeps our session when we are away; 0 = start clean every time.
        will_delay_s: seconds the broker waits with our last will, so that a short break is no death.
        least_backoff_s: first wait before a new attempt, doubled each time.
        most_backoff_s: longest wait, and at once the wait after a refused login. With it what
            waits is delivered within a minute of a broker's return.
        decision_expiry_s: after so long the broker drops an undelivered decision. (What a decision may open ends
            much earlier, with its signed ``expirytime``; this bounds the broker's queues.)
        farewell_s: most seconds to wait at a stop for the broker to confirm ``offline``.
    """

    host: str
    client_id: str
    port: int = 1883
    username: str | None = None
    password_file: Path | None = None
    tls: TlsOptions | None = None
    keepalive_s: int = 20
    connect_timeout_s: float = 5.0
    session_expiry_s: int = 3600
    will_delay_s: int = 5
    least_backoff_s: float = 1.0
    most_backoff_s: float = 30.0
    decision_expiry_s: int = 86_400
    farewell_s: float = 3.0

    @property
    def address(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"

    def password(self) -> str | None:
        """Return the password from its file, None without one.

        Raises:
            BrokerError: the file cannot be read, is empty, or others may read it.
        """
        if self.password_file is None:
            return None
        try:
            problem = exposure(self.password_file)
            password = self.password_file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            raise BrokerError(
                f"the broker password cannot be read from {self.password_file}",
                hint="put the password into the file, UTF-8, and let the gate's user read it",
            ) from error
        if problem is not None:
            raise BrokerError(
                f"the broker password is no secret: {problem}",
                hint="set a new password if others may have read it, then chmod 600 for the gate's user",
            )
        if not password:
            raise BrokerError(f"{self.password_file} is empty", hint="put the broker password into it")
        return password

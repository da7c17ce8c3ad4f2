"""The state of the connection to the broker, and what its failures mean."""

import ssl
from dataclasses import dataclass
from enum import StrEnum

from edge.domain.errors import BrokerError
from edge.messaging.wording import one_line


class LinkState(StrEnum):
    """Where the connection stands."""

    STARTING = "starting"
    CONNECTED = "connected"
    AWAY = "away"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Link:
    """A state and, unless all is well, why.

    Attributes:
        state: ``AWAY`` may pass by itself; ``REFUSED`` needs somebody to change something.
        fault: never raised by the client, which goes on trying; None when connected, starting or stopped.
    """

    state: LinkState
    fault: BrokerError | None = None


# MQTT 5.0, section 3.2.2.2: CONNACK reason codes that the same login will get again.
_REFUSALS = {
    0x01: "the broker does not speak MQTT 5; use mosquitto 2 or another MQTT 5 broker",
    0x81: "the broker cannot read our login; use mosquitto 2 or another MQTT 5 broker",
    0x84: "the broker does not speak MQTT 5; use mosquitto 2 or another MQTT 5 broker",
    0x85: "set broker.client_id to an id that the broker accepts",
    0x86: "check broker.username and the content of broker.password_file against the broker's password file",
    0x87: "check broker.username and the content of broker.password_file, and the broker's access list",
    0x8A: "the broker has banned this client: ask its administrator",
    0x8C: "the broker wants another way of login: ask its administrator",
}
_TAKEN_OVER = 0x8E


def refused_login(address: str, code: int, name: str) -> Link:
    """Return what a failing CONNACK means. ``code`` and ``name`` are MQTT's."""
    message = f"the broker {address} refused the login: {name} (0x{code:02x})"
    if code in _REFUSALS:
        return Link(LinkState.REFUSED, BrokerError(message, hint=_REFUSALS[code]))
    return Link(LinkState.AWAY, BrokerError(message, hint="the broker is busy or closing: look at its log"))


_ALERTS = {
    "CERTIFICATE_REQUIRED": "set broker.cert_file and broker.key_file: it lets in nobody without a certificate",
    "CERTIFICATE_EXPIRED": "renew the gate's certificate, and check the clocks of both machines",
    "CERTIFICATE_REVOKED": "the gate's certificate was revoked: find out why before you issue another one",
    "UNKNOWN_CA": "the broker trusts another CA: check broker.cert_file and the broker's cafile",
}


def refused_certificate(address: str, alert: str) -> Link:
    """Return what it means that the broker ended TLS with ``alert`` before it answered the login."""
    known = (hint for name, hint in _ALERTS.items() if alert.endswith(name))
    hint = next(known, "check broker.cert_file, the broker's cafile, crlfile and log, and the clocks of both")
    words = alert.rpartition("ALERT_")[2].replace("_", " ").lower()
    return Link(
        LinkState.REFUSED, BrokerError(f"the broker {address} refused our certificate: {one_line(words)}", hint=hint)
    )


def lost_connection(address: str, code: int | None, name: str) -> Link:
    """Return what the end of a connection means; ``code`` is that of the broker's DISCONNECT, None = it sent none."""
    # An older mosquitto gives no reason when it throws a client out for another one with the same id.
    hint = "check the network, the broker's log, and that no other client uses the same broker.client_id"
    if code == _TAKEN_OVER:
        hint = "another client took over: every gate needs its own broker.client_id"
    return Link(LinkState.AWAY, BrokerError(f"the connection to the broker {address} ended: {name}", hint=hint))


def failed_connect(address: str, error: OSError) -> Link:
    """Return what an error while connecting means."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = f"the certificate of the broker {address} is refused: {one_line(error.verify_message)}"
        hint = "check broker.ca_file, and that the certificate names broker.host and is still valid"
        return Link(LinkState.REFUSED, BrokerError(message, hint=hint))
    if isinstance(error, ssl.SSLError):
        message = f"no TLS with the broker {address}: {one_line(str(error))}"
        hint = "check that broker.port is the broker's TLS port and that it speaks TLS 1.3"
        return Link(LinkState.AWAY, BrokerError(message, hint=hint))
    message = f"the broker {address} cannot be reached: {one_line(str(error)) or type(error).__name__}"
    hint = "check broker.host, broker.port and that the broker runs; events wait in the outbox meanwhile"
    return Link(LinkState.AWAY, BrokerError(message, hint=hint))

"""Settings of the broker become the messaging room's options."""

from pathlib import Path

from edge.domain.errors import ConfigError
from edge.messaging.options import BrokerOptions, TlsOptions
from edge.messaging.tls import client_certificate
from edge.settings.sections import BrokerSection
from edge.settings.tree import Settings
from edge.trust.private_file import named_file


def broker_options(settings: Settings) -> BrokerOptions:
    """Return the broker's options. Where there is a client certificate, the client id is its common name.

    Raises:
        ConfigError: a file that is named is not there, or the client id is not the certificate's name.
        BrokerError: the client certificate cannot be read.
    """
    section = settings.broker
    tls = None
    ca_file = _found(section.ca_file)
    if ca_file is not None:
        tls = TlsOptions(ca_file=ca_file, cert_file=_found(section.cert_file), key_file=_found(section.key_file))
    return BrokerOptions(
        host=section.host,
        port=section.port,
        client_id=_client_id(section, tls) or f"{settings.gate.site}-{settings.gate.gate}",
        username=section.username,
        password_file=_found(section.password_file),
        tls=tls,
    )


def _found(file: Path | None) -> Path | None:
    """Return where a file of the section lies; a bare name is looked for among the service's credentials first."""
    if file is None:
        return None
    found = named_file(file)
    if not found.is_file():
        raise ConfigError(f"{file} is not there", hint="check the broker section's file names")
    return found


def _client_id(section: BrokerSection, tls: TlsOptions | None) -> str | None:
    if tls is None or tls.cert_file is None:
        return section.client_id
    name = client_certificate(tls.cert_file).name
    if section.client_id not in (None, name):
        raise ConfigError(
            f"broker.client_id is {section.client_id!r} and the certificate is {name!r}'s",
            hint="remove broker.client_id: with a certificate its common name is the client id",
        )
    return name

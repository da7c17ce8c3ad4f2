"""Settings of the broker become the messaging room's options."""

from edge.domain.errors import ConfigError
from edge.messaging.options import BrokerOptions, TlsOptions
from edge.settings.tree import Settings


def broker_options(settings: Settings) -> BrokerOptions:
    """Return the broker's options.

    Raises:
        ConfigError: a file that is named is not there.
    """
    section = settings.broker
    for file in (section.password_file, section.ca_file, section.cert_file, section.key_file):
        if file is not None and not file.is_file():
            raise ConfigError(f"{file} is not there", hint="check the broker section's file names")
    tls = None
    if section.ca_file is not None:
        tls = TlsOptions(ca_file=section.ca_file, cert_file=section.cert_file, key_file=section.key_file)
    return BrokerOptions(
        host=section.host,
        port=section.port,
        client_id=section.client_id or f"{settings.gate.site}-{settings.gate.gate}",
        username=section.username,
        password_file=section.password_file,
        tls=tls,
    )

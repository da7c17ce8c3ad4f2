"""The certificate that a network camera shows, asked for on a connection of its own.

The stream's own connection, which FFmpeg makes, is held to the source's ``#ca`` and ``#name``. The fingerprint adds
that the certificate is the very one that was pinned, and not another of the same authority.
"""

import hashlib
import socket
import ssl
from urllib.parse import urlsplit

from edge.capture.device_options import RtspOptions
from edge.capture.trust.identity import CameraIdentity
from edge.domain.errors import CameraError

_RTSPS_PORT = 322
_PATIENCE_S = 2.0


def identify_network_camera(url: str, shown: str, trust: RtspOptions) -> CameraIdentity:
    """Return what the camera at an ``rtsps`` URL proves; of an ``rtsp`` one nothing but its address is known.

    Args:
        url: with its login, which is not used.
        shown: the same, redacted, for messages.
        trust: whom it must prove to be.

    Raises:
        CameraError: it does not answer, or its certificate does not hold.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _RTSPS_PORT
    if parts.scheme.lower() != "rtsps":
        return CameraIdentity(source=shown, name=host)
    try:
        context = _context(trust)
        with (
            socket.create_connection((host, port), timeout=_PATIENCE_S) as plain,
            context.wrap_socket(plain, server_hostname=trust.name or host) as secured,
        ):
            shown_certificate = secured.getpeercert(binary_form=True) or b""
    except ssl.SSLCertVerificationError as error:
        raise CameraError(
            f"camera {shown}: its certificate does not hold: {error.verify_message}",
            hint="#ca=FILE trusts it, #name=NAME says whose it is",
        ) from error
    except (OSError, ValueError) as error:
        raise CameraError(
            f"camera {shown}: no secured connection: {getattr(error, 'strerror', None) or type(error).__name__}",
            hint="check address, cable, firewall, and that the camera's RTSP over TLS is switched on",
        ) from error
    fingerprint = hashlib.sha256(shown_certificate).hexdigest()
    return CameraIdentity(source=shown, name=host, bus_path=f"{host}:{port}", fingerprint=fingerprint)


def _context(trust: RtspOptions) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust.ca or None)
    if not trust.is_verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

"""A network camera's URL, taken apart so that its secrets can be left out of logs, messages and ids."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

from edge.domain.errors import UsageError

HIDDEN = "***"

_URL = re.compile(
    r"(?P<scheme>rtsps?)://(?:(?P<login>[^/?#]*)@)?"
    r"(?P<host>(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?)"
    r"(?P<path>/[^?#@]*)?(?:\?(?P<query>[^#@]*))?(?:\#(?P<options>[^@]*))?",
    re.IGNORECASE,
)
# Query keys that cameras use to choose a stream. Any other value may be a password, so it is hidden.
_PLAIN_KEYS = frozenset(
    {"channel", "subtype", "stream", "streamtype", "profile", "unicast", "trackid", "proto", "resolution", "fps"}
)
# Some cameras want the login inside the path (/user=admin_password=x_channel=1.sdp).
_SECRET_IN_PATH = re.compile(r"(user|usr|login|pass|pwd|token|secret|key|auth)[a-z]*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class RtspUrl:
    """An RTSP URL in parts.

    Attributes:
        full: what to hand to the camera, with its login.
        redacted: for reading. Without the login and the options; query values but of well-known stream selectors
            are hidden, and so is the rest of a path from the first thing on that looks like a login.
        options: what stood behind ``#``; never sent to the camera.
    """

    full: str
    redacted: str
    options: str

    def __repr__(self) -> str:
        return f"RtspUrl({self.redacted!r})"


def split_rtsp_url(text: str) -> RtspUrl:
    """Return the parts of an RTSP URL.

    Raises:
        UsageError: it is none. The message repeats nothing of it: a mistyped URL still holds the password.
    """
    url = _URL.fullmatch(text)
    if url is None:
        raise UsageError(
            "this RTSP address is not understood (it is not shown, as it may hold a password)",
            hint="write rtsp://USER:PASSWORD@HOST:PORT/PATH; in a password @ is %40, / is %2F, ? is %3F, # is %23",
        )
    path, query = url["path"] or "", url["query"] or ""
    secret = _SECRET_IN_PATH.search(path)
    shown = path[: secret.start()] + HIDDEN if secret else path
    pairs = parse_qsl(query, keep_blank_values=True)
    shown_query = "&".join(_shown(key, value) for key, value in pairs)
    return RtspUrl(
        full=text.partition("#")[0],
        redacted=f"{url['scheme'].lower()}://{url['host'].lower()}{shown}" + (f"?{shown_query}" if pairs else ""),
        options=url["options"] or "",
    )


def _shown(key: str, value: str) -> str:
    if key.lower() in _PLAIN_KEYS:
        return f"{key}={value}"
    return f"{key}={HIDDEN}" if value else HIDDEN

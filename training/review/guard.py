"""Who may speak with the page's server: a browser on this machine that holds the address, and no other site in it.

The token keeps other users of the machine out, the Host header pages whose name was made to resolve to this machine
(DNS rebinding), and Origin with JSON pages that send forms here (OWASP, Cross-Site Request Forgery Prevention).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

ADDRESS = "127.0.0.1"
MOST_BODY_BYTES = 16 * 1024

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer. Faces stay out of the browser's cache on the disk, the token out of other sites' logs."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    Attributes:
        method: GET or POST.
        path: with its query, as it was sent.
        headers: by lower-case name; one that came twice is joined by ``", "`` and matches nothing.
        body: of a POST.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Guard:
    """Judges requests before anything else does.

    Args:
        port: that the server listens on.
        token: secret part of the address; a new one where none is given.
    """

    def __init__(self, port: int, token: str | None = None) -> None:
        self._host = f"{ADDRESS}:{port}"
        self._token = secrets.token_urlsafe(32) if token is None else token

    @property
    def page_address(self) -> str:
        """What the reviewer opens."""
        return f"http://{self._host}/{self._token}/"

    def refusal(self, asked: Asked) -> str:
        """Return why a request is not answered; empty = it is."""
        if asked.headers.get("host") != self._host:
            return "this server answers under its own address alone"
        given = asked.path.removeprefix("/").partition("/")[0]
        if not secrets.compare_digest(given.encode("utf-8", "surrogateescape"), self._token.encode()):
            return "open the address that the command printed"
        return self._refusal_to_change(asked) if asked.method != "GET" else ""

    def rest_of(self, path: str) -> str:
        """Return the part of a path after the token, with its query."""
        return path.removeprefix(f"/{self._token}")

    def _refusal_to_change(self, asked: Asked) -> str:
        if asked.headers.get("origin") != f"http://{self._host}":
            return "another site's page may not decide here"
        if asked.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            return "another site's page may not decide here"
        if asked.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return "decisions come as application/json"
        return ""

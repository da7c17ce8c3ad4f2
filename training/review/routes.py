"""What is answered under which path. A picture is named by its sha256 and looked up in the log: no name is a path."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.domain.errors import EdgeError, PictureError, StoreError, TrustError
from training.manifest.entries import Sha256
from training.manifest.standing import Status
from training.review.embedding_map import EmbeddingMap
from training.review.guard import Asked, Guard
from training.review.session import ReviewSession
from training.review.sheet import contact_sheet, overview, picture, points
from training.review.thumbnails import LARGE_PX, SMALL_PX, Thumbnails

_FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/server.js": ("server.js", "text/javascript; charset=utf-8"),
    "/elements.js": ("elements.js", "text/javascript; charset=utf-8"),
    "/details.js": ("details.js", "text/javascript; charset=utf-8"),
    "/map.js": ("map.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_PICTURE = re.compile(r"/pictures/(?P<size>small|large)/(?P<sha256>[0-9a-f]{64})\.jpg")
_SIDES_PX = {"small": SMALL_PX, "large": LARGE_PX}
_JSON = "application/json"


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Decision(_Wanted):
    sha256: Sha256
    approves: bool
    reason: str = ""
    seen: Sha256


class _Nothing(_Wanted):
    pass


class _Sending(_Wanted):
    revision: Sha256


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    Attributes:
        status: of HTTP.
        kind: media type.
        body: all of it.
    """

    status: int
    kind: str
    body: bytes


class Routes:
    """Answers requests.

    Args:
        guard: asked first.
        session: of the reviewer.
        faces: the map.
        thumbnails: of the dataset's pictures.
    """

    def __init__(self, guard: Guard, session: ReviewSession, faces: EmbeddingMap, thumbnails: Thumbnails) -> None:
        self.guard = guard
        self._session = session
        self._faces = faces
        self._thumbnails = thumbnails
        self._changes: Mapping[str, tuple[type[_Wanted], Callable[[Any], dict[str, Any]]]] = {
            "/api/decide": (_Decision, self._decide),
            "/api/undo": (_Nothing, self._undo),
            "/api/send": (_Sending, self._send),
        }

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request; a fault becomes one that says what to do."""
        if refusal := self.guard.refusal(asked):
            return told(403, refusal)
        address = urlsplit(self.guard.rest_of(asked.path))
        try:
            if asked.method == "POST":
                return self._changed(address.path, asked.body)
            return self._shown(address.path, parse_qs(address.query))
        except EdgeError as error:
            return told(_status_of(error), str(error), error.hint)

    def _shown(self, path: str, query: Mapping[str, list[str]]) -> Answer:
        if path in _FILES:
            name, kind = _FILES[path]
            return Answer(200, kind, Path(__file__).with_name(name).read_bytes())
        if match := _PICTURE.fullmatch(path):
            return self._picture(match["sha256"], _SIDES_PX[match["size"]])
        subject = query.get("subject", [None])[0]
        if path == "/api/overview":
            return _json(overview(self._session))
        if path == "/api/person" and subject is not None:
            return _json(contact_sheet(self._session, subject))
        if path == "/api/picture":
            return _json(picture(self._session, self._faces, query.get("sha256", [""])[0]))
        if path == "/api/map":
            return _json(points(self._session, self._faces, subject))
        return told(405, "that is not to be read") if path in self._changes else told(404, "there is nothing here")

    def _picture(self, sha256: str, side_px: int) -> Answer:
        standing = self._session.stands.pictures.get(sha256)
        if standing is None or standing.status in {Status.REMOVED, Status.RECALLED}:
            return told(404, "there is no such picture")
        return Answer(200, "image/jpeg", self._thumbnails.jpeg(sha256, side_px))

    def _changed(self, path: str, body: bytes) -> Answer:
        if path not in self._changes:
            return told(404, "there is nothing here")
        wanted, change = self._changes[path]
        try:
            asked = wanted.model_validate_json(body)
        except ValidationError:
            return told(400, "that cannot be understood", "load the page again")
        return _json(change(asked))

    def _decide(self, asked: _Decision) -> dict[str, Any]:
        if asked.approves and asked.sha256 in self._session.stands.pictures:
            self._thumbnails.jpeg(asked.sha256, LARGE_PX)  # nobody approves what cannot be shown
        self._session.decide(asked.sha256, approves=asked.approves, reason=asked.reason, seen=asked.seen)
        return overview(self._session)

    def _undo(self, _: _Nothing) -> dict[str, Any]:
        undone = self._session.undo()
        return {**overview(self._session), "undone": undone}

    def _send(self, asked: _Sending) -> dict[str, Any]:
        sent = self._session.send(asked.revision)
        return {**overview(self._session), "sent": sent}


def told(status: int, error: str, hint: str = "") -> Answer:
    """Return an answer that says what is wrong."""
    return Answer(status, _JSON, json.dumps({"error": error, "hint": hint}).encode())


def _json(values: Mapping[str, Any]) -> Answer:
    return Answer(200, _JSON, json.dumps(values, allow_nan=False).encode())


def _status_of(error: EdgeError) -> int:
    if isinstance(error, PictureError):
        return 422
    if isinstance(error, StoreError):
        return 500
    return 409 if isinstance(error, TrustError) else 400

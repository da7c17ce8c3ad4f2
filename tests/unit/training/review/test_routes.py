"""The page's server answers the reviewer's browser, and nobody and nothing else."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.support.review_scene import NAMES, Portrait, ReviewScene, portraits
from training.manifest.entries import Recalled, Removed
from training.review.guard import Asked
from training.review.routes import Answer, Routes
from training.review.session import ReviewSession, digest_of_shown

PORT, TOKEN = 8123, "secret-of-this-page"
HOST = f"127.0.0.1:{PORT}"
JSON = "application/json"


class Browser:
    """Asks the routes as the reviewer's page would, or with one thing about it wrong."""

    def __init__(self, scene: ReviewScene, session: ReviewSession, routes: Routes) -> None:
        self.scene, self.session, self.routes = scene, session, routes

    def get(self, path: str, *, token: str = TOKEN, host: str | None = HOST) -> Answer:
        headers = {} if host is None else {"host": host}
        return self.routes.answer(Asked("GET", f"/{token}{path}", headers))

    def read(self, path: str) -> dict[str, Any]:
        answer = self.get(path)
        assert answer.status == 200, answer.body
        values: dict[str, Any] = json.loads(answer.body)
        return values

    def post(
        self, path: str, values: object, wrong: Mapping[str, str | None] | None = None, *, token: str = TOKEN
    ) -> Answer:
        headers = {"host": HOST, "origin": f"http://{HOST}", "content-type": JSON, "sec-fetch-site": "same-origin"}
        kept = {name: value for name, value in {**headers, **(wrong or {})}.items() if value is not None}
        return self.routes.answer(Asked("POST", f"/{token}{path}", kept, json.dumps(values).encode()))

    def decision(self, number: int, *, approves: bool = True, reason: str = "") -> dict[str, object]:
        sha = self.scene.shas[number]
        seen = digest_of_shown(self.session.stands.pictures[sha])
        return {"sha256": sha, "approves": approves, "reason": reason, "seen": seen}


@pytest.fixture
def scene(tmp_path: Path) -> ReviewScene:
    return ReviewScene(tmp_path / "data", portraits(people=2, trusted=1, open_=1))


@pytest.fixture
def browser(scene: ReviewScene) -> Iterator[Browser]:
    with scene.session("rita").open() as session:
        yield Browser(scene, session, scene.routes(session, PORT, TOKEN))


OPEN_PICTURE = 1


def test_the_page_and_its_parts_are_served_and_load_nothing_from_elsewhere(browser: Browser) -> None:
    page = browser.get("/").body.decode()
    assert "<script type=" in page
    for name in ("page.css", "page.js", "server.js", "elements.js", "details.js", "map.js"):
        answer = browser.get(f"/{name}")
        assert answer.status == 200
        text = answer.body.decode()
        assert "http:" not in text.replace("http://www.w3.org", "")
        assert "innerHTML" not in text
    assert "http" not in page


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "caf\u00e9", "%73ecret-of-this-page"])
@pytest.mark.parametrize("path", ["/", "/api/overview", "/page.js"])
def test_without_the_token_nothing_is_told(browser: Browser, token: str, path: str) -> None:
    answer = browser.get(path, token=token)
    assert answer.status == 403
    assert b"Example" not in answer.body
    assert TOKEN.encode() not in answer.body


@pytest.mark.parametrize("host", [None, "", "evil.example", f"evil.example:{PORT}", "127.0.0.1", f"localhost:{PORT}"])
def test_another_host_name_is_refused(browser: Browser, host: str | None) -> None:
    assert browser.get("/api/overview", host=host).status == 403
    assert browser.post("/api/decide", browser.decision(OPEN_PICTURE), {"host": host}).status == 403
    assert not browser.session.decisions


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": None},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"origin": f"http://localhost:{PORT}"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"content-type": None},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
)
def test_what_another_site_can_send_decides_nothing(browser: Browser, wrong: dict[str, str | None]) -> None:
    assert browser.post("/api/decide", browser.decision(OPEN_PICTURE), wrong).status == 403
    assert not browser.session.decisions


def test_a_decision_without_the_token_is_none(browser: Browser) -> None:
    assert browser.post("/api/decide", browser.decision(OPEN_PICTURE), token="wrong").status == 403
    assert not browser.session.decisions


@pytest.mark.parametrize("path", ["/api/decide", "/api/undo", "/api/send"])
def test_reading_changes_nothing(browser: Browser, path: str) -> None:
    assert browser.get(f"{path}?sha256={browser.scene.shas[1]}&approves=true").status == 405
    assert not browser.session.decisions


@pytest.mark.parametrize(
    "values",
    [
        [],
        {},
        {"sha256": "../../etc/passwd", "approves": True, "seen": "0" * 64},
        {"sha256": "0" * 64, "approves": "yes", "seen": "0" * 64},
        {"sha256": "0" * 64, "approves": True, "seen": "0" * 64, "author": "ralf"},
    ],
)
def test_nonsense_is_refused(browser: Browser, values: object) -> None:
    assert browser.post("/api/decide", values).status == 400
    assert not browser.session.decisions


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/pictures/small/../../log.jsonl",
        "/pictures/small/..%2f..%2flog.jsonl",
        "/pictures/raw/{sha}.jpg",
        "/pictures/small/{sha}",
        "/pictures/small/{sha}.jpg/..",
        "/pictures/small/" + "0" * 64 + ".jpg",
        "/pictures/small/{SHA}.jpg",
        "/session.py",
        "/page.html",
        "/api/person",
        "/api/unknown",
    ],
)
def test_no_path_leads_anywhere_else(browser: Browser, path: str) -> None:
    sha = browser.scene.shas[0]
    assert browser.get(path.format(sha=sha, SHA=sha.upper())).status == 404


def test_an_unknown_person_or_picture_is_told(browser: Browser) -> None:
    for path in ("/api/map?subject=Nobody", "/api/person?subject=..%2f..", "/api/picture?sha256=..%2f.."):
        answer = browser.get(path)
        assert answer.status == 400
        assert json.loads(answer.body)["hint"]


def test_pictures_are_small_jpeg_files_of_our_own(browser: Browser) -> None:
    sha = browser.scene.shas[0]
    raw = browser.scene.files.path_of(sha).read_bytes()
    for size, most in (("small", 128), ("large", 512)):
        answer = browser.get(f"/pictures/{size}/{sha}.jpg")
        assert answer.kind == "image/jpeg"
        assert answer.body != raw
        decoded = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
        assert decoded is not None
        assert max(decoded.shape[:2]) <= most
    assert browser.get(f"/pictures/small/{sha}.jpg").body == browser.get(f"/pictures/small/{sha}.jpg").body


def test_a_changed_file_is_not_shown_even_if_it_was_shown_before(browser: Browser) -> None:
    sha = browser.scene.shas[0]
    assert browser.get(f"/pictures/small/{sha}.jpg").status == 200
    path = browser.scene.files.path_of(sha)
    path.write_bytes(browser.scene.files.path_of(browser.scene.shas[1]).read_bytes())
    answer = browser.get(f"/pictures/small/{sha}.jpg")
    assert answer.status == 409
    assert b"was changed" in answer.body
    path.unlink()
    assert browser.get(f"/pictures/small/{sha}.jpg").status == 500


def test_what_cannot_be_shown_is_not_approved_but_may_be_rejected(browser: Browser) -> None:
    browser.scene.files.path_of(browser.scene.shas[OPEN_PICTURE]).write_bytes(b"other content")
    answer = browser.post("/api/decide", browser.decision(OPEN_PICTURE))
    assert answer.status == 409
    assert b"was changed" in answer.body
    assert not browser.session.decisions
    rejected = browser.decision(OPEN_PICTURE, approves=False, reason="its file was changed")
    assert browser.post("/api/decide", rejected).status == 200


def test_a_file_that_is_no_picture_is_told(scene: ReviewScene, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG and nothing")
    sha = scene.files.take(tmp_path / "broken.png")
    facts = browser.session.stands.pictures[scene.shas[0]].facts
    scene.trial.contribute(facts.model_copy(update={"sha256": sha}))
    assert browser.get(f"/pictures/small/{sha}.jpg").status == 422


def test_removed_and_recalled_pictures_are_not_shown(scene: ReviewScene, browser: Browser) -> None:
    gone, recalled = scene.shas[:2]
    scene.trial.write("cora", Removed(pictures=(gone,), reason="asked to"))
    scene.trial.write("cora", Recalled(pictures=(recalled,), reason="taken over"))
    for sha in (gone, recalled):
        assert browser.get(f"/pictures/small/{sha}.jpg").status == 404
        assert browser.get(f"/api/picture?sha256={sha}").status == 400
    told = {card["sha256"] for card in browser.read(f"/api/person?subject={NAMES[0].replace(' ', '+')}")["pictures"]}
    assert told == set(scene.flagged())


def test_what_is_found_comes_first(scene: ReviewScene, browser: Browser) -> None:
    people = browser.read("/api/overview")["people"]
    assert [(p["subject"], p["open"], p["flagged"]) for p in people] == [(NAMES[0], 3, 2), (NAMES[1], 1, 0)]
    cards = browser.read(f"/api/person?subject={NAMES[0].replace(' ', '+')}")["pictures"]
    assert {card["sha256"] for card in cards[:2]} == set(scene.flagged())
    assert [card["status"] for card in cards] == ["quarantined", "quarantined", "vetted", "trusted"]


def test_a_picture_is_told_with_findings_neighbors_and_trusted_ones(scene: ReviewScene, browser: Browser) -> None:
    told = browser.read(f"/api/picture?sha256={scene.flagged()[0]}")
    assert told["notes"][0]["reason"] == f"it looks more like {NAMES[1]} than like {NAMES[0]}"
    assert told["neighbors"][0]["subject"] == NAMES[1]
    assert [card["sha256"] for card in told["trusted"]] == [scene.shas[0]]
    assert told["contributor"] == "carl"
    assert told["refusal"] == ""
    trusted = browser.read(f"/api/picture?sha256={scene.shas[0]}")
    assert trusted["approvals"] == ["ralf", "rita"]


def test_the_map_has_the_person_and_who_is_near(scene: ReviewScene, browser: Browser) -> None:
    everybody = browser.read("/api/map")
    assert {point["sha256"] for point in everybody["points"]} == set(scene.shas)
    assert max(max(abs(point["x"]), abs(point["y"])) for point in everybody["points"]) == 1.0
    own = browser.read(f"/api/map?subject={NAMES[0].replace(' ', '+')}")
    assert {point["subject"] for point in own["points"]} == set(NAMES[:2])


def test_without_looks_there_is_no_map_and_the_page_goes_on(scene: ReviewScene, browser: Browser) -> None:
    (scene.folder / "looks" / "recipe").unlink()
    routes = scene.routes(browser.session, PORT, TOKEN)
    bare = Browser(scene, browser.session, routes)
    assert bare.read("/api/map") == {"subject": None, "without_look": len(scene.shas), "points": []}
    told = bare.read(f"/api/picture?sha256={scene.shas[1]}")
    assert told["neighbors"] == []
    assert [card["cosine"] for card in told["trusted"]] == [None]


def test_decide_undo_and_send(scene: ReviewScene, browser: Browser) -> None:
    assert browser.post("/api/decide", browser.decision(1)).status == 200
    refused = browser.post("/api/decide", browser.decision(3, approves=False))
    assert refused.status == 400
    assert b"needs a reason" in refused.body
    browser.post("/api/decide", browser.decision(3, approves=False, reason="shows somebody else"))
    undone = json.loads(browser.post("/api/undo", {}).body)
    assert undone["undone"] == scene.shas[3]
    assert browser.post("/api/send", {"revision": "0" * 64}).status == 400
    sent = json.loads(browser.post("/api/send", {"revision": undone["draft"]["revision"]}).body)
    assert sent["sent"] == 1
    assert sent["draft"]["decisions"] == []
    assert scene.trial.log.read().pictures[scene.shas[1]].approvals == {"rita"}


def test_words_of_contributors_stay_words(tmp_path: Path) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    scene = ReviewScene(tmp_path / "other", [Portrait(hostile, 0, finding=("labels", "</script><b>x"))])
    with scene.session("rita").open() as session:
        browser = Browser(scene, session, scene.routes(session, PORT, TOKEN))
        answer = browser.get("/api/overview")
        assert answer.kind == JSON
        assert json.loads(answer.body)["people"][0]["subject"] == hostile
        assert hostile.encode() not in browser.get("/").body

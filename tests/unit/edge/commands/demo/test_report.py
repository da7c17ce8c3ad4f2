"""The report is one accessible page that needs nothing else."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from edge.commands.demo.facts import Facts
from edge.commands.demo.report import report_html
from edge.commands.demo.result import SceneResult

_VOID = {"meta", "img"}
_REFERENCES = {"src", "href", "srcset", "action", "data", "poster"}


class Page(HTMLParser):
    """Tags with their attributes, whether they nest, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def page(good_results: tuple[SceneResult, ...], facts: Facts) -> Page:
    return Page(report_html(good_results, facts))


def test_nothing_is_fetched_and_nothing_runs(page: Page) -> None:
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in _REFERENCES & attributes.keys():
            assert str(attributes[name]).startswith(("data:image/jpeg;base64,", "#"))
    assert "@import" not in page.words
    assert "url(" not in page.words


def test_it_is_accessible(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("caption")) == 1
    assert all(cell["scope"] in {"col", "row"} for cell in page.all("th"))
    pictures = page.all("img")
    assert len(pictures) == 8
    assert all(len(picture["alt"] or "") > 20 for picture in pictures)
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    for section in page.all("section"):
        assert section["aria-labelledby"] in ids
    assert all(str(link["href"])[1:] in ids for link in page.all("a"))


def test_foreign_text_stays_text(page: Page) -> None:
    assert "two <models>" in page.words
    assert "</pre><script>alert(1)" in page.words


def test_every_scene_tells_its_decision_reason_and_events(page: Page, good_results: tuple[SceneResult, ...]) -> None:
    for result in good_results:
        assert result.scene.title in page.words
        assert result.scene.story in page.words
    assert "environment = development" in page.words
    assert page.words.count("Received event:") == sum(len(result.received) for result in good_results)
    assert "cosine 0.90; it opens from 0.60" in page.words


def test_a_scene_that_went_otherwise_says_so(
    make_result: Callable[..., SceneResult], facts: Facts, page: Page
) -> None:
    assert "Not as it must be" not in page.words
    failed = Page(report_html([make_result("frozen_feed", anomalies=(), received=())], facts))
    assert "Not as it must be" in failed.words
    assert "no anomaly was told" in failed.words

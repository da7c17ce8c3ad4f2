"""A reviewer's page in a real browser: from what was found to a signed entry, by keys alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.chromium import chromium, find_chromium
from tests.support.review_scene import NAMES, Portrait, ReviewScene, portraits
from training.manifest.standing import Status


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(find_chromium()) as running:
        yield running


@pytest.fixture
def scene(tmp_path: Path) -> ReviewScene:
    return ReviewScene(tmp_path / "data", portraits(people=2, trusted=2, open_=2))


class Review:
    """What a reviewer does on the page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text) if message.type == "error" else None)
        page.goto(address)
        self.wait()

    def wait(self) -> None:
        expect(self.page.locator("#approve")).to_be_enabled()

    def chosen(self) -> str:
        return str(self.page.locator('#cards [aria-current="true"]').get_attribute("data-sha256"))

    def press(self, key: str) -> None:
        """Press a key and wait until another picture is chosen."""
        before = self.chosen()
        self.page.keyboard.press(key)
        expect(self.page.locator(f'#cards [aria-current="true"]:not([data-sha256="{before}"])')).to_be_visible()
        self.wait()

    def send(self) -> None:
        self.page.locator("#send").click()
        self.page.get_by_role("button", name="Sign").click()
        expect(self.page.locator("#told")).to_contain_text("signed and sent")


def last_entry(scene: ReviewScene) -> tuple[str, dict[str, tuple[bool, str]]]:
    body = json.loads(scene.trial.log.path.read_bytes().splitlines()[-1])["body"]
    return body["author"], {d["sha256"]: (d["approves"], d["reason"]) for d in body["entry"]["decisions"]}


def test_from_what_was_found_to_a_signed_entry_and_a_second_reviewer(browser: Browser, scene: ReviewScene) -> None:
    with scene.served("rita") as address:
        review = Review(browser.new_page(), address)
        page = review.page
        first = review.chosen()
        assert first in scene.flagged()
        expect(page.locator("#details")).to_contain_text(
            f"looks more like {NAMES[1]}" if first == scene.flagged()[0] else "hidden"
        )
        expect(page.locator("#person")).to_contain_text(NAMES[0])

        page.keyboard.press("r")
        page.keyboard.type("shows somebody else")
        page.keyboard.press("Enter")
        expect(page.locator(f'[data-sha256="{first}"].rejected').first).to_be_visible()
        review.wait()
        second = review.chosen()
        assert second in scene.flagged()
        review.press("ArrowRight")
        third = review.chosen()
        review.press("a")
        fourth = review.chosen()
        review.press("a")
        review.press("u")
        assert review.chosen() == fourth
        review.press("a")
        review.send()
        assert last_entry(scene) == (
            "rita",
            {first: (False, "shows somebody else"), third: (True, "looked at it"), fourth: (True, "looked at it")},
        )
        assert review.faults == []
        page.close()
    with scene.served("ralf") as address:
        review = Review(browser.new_page(), address)
        page = review.page
        assert review.chosen() == second, "what was found, and nobody refused, comes first"
        page.locator(f'#cards [data-sha256="{third}"]').click()
        expect(page.locator("#details")).to_contain_text("approved by rita")
        review.wait()
        review.press("a")
        review.send()
        page.close()
    pictures = scene.trial.log.read().pictures
    assert pictures[third].status is Status.TRUSTED
    assert pictures[fourth].status is Status.VETTED
    assert pictures[first].status is Status.REJECTED


def test_a_closed_page_loses_nothing(browser: Browser, scene: ReviewScene) -> None:
    with scene.served("rita") as address:
        review = Review(browser.new_page(), address)
        decided = review.chosen()
        review.press("a")
        review.page.close()
    with scene.served("rita") as address:
        review = Review(browser.new_page(), address)
        expect(review.page.locator("#send")).to_have_text("Send 1")
        expect(review.page.locator(f'[data-sha256="{decided}"].approved')).to_be_visible()
        review.page.close()


def test_what_cannot_be_seen_cannot_be_approved(browser: Browser, scene: ReviewScene) -> None:
    for sha in scene.flagged():
        scene.files.path_of(sha).write_bytes(b"other content")
    with scene.served("rita") as address:
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#no-picture")).to_contain_text("was changed")
        expect(page.locator("#approve")).to_be_disabled()
        expect(page.locator("#reject")).to_be_enabled()
        page.keyboard.press("a")
        expect(page.locator("#send")).to_be_disabled()
        page.close()


def test_words_of_contributors_are_text(browser: Browser, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='taken'><b>bold</b>"
    scene = ReviewScene(tmp_path / "data", [Portrait(hostile, 0, finding=("labels", hostile))])
    with scene.served("rita") as address:
        review = Review(browser.new_page(), address)
        expect(review.page.locator("#details h2")).to_have_text(hostile)
        expect(review.page.locator("#details li")).to_contain_text(hostile)
        assert review.page.locator("b").count() == 0
        assert review.page.title() == "Review: trial"
        assert review.faults == []
        review.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_moves_and_every_control_has_a_name(browser: Browser, scene: ReviewScene, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    context.add_init_script(
        "window.shifts = 0; const add = (list) => list.getEntries().forEach((entry) => window.shifts += entry.value);"
        "new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });"
    )
    with scene.served("rita") as address:
        review = Review(context.new_page(), address)
        review.press("ArrowRight")
        review.press("a")
        assert review.page.evaluate("window.shifts") < 0.1
        for button in review.page.locator("button:visible").all():
            assert button.get_attribute("aria-label") or button.inner_text().strip()
        light, dark = "rgb(251, 251, 250)", "rgb(23, 24, 26)"
        ground = review.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == (dark if scheme == "dark" else light)
        assert review.faults == []
    context.close()

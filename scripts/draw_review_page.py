"""Draws docs/images/review.png: a reviewer's page with drawn people, in Debian's Chromium.

``python scripts/draw_review_page.py [FILE]``, in the source checkout with the development dependencies.
"""

import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.chromium import chromium  # noqa: E402 - of the checkout that this file is in
from tests.support.review_scene import ReviewScene, portraits  # noqa: E402


def main(file: Path) -> int:
    """Write the picture."""
    program = shutil.which("chromium")
    if program is None:
        print("chromium is missing: apt-get install chromium")
        return 1
    with tempfile.TemporaryDirectory() as folder, chromium(program) as browser:
        scene = ReviewScene(Path(folder) / "data", portraits(trusted=4, open_=4))
        with scene.served("rita") as address:
            page = browser.new_page(viewport={"width": 1360, "height": 900})
            page.goto(address)
            page.locator("#approve:enabled").wait_for()
            while page.locator("#details li").first.inner_text().startswith("with the upper"):
                page.keyboard.press("ArrowRight")
                page.locator("#details li", has_text="looks more like").wait_for()
            page.locator("#approve:enabled").wait_for()
            page.screenshot(path=file, animations="disabled")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images" / "review.png"))

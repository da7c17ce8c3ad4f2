"""Debian's Chromium, driven by playwright; nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright


def find_chromium() -> str:
    """Return the program; skip the test where there is none, and fail it in the gate of a change."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium", pytrace=False)
        pytest.skip("chromium is missing: apt-get install chromium")
    return program


@contextmanager
def chromium(program: str) -> Iterator[Browser]:
    # Without a sandbox: containers let root make none, and the only pages are the repository's own.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
    expect.set_options(timeout=30_000)  # machines that are busy with other tests
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()

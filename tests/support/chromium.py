"""The browser that tests drive: one for the whole session, since Playwright bears no second one beside it."""

import shutil

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the pages are driven with playwright")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this computer")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def is_painted(page):
    """Wait until a page was painted and hears keys: Chromium drops those that come before."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate(
        "() => { window.heard = false; addEventListener('keydown', () => { window.heard = true; }, { once: true }); }"
    )
    for _ in range(200):
        page.keyboard.press("Shift")  # means nothing to any page
        if page.evaluate("window.heard"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the page hears no key")

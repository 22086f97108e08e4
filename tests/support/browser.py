"""A real browser for the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from playwright.sync_api import Browser, expect, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MILLISECONDS = 300_000  # bounds a hang


@contextmanager
def open_browser(chromium_path: str, *more: str) -> Iterator[Browser]:
    """Nothing is waited for in vain on a machine that is merely slow. `more` are arguments of Chromium.

    Visitors ask for little motion: without a graphics card, animations are most of what a page costs.
    """
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium_path, args=[*ARGUMENTS, *more], timeout=PATIENCE_MILLISECONDS
        )
        launched.new_context = partial(launched.new_context, reduced_motion="reduce")  # type: ignore[method-assign]
        yield launched
        launched.close()

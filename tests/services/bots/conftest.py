"""What the tests of the bots and the web page in real processes share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import open_browser


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with open_browser(chromium_path) as opened:
        yield opened

"""The page "My pictures" in a real browser: several pictures at once, by keys and by fingers, and folders."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import painted, tab_to, type_in
from tests.services.bots.test_web_dialogs_browser import at_ease, guest, in_sight, phone
from tests.support.browser import PATIENCE_MILLISECONDS
from tests.support.painting_web_server import PaintingWebServer
from tests.support.web_client import web_settings

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    with PaintingWebServer(ports, web_settings(port=free_port())) as opened:
        yield opened


def open_gallery(page: Page, web_server: PaintingWebServer) -> None:
    type_in(page, "a fox --count 4")
    painted(page, "a fox")
    at_ease(page)
    page.goto(f"{web_server.url}/pictures")
    expect(page.locator(".pictures li")).to_have_count(4)


def test_from_the_entry_to_a_shared_folder_by_keys_alone(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Bo") as bo, browser.new_context(reduced_motion="reduce") as context:
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        ana = context.new_page()
        ana.goto(web_server.url)
        expect(ana.get_by_label("Your name")).to_be_focused()
        ana.keyboard.type("Ana")
        ana.keyboard.press("Enter")
        expect(ana.locator("#say")).to_be_focused()
        ana.keyboard.type("a fox --count 4")
        ana.keyboard.press("Enter")
        fox = painted(ana, "a fox")
        at_ease(ana)
        tab_to(ana, fox.locator(".tile a").first)
        ana.keyboard.press("Enter")
        expect(ana.locator("#dialog")).to_be_visible()
        tab_to(ana, ana.locator("#dialog").get_by_role("button", name="Upscale").first)
        ana.keyboard.press("Escape")
        expect(fox.locator(".tile a").first).to_be_focused()
        tab_to(ana, ana.locator("header a.round"), "Shift+Tab")
        ana.keyboard.press("Enter")
        expect(ana.locator(".pictures li")).to_have_count(4)
        tab_to(ana, ana.get_by_role("button", name="Select"))
        for key in ("Enter", "Tab", "Space", "ArrowRight", "ArrowRight", "Space"):
            ana.keyboard.press(key)
        expect(ana.locator("#selected")).to_have_text("Selected: 2")
        assert ana.locator(".pick :checked").count() == 2
        tab_to(ana, ana.locator("#move-to"))
        ana.keyboard.press("End")
        ana.keyboard.type("Foxes")
        ana.keyboard.press("Enter")
        expect(ana.locator("h1")).to_have_text("Foxes")
        expect(ana.locator(".pictures li")).to_have_count(2)
        ana.wait_for_load_state("load")
        tab_to(ana, ana.get_by_role("button", name="Share with everybody here"))
        ana.keyboard.press("Enter")
        expect(ana.get_by_role("button", name="Stop sharing")).to_be_visible()
        bo.goto(ana.url)
        expect(bo.locator(".pictures li")).to_have_count(2)
        expect(bo.get_by_text("A folder of Ana")).to_be_visible()


def test_a_selection_on_a_phone_is_compared_starred_and_deleted(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana", **phone(360)) as ana:
        open_gallery(ana, web_server)
        ana.get_by_role("button", name="Select").tap()
        picks = ana.locator(".pick")
        for number in range(3):
            picks.nth(number).tap()
        expect(ana.get_by_role("link", name="Compare")).to_have_attribute(
            "href", re.compile(r"^/compare/\w+\.\d,\w+\.\d,\w+\.\d$")
        )
        for name in ("Star", "Delete", "Done"):
            assert in_sight(ana.locator("#selection").get_by_role("button", name=name, exact=True))
        assert ana.evaluate("document.documentElement.scrollWidth") == 360
        picks.nth(0).tap()
        ana.locator("#selection").get_by_role("button", name="Delete").tap()
        ana.locator("#sure").get_by_role("button", name="Delete").tap()
        expect(ana.get_by_text("2 pictures were deleted.")).to_be_visible()
        expect(ana.locator(".pictures li")).to_have_count(2)

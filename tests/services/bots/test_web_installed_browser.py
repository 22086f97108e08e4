"""The web front end as an installed app: its manifest, its page without network, and what the first load weighs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Response, expect

from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import painted, type_in
from tests.services.bots.test_web_dialogs_browser import guest
from tests.support.painting_web_server import PaintingWebServer
from tests.support.web_client import web_settings

FIRST_LOAD_BYTES = 150_000  # of scripts and styles, as they are served: without compression
READY = "navigator.serviceWorker.ready.then(({ active }) => active.state)"
CACHED = """async () => {
  const names = await caches.keys();
  const requests = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return requests.flat().map(({ url }) => new URL(url).pathname).sort();
}"""

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    with PaintingWebServer(ports, web_settings(port=free_port())) as opened:
        yield opened


def test_it_can_be_installed_and_keeps_no_picture(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        client = ana.context.new_cdp_session(ana)
        assert client.send("Page.getAppManifest")["errors"] == []
        errors = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [error["errorId"] for error in errors if error["errorId"] != "in-incognito"] == []
        assert ana.evaluate(READY) in ("activating", "activated")
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).locator(".tile a").click()
        ana.reload()
        ana.goto(f"{web_server.url}/pictures")
        expect(ana.locator(".pictures img")).to_have_js_property("complete", True)
        assert ana.evaluate(CACHED) == ["/offline", "/static/app.css", "/static/theme.css"]
        ana.context.set_offline(True)
        ana.goto(web_server.url)
        expect(ana.get_by_text("There is no connection at the moment.")).to_be_visible()
        expect(ana.locator(".entry-card")).to_have_css("border-radius", "22px")
        ana.context.set_offline(False)
        ana.get_by_role("link", name="Try again").click()
        expect(ana.locator("article.card")).to_have_count(1)


def test_scripts_and_styles_of_the_first_load_are_light(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    weights: dict[str, int] = {}

    def weigh(response: Response) -> None:
        if re.search(r"\.(js|css)$", response.url):
            weights[response.url] = len(response.body())

    page = browser.new_page()
    page.on("response", weigh)
    page.goto(web_server.url)
    page.get_by_label("Your name").fill("Ana")
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#people .count")).to_be_attached()
    page.wait_for_load_state("networkidle")
    page.close()
    assert len(weights) > 20
    assert sum(weights.values()) <= FIRST_LOAD_BYTES, weights

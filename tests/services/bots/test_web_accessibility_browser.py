"""Every page by the rules of WCAG 2.2, level AA, light and dark, at a desk and on a phone, as axe-core checks them."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from studio.errors import BannedError
from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import card, painted, type_in
from tests.services.bots.test_web_dialogs_browser import at_ease, guest
from tests.support.case_sim import with_desk
from tests.support.painting_web_server import PaintingWebServer
from tests.support.web_client import web_settings

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}
RUN = f"""async () => {{
  const {{ violations }} = await axe.run(document, {json.dumps(OPTIONS)});
  return violations.flatMap(({{ id, nodes }}) => nodes.map(({{ html, any, all }}) =>
    `${{id}}: ${{html.slice(0, 160)}} ${{[...any, ...all].map(({{ message }}) => message).join(" ").slice(0, 200)}}`));
}}"""
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 360, "height": 740}
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (DESK, PHONE)]

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    port = free_port()
    ports = replace(with_desk(ports), web_url=f"http://127.0.0.1:{port}")
    with PaintingWebServer(ports, web_settings(moderator_secret="keys", port=port)) as opened:
        yield opened


class Examination:
    """What is wrong with each page in each look."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def examine(self, page: Page, name: str) -> None:
        page.wait_for_load_state("load")
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        for scheme, size in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            page.set_viewport_size(size)  # type: ignore[arg-type]
            wrong = page.evaluate(RUN)
            if wrong:  # a notice may cover something while it is shown
                expect(page.locator("#notice")).to_be_hidden(timeout=20_000)
                wrong = page.evaluate(RUN)
            overflow = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            wrong += ["wider than the window"] if overflow else []
            if wrong:
                self.found[f"{name}, {scheme}, {size['width']} pixels"] = wrong

    def dialog(self, page: Page, path: str, act: Callable[[], None] | None = None) -> None:
        page.evaluate("(path) => htmx.ajax('GET', path, { target: '#dialog-body', swap: 'innerHTML' })", path)
        expect(page.locator("#dialog[open] #dialog-body > *").first).to_be_visible()
        if act:
            act()
        self.examine(page, path)
        page.evaluate("document.querySelector('#dialog').close()")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page).to_have_url(re.compile(r":\d+/$"))  # it went back in the history


def test_no_page_breaks_a_rule(browser: Browser, web_server: PaintingWebServer) -> None:
    seen = Examination()
    with guest(browser, web_server, "Mo", "keys") as mo, guest(browser, web_server, "Ana") as ana:
        seen.examine(ana, "empty feed")
        for words in ("a fox --count 2", "a forbidden boat", "a failing owl"):
            type_in(ana, words)
        fox = str(painted(ana, "a fox", tiles=2).get_attribute("id")).removeprefix("job-")
        at_ease(ana)
        card(ana, "a fox").get_by_role("button", name="Star picture 1").first.click()
        with guest(browser, web_server, "Bo") as bo:
            type_in(bo, f"/report {fox}.2 --reason shows a private person")
            expect(bo.get_by_text("The moderators will look at it.")).to_be_visible()
        type_in(ana, f"/edit {fox}.1 a hat --region B2 --count 1")
        hat = str(painted(ana, "a hat", tiles=1).get_attribute("id")).removeprefix("job-")
        ana.locator("#present summary").click()
        seen.examine(ana, "feed")
        card(ana, "a fox").get_by_role("button", name="Use", exact=True).click()
        seen.examine(ana, "what is used again")
        ana.keyboard.press("Escape")
        ana.locator("#say").press_sequentially("/")
        expect(ana.locator("#choices")).to_be_visible()
        seen.examine(ana, "suggestions")
        ana.locator("#say").fill("")
        for path in (f"/edit/{fox}.1", f"/expand/{fox}.1", f"/remix/{fox}.1", f"/blend/{fox}.1"):
            seen.dialog(ana, path)
        paths = [f"/alt/{fox}.1", f"/flag/{fox}", f"/view/{fox}.1", f"/jobs/{fox}", "/help", "/settings"]
        paths += ["/mine/queue", "/mine/history", "/mine/messages", "/gatherings", "/hall/1", "/leaderboard"]
        for path in [*paths, f"/compare/{fox}.1,{hat}.1"]:
            seen.dialog(ana, path)
        brush = ana.get_by_role("button", name="Brush", exact=True)
        seen.dialog(ana, f"/edit/{fox}.2", brush.click)
        seen.dialog(ana, f"/view/{hat}.1", ana.get_by_role("button", name="Before and after").click)
        type_in(ana, f"/pick {fox} --lasts 10m")
        expect(ana.locator("#dialog [data-live]")).to_be_visible()
        seen.examine(ana, "a vote")
        ana.goto(f"{web_server.url}/view/{fox}.1")
        ana.get_by_role("button", name="Full screen").click()
        seen.examine(ana, "full screen")
        for path in (
            f"/lineage/{hat}.1",
            "/pictures",
            "/pictures?words=nothing",
            "/report",
            "/report/status",
            "/privacy",
            "/verify",
        ):
            ana.goto(web_server.url + path)
            seen.examine(ana, path)
        ana.goto(f"{web_server.url}/pictures")
        ana.get_by_role("button", name="Select").click()
        ana.locator(".pick").first.click()
        ana.locator("#move-to").select_option("new")
        seen.examine(ana, "naming a folder")
        ana.locator("#folder-name").fill("Foxes")
        ana.get_by_role("button", name="Save").click()
        expect(ana.locator("h1")).to_have_text("Foxes")
        seen.examine(ana, "a folder")
        ana.goto(web_server.url)
        type_in(ana, f"/share {fox}.1")
        shared = re.search(r"http\S+/s/\w+", ana.locator("#pinned li").inner_text())
        assert shared
        for path in (shared[0], f"{web_server.url}/nothing", f"{web_server.url}/offline"):
            ana.goto(path)
            seen.examine(ana, path)
        seen.dialog(mo, "/rules")
        mo.goto(f"{web_server.url}/desk")
        seen.examine(mo, "the desk")
        mo.locator(".case-line").first.click()
        expect(mo.locator("article.case")).to_be_visible()
        seen.examine(mo, "a case")
        mo.goto(f"{web_server.url}/desk/week")
        seen.examine(mo, "the week")
        mo.goto(f"{web_server.url}/desk/policy")
        mo.get_by_label("Threshold: hate").fill("0.4")
        mo.get_by_label("Threshold: spam").fill("2")
        mo.get_by_label("Threshold: spam").press("Enter")
        expect(mo.locator(".review.wrong")).to_be_visible()
        seen.examine(mo, "the policy")
        mo.goto(f"{web_server.url}/operations")
        seen.examine(mo, "operations")
        ana.goto(web_server.url)
        ana.locator("html").evaluate("(page) => { page.dir = 'rtl'; }")
        seen.examine(ana, "from right to left")
        web_server.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
        ana.goto(web_server.url)
        ana.locator("summary").click()
        seen.examine(ana, "banned")
    stranger = browser.new_page()
    stranger.goto(web_server.url)
    seen.examine(stranger, "entry")
    stranger.close()
    assert not seen.found, json.dumps(seen.found, indent=1)

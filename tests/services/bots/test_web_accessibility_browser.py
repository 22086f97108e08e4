"""Every page by the rules of WCAG 2.2, level AA, light and dark, at a desk and on a phone, as axe-core checks them."""

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import update

from bots.web import create_app
from bots.web.oauth_provider import DiscordActivity, OAuthProvider
from bots.web.settings import Visitors
from studio.clock import now
from studio.db.tables import GatheringRow
from studio.errors import BannedError
from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import card, painted, type_in
from tests.services.bots.test_web_dialogs_browser import at_ease, guest
from tests.support.browser import PATIENCE_MILLISECONDS
from tests.support.case_sim import with_desk
from tests.support.painting_web_server import PaintingWebServer
from tests.support.served_app import serving
from tests.support.thoroughness import THOROUGH
from tests.support.web_client import web_settings

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """async ([context, rules]) => {
  const { violations } = await axe.run(context, { runOnly: rules, resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any, all }) =>
    `${id}: ${html.slice(0, 160)} ${[...any, ...all].map(({ message }) => message).join(" ").slice(0, 200)}`));
}"""
DESK, PHONE = ViewportSize(width=1280, height=860), ViewportSize(width=360, height=740)
# All rules once; in a thorough run, in the other colours and at the other width, those that one of them may break. The
# width decides what stands in a page, and so which colours meet; of a dialog it changes the place only.
COLOURS = ["color-contrast", "link-in-text-block"] if THOROUGH else []
WIDTHS = ["target-size", "scrollable-region-focusable", "link-name"] if THOROUGH else []
LOOKS: list[tuple[Literal["light", "dark"], ViewportSize, list[str]]] = [
    ("light", DESK, RULES),
    ("dark", DESK, COLOURS),
    ("dark", PHONE, WIDTHS),
]
DIALOG = "#dialog"
OVERFLOWS = "document.documentElement.scrollWidth > innerWidth"
TOKEN = "a token of the tests"
ME = "JSON.parse(document.querySelector('#data').textContent).me"
TURNED = {"feed", "/pictures", "the desk in a lockdown", "entry", "naming a folder"}  # looked at more closely
GATHERINGS = {
    "vote": "/pick {fox} --lasts 10m",
    "evolution": "/evolve a lighthouse --children 3 --vote 10m",
    "telephone": "/telephone",
    "mural": "/mural an island",
    "contest": "/contest Light --closes 1h --voting 1h",
    "theme": '/theme "Light | Boats" --every week',
}
_FILE = io.BytesIO()
Image.new("RGB", (64, 64), "teal").save(_FILE, "PNG")
PNG = _FILE.getvalue()

pytestmark = pytest.mark.timeout(1200)


class Helper:
    """Proposes the words as they are."""

    def suggest(self, words: str, *, count: int) -> Sequence[str]:
        return [f"{words}, version {number}" for number in range(1, count + 1)]

    def rewrite(self, prompt: str, change: str) -> str:
        return f"{prompt}, {change}"


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    port = free_port()
    ports = replace(with_desk(ports), web_url=f"http://127.0.0.1:{port}", prompt_helper=Helper())
    discord = OAuthProvider.discord(client_id="1", client_secret="secret", api_url="http://127.0.0.1:9/api")
    settings = web_settings(
        moderator_secret="keys",
        metrics_token=TOKEN,
        sign_in_providers=(discord,),
        activity=DiscordActivity(provider=discord, bot_token="bot", api_url="http://127.0.0.1:9/api"),
        port=port,
    )
    with PaintingWebServer(ports, settings) as opened:
        yield opened


@pytest.fixture
def strict_address(ports: Ports) -> Iterator[str]:
    """Of an instance where everybody chooses how they come back."""
    port = free_port()
    with serving(create_app(ports, web_settings(visitors=Visitors.REFUSED, port=port)), port):
        yield f"http://localhost:{port}"


class Examination:
    """What is wrong with each page in each look."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}
        self.panels: set[str] = set()  # of gatherings; the same one is made alike for each kind

    def examine(self, page: Page, name: str, context: str = "html") -> None:
        """`context` is the part of the page that is looked at: over an open dialog nothing else is there."""
        page.wait_for_load_state("load")
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        page.set_viewport_size(DESK)
        for scheme, size, rules in LOOKS:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            if size is PHONE:
                page.set_viewport_size(PHONE)
            asked = [*rules, *COLOURS] if size is PHONE and context == "html" else rules
            wrong = page.evaluate(RUN, [context, asked]) if asked else []
            if wrong:  # a notice may cover something while it is shown
                expect(page.locator("#notice")).to_be_hidden(timeout=20_000)
                wrong = page.evaluate(RUN, [context, asked])
            wrong += ["wider than the window"] if page.evaluate(OVERFLOWS) else []
            if wrong:
                self.found[f"{name}, {scheme}, {size['width']} pixels"] = wrong
        # From right to left it has to fit as well.
        page.evaluate("document.documentElement.dir = 'rtl'")
        wrong = ["wider than the window"] if page.evaluate(OVERFLOWS) else []
        if name in TURNED:
            wrong += page.evaluate(RUN, [context, ["target-size"]])
        page.evaluate("document.documentElement.removeAttribute('dir')")
        if wrong:
            self.found[f"{name}, from right to left"] = wrong

    def dialog(self, page: Page, path: str, act: Callable[[], None] | None = None) -> None:
        page.evaluate("(path) => htmx.ajax('GET', path, { target: '#dialog-body', swap: 'innerHTML' })", path)
        expect(page.locator("#dialog[open] #dialog-body > *").first).to_be_visible()
        if act:
            act()
        self.examine(page, path, DIALOG)
        page.evaluate("document.querySelector('#dialog').close()")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page).to_have_url(re.compile(r":\d+/$"))  # it went back in the history


def test_no_page_breaks_a_rule(browser: Browser, web_server: PaintingWebServer, strict_address: str) -> None:
    seen = Examination()
    with (
        guest(browser, web_server, "Mo", "keys") as mo,
        guest(browser, web_server, "Ana") as ana,
        guest(browser, web_server, "Bo") as bo,
    ):
        seen.examine(ana, "empty feed")
        fox, hat = look_at_the_feed(seen, ana, bo)
        look_at_dialogs(seen, ana, fox, hat)
        for kind, line in GATHERINGS.items():
            look_at_a_gathering(seen, kind, line.format(fox=fox), ana, (bo, mo))
            with web_server.ports.database.begin() as session:  # few are open at once
                session.execute(update(GatheringRow).values(closed_at=now()))
        look_at_pages(seen, web_server, ana, fox, hat)
        look_at_folders(seen, web_server, ana, bo)
        ana.goto(web_server.url)
        type_in(ana, f"/share {fox}.1")
        shared = re.search(r"http\S+/s/[\w-]+", ana.locator("#pinned li", has_text="/s/").inner_text())
        assert shared
        look_as_a_stranger(seen, browser, web_server, shared[0], strict_address)
        look_at_what_moderators_see(seen, web_server, mo, ana)
        web_server.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
        ana.goto(web_server.url)
        ana.locator("summary").click()
        seen.examine(ana, "banned")
    assert not seen.found, json.dumps(seen.found, indent=1)


def look_at_the_feed(seen: Examination, ana: Page, bo: Page) -> tuple[str, str]:
    """The jobs of a fox of two pictures and of an edit of it."""
    for words in ("a fox --count 2", "a forbidden boat", "a failing owl"):
        type_in(ana, words)
    fox = str(painted(ana, "a fox", tiles=2).get_attribute("id")).removeprefix("job-")
    at_ease(ana)
    card(ana, "a fox").get_by_role("button", name="Star picture 1").first.click()
    type_in(bo, f"/report {fox}.2 --reason shows a private person")
    expect(bo.get_by_text("The moderators will look at it.")).to_be_visible()
    type_in(ana, f"/edit {fox}.1 a hat --region B2 --count 1")
    hat = str(painted(ana, "a hat", tiles=1).get_attribute("id")).removeprefix("job-")
    ana.locator("#present summary").click()
    seen.examine(ana, "feed")
    card(ana, "a fox").get_by_role("button", name="Use", exact=True).click()
    seen.examine(ana, "what is used again", ".uses:popover-open")
    ana.keyboard.press("Escape")
    ana.locator("#say").press_sequentially("/")
    expect(ana.locator("#choices")).to_be_visible()
    seen.examine(ana, "suggestions", ".composer-bar")
    ana.locator("#say").fill("")
    return fox, hat


def look_at_dialogs(seen: Examination, ana: Page, fox: str, hat: str) -> None:
    paths = [f"/{form}/{fox}.1" for form in ("edit", "expand", "remix", "blend", "alt", "view")]
    paths += [f"/flag/{fox}", f"/jobs/{fox}", "/help", "/settings", "/gatherings", "/hall/1", "/leaderboard"]
    paths += ["/mine/queue", "/mine/history", "/mine/messages", f"/compare/{fox}.1,{hat}.1"]
    for path in paths:
        seen.dialog(ana, path)
    brush = ana.get_by_role("button", name="Brush", exact=True)
    seen.dialog(ana, f"/edit/{fox}.2", brush.click)
    seen.dialog(ana, f"/view/{hat}.1", ana.get_by_role("button", name="Before and after").click)
    type_in(ana, "/imagine an owl --suggest")
    expect(ana.locator("#dialog-body")).to_contain_text("version 3")
    seen.examine(ana, "proposals", DIALOG)
    ana.keyboard.press("Escape")
    expect(ana.locator(DIALOG)).to_be_hidden()


def look_at_a_gathering(seen: Examination, kind: str, line: str, ana: Page, others: tuple[Page, ...]) -> None:
    """Its page, and every panel and form that it leads its host to."""
    type_in(ana, line)
    expect(ana.locator("#dialog [data-live]")).to_be_visible()
    at_ease(ana)
    path = ana.evaluate("location.pathname")
    if kind == "telephone":
        for other in others:
            other.goto(ana.url)
            other.locator(DIALOG).get_by_role("button", name="Join").click()
            expect(other.locator("#notice")).to_contain_text("You take part")
    seen.examine(ana, kind, DIALOG)
    within = f"{DIALOG} [hx-get^='{path}/']"
    leads = set(ana.locator(within).evaluate_all("(found) => found.map((one) => one.getAttribute('hx-get'))"))
    ana.keyboard.press("Escape")
    expect(ana.locator(DIALOG)).to_be_hidden()
    for lead in sorted(lead for lead in leads if "/live" not in lead):
        panel = lead.removeprefix(path)
        if panel not in seen.panels:
            seen.panels.add(panel)
            seen.dialog(ana, lead)


def look_at_pages(seen: Examination, web_server: PaintingWebServer, ana: Page, fox: str, hat: str) -> None:
    ana.goto(f"{web_server.url}/view/{fox}.1")
    ana.get_by_role("button", name="Full screen").click()
    seen.examine(ana, "full screen", "#viewer")
    paths = [f"/lineage/{hat}.1", "/pictures", "/pictures?words=nothing", "/report/status", "/privacy"]
    for path in (*paths, "/nothing", "/offline"):
        ana.goto(web_server.url + path)
        seen.examine(ana, path)
    ana.goto(f"{web_server.url}/verify")
    seen.examine(ana, "/verify")
    ana.locator("#file").set_input_files({"name": "fox.png", "mimeType": "image/png", "buffer": PNG})
    expect(ana.locator("#answer .verdict img")).to_be_visible()
    seen.examine(ana, "what is said of a file")
    ana.goto(f"{web_server.url}/report?picture={fox}.1")
    seen.examine(ana, "/report")
    ana.locator("#reason").fill("It shows my house.")
    ana.get_by_role("button", name="Send").click()
    expect(ana.get_by_text("Thank you.")).to_be_visible()
    seen.examine(ana, "the receipt of a report")


def look_at_folders(seen: Examination, web_server: PaintingWebServer, ana: Page, bo: Page) -> None:
    ana.goto(f"{web_server.url}/pictures")
    ana.get_by_role("button", name="Select").click()
    ana.locator(".pick").first.click()
    ana.locator("#move-to").select_option("new")
    seen.examine(ana, "naming a folder", "#naming")
    ana.locator("#folder-name").fill("Foxes")
    ana.get_by_role("button", name="Save").click()
    expect(ana.locator("h1")).to_have_text("Foxes")
    ana.wait_for_load_state("load")  # only then its buttons do anything
    ana.get_by_role("button", name="Share with everybody here").click()
    expect(ana.get_by_role("button", name="Stop sharing")).to_be_visible()
    seen.examine(ana, "a folder")
    bo.goto(ana.url)
    expect(bo.get_by_text("A folder of Ana")).to_be_visible()
    seen.examine(bo, "a folder of somebody else")


def look_as_a_stranger(
    seen: Examination, browser: Browser, web_server: PaintingWebServer, shared: str, strict_address: str
) -> None:
    """Who opens a link without a session sees the picture; and what asks somebody who they are."""
    stranger = browser.new_context().new_page()
    stranger.set_default_timeout(PATIENCE_MILLISECONDS)
    stranger.goto(shared)
    expect(stranger.get_by_role("img", name="a fox")).to_have_js_property("naturalWidth", 1024)
    expect(stranger.get_by_text("by Ana")).to_be_visible()
    seen.examine(stranger, "a shared picture")
    stranger.goto(web_server.url)
    stranger.get_by_text("I was here before").click()
    seen.examine(stranger, "entry")
    # Its script leaves the page where Discord is not around it.
    stranger.route(
        "**/static/activity.js", lambda route: route.fulfill(content_type="text/javascript", body="")
    )
    stranger.goto(f"{web_server.url}/?frame_id=f&instance_id=i")
    seen.examine(stranger, "the start of an Activity")
    stranger.goto(strict_address)
    stranger.get_by_label("Your name").fill("Cy")
    stranger.get_by_role("button", name="Come in").click()
    expect(stranger.get_by_role("button", name="Make a passkey")).to_be_visible()
    stranger.get_by_role("button", name="Show a recovery code").click()
    expect(stranger.locator("#go-on")).to_be_visible()
    seen.examine(stranger, "how to come back")
    stranger.context.close()


def look_at_what_moderators_see(
    seen: Examination, web_server: PaintingWebServer, mo: Page, ana: Page
) -> None:
    mo.goto(web_server.url)
    seen.dialog(mo, "/rules")
    seen.dialog(mo, f"/people/{ana.evaluate(ME)}")
    mo.goto(f"{web_server.url}/desk")
    mo.get_by_role("button", name="Lock down for an hour").click()
    mo.locator("#sure button[value=yes]").click()
    expect(mo.locator(".lockdown.on")).to_be_visible()
    seen.examine(mo, "the desk in a lockdown")
    mo.get_by_role("button", name="End the lockdown").click()
    expect(mo.locator(".lockdown.on")).to_have_count(0)
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
    seen.examine(mo, "the operator's sign-in")
    mo.get_by_label("Metrics token").fill(TOKEN)
    mo.keyboard.press("Enter")
    expect(mo.get_by_role("region").first).to_be_visible()
    seen.examine(mo, "operations")
    mo.clock.install()
    mo.reload()
    mo.context.clear_cookies(name="chatelier-operator")
    mo.clock.run_for(6_000)
    expect(mo.get_by_label("Metrics token")).to_be_visible()

"""Ways back in, in a real browser: an account of a loopback provider, a passkey, a code for the phone."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bots.web import create_app
from bots.web.access.session_cookies import WEB_ADDRESS
from studio.commands.registry import execute
from studio.commands.results import Accepted, Answer
from studio.commands.spec import Call
from studio.db.identities.people import person_of
from studio.db.tables import PersonRow
from studio.ports import Ports
from tests.conftest import free_port
from tests.support import discord_client
from tests.support.browser import PATIENCE_MILLISECONDS, open_browser
from tests.support.finished_jobs import paint_job
from tests.support.loopback_oauth import account_provider
from tests.support.served_app import serving
from tests.support.web_client import web_settings

_FILE = io.BytesIO()
Image.new("RGB", (64, 64), "teal").save(_FILE, "PNG")
PNG = _FILE.getvalue()

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def address(ports: Ports) -> Iterator[str]:
    """Under a name, since passkeys belong to names."""
    port = free_port()
    with account_provider() as provider:
        app = create_app(ports, web_settings(port=port, sign_in_providers=(provider.discord(),)))
        with serving(app, port):
            yield f"http://localhost:{port}"


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with open_browser(chromium_path) as browser:
        yield browser


def visit(browser: Browser, address: str, *, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.goto(address)
    return page


def expect_inside(page: Page, name: str) -> None:
    expect(page.locator("#say")).to_be_visible()
    expect(page.locator("#my-name")).to_have_value(name)


def leave_something_behind(ports: Ports) -> None:
    """Of the one who is in: a picture with a star, and a style."""
    with ports.database.read() as session:
        person = person_of(session.query(PersonRow).one())

    def ask(command: str, **values: object) -> Answer:
        call = Call(person=person, address=WEB_ADDRESS, request_key=command)
        return execute(ports, call, command, values)

    accepted = ask("imagine", prompt="a red fox", count=1)
    assert isinstance(accepted, Accepted)
    ask("star", picture=f"{paint_job(ports, accepted.job_id)}.1")
    ask("style", do="save", name="ink wash", words="ink on paper")


def expect_everything(page: Page, address: str) -> None:
    page.goto(f"{address}/pictures?starred=yes")
    expect(page.locator(".pictures img")).to_have_attribute("alt", re.compile("a red fox"))
    expect(page.locator("select[name=style] option[value='ink wash']")).to_have_count(1)


def test_who_loses_the_cookie_comes_back_by_account_passkey_and_code(
    browser: Browser, address: str, ports: Ports
) -> None:
    page = visit(browser, address)
    page.get_by_role("link", name="Sign in with Discord").click()
    expect(page.get_by_text("You are known from Discord")).to_be_visible()
    page.get_by_role("button", name="Come in").click()
    expect_inside(page, "Ana")
    leave_something_behind(ports)

    page.context.clear_cookies()
    page.goto(address)
    page.get_by_role("link", name="Sign in with Discord").click()
    expect_inside(page, "Ana")
    expect_everything(page, address)

    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
    }
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )
    page.goto(f"{address}/settings")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator(".sign-ins li")).to_have_count(2)
    page.context.clear_cookies()
    page.goto(address)
    page.get_by_text("I was here before").click()
    page.get_by_role("button", name="Use a passkey").click()
    expect_inside(page, "Ana")
    expect_everything(page, address)

    page.goto(f"{address}/settings")
    page.get_by_role("button", name="Code for another device").click()
    code = page.locator("[data-code-of=device] output")
    expect(code).not_to_be_empty()
    phone = visit(browser, address, width=390)
    phone.get_by_text("I was here before").click()
    phone.get_by_label("Recovery code").fill(code.inner_text())
    phone.get_by_role("button", name="Come back").click()
    expect_inside(phone, "Ana")
    expect_everything(phone, address)


def test_in_discord_the_page_is_used_in_a_frame(chromium_path: str, ports: Ports, tmp_path: Path) -> None:
    """An Activity: Discord's client says who it is; then the feed, the gallery and the brush, over its proxy."""
    port = free_port()
    with account_provider() as provider:
        provider.run_activity(discord_client.INSTANCE, server="55", users=["8123"], members=["8123"])
        providers = (provider.discord(),)
        app = create_app(ports, web_settings(activity=provider.activity(), sign_in_providers=providers))
        asked: list[dict[str, Any]] = []

        def authorize(args: dict[str, Any]) -> str:
            asked.append(args)
            return provider.code_for(args)

        with (
            discord_client.discord_client(app, port, tmp_path) as arguments,
            open_browser(chromium_path, *arguments) as browser,
        ):
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            page.set_default_timeout(PATIENCE_MILLISECONDS)
            page.expose_function("authorize", authorize)
            page.goto(discord_client.CLIENT)
            outer = page.frame_locator("iframe")
            inner = outer.frame_locator("iframe")
            expect(inner.get_by_label("Your name")).to_have_value("Ana")
            inner.get_by_role("button", name="Come in").click()
            expect(inner.locator("#people .count")).to_be_attached()
            inner.locator("#say").fill("a red fox --count 1")
            inner.locator("#say").press("Enter")
            # The placeholder is the browser's own, and the card comes over the socket.
            job = inner.locator("article.card:not([id*=placeholder])")
            paint_job(ports, str(job.get_attribute("id")).removeprefix("job-"), png=PNG)

            page.reload()
            expect(inner.locator("#my-name")).to_have_value("Ana")  # nobody asked her anything again
            inner.locator("header a.round").click()
            inner.locator(".pictures img").click()
            inner.locator("#dialog").get_by_role("button", name="Edit").click()
            inner.get_by_role("button", name="Brush", exact=True).click()
            expect(inner.locator("#dialog canvas").first).to_be_visible()
            inner.locator("body").evaluate(
                """(body) => {
                  body.insertAdjacentHTML("beforeend", "<a id=out href='https://example.org/'>out</a>");
                  document.querySelector("#out").click();
                }"""
            )
            page.wait_for_function("heard.length === 3")
            commands = page.evaluate("heard.map(({ frame }) => [frame.cmd, frame.args?.url])")
            assert commands == [
                [None, None],
                ["AUTHORIZE", None],
                ["OPEN_EXTERNAL_LINK", "https://example.org/"],
            ]
            assert [args["scope"] for args in asked] == [["identify"]] * 2

            with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
                page.goto("https://elsewhere.example/")
            assert page.evaluate("heard.length") == 0

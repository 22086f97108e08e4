"""Journeys in a real browser, with the web front end on a port."""

import asyncio
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from bots.web.server import make_server
from studio.ports import Ports
from tests.conftest import free_port
from tests.support.gathering_journeys.stage import PATIENCE_SECONDS, Stage, command_line
from tests.support.gatherings import Clock
from tests.support.web_client import web_settings

Result = TypeVar("Result")
WORD = "keys"  # the moderators'
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
]
_PATIENCE_MILLISECONDS = PATIENCE_SECONDS * 1000
_OPEN = """(path) => htmx.ajax("GET", path, { target: "#dialog-body", swap: "innerHTML" })"""
_MOMENT_MILLISECONDS = 10  # between two looks for an answer


class BrowserThread:
    """A Chromium in a thread of its own, since playwright's simple API belongs to the thread that began it."""

    def __init__(self, chromium_path: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._chromium_path = chromium_path
        self.browser: Browser = self._pool.submit(self._launch).result()

    def _launch(self) -> Browser:
        self._playwright = sync_playwright().start()
        return self._playwright.chromium.launch(
            executable_path=self._chromium_path, args=_ARGUMENTS, timeout=_PATIENCE_MILLISECONDS
        )

    async def run(self, act: Callable[..., Result], *values: object) -> Result:
        return await asyncio.wrap_future(self._pool.submit(act, *values))

    def close(self) -> None:
        self._pool.submit(self.browser.close).result()
        self._pool.submit(self._playwright.stop).result()
        self._pool.shutdown()


@contextmanager
def web_server(ports: Ports) -> Iterator[str]:
    """The web front end in this process; its address. Nothing is painted in it."""
    settings = web_settings(moderator_secret=WORD, port=free_port())
    server = make_server(ports, settings)
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the web front end did not open"
        thread.join(0.01)
    yield f"http://127.0.0.1:{settings.port}"
    server.should_exit = True
    thread.join()


class WebStage(Stage):
    def __init__(self, ports: Ports, clock: Clock, url: str, browser: BrowserThread) -> None:
        super().__init__(ports, clock)
        self._url, self._browser = url, browser
        self.pages: dict[str, Page] = {}
        self.complaints: list[str] = []
        self._is_old: set[str] = set()  # whose open dialog is of an earlier time
        self._answers: dict[str, list[Mapping[str, Any]]] = {}  # by person, as they came through the socket

    async def come_in(self, *names: str) -> None:
        for name in names:
            await self._browser.run(self._come_in, name)

    async def leave(self) -> None:
        for page in self.pages.values():
            await self._browser.run(page.context.close)
        assert self.complaints == []

    async def type(self, who: str, command: str, **options: object) -> str:
        return await self._do(self._type, who, f"/{command_line(command, options)}")

    async def press(self, who: str, label: str) -> str:
        return await self._do(self._press, who, label)

    async def fill(self, who: str, label: str, **fields: str) -> str:
        return await self._do(self._fill, who, label, fields)

    async def read(self) -> str:
        return await self._browser.run(lambda: self._look(next(iter(self.pages))).inner_text())

    async def alt_texts(self) -> list[str]:
        texts = "(images) => images.map((image) => image.alt)"
        return await self._browser.run(
            lambda: self._look(next(iter(self.pages))).locator("img").evaluate_all(texts)
        )

    async def catch_up(self) -> None:
        """The front end reads the events by itself; what it does for them is to have jobs submitted."""
        await self.until(self.wants_nothing)

    def forget_panels(self) -> None:
        self._is_old.update(self.pages)

    async def _do(self, act: Callable[..., str], *values: object) -> str:
        answer = await self._browser.run(act, *values)
        await self.catch_up()
        return answer

    # ---- in the browser's thread

    def _come_in(self, name: str) -> None:
        context = self._browser.browser.new_context(viewport={"width": 1280, "height": 860})
        context.set_default_timeout(_PATIENCE_MILLISECONDS)
        page = self.pages[name] = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", lambda socket: socket.on("framereceived", partial(self._hear, name)))
        page.goto(self._url)
        page.get_by_label("Your name").fill(name.title())
        if name == "mo":
            page.get_by_text("I moderate here").click()
            page.get_by_label("Moderators’ word").fill(WORD)
        page.get_by_role("button", name="Come in").click()
        page.locator("#people .count").wait_for(state="attached")

    def _hear(self, who: str, frame: str) -> None:
        message = json.loads(frame)
        if message["type"] == "answer":
            self._answers[who].append(message)

    def _look(self, who: str) -> Locator:
        """The gathering's page as it is now, as a link opens it."""
        page = self.pages[who]
        page.evaluate(_OPEN, f"/gatherings/{self.gathering_id}")
        self._is_old.discard(who)
        return page.locator("#dialog [data-live]")

    def _type(self, who: str, line: str) -> str:
        page = self.pages[who]
        if page.locator("#dialog").is_visible():
            page.get_by_role("button", name="Close", exact=True).click()
        page.locator("#say").fill(line)
        text = self._answer_to(who, lambda: page.locator("#say").press("Enter"))
        if self._answers[who][0].get("open"):
            page.locator("#dialog-body > *").first.wait_for()
            text += page.locator("#dialog-body").inner_text()
        return text

    def _press(self, who: str, label: str) -> str:
        button = self._button(who, label)
        if button.get_attribute("data-press") is None:
            self._open(who, button)
            return self.pages[who].locator("#dialog-body").inner_text()

        def press() -> None:
            is_sure = button.get_attribute("data-sure") is None
            button.click()
            if not is_sure:
                self.pages[who].locator("#sure button:not([value=no])").click()

        return self._answer_to(who, press)

    def _fill(self, who: str, label: str, fields: Mapping[str, str]) -> str:
        self._open(who, self._button(who, label))
        form = self.pages[who].locator("#dialog form")
        for name, text in fields.items():
            field = form.locator(f"[name={name}]").first
            match field.evaluate("(field) => field.type"):
                case "radio" | "checkbox":
                    form.locator("label", has_text=re.compile(f"^{re.escape(text)}$")).click()
                case "select-one":
                    field.select_option(label=text)
                case _:
                    field.fill(text)
        return self._answer_to(who, form.locator(".primary").click)

    def _button(self, who: str, label: str) -> Locator:
        """In the open dialog, else on the gathering's page."""
        found = self.pages[who].locator("#dialog").get_by_role("button", name=label, exact=True)
        if who in self._is_old or found.count() == 0:
            self._look(who)
        return found

    def _open(self, who: str, button: Locator) -> None:
        button.click()
        self.pages[who].locator("#dialog [data-live]").wait_for(state="detached")

    def _answer_to(self, who: str, act: Callable[[], None]) -> str:
        page, answers = self.pages[who], self._answers.setdefault(who, [])
        answers.clear()
        act()
        while not answers:
            page.wait_for_timeout(_MOMENT_MILLISECONDS)
        text: str = answers[0].get("text", "")
        if text:
            page.locator("#notice, #pinned, #dialog .problem").filter(
                has_text=re.compile(r"\S")
            ).first.wait_for()  # this, or later news
        return text

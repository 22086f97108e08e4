"""Sheets, notices and cards of the web page in a real browser, at a desk and on phones."""

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from studio.commands.button_ids import Action, Button
from studio.commands.command_line import MAX_PHRASE
from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import card, painted, type_in
from tests.support.browser import PATIENCE_MILLISECONDS
from tests.support.case_sim import with_desk
from tests.support.painting_web_server import PaintingWebServer, QuickBrush
from tests.support.web_client import web_settings

PHONE = {"has_touch": True, "is_mobile": True}
# Whether the middle of an element is really there to be seen and pressed, and not cut off or covered.
IN_SIGHT = """(element) => {
  const box = element.getBoundingClientRect();
  const found = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return element === found || element.contains(found);
}"""

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    settings = web_settings(moderator_secret="keys", port=free_port())
    with PaintingWebServer(with_desk(ports), settings) as opened:
        yield opened


def come_in(page: Page, name: str, word: str = "") -> None:
    page.get_by_label("Your name").fill(name)
    if word:
        page.get_by_text("I moderate here").click()
        page.get_by_label("Moderators’ word").fill(word)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#people .count")).to_be_attached()


@contextmanager
def guest(
    browser: Browser,
    web_server: PaintingWebServer,
    name: str,
    word: str = "",
    *,
    path: str = "/",
    **options: object,
) -> Iterator[Page]:
    """Somebody who came in. What their page complains about fails the test."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(web_server.url + path)
    come_in(page, name, word)
    yield page
    context.close()
    assert complaints == []


def phone(width: int) -> dict[str, object]:
    return {**PHONE, "viewport": {"width": width, "height": 740}}


def in_sight(element: Locator) -> bool:
    return bool(element.evaluate(IN_SIGHT))


def at_ease(page: Page) -> None:
    """Once everything that was typed is painted."""
    expect(page.locator("article.card:not(.done, .refused, .failed)")).to_have_count(0)


def test_back_closes_a_dialog_and_forward_opens_it_again(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        fox = painted(ana, "a fox", tiles=1)
        sheet = ana.locator("#dialog")
        fox.locator(".tile a").click()
        expect(sheet).to_be_visible()
        expect(ana).to_have_url(re.compile(r"/view/\w+\.1$"))
        ana.go_back()
        expect(sheet).to_be_hidden()
        expect(ana).to_have_url(f"{web_server.url}/")
        ana.go_forward()
        expect(sheet.locator("h2.prompt")).to_have_text("a fox")
        ana.get_by_role("button", name="Close").click()
        expect(sheet).to_be_hidden()
        expect(ana).to_have_url(f"{web_server.url}/")
        fox.get_by_role("button", name="Edit").click()
        expect(ana).to_have_url(re.compile(r"/edit/\w+\.1$"))
        ana.reload()
        expect(ana.locator("#dialog .cells")).to_be_visible()
        ana.keyboard.press("Escape")
        expect(ana).to_have_url(f"{web_server.url}/")


def test_a_link_opens_its_dialog_after_the_login(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        link = painted(ana, "a fox", tiles=1).locator(".tile a").get_attribute("href")
    with guest(browser, web_server, "Bo", path=str(link)) as bo:
        expect(bo).to_have_url(f"{web_server.url}{link}")
        expect(bo.locator("#dialog h2.prompt")).to_have_text("a fox")
        bo.go_back()
        expect(bo.locator("#dialog")).to_be_hidden()
        expect(card(bo, "a fox")).to_be_visible()


@pytest.mark.thorough("360")
@pytest.mark.parametrize("width", [1280, 360])
def test_a_message_is_shown_and_announced_in_the_open_dialog(
    browser: Browser, web_server: PaintingWebServer, width: int
) -> None:
    with guest(browser, web_server, "Ana", viewport={"width": width, "height": 740}) as ana:
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).locator(".tile a").click()
        ana.locator('#dialog [data-press^="c1:star"]').click()
        status = ana.locator("#dialog").get_by_role("status").filter(has_text="Starred; it has 1 star now.")
        expect(status).to_be_visible()
        assert in_sight(status)
        ana.get_by_role("button", name="Close").click()
        expect(ana.locator(".composer-bar #notice")).to_be_attached()


@pytest.mark.thorough("360")
@pytest.mark.parametrize("width", [1280, 360])
def test_a_code_to_copy_stays_until_it_is_closed(
    browser: Browser, web_server: PaintingWebServer, width: int
) -> None:
    with guest(browser, web_server, "Ana", viewport={"width": width, "height": 740}) as ana:
        type_in(ana, "a fox --count 1")
        fox = painted(ana, "a fox", tiles=1)
        type_in(ana, "/link")
        code = ana.get_by_text("Type /link")
        expect(code).to_be_visible()
        fox.locator(".tile a").click()
        ana.locator('#dialog [data-press^="c1:star"]').click()
        expect(ana.get_by_text("Starred; it has 1 star now.")).to_be_visible()
        expect(ana.locator("#dialog").get_by_text("Type /link")).to_be_visible()
        assert in_sight(code)
        ana.go_back()
        expect(ana.locator(".composer-bar").get_by_text("Type /link")).to_be_visible()
        assert in_sight(code)
        ana.locator("#pinned").get_by_role("button", name="Close").click()
        expect(code).to_have_count(0)


def widths(page: Page, *wanted: int) -> Iterator[int]:
    """The same page in one width after the other."""
    assert page.viewport_size is not None
    height = page.viewport_size["height"]
    for width in wanted:
        page.set_viewport_size({"width": width, "height": height})
        yield width


@pytest.mark.thorough
def test_the_drawer_fits_a_phone(browser: Browser, web_server: PaintingWebServer) -> None:
    with (
        guest(browser, web_server, "Ana"),
        guest(browser, web_server, "Bo"),
        guest(browser, web_server, "Pia", **phone(360)) as pia,
        guest(browser, web_server, "Mona", "keys", **phone(360)) as mona,
    ):
        for page in (pia, mona):
            expect(page.locator("#people .count")).to_have_text("4 people are here")
            page.locator("#present summary").tap()
            for width in widths(page, 360, 390):
                drawer = page.locator(".drawer").bounding_box()
                assert drawer is not None
                assert drawer["x"] >= 0
                assert drawer["x"] + drawer["width"] <= width
                for name in ("Your settings", "Leave"):
                    assert in_sight(page.get_by_role("button", name=name))
                for place in (".home .logo", ".post", "[hx-get='/help']"):
                    assert in_sight(page.locator(f".top {place}"))
                assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.thorough
def test_the_desk_fits_a_phone(browser: Browser, web_server: PaintingWebServer) -> None:
    with (
        guest(browser, web_server, "Ana") as ana,
        guest(browser, web_server, "Mona", "keys", **phone(390)) as mona,
    ):
        type_in(ana, "a fox --count 1")
        picture = str(painted(mona, "a fox", tiles=1).locator(".tile a").get_attribute("href"))
        with guest(browser, web_server, "Bo") as bo:
            type_in(bo, f"/report {picture.removeprefix('/view/')} --reason shows a private person")
            expect(bo.get_by_text("The moderators will look at it.")).to_be_visible()
        link = mona.get_by_role("link", name="The moderators’ desk")
        for _ in widths(mona, 360, 390):
            box = link.bounding_box()
            assert box is not None
            assert box["height"] < 50
        link.tap()
        mona.locator(".case-line").first.tap()
        heading = mona.get_by_role("heading", name="A picture was reported")
        expect(heading).to_be_visible()
        expect(mona.locator(".case-line.in-hand")).to_have_count(1)
        for width in widths(mona, 390, 360):
            assert in_sight(heading)
            assert mona.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.thorough
def test_no_action_of_a_picture_is_cut_off(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana", viewport={"width": 1280, "height": 1200}) as ana:
        type_in(ana, "a fox --count 1")
        fox = painted(ana, "a fox", tiles=1)
        fox.get_by_role("button", name="Star picture 1").last.click()
        expect(fox.locator(".tile .stars")).to_have_text("1")
        fox.locator(".tile a").click()
        deeds = ana.locator("#dialog .actions")
        expect(deeds.get_by_role("button", name="Delete")).to_be_visible()
        edges = "(element) => [element.parentElement, element].map((it) => it.getBoundingClientRect().right)"
        for _ in widths(ana, 1280, 900, 440, 360):
            for deed in deeds.locator("button, a").all():
                assert deed.evaluate("(element) => element.scrollWidth <= element.clientWidth")
                around, own = deed.evaluate(edges)
                assert own <= around


@pytest.mark.thorough
def test_varying_far_down_the_feed_moves_nothing(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana, guest(browser, web_server, "Bo") as bo:
        for number in range(12):
            type_in(ana, f"boat {number} --count 1")
        at_ease(ana)
        deep = card(ana, "boat 1")
        deep.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
        before = deep.bounding_box()
        deep.get_by_role("button", name="Vary strongly").click()
        expect(ana.locator("#news")).to_have_text("1 new above")
        type_in(bo, "a boat of Bo --count 1")
        painted(bo, "a boat of Bo", tiles=1)
        expect(ana.locator("#news")).to_have_text("2 new above")
        assert deep.bounding_box() == before
        ana.locator("#news").click()
        expect(ana.locator("#news")).to_be_hidden()
        cards = ana.locator("article.card")
        expect(cards.nth(0)).to_contain_text("a boat of Bo")
        expect(cards.nth(1).locator(".credit")).to_contain_text("from their own boat 1")


def test_refused_and_failed_cards_are_put_away_for_good(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        for words in ("a forbidden fox", "a failing fox", "a fox --count 1"):
            type_in(ana, words)
        painted(ana, "a fox", tiles=1)
        at_ease(ana)
        for words in ("a forbidden fox", "a failing fox"):
            card(ana, words).get_by_role("button", name="Dismiss this card").click()
            expect(card(ana, words)).to_have_count(0)
        ana.reload()
        expect(card(ana, "a fox")).to_be_visible()
        expect(ana.locator("article.card")).to_have_count(1)
        type_in(ana, "/history")
        expect(ana.locator("#dialog")).to_contain_text("a forbidden fox")


def test_the_flag_asks_before_it_reports(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana, guest(browser, web_server, "Bo") as bo:
        type_in(ana, "a fox --count 2")
        painted(bo, "a fox", tiles=2).get_by_role("button", name="Report picture").click()
        send = bo.get_by_role("button", name="Send", exact=True)
        send.click()
        expect(send).to_be_visible()  # the browser asks for what is missing
        bo.locator("#dialog label", has_text="Picture 2").click()
        bo.locator("#dialog label", has_text="It shows a private person").click()
        bo.get_by_label("In your words").fill("my sister")
        send.click()
        expect(bo.get_by_text("The moderators will look at it.")).to_be_visible()
        expect(bo.locator("#dialog")).to_be_hidden()


def test_an_appeal_says_why(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a forbidden fox")
        card(ana, "a forbidden fox").get_by_role("button", name="Appeal").click()
        ana.get_by_label("Why it should be allowed").fill("it is a play")
        ana.get_by_role("button", name="Send", exact=True).click()
        expect(ana.get_by_text("You will hear what they decide.")).to_be_visible()
        expect(ana.locator("#dialog")).to_be_hidden()


def test_settings_are_saved_and_shown_again(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "/settings")
        dialog = ana.locator("#dialog")
        dialog.locator("label", has_text="People who ask you first").click()
        shape = dialog.get_by_label("Aspect ratio")
        dialog.get_by_role("button", name="16:9").click()
        expect(shape).to_have_value("16:9")
        expect(dialog.get_by_role("button", name="16:9")).to_have_attribute("aria-pressed", "true")
        dialog.get_by_role("button", name="Save").click()
        expect(ana.get_by_text("Saved.")).to_be_visible()
        type_in(ana, "/settings")
        expect(shape).to_have_value("16:9")
        expect(dialog.get_by_role("radio", name="People who ask you first")).to_be_checked()


def test_a_picture_is_blended_with_an_image_that_is_attached_in_the_form(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    image = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(image, "PNG")
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).get_by_role("button", name="More").click()
        dialog = ana.locator("#dialog")
        dialog.get_by_role("button", name="Blend").click()
        expect(ana).to_have_url(re.compile(r"/blend/\w+\.1$"))
        file = {"name": "mine.png", "mimeType": "image/png", "buffer": b"no picture"}
        dialog.locator("input[type=file]").set_input_files([file])
        dialog.get_by_label("What the blend shows").fill("both at once")
        dialog.get_by_role("button", name="Paint").click()
        expect(dialog.get_by_role("alert")).to_contain_text("This image cannot be used")
        dialog.locator("input[type=file]").set_input_files([{**file, "buffer": image.getvalue()}])
        dialog.get_by_role("button", name="Paint").click()
        expect(dialog).to_be_hidden()
        expect(painted(ana, "both at once", tiles=4).locator(".credit")).to_contain_text("from their own fox")


DROP = """(element) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "mine.png", { type: "image/png" }));
  element.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
}"""


def test_a_file_that_is_dropped_on_a_form_goes_into_its_field(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).get_by_role("button", name="Edit").click()
        field = ana.locator("#dialog input[type=file]")
        expect(field).to_be_visible()
        ana.locator("#dialog").evaluate(DROP)
        assert field.evaluate("(input) => [...input.files].map(({ name }) => name)") == ["mine.png"]
        expect(ana.locator("#attached li")).to_have_count(0)


def test_the_frame_of_an_expansion_follows_the_form(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).get_by_role("button", name="More").click()
        dialog = ana.locator("#dialog")
        dialog.get_by_role("button", name="Expand").click()
        frame = dialog.locator(".beyond")
        expect(frame).to_have_attribute("data-sides", "left top right bottom")
        dialog.locator("label", has_text="Left").click()
        expect(frame).to_have_attribute("data-sides", "left")
        dialog.get_by_role("button", name="16:9").click()
        expect(frame).to_have_attribute("data-sides", "")


def test_only_own_pictures_are_suggested_where_no_other_will_do(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana, guest(browser, web_server, "Bo") as bo:
        type_in(ana, "a fox --count 1")
        type_in(bo, "an owl --count 1")
        painted(ana, "an owl", tiles=1)
        painted(ana, "a fox", tiles=1)
        suggested = ana.locator("#choices [role=option]")
        ana.locator("#say").press_sequentially("/vary ")
        expect(suggested).to_have_count(2)
        ana.locator("#say").fill("")
        ana.locator("#say").press_sequentially("/alt ")
        expect(suggested).to_have_count(1)
        expect(suggested).to_contain_text("a fox")


class WaitingBrush(QuickBrush):
    """Paints when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()

    def generate(self, *arguments: Any, **options: Any) -> Any:
        self.may.wait(PATIENCE_MILLISECONDS / 1000)
        return super().generate(*arguments, **options)


def test_only_its_owner_and_moderators_are_offered_to_cancel_a_job(browser: Browser, ports: Ports) -> None:
    brush = WaitingBrush()
    settings = web_settings(moderator_secret="keys", port=free_port())
    with PaintingWebServer(with_desk(ports), settings, brush) as web_server:
        with (
            guest(browser, web_server, "Ana") as ana,
            guest(browser, web_server, "Bo") as bo,
            guest(browser, web_server, "Mo", "keys") as mo,
        ):
            type_in(ana, "a fox --count 1")
            for page, shown in ((ana, 1), (bo, 0), (mo, 1)):
                expect(card(page, "a fox")).to_be_visible()
                visible = card(page, "a fox").locator(".group").filter(visible=True)
                expect(visible).to_have_count(shown)
        brush.may.set()


def test_a_full_prompt_box_is_answered(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "狐" * MAX_PHRASE)
        expect(ana.get_by_role("alert")).to_contain_text("at most 1,000 characters")
        expect(ana.locator("article.card")).to_have_count(0)
        expect(ana.locator("#say")).to_have_value("狐" * MAX_PHRASE)


def test_neither_feed_nor_dialog_loads_a_picture_file(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana", device_scale_factor=2) as ana:
        loaded: list[str] = []
        ana.on("request", lambda request: loaded.append(request.url))
        type_in(ana, "a fox --count 1")
        fox = painted(ana, "a fox", tiles=1)
        expect(fox.locator("img")).to_have_js_property("complete", True)
        fox.locator(".tile a").click()
        expect(ana.locator("#dialog figure img")).to_have_js_property("complete", True)
        shown = ana.locator("#dialog figure img").evaluate(
            "(image) => [image.currentSrc, image.naturalWidth]"
        )
        assert re.search(r"/thumbnails/\w+\.1\?side=1280$", shown[0])
        assert shown[1] > 0
        assert not [url for url in loaded if "/pictures/" in url and "/static/" not in url]


def test_painting_again_is_not_offered_for_an_upscaled_picture(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        fox = painted(ana, "a fox", tiles=1)
        again = "Paint again with a new seed"
        expect(fox.get_by_role("button", name=again)).to_have_count(1)
        fox.get_by_role("button", name="Upscale", exact=True).click()
        large = ana.locator("article.card.done", has=ana.locator(".credit a"))
        expect(large).to_have_count(1)
        expect(large.get_by_role("button", name=again)).to_have_count(0)
        buttons = large.locator("[data-press]").evaluate_all(
            "(all) => all.map((button) => button.dataset.press)"
        )
        assert not any(str(Action.REROLL) in button for button in buttons)
        assert any(
            str(Button(action=Action.VARY, job_id=_job(large), index=1)) == button for button in buttons
        )


def _job(shown: Locator) -> str:
    return str(shown.get_attribute("id")).removeprefix("job-")

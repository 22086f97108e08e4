"""Two people on the web page, in a real browser, with the whole studio behind it."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.imaging.codecs.upload_sanitizer import MAX_UPLOAD_BYTES
from studio.commands.registry import CATALOG
from studio.commands.spec import Audience
from tests.support.browser import PATIENCE_MILLISECONDS
from tests.support.loaded_libraries import heavy_libraries
from tests.support.running_instance import RunningInstance

# Opens a sheet while the news that the one before it was closed is still on its way.
SWIFT = """async (path) => {
  const [sheet, body] = ["#dialog", "#dialog-body"].map((name) => document.querySelector(name));
  const html = await (await fetch(path, { headers: { "HX-Request": "true" } })).text();
  const heard = new Promise((resolve) => sheet.addEventListener("close", resolve, { once: true }));
  sheet.close();
  await htmx.swap({ target: body, text: html, swap: "innerHTML" });
  await heard;
}"""
# Writes down on the page what is shown for a moment only, because who looks now and then may miss it.
WATCH = """
const moments = { progress: "article.card progress", line: "#line:not([hidden])" };
new MutationObserver(() => {
  const seen = document.documentElement.classList;
  for (const [name, selector] of Object.entries(moments))
    if (!seen.contains(`saw-${name}`) && document.querySelector(selector)) seen.add(`saw-${name}`);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""

_MOST_STOPS = 80  # on the way to an element

pytestmark = pytest.mark.timeout(2400)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[RunningInstance]:
    opened = RunningInstance(tmp_path_factory.mktemp("browser") / "home")
    try:
        yield opened.wait_until_open()
    finally:
        opened.clear_away()


@contextmanager
def person(browser: Browser, studio: RunningInstance, name: str, **options: object) -> Iterator[Page]:
    """Somebody who came in. What their page complains about fails the test."""
    context: BrowserContext = browser.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    context.add_init_script(WATCH)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto(studio.note["url"])
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#people .count")).to_be_attached()
    yield page
    context.close()
    # The browser itself reports what a killed front end left behind, and each upload that was refused.
    expected = re.compile(r"WebSocket|ERR_|status of 422")
    assert [complaint for complaint in complaints if not expected.search(complaint)] == []


def prompt(page: Page) -> Locator:
    return page.locator("#say")


def type_in(page: Page, text: str) -> None:
    prompt(page).fill(text)
    prompt(page).press("Enter")


def card(page: Page, prompt_text: str, maker: str | None = None) -> Locator:
    """The newest card with exactly this prompt."""
    found = page.locator("article.card").filter(
        has=page.locator(".prompt", has_text=re.compile(f"^{re.escape(prompt_text)}$"))
    )
    if maker:
        found = found.filter(has=page.locator(".credit .who:first-child", has_text=f"@{maker}"))
    return found.first


def painted(page: Page, prompt_text: str, maker: str | None = None, *, tiles: int = 4) -> Locator:
    """The card, once its pictures hang there and have loaded."""
    shown = card(page, prompt_text, maker)
    expect(shown).to_have_class(re.compile(r"\bdone\b"))
    expect(shown.locator(".tile img")).to_have_count(tiles)
    return shown


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """As somebody without a mouse gets there."""
    for _ in range(_MOST_STOPS):
        if target.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"not reached by {key}: {target}")


def test_two_people_paint_together(browser: Browser, studio: RunningInstance) -> None:
    with person(browser, studio, "Ana") as ana, person(browser, studio, "Bo") as bo:
        expect(ana.locator("#people .count")).to_have_text("2 people are here")
        type_in(ana, "a red apple on a blue background")
        expect(card(bo, "a red apple on a blue background")).to_be_visible()
        expect(ana.locator(".saw-progress")).to_have_count(1)
        apples = painted(bo, "a red apple on a blue background", "Ana")
        expect(apples.locator("img").nth(1)).to_have_attribute(
            "alt", "Picture 2 of 4: a red apple on a blue background"
        )

        apples.get_by_role("button", name="Vary picture 2", exact=True).first.click()
        theirs = card(ana, "a red apple on a blue background", "Bo")
        expect(theirs.locator(".credit")).to_contain_text("@Ana’s red apple")
        painted(ana, "a red apple on a blue background", "Bo")

        apples.locator(".reactions").get_by_role("button", name="Star picture 1").click()
        mine = card(ana, "a red apple on a blue background", "Ana")
        expect(mine.locator(".tile .stars")).to_have_text("1")
        expect(apples.locator(".tile .star").first).to_have_attribute("aria-pressed", "true")
        expect(mine.locator(".tile .star").first).to_have_attribute("aria-pressed", "false")

        # Bo may not delete what Ana made; Ana may, and is asked first.
        expect(apples.get_by_role("button", name="Delete")).to_be_hidden()
        mine.locator(".reactions").get_by_role("button", name="Delete").click()
        ana.get_by_role("button", name="Keep").click()
        expect(mine).to_be_visible()
        mine.locator(".reactions").get_by_role("button", name="Delete").click()
        ana.locator("#sure").get_by_role("button", name="Delete").click()
        expect(card(bo, "a red apple on a blue background", "Ana")).to_have_count(0)
        expect(card(bo, "a red apple on a blue background", "Bo").locator(".credit")).to_have_text(
            "by B@Bo, from A@Ana’s picture"
        )


def test_a_copy_of_a_picture_tells_who_made_it(browser: Browser, studio: RunningInstance) -> None:
    with person(browser, studio, "Ida") as ida, person(browser, studio, "Joe") as joe:
        type_in(ida, "a green pear --count 1")
        tile = painted(ida, "a green pear", "Ida", tiles=1).locator(".tile img")
        picture = (tile.get_attribute("src") or "").replace("/thumbnails/", "/pictures/") + ".png"
        png = ida.context.request.get(studio.note["url"].rstrip("/") + picture).body()
        copy = io.BytesIO()
        Image.open(io.BytesIO(png)).convert("RGB").save(copy, "JPEG", quality=60)
        prompt(joe).fill("/whose")
        file = {"name": "found.jpg", "mimeType": "image/jpeg", "buffer": copy.getvalue()}
        joe.locator("#file").set_input_files([file])
        expect(joe.locator("#attached li:not(.busy)")).to_have_count(1)
        prompt(joe).press("Enter")
        expect(joe.get_by_text("Known by its invisible watermark.")).to_be_visible()
        expect(joe.get_by_text("Painted by @Ida")).to_be_visible()


@pytest.mark.thorough
def test_a_picture_is_edited_expanded_and_upscaled_from_its_dialogs(
    browser: Browser, studio: RunningInstance
) -> None:
    with person(browser, studio, "Edda") as edda:
        type_in(edda, "a yellow star --count 1 --seed 7")
        star = painted(edda, "a yellow star", tiles=1)

        star.get_by_role("button", name="Edit").click()
        for cell in ("B2", "C2"):
            edda.locator(".cells label", has_text=cell).click()
        edda.get_by_label("What that part shows").fill("a small moon")
        edda.locator("#dialog").get_by_role("button", name="Paint").click()
        painted(edda, "a small moon")

        star.get_by_role("button", name="More").click()
        edda.locator("#dialog").get_by_role("button", name="Expand").click()
        for side in ("Left", "Right", "Bottom"):
            edda.locator("#dialog label", has_text=side).click()
        edda.get_by_label("What the new part shows").fill("a yellow star at night")
        edda.locator("#dialog").get_by_role("button", name="Paint").click()
        painted(edda, "a yellow star at night")

        before = int(star.locator("img").get_attribute("width") or 0)
        star.get_by_role("button", name="Upscale", exact=True).click()
        large = edda.locator("article.card.done", has=edda.locator(f"img[width='{before * 4}']"))
        expect(large).to_be_visible()

        large.locator(".tile a").click()
        sheet = edda.locator("#dialog")
        expect(sheet.locator("dt", has_text="Seed")).to_be_visible()
        with edda.expect_download() as download:
            sheet.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename.startswith("chatelier-")
        with Image.open(download.value.path()) as picture:
            assert picture.width == before * 4


@pytest.mark.thorough
def test_a_photo_that_is_too_large_is_made_smaller_by_the_browser(
    browser: Browser, studio: RunningInstance
) -> None:
    photo = io.BytesIO()
    Image.linear_gradient("L").resize((3000, 2600)).convert("RGB").save(photo, "PNG", compress_level=0)
    assert len(photo.getbuffer()) > MAX_UPLOAD_BYTES
    with person(browser, studio, "Ines") as ines:
        ines.locator("#file").set_input_files(
            {"name": "photo.png", "mimeType": "image/png", "buffer": photo.getvalue()}
        )
        expect(ines.locator("#attached li:not(.busy)")).to_have_count(1)


@pytest.mark.thorough
def test_an_image_of_ones_own_is_attached_and_painted_from(browser: Browser, studio: RunningInstance) -> None:
    image = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(image, "PNG")
    with person(browser, studio, "Uma") as uma:
        uma.locator("#file").set_input_files(
            {"name": "mine.png", "mimeType": "image/png", "buffer": image.getvalue()}
        )
        expect(uma.locator("#attached li:not(.busy)")).to_have_count(1)
        type_in(uma, "/edit a green tree --region B2-C3 --count 1")
        painted(uma, "a green tree", tiles=1)

        uma.locator("#say").fill("/blend a green tree")
        uma.locator("#file").set_input_files(
            [
                {"name": f"{name}.png", "mimeType": "image/png", "buffer": image.getvalue()}
                for name in ("one", "other", "third")
            ]
        )
        expect(uma.locator("#attached li:not(.busy)")).to_have_count(3)
        type_in(uma, "/blend three green trees --count 1")
        painted(uma, "three green trees", tiles=1)
        expect(uma.locator("#attached li")).to_have_count(0)
        uma.locator("#file").set_input_files(
            {"name": "broken.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nbroken"}
        )
        expect(uma.locator("#notice")).to_contain_text("This image cannot be used")


@pytest.mark.thorough
def test_the_web_page_is_used_by_keyboard_alone(browser: Browser, studio: RunningInstance) -> None:
    with person(browser, studio, "Kay") as kay:
        kay.keyboard.press("/")
        expect(prompt(kay)).to_be_focused()
        offered = [name for name, spec in CATALOG.items() if spec.audience is Audience.EVERYBODY]
        expect(kay.locator("#choices").get_by_role("option")).to_have_count(len(offered))
        kay.keyboard.type("im")
        kay.keyboard.press("Tab")
        expect(prompt(kay)).to_have_value("/imagine ")
        kay.keyboard.type("a blue boat --s")
        expect(kay.locator("#choices").get_by_role("option").first).to_have_attribute("aria-selected", "true")
        kay.keyboard.press("ArrowDown")
        expect(kay.locator("#choices").get_by_role("option").nth(1)).to_have_attribute(
            "aria-selected", "true"
        )
        kay.keyboard.press("Escape")
        expect(kay.get_by_role("listbox", name="Suggestions")).to_be_hidden()
        kay.keyboard.press("Backspace")
        kay.keyboard.type("count 1")
        kay.keyboard.press("Enter")
        boat = painted(kay, "a blue boat", tiles=1)
        link = boat.locator(".tile a")
        tab_to(kay, link)
        kay.keyboard.press("Enter")
        expect(kay.locator("#dialog")).to_be_visible()
        kay.keyboard.press("Escape")
        expect(kay.locator("#dialog")).to_be_hidden()
        expect(link).to_be_focused()
        edit = boat.get_by_role("button", name="Edit")
        tab_to(kay, edit, "ArrowRight")
        kay.keyboard.press("Enter")
        form = kay.locator("#dialog form")
        expect(form.locator(".cells")).to_be_visible()
        kay.evaluate(SWIFT, edit.get_attribute("hx-get"))
        expect(form.locator(".cells")).to_be_visible()
        tab_to(kay, form.locator(".cells input").first)
        for key in ("ArrowRight", "ArrowDown", "Space"):
            kay.keyboard.press(key)
        expect(form.locator(".cells input[value=B2]")).to_be_checked()
        tab_to(kay, form.get_by_role("textbox").first)
        kay.keyboard.type("a sail")
        tab_to(kay, form.get_by_role("button", name="Paint", exact=True))
        kay.keyboard.press("Enter")
        expect(kay.locator("#dialog")).to_be_hidden()
        painted(kay, "a sail")
        kay.keyboard.press("/")
        expect(prompt(kay)).to_be_focused()
        kay.keyboard.type("imagne a boat")
        kay.keyboard.press("Enter")
        expect(kay.get_by_role("alert")).to_have_text("There is no command /imagne. Did you mean /imagine?")
        expect(prompt(kay)).to_have_value("/imagne a boat")


@pytest.mark.thorough
def test_the_web_page_fits_a_phone_by_day_and_by_night(browser: Browser, studio: RunningInstance) -> None:
    for scheme, name in (("light", "Pia"), ("dark", "Paula")):
        phone = {
            "viewport": {"width": 360, "height": 740},
            "has_touch": True,
            "is_mobile": True,
            "color_scheme": scheme,
            "bypass_csp": True,  # for measuring the page from outside
        }
        with person(browser, studio, name, **phone) as pia:
            if scheme == "light":
                type_in(pia, "a yellow pear --count 2")
            fits_a_phone(pia, painted(pia, "a yellow pear", tiles=2))


def fits_a_phone(page: Page, shown: Locator) -> None:
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    box = prompt(page).bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 740
    for name in ("Edit", "Remix", "More"):
        shown.get_by_role("button", name=name).tap()
        expect(page.locator("#dialog")).to_be_visible()
        assert page.evaluate(width) == 360
        assert page.evaluate("document.querySelector('#dialog').scrollWidth") == 360
        page.get_by_role("button", name="Close").tap()
    page.get_by_role("button", name="Help: commands and reactions").tap()
    expect(page.get_by_role("heading", name="What you can type")).to_be_visible()
    assert page.evaluate("document.querySelector('#dialog').scrollWidth") == 360


def test_a_killed_frontend_comes_back_and_shows_everything_as_it_is(
    browser: Browser, studio: RunningInstance
) -> None:
    with person(browser, studio, "Rae") as rae:
        type_in(rae, "a white house")
        expect(rae.locator(".saw-progress")).to_have_count(1)
        studio.kill("web")
        prompt(rae).fill("a black cat")
        prompt(rae).press("Enter")
        expect(rae.locator(".saw-line")).to_have_count(1)
        painted(rae, "a white house")
        painted(rae, "a black cat")
        expect(rae.locator("article.card", has_text="a black cat")).to_have_count(1)


@pytest.mark.thorough
def test_the_frontend_loads_no_heavy_library_whatever_images_it_is_sent(
    studio: RunningInstance, browser: Browser
) -> None:
    """They are judged, and examined for where they come from, in processes beside it: it loads nothing for that."""
    image = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((1024, 1024)).save(image, "PNG")
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": image.getvalue()}
    for name, words in (("Max", ""), ("Mia", "/whose")):
        with person(browser, studio, name) as guest:
            prompt(guest).fill(words)
            guest.locator("#file").set_input_files([file])
            expect(guest.locator("#attached li:not(.busy)")).to_have_count(1)
    assert heavy_libraries(studio.process_of("web")) == set()

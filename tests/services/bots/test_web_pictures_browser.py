"""Pictures under the hand, in a real browser: a mask that is drawn, before and after, side by side, full screen."""

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from studio.db.tables import JobRow
from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_web_browser import painted, type_in
from tests.services.bots.test_web_dialogs_browser import guest, phone
from tests.support.case_sim import with_desk
from tests.support.painting_web_server import PaintingWebServer
from tests.support.web_client import web_settings

SCALE = "(element) => new DOMMatrix(getComputedStyle(element).transform).a"
# Two fingers on an element, which move apart; Playwright has one finger only.
PINCH = """(element) => {
  const box = element.getBoundingClientRect();
  const send = (type, id, x, y) => element.dispatchEvent(new PointerEvent(type, {
    pointerId: id, isPrimary: id === 11, pointerType: "touch", button: type === "pointermove" ? -1 : 0, buttons: 1,
    clientX: box.x + x * box.width, clientY: box.y + y * box.height, bubbles: true, cancelable: true,
  }));
  element.setPointerCapture = () => {};
  send("pointerdown", 11, 0.4, 0.5);
  send("pointerdown", 12, 0.6, 0.5);
  send("pointermove", 11, 0.2, 0.5);
  send("pointermove", 12, 0.8, 0.5);
  send("pointerup", 11, 0.2, 0.5);
  send("pointerup", 12, 0.8, 0.5);
}"""

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    with PaintingWebServer(with_desk(ports), web_settings(port=free_port())) as opened:
        yield opened


def open_edit(page: Page) -> Locator:
    type_in(page, "a fox --count 1")
    painted(page, "a fox", tiles=1).get_by_role("button", name="Edit").click()
    form = page.locator("#dialog form.portrait")
    expect(form.locator("img")).to_have_js_property("complete", True)
    return form


def draw(page: Page, canvas: Locator, *places: tuple[float, float]) -> None:
    """A stroke through places in shares of the picture."""
    box = canvas.bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=5)
    page.mouse.up()


def mask_of(ports: Ports, prompt: str) -> Image.Image:
    """The mask with which a job was asked for."""
    with ports.database.read() as session:
        (request,) = [row.request for row in session.query(JobRow) if row.request["prompt"] == prompt]
    assert request["cells"] == []
    return Image.open(io.BytesIO(ports.store.get(request["sources"][0]["mask_key"])))


def test_a_mask_is_drawn_erased_taken_back_and_painted_from(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        form = open_edit(ana)
        form.get_by_role("button", name="Brush", exact=True).click()
        expect(form.locator(".cells")).to_be_hidden()
        canvas, undo = form.locator("canvas"), form.get_by_role("button", name="Undo")
        expect(undo).to_be_disabled()
        draw(ana, canvas, (0.2, 0.25), (0.8, 0.25))
        draw(ana, canvas, (0.2, 0.75), (0.8, 0.75))
        form.get_by_role("button", name="Eraser").click()
        draw(ana, canvas, (0.5, 0.05), (0.5, 0.95))
        ana.keyboard.press("Control+z")
        ana.keyboard.press("Control+z")  # the eraser and the lower stroke are gone
        ana.keyboard.press("e")
        draw(ana, canvas, (0.5, 0.2), (0.5, 0.3))
        ana.keyboard.press("Control+z")
        ana.keyboard.press("e")
        draw(ana, canvas, (0.8, 0.1), (0.8, 0.4))
        form.get_by_role("textbox").first.fill("a hat")
        form.get_by_role("button", name="Paint", exact=True).click()
        expect(ana.locator("#dialog")).to_be_hidden()
        painted(ana, "a hat")
    mask = mask_of(web_server.ports, "a hat")
    assert mask.size == (1024, 768)
    shares = {(0.4, 0.25): 255, (0.5, 0.25): 255, (0.8, 0.25): 0, (0.4, 0.75): 0, (0.4, 0.05): 0}
    found = {(x, y): mask.getpixel((int(x * 1024), int(y * 768))) for x, y in shares}
    assert found == shares


@pytest.mark.thorough
def test_on_a_phone_one_finger_draws_and_two_enlarge(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana", **phone(360)) as ana:
        form = open_edit(ana)
        form.get_by_role("button", name="Brush", exact=True).tap()
        canvas = form.locator("canvas")
        canvas.tap()
        expect(form.get_by_role("button", name="Undo")).to_be_enabled()
        canvas.evaluate(PINCH)
        assert form.locator(".stage").evaluate(SCALE) > 2
        form.get_by_role("button", name="Undo").tap()
        expect(form.get_by_role("button", name="Undo")).to_be_disabled()  # two fingers drew nothing
        canvas.tap()
        assert ana.evaluate("document.documentElement.scrollWidth") == 360
        form.get_by_role("textbox").first.fill("a hat")
        form.get_by_role("button", name="Paint", exact=True).tap()
        painted(ana, "a hat")
    box = mask_of(web_server.ports, "a hat").getbbox()
    assert box is not None
    assert 0 < box[2] - box[0] < 102  # a tenth of the picture, and less where it is enlarged


@pytest.mark.thorough
def test_cells_count_where_they_are_chosen_after_a_stroke(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        form = open_edit(ana)
        form.get_by_role("button", name="Brush", exact=True).click()
        draw(ana, form.locator("canvas"), (0.2, 0.25), (0.8, 0.25))
        form.get_by_role("button", name="Cells", exact=True).click()
        form.locator(".cells input").first.focus()
        for key in ("ArrowDown", "ArrowRight", "Space"):
            ana.keyboard.press(key)
        form.get_by_role("textbox").first.fill("a hat")
        form.get_by_role("button", name="Paint", exact=True).click()
        painted(ana, "a hat")
    with web_server.ports.database.read() as session:
        (request,) = [row.request for row in session.query(JobRow) if row.request["prompt"] == "a hat"]
    assert request["cells"] == ["B2"]


def test_an_edit_is_held_against_what_it_was_before(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        form = open_edit(ana)
        form.locator(".cells label").first.click()
        form.get_by_role("textbox").first.fill("a hat --count 1")
        form.get_by_role("button", name="Paint", exact=True).click()
        painted(ana, "a hat", tiles=1).locator(".tile a").click()
        figure = ana.locator("#dialog figure")
        before = figure.locator(".divided")
        expect(before).to_be_hidden()
        figure.get_by_role("button", name="Before and after").click()
        expect(before.get_by_role("img", name="Before")).to_have_js_property("complete", True)
        slider = before.get_by_role("slider")
        expect(slider).to_be_focused()
        ana.keyboard.press("Home")
        assert before.evaluate("(element) => element.style.getPropertyValue('--share')") == "0%"
        over, under = before.bounding_box(), figure.locator(".stage > img").bounding_box()
        assert over is not None
        assert under is not None
        assert abs(over["width"] / over["height"] - 4 / 3) < 0.01
        assert over["width"] <= under["width"] + 1
        ana.goto(ana.url.replace("/view/", "/lineage/"))
        look_at_the_family_tree(ana)


# How far, in pixels, a line of the tree begins below the middle of a parent, and ends above that of a child.
GAPS = """() => {
  const path = document.querySelector("#lineage path"), matrix = path.getScreenCTM();
  const [parent, child] = [...document.querySelectorAll("#lineage [data-node]")];
  const [above, below] = [parent.getBoundingClientRect(), child.firstElementChild.getBoundingClientRect()];
  const [from, to] = [0, path.getTotalLength()].map((at) => path.getPointAtLength(at).matrixTransform(matrix));
  return [from.x - above.x - above.width / 2, from.y - above.bottom, to.x - below.x - below.width / 2, to.y - below.y]
    .map((gap) => Math.round(Math.abs(gap)));
}"""


def look_at_the_family_tree(page: Page) -> None:
    """Of an edit: a line leads to it, arrows lead to its parent, both light up, and it is enlarged in four ways."""
    tree = page.locator("#lineage")
    fox, hat = tree.locator("[data-node]").all()
    expect(tree.locator("path")).to_have_count(1)
    assert page.evaluate(GAPS) == [0, 0, 0, 0]
    assert tree.locator("a[tabindex='0']").count() == 1
    page.keyboard.press("+")
    expect(tree).to_have_css("transform", "none")
    hat.locator("a").focus()
    page.keyboard.press("ArrowUp")
    expect(fox.locator("a")).to_be_focused()
    expect(tree.locator("[data-node].kin")).to_have_count(2)
    expect(tree.locator("path.kin")).to_have_count(1)
    page.keyboard.press("+")
    expect(tree).to_have_css("transform", "matrix(1.25, 0, 0, 1.25, 0, 0)")
    assert page.evaluate(GAPS) == [0, 0, 0, 0]
    page.get_by_role("button", name="Smaller").click()
    expect(tree).to_have_css("transform", "none")
    page.get_by_role("button", name="Larger").click()
    expect(tree).to_have_css("transform", "matrix(1.25, 0, 0, 1.25, 0, 0)")
    page.get_by_role("button", name="Usual size").click()
    fox.locator("img").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, 200)
    page.keyboard.up("Control")
    expect(tree).not_to_have_css("transform", "none")
    assert page.evaluate(GAPS) == [0, 0, 0, 0]


def test_pictures_of_a_job_are_compared_and_enlarged_together(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 4")
        painted(ana, "a fox").locator(".tile a").first.click()
        ana.locator("#dialog").get_by_role("link", name="Compare").click()
        stages = ana.locator(".comparison .stage")
        expect(stages).to_have_count(4)
        expect(ana.get_by_role("button", name="Whole pictures")).to_be_enabled()
        ana.locator(".comparison .zoomed").nth(2).focus()
        ana.keyboard.press("+")
        assert {stage.evaluate(SCALE) for stage in stages.all()} == {1.5}
        ana.get_by_role("button", name="Whole pictures").click()
        assert {stage.evaluate(SCALE) for stage in stages.all()} == {1}


def test_a_picture_fills_the_screen_and_is_enlarged_by_wheel_and_keys(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana") as ana:
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1).locator(".tile a").click()
        ana.locator("#dialog").get_by_role("button", name="Full screen").click()
        viewer, stage = ana.locator("#viewer"), ana.locator("#viewer .stage")
        expect(viewer.locator("img")).to_have_attribute("src", re.compile(r"/pictures/\w+\.1\.png$"))
        ana.keyboard.press("+")
        assert stage.evaluate(SCALE) == 1.5
        ana.mouse.move(300, 300)
        ana.mouse.wheel(0, -400)
        expect(viewer.locator(".enlarged")).to_be_visible()
        ana.keyboard.press("0")
        assert stage.evaluate(SCALE) == 1
        viewer.get_by_role("button", name="Close").click()
        expect(viewer).to_be_hidden()
        expect(ana.locator("#dialog")).to_be_visible()

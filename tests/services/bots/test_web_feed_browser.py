"""The feed under the keyboard, and what tells somebody who looks elsewhere that pictures are ready."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from studio.commands.command_line import parse_phrase
from studio.errors import BadParameterError
from studio.ports import Ports, RunnableModel
from tests.conftest import free_port
from tests.services.bots.test_web_browser import painted, type_in
from tests.services.bots.test_web_dialogs_browser import at_ease, guest, widths
from tests.support.case_sim import with_desk
from tests.support.painting_web_server import PaintingWebServer
from tests.support.web_client import web_settings

AWAY = """() => {
Object.defineProperty(document, "visibilityState", { get: () => "hidden" });
window.told = [];
ServiceWorkerRegistration.prototype.showNotification = (title, { body }) => told.push(`${title}: ${body}`);
}"""
STOPS = """(card) => [...card.querySelectorAll("a[href], button")]
  .filter((control) => control.tabIndex === 0 && control.checkVisibility()).length"""

# A step of 10 seconds, looked at after 0, 5, 9 and 30.
COUNT = """async () => {
  const { showStep, advance } = await import("/static/progress.js");
  const html = '<article id="job-x"><p class="status"></p><progress></progress></article>';
  document.body.insertAdjacentHTML("beforeend", html);
  const card = document.querySelector("#job-x");
  showStep("x", { step: 4, steps: 10, text: "", left: 60 }, 0);
  const seen = [0, 5000, 9000, 30000].map((now) => {
    advance(now);
    return [card.lastChild.value, card.firstChild.textContent];
  });
  showStep("x", { step: 5, steps: 10, text: "Step 5 of 10", left: null }, 30000);
  card.remove();
  return seen;
}"""
READ = """async (lines) => {
  const { readFlag } = await import("/static/prompt/flags.js");
  return lines.map((line) => ["aspect", "count", "style", "draft", "ref"].map((name) => readFlag(line, name)));
}"""
LINES = [
    "a fox --ar16:9 --n 2 --n 4",
    "a fox — ar 16:9 —style: ink",
    "a fox -n 4 --draft no",
    "--draft a well-aspect view --count=3",
    "un zorro —no un gato— en la nieve",
    "/imagine a fox --style ink --ref k3v9m2p4qx7a.1",
    "/vary k3v9m2p4qx7a.2 --n 2",
]

pytestmark = pytest.mark.timeout(1200)


def values(line: str) -> list[str]:
    """As the server reads the flags of a line; nothing where it refuses them."""
    try:
        spec, read = parse_phrase(line)
    except BadParameterError:
        return [""] * 5
    found = {name: str(value) for name, value in read.items() if spec.parameter(name)}
    found["draft"] = "" if found.get("draft") == "no" else found.get("draft", "")
    return [found.get(name, "") for name in ("aspect", "count", "style", "draft", "ref")]


@pytest.fixture
def web_server(ports: Ports) -> Iterator[PaintingWebServer]:
    settings = web_settings(moderator_secret="keys", port=free_port())
    with PaintingWebServer(with_desk(ports), settings) as opened:
        yield opened


def test_a_card_is_one_tab_stop_and_what_is_chosen_is_typed(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    model = RunnableModel(name="tiny", takes_references=4)
    web_server.ports.options.known_models = (model,)  # type: ignore[attr-defined]
    with guest(browser, web_server, "Ana") as ana:
        expect(ana.locator("#say")).to_be_focused()  # on arrival
        for words in ("an owl --count 2", "a fox --count 2"):
            type_in(ana, words)
            painted(ana, words.partition(" --")[0], tiles=2)
        fox, owl = ana.locator("article.card").all()
        assert [card.evaluate(STOPS) for card in (fox, owl)] == [1, 1]
        fox.locator(".tile a").first.focus()
        ana.keyboard.press("ArrowRight")
        expect(fox.get_by_role("button", name="Star picture 1").first).to_be_focused()
        ana.keyboard.press("Enter")
        expect(fox.locator(".tile .stars")).to_have_text("1")
        expect(fox.get_by_role("button", name="Star picture 1").first).to_be_focused()
        assert fox.evaluate(STOPS) == 1
        ana.keyboard.press("End")
        expect(fox.locator("button").filter(visible=True).last).to_be_focused()
        ana.keyboard.press("Tab")
        expect(owl.locator(".tile a").first).to_be_focused()
        ana.keyboard.press("Enter")
        dialog = ana.locator("#dialog")
        seed = str(dialog.locator("dt:text-is('Seed') + dd").inner_text())
        dialog.get_by_role("button", name="Use this prompt").click()
        expect(ana.locator("#say")).to_have_value("an owl")
        owl.locator(".tile a").first.click()
        dialog.get_by_role("button", name="Use this seed").click()
        say = ana.locator("#say")
        expect(say).to_have_value(f"an owl --seed {seed}")
        shape, draft = ana.get_by_role("combobox", name="Shape"), ana.get_by_role("button", name="Draft")
        shape.select_option("3:2")
        expect(say).to_have_value(f"an owl --seed {seed} --aspect 3:2")
        say.focus()
        ana.keyboard.type(" at night")
        expect(say).to_have_value(f"an owl at night --seed {seed} --aspect 3:2")
        say.fill("an owl --ar 2.35:1 --draft")
        expect(shape).to_have_value("2.35:1")
        expect(draft).to_have_attribute("aria-pressed", "true")
        draft.click()
        shape.select_option("Default")
        expect(say).to_have_value("an owl")
        say.fill("/upscale ")
        expect(shape).to_be_hidden()
        fox.get_by_role("button", name="Use", exact=True).focus()
        ana.keyboard.press("Enter")
        use = fox.get_by_role("button", name="Use this picture, Picture 2")
        expect(use).to_be_visible()
        ana.keyboard.press("ArrowRight")
        expect(fox.get_by_role("button", name="Use this prompt")).to_be_focused()
        for _ in range(4):
            ana.keyboard.press("ArrowDown")
        expect(use).to_be_focused()
        ana.keyboard.press("Enter")
        picture = str(fox.get_attribute("id")).removeprefix("job-") + ".2"
        expect(use).to_be_hidden()
        expect(say).to_have_value(f" --ref {picture}")
        expect(ana.locator("#references img")).to_have_attribute("alt", picture)
        ana.keyboard.type("an owl")
        ana.get_by_label("What the picture is").select_option("A style")
        expect(say).to_have_value(f"an owl --sref {picture}")
        ana.get_by_role("button", name="Remove this reference").click()
        expect(say).to_have_value("an owl")
        assert ana.evaluate(READ, LINES) == [values(line) for line in LINES]
        assert ana.evaluate(COUNT) == [
            [4, ""],
            [4.5, "Step 4 of 10 · about 60 s left"],
            [4.9, "Step 4 of 10 · about 50 s left"],
            [5, "Step 4 of 10 · about 50 s left"],
        ]


@pytest.mark.thorough
def test_the_feed_has_no_holes_and_keeps_its_order(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana:
        for number, count in enumerate((1, 4, 2, 1, 2, 4, 1)):
            type_in(ana, f"fox {number} --count {count}")
            painted(ana, f"fox {number}", tiles=count)
        for words in ("a forbidden fox", "a failing fox"):
            type_in(ana, words)
        at_ease(ana)
        for _ in widths(ana, 1280, 800, 360):
            columns: dict[float, list[tuple[float, float]]] = {}
            boxes = [card.bounding_box() for card in ana.locator("article.card").all()]
            for box in boxes:
                assert box is not None
                columns.setdefault(box["x"], []).append((box["y"], box["y"] + box["height"]))
            gap = float(
                ana.locator("#feed").evaluate("(feed) => parseFloat(getComputedStyle(feed).columnGap)")
            )
            for placed in columns.values():
                between = [
                    below[0] - above[1]
                    for above, below in zip(sorted(placed), sorted(placed)[1:], strict=False)
                ]
                assert all(abs(distance - gap) < 2.5 for distance in between), between
            assert boxes[0] == min(boxes, key=lambda box: (box["y"], box["x"]) if box else (0, 0))


def test_ready_is_told_in_the_title_and_by_a_notification_that_was_asked_for(
    browser: Browser, web_server: PaintingWebServer
) -> None:
    with guest(browser, web_server, "Ana", permissions=["notifications"]) as ana:
        devtools = ana.context.new_cdp_session(ana)  # a German browser, whose person reads in English
        devtools.send("Emulation.setLocaleOverride", {"locale": "de-DE"})
        ana.locator("#present summary").click()
        ana.get_by_label("Notify me when my pictures are ready").check()
        ana.locator("#present summary").click()
        ana.evaluate("navigator.serviceWorker.ready")
        ana.evaluate(AWAY)
        type_in(ana, "a fox --count 1")
        painted(ana, "a fox", tiles=1)
        expect(ana).to_have_title("(1) Ready · Chatelier")
        ana.wait_for_function("told.length === 1")
        assert ana.evaluate("told") == ["Your pictures are ready: a fox"]
        expect(ana.locator("article.card time").first).to_have_attribute(
            "title", re.compile("^[A-Z][a-z]+day, ")
        )
        ana.reload()
        expect(ana).to_have_title("Chatelier")


def test_the_button_of_the_desk_counts_open_cases(browser: Browser, web_server: PaintingWebServer) -> None:
    with guest(browser, web_server, "Ana") as ana, guest(browser, web_server, "Mo", "keys") as mo:
        type_in(ana, "a fox --count 1")
        fox = str(painted(ana, "a fox", tiles=1).get_attribute("id")).removeprefix("job-")
        expect(mo.locator("#desk-count")).to_be_hidden()
        with guest(browser, web_server, "Bo") as bo:
            type_in(bo, f"/report {fox}.1 --reason shows a private person")
            expect(bo.get_by_text("The moderators will look at it.")).to_be_visible()
        expect(mo.locator("#desk-count")).to_have_text("1")  # told at once, without loading the page again
        assert ana.request.get(f"{web_server.url}/desk/count").status == 400

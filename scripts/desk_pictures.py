"""Photographs the moderators' desk for the documents, on a wide screen and on a phone, painted by the bundled model.

CHROMIUM=/usr/bin/chromium PYTHONPATH=. nice .venv/bin/python scripts/desk_pictures.py docs
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from scripts.hall_picture import type_line
from scripts.web_pictures import WINDOW, enter, expect_pictures, open_instance, send_line

PHONE = {"width": 360, "height": 880}
WORD = "keys"
_GAP = 24  # pixels between the two screens
_GROUND = (246, 245, 242)


def prepare(browser: Browser, url: str) -> Page:
    """A community with cases and a week behind it, and its moderator."""
    ana, bo, clemence = (enter(browser, url, name, WINDOW) for name in ("Ana", "Bo", "Clémence"))
    mo = browser.new_page(viewport=WINDOW)  # type: ignore[arg-type]
    mo.goto(url)
    mo.get_by_label("Your name").fill("Mo")
    mo.get_by_text("I moderate here").click()
    mo.get_by_label("Moderators’ word").fill(WORD)
    mo.get_by_role("button", name="Come in").click()
    expect(mo.locator("#people .count")).to_be_attached()
    type_line(mo, "/words battle, shipwreck --action hold --apply yes")
    type_line(mo, "/words clown --action refuse --apply yes")
    for person, words in ((ana, "a red apple on a blue background"), (clemence, "a lighthouse by the sea")):
        send_line(person, words)
    for person, words in ((bo, "a clown in the rain"), (ana, "a clown on a boat")):
        type_line(person, words)
        expect(person.locator("article.card").first).to_contain_text("clown")
    for person, words in ((bo, "a knight after a battle"), (clemence, "a shipwreck at night")):
        type_line(person, words)
        expect(person.locator("article.card").first).to_contain_text(words)
    card = bo.locator("article.card", has_text="a lighthouse by the sea").first
    expect_pictures(bo, pictures=0)
    picture = (card.locator(".tile a").first.get_attribute("href") or "").removeprefix("/view/")
    type_line(bo, f"/report {picture} --reason this looks like my drawing")
    bo.get_by_text("The moderators will look at it.").first.wait_for()
    mo.goto(f"{url}/desk")
    return mo


def photograph(page: Page) -> Image.Image:
    page.mouse.move(5, 5)
    page.wait_for_load_state("networkidle")
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def save_beside(path: Path, page: Page) -> None:
    """The page on a desk, and beside it on a phone."""
    shots = []
    for window in (WINDOW, PHONE):
        page.set_viewport_size(window)  # type: ignore[arg-type]
        page.evaluate("scrollTo(0, 0)")
        shots.append(photograph(page))
    wide, narrow = shots
    sheet = Image.new("RGB", (wide.width + _GAP + narrow.width, max(wide.height, narrow.height)), _GROUND)
    sheet.paste(wide, (0, 0))
    sheet.paste(narrow, (wide.width + _GAP, 0))
    sheet.save(path, optimize=True, quality=85)
    page.set_viewport_size(WINDOW)  # type: ignore[arg-type]
    print(path)


def main(folder: Path) -> None:
    with open_instance(CHATELIER_WEB__MODERATOR_INVITE=WORD) as (browser, url):
        mo = prepare(browser, url)
        mo.locator(".case-line", has_text="lighthouse").locator("a").click()
        expect(mo.locator("article.case .evidence img")).to_have_js_property("complete", True)
        save_beside(folder / "desk.png", mo)
        mo.keyboard.press("a")
        expect(mo.locator("article.case")).to_have_count(0)
        mo.goto(f"{url}/desk/week")
        save_beside(folder / "desk-week.webp", mo)
        mo.goto(f"{url}/desk/policy")
        mo.get_by_label("Threshold: violence").fill("0.7")
        mo.get_by_label("Hate", exact=False).first.select_option("refuse")
        mo.get_by_role("button", name="Show what changes").first.click()
        expect(mo.locator(".review")).to_be_visible()
        save_beside(folder / "desk-policy.webp", mo)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

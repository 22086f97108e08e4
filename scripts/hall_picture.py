"""Photographs the hall of winners for the documents, on a wide screen and on a phone, painted by the bundled model.

CHROMIUM=/usr/bin/chromium PYTHONPATH=. nice .venv/bin/python scripts/hall_picture.py docs
"""

import io
import re
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from scripts.web_pictures import PHONE, WINDOW, enter, expect_pictures, open_instance

CONTESTS = (
    ("Ana", "Boats", "a sailing boat on the sea"),
    ("Bo", "Night", "nine stars at night"),
    ("Clémence", "Fruit", "a red apple on a blue background"),
    ("Emil", "By the sea", "a lighthouse by the sea at night"),
)
_QUALITY = 82
_GAP = 24  # pixels between the two screens
_GROUND = (246, 245, 242)


def type_line(page: Page, words: str) -> None:
    page.locator("#say").fill(words)
    page.locator("#say").press("Enter")


def hold_contest(page: Page, title: str, words: str) -> None:
    """One entry wins without a vote."""
    type_line(page, f'/contest "{title}" --closes 1h')
    live = page.locator("dialog[open] [data-live]")
    address = live.get_attribute("data-live") or ""
    page.keyboard.press("Escape")
    type_line(page, f"/imagine {words} --count 1")
    expect(page.locator("article.card").first).to_contain_text(words)
    expect_pictures(page, pictures=1)
    shown = page.locator("article.card").first.locator(".tile img").get_attribute("src") or ""
    (picture,) = re.findall(r"[0-9a-z]{12}\.1", shown)[:1]
    type_line(page, f"/enter {picture}")
    page.get_by_text("Your picture is in.").first.wait_for()
    type_line(page, f"/gather skip {address.split('/')[2]}")
    page.get_by_text("It goes on with what comes next.").first.wait_for()


def photograph(page: Page) -> Image.Image:
    """The hall, as it lies above the feed."""
    type_line(page, "/hall")
    dialog = page.locator("dialog[open]")
    expect(dialog.locator("img")).to_have_count(len(CONTESTS))
    for image in dialog.locator("img").all():
        expect(image).to_have_js_property("complete", True)
    page.mouse.move(5, 5)
    return Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")


def main(folder: Path) -> None:
    with open_instance() as (browser, url):
        pages = {name: enter(browser, url, name, WINDOW) for name in {host for host, _, _ in CONTESTS}}
        for name, title, words in CONTESTS:
            hold_contest(pages[name], title, words)
        wide = photograph(pages["Bo"])
        narrow = photograph(enter(browser, url, "Dora", PHONE))
    save_beside(folder / "hall.webp", wide, narrow)


def save_beside(path: Path, wide: Image.Image, narrow: Image.Image) -> None:
    height = max(wide.height, narrow.height)
    sheet = Image.new("RGB", (wide.width + _GAP + narrow.width, height), _GROUND)
    sheet.paste(wide, (0, 0))
    sheet.paste(narrow, (wide.width + _GAP, 0))
    sheet.save(path, quality=_QUALITY, method=6)
    print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

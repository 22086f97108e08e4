"""Photographs the web page for the documents: a whole studio, three people in a browser, painted by Thimble.

CHROMIUM=/usr/bin/chromium PYTHONPATH=. .venv/bin/python scripts/web_pictures.py docs
"""

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.support.running_instance import RunningInstance

PATIENCE_MILLISECONDS = 120_000
WINDOW = {"width": 1280, "height": 880}
PHONE = {"width": 390, "height": 844}
SMALL = ViewportSize(width=760, height=880)
QUALITY = 82
SUBJECTS = ("a red apple on a blue background", "a fox in the snow", "a sailing boat on the sea")
PROVIDERS = {
    "CHATELIER_WEB__DISCORD_CLIENT_ID": "1",
    "CHATELIER_WEB__DISCORD_CLIENT_SECRET": "not used here",
    "CHATELIER_WEB__SLACK_CLIENT_ID": "1",
    "CHATELIER_WEB__SLACK_CLIENT_SECRET": "not used here",
}


def enter(browser: Browser, url: str, name: str, window: dict[str, int], *, density: float = 1) -> Page:
    context = browser.new_context(viewport=window, device_scale_factor=density)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#people .count")).to_be_attached()
    return page


def send_line(page: Page, words: str, *, pictures: int = 4) -> None:
    """Ask for pictures, and wait until they hang there."""
    page.locator("#say").fill(words)
    page.locator("#say").press("Enter")
    expect_pictures(page, pictures=pictures)


def expect_pictures(page: Page, *, pictures: int = 4) -> None:
    newest = page.locator("article.card").first
    tiles = newest.locator(".tile img")
    expect(tiles).to_have_count(pictures)
    for tile in tiles.all():
        expect(tile).to_have_js_property("complete", True)


def take(page: Page, path: Path) -> None:
    page.mouse.move(5, 5)
    shot = page.screenshot(animations="disabled")
    if path.suffix == ".png":
        path.write_bytes(shot)
    else:
        Image.open(io.BytesIO(shot)).convert("RGB").save(path, quality=QUALITY, method=6)
    print(path)


def photograph(browser: Browser, url: str, folder: Path) -> None:
    ana, bo, clemence = (enter(browser, url, name, WINDOW) for name in ("Ana", "Bo", "Clémence"))
    send_line(ana, "nine stars at night")
    send_line(clemence, "a red apple on a blue background")
    send_line(clemence, "a fox in the snow")
    fox = bo.locator("article.card", has_text="a fox in the snow").first
    fox.get_by_role("button", name="Vary picture 2", exact=True).first.click()
    expect(bo.locator("article.card").first).to_contain_text("@Bo")
    expect_pictures(bo)
    send_line(ana, "a sailing boat on the sea")
    send_line(clemence, "a lighthouse by the sea at night")
    take(ana, folder / "web.png")
    boat = ana.locator("article.card", has_text="a sailing boat on the sea").first
    boat.get_by_role("button", name="Edit").click()
    sheet = ana.locator("dialog[open]")
    for cell in ("A1", "A2", "B1", "B2"):
        sheet.locator(f"input[value={cell}]").check(force=True)
    sheet.locator("textarea").fill("a red balloon")
    take(ana, folder / "web-edit.png")
    ana.keyboard.press("Escape")
    variation = ana.locator("article.card", has_text="Variations of picture 2").first
    variation.get_by_role("button", name="Upscale picture 1 four times", exact=True).first.click()
    expect(ana.locator("article.card", has_text="upscaled 4×").first.locator(".tile img")).to_have_count(1)
    picture = str(variation.locator(".credit a").get_attribute("href")).removeprefix("/view/")
    ana.goto(f"{url}/lineage/{picture}")
    ana.wait_for_load_state("networkidle")
    take(ana, folder / "web-lineage.png")
    photograph_phone(browser, url, folder)


def photograph_phone(browser: Browser, url: str, folder: Path) -> None:
    phone = enter(browser, url, "Dora", PHONE, density=2)
    for tile in phone.locator("article.card").first.locator(".tile img").all():
        expect(tile).to_have_js_property("complete", True)
    phone.locator("#say").fill("a red fox at night --draft --ar 3:2")
    take(phone, folder / "web-phone.png")


def photograph_ways(browser: Browser, url: str, folder: Path) -> None:
    """The way in, the gallery, the brush on a phone, and what a stranger sees of a shared picture."""
    stranger = browser.new_page(viewport=SMALL)
    stranger.goto(url)
    stranger.get_by_text("I was here before").click()
    take(stranger, folder / "web-sign-in.webp")
    ana = enter(browser, url, "Ana", WINDOW)
    for words in SUBJECTS:
        send_line(ana, words)
    ana.goto(f"{url}/pictures")
    ana.get_by_role("button", name="Select").click()
    for number in (1, 2, 6):
        ana.locator(".pick").nth(number).click()
    take(ana, folder / "web-gallery.webp")
    ana.goto(url)
    boat = ana.locator("article.card", has_text=SUBJECTS[-1]).first
    picture = str(boat.locator(".tile a").nth(1).get_attribute("href")).removeprefix("/view/")
    ana.locator("#say").fill(f"/share {picture}")
    ana.locator("#say").press("Enter")
    shared = re.search(r"/s/\w+", ana.locator("#pinned li").inner_text())
    if shared is None:
        raise LookupError("no link")
    stranger.goto(url + shared[0])
    expect(stranger.locator("figure img")).to_have_js_property("complete", True)
    take(stranger, folder / "web-share.webp")
    photograph_brush(enter(browser, url, "Dora", PHONE, density=2), f"{url}/edit/{picture}", folder)


def photograph_brush(phone: Page, address: str, folder: Path) -> None:
    phone.goto(address)
    phone.get_by_role("button", name="Brush", exact=True).click()
    canvas = phone.locator("canvas.strokes")
    box = canvas.bounding_box()
    if box is None:
        raise LookupError("no canvas")
    x, y, side = box["x"], box["y"], box["width"]
    phone.mouse.move(x + 0.2 * side, y + 0.2 * side)
    phone.mouse.down()
    for step in range(20):
        phone.mouse.move(x + (0.2 + 0.02 * step) * side, y + (0.2 + 0.04 * (step % 3)) * side)
    phone.mouse.up()
    phone.locator("#dialog textarea").fill("a rainbow")
    take(phone, folder / "web-brush.webp")


@contextmanager
def open_instance(**settings: str) -> Iterator[tuple[Browser, str]]:
    """A browser, and the address of an instance of its own with these settings, which the bundled model paints for."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with tempfile.TemporaryDirectory() as home:
        instance = RunningInstance(Path(home) / "home", **settings)
        try:
            instance.wait_until_open()
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox", "--disable-gpu"]
                )
                yield browser, str(instance.note["url"]).rstrip("/")
                browser.close()
        finally:
            instance.clear_away()


def main(folder: Path) -> None:
    with open_instance() as (browser, url):
        photograph(browser, url, folder)
    with open_instance(**PROVIDERS, CHATELIER_WEB__PUBLIC_URL="http://127.0.0.1") as (browser, url):
        photograph_ways(browser, url, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

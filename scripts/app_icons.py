"""Draws the icons of the installed web front end from its logo.

CHROMIUM=/usr/bin/chromium PYTHONPATH=. .venv/bin/python scripts/app_icons.py
"""

import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from bots.web.templating import FOLDER

BACKGROUND = "#f5efe4"
# A maskable icon may be cut to a circle of four fifths of its width.
SHARES = {"icon": 0.84, "maskable": 0.56}
SIDES_PIXELS = (192, 512)


def main() -> None:
    logo = (FOLDER / "static" / "logo.svg").read_text("utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name, share in SHARES.items():
            for side in SIDES_PIXELS:
                page = browser.new_page(viewport={"width": side, "height": side})
                style = f"svg {{ width: {share * 100}vw }} body {{ margin: 0; height: 100vh; display: grid;"
                page.set_content(
                    f"<style>{style} place-items: center; background: {BACKGROUND} }}</style>{logo}"
                )
                path: Path = FOLDER / "static" / "icons" / f"{name}-{side}.png"
                page.screenshot(path=path)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()

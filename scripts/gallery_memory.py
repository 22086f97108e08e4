"""Scrolls to the end of a gallery of many pictures in Chromium, and fails where the page holds too much on the way.

PYTHONPATH=. .venv/bin/python scripts/gallery_memory.py [pictures]
"""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from playwright.sync_api import CDPSession, Page

from bots.web import create_app
from studio.ports import Ports
from tests.conftest import free_port
from tests.services.bots.test_gallery_browser import NODES, enter, paint_many, scroll_to_the_end
from tests.support.browser import open_browser
from tests.support.fakes import fake_ports
from tests.support.served_app import serving
from tests.support.web_client import web_settings

PICTURES = 10_000
OF_A_JOB = 500
MOST_NODES = 2_000
MOST_HEAP_BYTES = 30_000_000
PAGES_BETWEEN_LOOKS = 10


def heap_bytes(session: CDPSession) -> int:
    """What the page's scripts hold, after a garbage collection."""
    session.send("HeapProfiler.collectGarbage")
    found: int = session.send("Runtime.getHeapUsage")["usedSize"]
    return found


def measure_on_the_way(page: Page, session: CDPSession) -> tuple[int, int]:
    """The most nodes and bytes until the end of the gallery."""
    nodes = heap = 0
    for looks, _ in enumerate(scroll_to_the_end(page), start=1):
        nodes = max(nodes, page.evaluate(NODES))
        if looks % PAGES_BETWEEN_LOOKS == 0:
            heap = max(heap, heap_bytes(session))
    return nodes, max(heap, heap_bytes(session))


@contextmanager
def open_ports(url: str) -> Iterator[Ports]:
    ports = fake_ports(url)
    try:
        yield ports
    finally:
        ports.database.close()


def main(pictures: int) -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with (
        TemporaryDirectory() as folder,
        open_ports(f"sqlite:///{folder}/gallery.db") as ports,
        serving(create_app(ports, web_settings(port=port)), port),
        open_browser(chromium) as browser,
    ):
        page = enter(browser, address)
        person = page.evaluate("JSON.parse(document.getElementById('data').textContent).me")
        for first in range(0, pictures, OF_A_JOB):
            paint_many(ports, person, pictures=min(OF_A_JOB, pictures - first), key=f"from {first}")
        page.goto(f"{address}/pictures")
        session = page.context.new_cdp_session(page)
        session.send("HeapProfiler.enable")
        nodes, heap = measure_on_the_way(page, session)
        counts = page.locator(".pictures").evaluate_all(
            "(all) => all.map((one) => Number(one.dataset.count))"
        )
    print(f"{sum(counts)} pictures: at most {nodes} nodes and {heap / 1e6:.1f} MB of script memory")
    return int(sum(counts) != pictures or nodes > MOST_NODES or heap > MOST_HEAP_BYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES))

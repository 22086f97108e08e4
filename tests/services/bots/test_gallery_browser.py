"""My pictures in a real browser: far more of them than the page holds."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert

from bots.web import create_app
from bots.web.access.session_cookies import WEB_ADDRESS
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db.tables import PictureRow
from studio.domain.people import Person
from studio.ports import Ports
from tests.conftest import free_port
from tests.support.browser import PATIENCE_MILLISECONDS, open_browser
from tests.support.finished_jobs import paint_job
from tests.support.served_app import serving
from tests.support.web_client import web_settings

PICTURES = 400
CARDS_AT_MOST = 5 * 60
# Elements, texts and comments.
NODES = """() => {
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ALL);
  let count = 0;
  while (walker.nextNode()) count += 1;
  return count;
}"""

pytestmark = pytest.mark.timeout(1200)


@pytest.fixture
def address(ports: Ports) -> Iterator[str]:
    port = free_port()
    app = create_app(ports, web_settings(port=port))
    with serving(app, port):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def browser(chromium_path: str) -> Iterator[Browser]:
    with open_browser(chromium_path) as browser:
        yield browser


def enter(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    page.goto(address)
    page.get_by_label("Your name").fill("Ana")
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#say")).to_be_visible()
    return page


def paint_many(ports: Ports, user_id: str, *, pictures: int = PICTURES, key: str = "many") -> str:
    """The job of so many pictures, at most 999."""
    home = {"platform": WEB_ADDRESS.platform, "community": WEB_ADDRESS.community}
    person = Person(**home, user_id=user_id, display_name="Ana")
    call = Call(person=person, address=WEB_ADDRESS, request_key=key)
    accepted = execute(ports, call, "imagine", {"prompt": "a red fox", "count": 1})
    assert isinstance(accepted, Accepted)
    job_id = paint_job(ports, accepted.job_id)
    with ports.database.begin() as session:
        first = session.get_one(PictureRow, f"{job_id}.1")
        row = {column.key: getattr(first, column.key) for column in PictureRow.__table__.columns}
        copies = [row | {"id": f"{job_id}.{number}", "position": number} for number in range(2, pictures + 1)]
        session.execute(insert(PictureRow), copies)
    return job_id


def scroll_to_the_end(page: Page) -> Iterator[None]:
    """Pauses after each further page of pictures."""
    while page.locator("a.older").count():
        pages = page.locator(".pictures").count()
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_function(
            "pages => document.querySelectorAll('.pictures').length > pages || !document.querySelector('a.older')",
            arg=pages,
        )
        yield


def test_all_are_reached_and_few_are_held(browser: Browser, address: str, ports: Ports) -> None:
    page = enter(browser, address)
    me = page.evaluate("JSON.parse(document.getElementById('data').textContent).me")
    job_id = paint_many(ports, me)
    page.goto(f"{address}/pictures")
    cards, most = page.locator(".pictures li"), 0
    nodes = 0
    expect(cards.first).to_be_visible()
    for _ in scroll_to_the_end(page):
        most = max(most, cards.count())
        nodes = max(nodes, page.evaluate(NODES))
    assert page.locator(".pictures").count() == -(-PICTURES // 60)
    assert 60 < most <= CARDS_AT_MOST
    assert nodes < 2000
    ordered = sorted((f"{job_id}.{number}" for number in range(1, PICTURES + 1)), reverse=True)
    expect(page.locator(f"[data-picture='{ordered[-1]}']")).to_be_visible()

    expect(page.locator(f"[data-picture='{ordered[0]}']")).to_have_count(0)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(f"[data-picture='{ordered[0]}']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollHeight") == height
    assert cards.count() <= CARDS_AT_MOST

    # One tab stop; arrows go on, also into the next page.
    page.locator(".pictures a[tabindex='0']").focus()
    assert page.locator(".pictures a[tabindex='0']").count() == 1
    page.locator(f"[data-picture='{ordered[0]}'] a").focus()
    for key, place in (("ArrowRight", 1), *(("ArrowDown", 1 + 6 * row) for row in range(1, 11))):
        page.keyboard.press(key)
        expect(page.locator(f"[data-picture='{ordered[place]}'] a")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/view/{ordered[61]}")

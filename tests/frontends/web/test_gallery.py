"""The page "My pictures"."""

import io
import json
import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from zipfile import ZipFile

import pytest

from bots.web.access.session_cookies import WEB_ADDRESS
from bots.web.routes.gallery import gallery_page
from studio.commands.registry import execute
from studio.commands.results import Accepted
from studio.commands.spec import Call
from studio.db.identities.linked_identities import link
from studio.db.identities.people import lock_person
from studio.db.tables import PictureRow
from studio.domain.people import Person, Platform
from studio.ports import Ports
from studio.services.gallery.picture_archive import write_archive
from studio.services.gallery.picture_list import PictureFilter
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings

_CARD = re.compile(r'data-picture="([^"]+)"')


@pytest.fixture
def web(ports: Ports) -> Iterator[WebServer]:
    with WebServer(ports, web_settings()) as web:
        yield web


def person_of(browser: Browser) -> Person:
    home = {"platform": WEB_ADDRESS.platform, "community": WEB_ADDRESS.community}
    return Person(**home, user_id=browser.user_id, display_name="somebody")


def paint(web: WebServer, browser: Browser, prompt: str, count: int = 1, **more: object) -> list[str]:
    """The ids of the pictures."""
    call = Call(person=person_of(browser), address=WEB_ADDRESS, request_key=prompt)
    accepted = execute(web.ports, call, "imagine", {"prompt": prompt, "count": count, **more})
    assert isinstance(accepted, Accepted)
    job_id = paint_job(web.ports, accepted.job_id)
    return [f"{job_id}.{number}" for number in range(1, count + 1)]


def shown(browser: Browser, path: str = "/pictures") -> list[str]:
    page = browser.client.get(path)
    assert page.status_code == 200
    return _CARD.findall(page.text)


def test_one_s_own_pictures_are_listed_and_those_of_everybody_on_demand(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.user("Bo")
    own, theirs = paint(web, ana, "a <fox>"), paint(web, bo, "a boat")
    assert shown(ana) == own
    assert shown(ana, "/pictures?of=everybody") == theirs + own
    assert shown(ana, "/pictures?words=fox&of=everybody") == own
    page = ana.client.get("/pictures").text
    assert 'alt="a &lt;fox&gt;"' in page
    assert f'href="/view/{own[0]}"' in page


def test_pages_lead_to_the_next_with_the_same_filter(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery_page, "PICTURES_A_PAGE", 2)
    ana = web.user("Ana")
    foxes = [paint(web, ana, f"fox {number}")[0] for number in range(3)]
    paint(web, ana, "a boat")
    first = ana.client.get("/pictures?words=fox&style=").text
    assert _CARD.findall(first) == [foxes[2], foxes[1]]
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    address = older[1].replace("&amp;", "&")
    assert shown(ana, address) == [foxes[0]]
    assert shown(ana, address.replace("/pictures?", "/pictures/page?")) == [foxes[0]]


def test_saved_styles_are_offered_beside_the_prompt_and_as_a_filter(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.user("Bo")
    call = Call(person=person_of(ana), address=WEB_ADDRESS, request_key="style")
    execute(web.ports, call, "style", {"do": "save", "name": "ink wash", "words": "ink wash on rice paper"})
    option = '<option value="ink wash">'
    assert option in ana.front_page()
    assert option not in bo.front_page()
    assert option in ana.client.get("/pictures").text
    paint(web, ana, "a boat")
    (washed,) = paint(web, ana, "a fox", style="ink wash")
    assert shown(ana, "/pictures?style=ink+wash") == [washed]


def test_the_community_is_a_filter_for_who_has_several(web: WebServer) -> None:
    ana = web.user("Ana")
    own = paint(web, ana, "a fox")
    assert 'name="community"' not in ana.client.get("/pictures").text
    elsewhere = replace(someone("ana", community="8123"), platform=Platform.DISCORD)
    with web.ports.database.begin() as session:
        lock_person(session, elsewhere)
        link(session, person_of(ana).key, elsewhere.key)
    page = ana.client.get("/pictures").text
    assert '<option value="discord:8123">Discord</option>' in page
    assert shown(ana, f"/pictures?community=web:{WEB_ADDRESS.community}") == own
    assert shown(ana, "/pictures?community=discord:8123") == []


def test_an_empty_list_says_what_to_do(web: WebServer) -> None:
    ana = web.user("Ana")
    assert "Paint a picture" in ana.client.get("/pictures").text
    paint(web, ana, "a boat")
    page = ana.client.get("/pictures?words=fox").text
    assert "No picture fits." in page
    assert 'href="/pictures">Show all' in page


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "operation=paint", "after=x", "after=2026-11-30T10:00:00~x", "until=2026-02-31"],
)
def test_values_that_no_form_sends_lead_nowhere(web: WebServer, query: str) -> None:
    ana = web.user("Ana")
    for path in ("/pictures", "/pictures/page"):
        answer = ana.client.get(f"{path}?{query}", headers={"accept": "text/html"})
        assert answer.status_code == 404


def test_strangers_have_to_come_in_first(web: WebServer) -> None:
    assert web.browser().client.get(f"{ADDRESS}/pictures").status_code == 401


def test_what_a_filter_finds_is_downloaded_with_its_recipes(web: WebServer) -> None:
    ana, bo = web.user("Ana"), web.user("Bo")
    (fox,) = paint(web, ana, "a fox")
    paint(web, ana, "a boat")
    paint(web, bo, "a fox of somebody else")
    answer = ana.client.get("/pictures/zip?words=fox")
    assert answer.headers["content-type"] == "application/zip"
    name = f"chatelier-{fox.replace('.', '-')}"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{name}.png", f"{name}.json"]
        assert archive.read(f"{name}.png").startswith(b"picture ")
        described = json.loads(archive.read(f"{name}.json"))
    assert (described["id"], described["recipe"]["prompt"]) == (fox, "a fox")
    codes = [ana.client.get("/pictures/zip?words=nothing").status_code for _ in range(7)]
    assert (codes[0], codes[-1]) == (200, 429)


def test_a_large_download_takes_the_memory_of_few_pictures(web: WebServer) -> None:
    ana = web.user("Ana")
    (first,) = paint(web, ana, "a fox")
    megabyte = 1024 * 1024
    with web.ports.database.begin() as session:
        row = session.get_one(PictureRow, first)
        row.storage_key = web.ports.store.put(bytes(megabyte), suffix=".png")
        values = {column.key: getattr(row, column.key) for column in PictureRow.__table__.columns}
        for number in range(2, 121):
            session.add(PictureRow(**values | {"id": f"{row.job_id}.{number}", "position": number}))
    home = {"platform": WEB_ADDRESS.platform, "community": WEB_ADDRESS.community}
    person = Person(**home, user_id=ana.user_id, display_name="Ana")
    tracemalloc.start()
    try:
        size = sum(len(block) for block in write_archive(web.ports, person, PictureFilter()))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 120 * megabyte
    assert most < 10 * megabyte

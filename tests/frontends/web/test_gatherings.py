"""Gatherings on the web page: their pages, what is pressed there, and who may see them."""

import io
import re

import pytest
from PIL import Image
from sqlalchemy import select

from studio.db.gatherings.part_rows import find_part
from studio.db.tables import JobRow
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.finished_jobs import paint_job
from tests.support.gatherings import Table, moved_clock
from tests.support.web_client import Browser, WebServer


def page(person: Browser, path: str) -> str:
    return person.client.get(path, headers={"hx-request": "true"}).text


def open_vote(web_server: WebServer, host: Browser) -> str:
    """The path of the page of a vote on two pictures of the host's."""
    job_id = host.say("a fox --count 2")["job"]
    paint_job(web_server.ports, job_id)
    path: str = host.say(f"/pick {job_id} --lasts 10m")["open"]
    return path


def vote_for(html: str, part: int) -> str:
    found = re.search(rf'data-press="(c1:gather:[^"]*:vote:1:{part})"', html)
    assert found
    return found[1]


def test_a_vote_is_opened_found_voted_on_and_counted(web_server: WebServer) -> None:
    ana, bo = web_server.guest("ana"), web_server.guest("bo")
    path = open_vote(web_server, ana)
    assert bo.say("/gather")["open"] == "/gatherings"
    assert f'hx-get="{path}"' in page(bo, "/gatherings")
    html = page(bo, path)
    assert bo.press(vote_for(html, 2))["ok"]
    assert 'aria-pressed="true"' in page(bo, f"{path}/live")
    assert 'aria-pressed="true"' not in page(ana, f"{path}/live")
    managed = page(ana, f"{path}/look/manage/1/0")
    skip = re.search(r'data-press="(c1:gather:[^"]*:skip:0:0)"', managed)
    assert skip
    ana.press(skip[1])
    assert "Number 2 won with 1 vote." in page(bo, f"{path}/live")


def test_only_the_host_and_moderators_manage_it(web_server: WebServer) -> None:
    path = open_vote(web_server, web_server.guest("ana"))
    bo, mo = web_server.guest("bo"), web_server.guest("mo", "keys")
    assert "data-press" not in page(bo, f"{path}/look/manage/1/0")
    managed = page(mo, f"{path}/look/manage/1/0")
    assert f'hx-get="{path}/form/remove/1/0"' in managed
    form = page(mo, f"{path}/form/remove/1/0")
    assert '<input type="hidden" name="do" value="remove">' in form


def test_a_private_gathering_is_not_there_for_others(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was opened in a private channel of the same community."""
    from dataclasses import replace

    from tests.support.fakes import somewhere
    from tests.support.web_client import web_settings

    secret = replace(somewhere(), channel="secret", private=True)
    table = Table(ports=ports, clock=moved_clock(monkeypatch), address=secret)
    gathering_id = table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")
    with WebServer(ports, web_settings()) as web_server:
        bo = web_server.guest("bo")
        assert bo.client.get(f"/gatherings/{gathering_id}").status_code == 404
        assert gathering_id not in page(bo, "/gatherings")


def test_a_mural_is_painted_looked_at_and_read_in_full_size(web_server: WebServer) -> None:
    ana, bo = web_server.guest("ana"), web_server.guest("bo")
    path: str = ana.say("/mural a quiet sea --size 2x2")["open"]
    paint_first_cell(web_server, ana, path)
    html = page(bo, path)
    assert f'href="{path}/whole"' in html
    form = page(bo, f"{path}/form/paint/1/0")
    assert all(f"Cell {name}" in form for name in ("A2", "B1"))
    with Image.open(io.BytesIO(bo.client.get(f"{path}/images/map").content)) as drawn:
        assert drawn.size == (128, 128)
    with Image.open(io.BytesIO(bo.client.get(f"{path}/whole").content)) as whole:
        assert whole.size == (128, 128)
        assert whole.getpixel((32, 32)) == (200, 30, 30)
    assert map_address(page(bo, f"{path}/live")) == map_address(html)
    assert bo.say(f"/gather paint {path.rsplit('/', 1)[1]} --part 2 --words whale")["ok"]
    assert map_address(page(bo, f"{path}/live")) != map_address(html)  # else browsers would show the old one
    story = bo.client.get(f"{path}/look/story/1/0/images/story")
    assert story.headers["content-type"] == "image/gif"
    ana.say(f"/gather end {path.rsplit('/', 1)[1]}")
    assert f'hx-get="{path}/look/lineage/1/0"' in page(bo, f"/view/{first_picture(web_server, path)}")
    assert "@ana</bdi></span>: A1" in page(bo, f"{path}/look/lineage/1/0")
    with Image.open(io.BytesIO(bo.client.get(f"{path}/look/lineage/1/0/images/lineage").content)) as drawn:
        assert drawn.format == "PNG"


def first_picture(web_server: WebServer, path: str) -> str:
    with web_server.ports.database.read() as session:
        part = find_part(session, path.rsplit("/", 1)[1], 1)
    assert part
    assert part.picture
    return part.picture


def map_address(html: str) -> str:
    found = re.search(r"/gatherings/[^/]*/images/map[^ \"]*", html)
    assert found
    return found[0]


def paint_first_cell(web_server: WebServer, host: Browser, path: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(file, "PNG")
    gathering_id = path.rsplit("/", 1)[1]
    with web_server.ports.database.read() as session:
        job_id = session.scalars(select(JobRow.id).where(JobRow.gathering == gathering_id)).one()
    paint_job(web_server.ports, job_id, png=file.getvalue())
    periodic_tasks.advance(web_server.ports.database, web_server.ports.events, gathering_id)
    chosen = re.search(r'data-press="(c1:gather:[^"]*:second:1:1)"', page(host, f"{path}/look/choose/1/0"))
    assert chosen
    host.press(chosen[1])

"""A contest on the web page: entering from the page of a picture, a ballot without names, and the hall."""

import re

import pytest

from studio.gatherings import periodic_tasks
from tests.support.finished_jobs import paint_job
from tests.support.gatherings import moved_clock
from tests.support.web_client import Browser, WebServer


def page(person: Browser, path: str) -> str:
    return person.client.get(path, headers={"hx-request": "true"}).text


def press(text: str, verb: str, part: int = 0) -> str:
    found = re.search(rf'data-press="(c1:gather:[^"]*:{verb}:1:{part})"', text)
    assert found, text
    return found[1]


def paint(web_server: WebServer, person: Browser) -> str:
    return f"{paint_job(web_server.ports, person.say('a fox --count 1')['job'])}.1"


def test_a_contest_is_entered_voted_on_and_won(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = moved_clock(monkeypatch)
    ana, bo, cy = web_server.guest("ana"), web_server.guest("bo"), web_server.guest("cy")
    path = ana.say("/contest Autumn light --closes 1h --voting 1h")["open"]
    pictures = {person: paint(web_server, person) for person in (ana, bo)}
    entering = re.search(r'data-press="(c1:enter:[^"]*)"', page(bo, f"/view/{pictures[bo]}"))
    assert entering
    assert "c1:enter:" not in page(ana, f"/view/{pictures[bo]}")
    assert bo.press(entering[1])["ok"]
    assert pictures[ana] in page(ana, f"{path}/form/enter/1/0")
    assert ana.say(f"/enter {pictures[ana]}")["ok"]
    clock.pass_by(minutes=61)
    periodic_tasks.sweep(web_server.ports.database, web_server.ports.events)
    ballot = page(cy, f"{path}/look/ballot/1/0")
    assert not re.search(r"Ana|Bo\b|/view/", ballot)
    image = re.search(r'src="([^"]*/images/entry1)"', ballot)
    assert image
    assert cy.client.get(image[1]).status_code == 200
    assert cy.press(press(ballot, "vote", 1))["ok"]
    clock.pass_by(minutes=61)
    periodic_tasks.sweep(web_server.ports.database, web_server.ports.events)
    assert "Winner: " in page(cy, f"{path}/live")
    assert cy.say("/hall")["open"] == "/hall/1"
    hall = page(cy, "/hall/1")
    assert "Autumn light" in hall
    assert f"/thumbnails/{pictures[bo]}" in hall
    bo.say(f"/delete {pictures[bo]}")
    assert "this place is empty" in page(cy, "/hall/1")


def test_a_contest_is_opened_with_a_form(web_server: WebServer) -> None:
    ana = web_server.guest("ana")
    opened = re.search(r'hx-get="(/contest)"', page(ana, "/hall/1"))
    assert opened
    fields = dict(re.findall(r'name="([a-z]+)"[^>]*?value="([^"]*)"', page(ana, opened[1])))
    assert (fields["closes"], fields["voting"], fields["entries"]) == ("3d", "1d", "1")
    values = {**fields, "title": "Autumn light", "judge": "votes", "rules": "own", "prize": ""}
    path = ana.ask(do="ask", command="contest", values=values)["open"]
    assert "Autumn light" in page(ana, f"{path}/live")

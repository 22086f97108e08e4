"""Bans, cookies and sessions on the web, and how they end."""

from datetime import timedelta

import pytest

from studio.clock import now
from studio.db.tables.identities import EndedSessionRow, OriginRow
from studio.ports import Ports
from tests.support import web_identities
from tests.support.web_client import WebServer, web_settings
from tests.support.web_identities import COOKIE, ELSEWHERE, HOME, SCHOOL, come_in

judged = web_identities.judged


def test_clearing_cookies_does_not_end_a_ban(judged: WebServer) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    sister = come_in(judged, "Ana", word="linden tree")  # was here before
    come_in(judged, "Eve", word="linden tree")
    assert mo.say("/ban @Eve --duration 7d")["ok"]
    again = come_in(judged, "Eva", word="linden tree")
    assert "You cannot paint here until" in again.front_page()
    assert 'id="say"' in sister.front_page()
    assert 'id="say"' in come_in(judged, "Bo", SCHOOL, "linden tree").front_page()
    assert mo.say("/ban @Eve")["ok"]  # for good now: it has held all the time
    assert "You cannot paint here." in again.front_page()
    assert mo.say("/unban @Eve")["ok"]
    assert 'id="say"' in again.front_page()


def test_a_moderator_may_say_that_a_newcomer_is_somebody_else(judged: WebServer) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    come_in(judged, "Eve", SCHOOL, "linden tree")
    mo.say("/ban @Eve")
    pupil, another = (come_in(judged, name, SCHOOL, "linden tree") for name in ("Bo", "Cleo"))
    assert 'id="say"' not in pupil.front_page()
    assert "may paint here again" in mo.say("/unban @Bo")["text"]
    assert 'id="say"' in pupil.front_page()
    assert 'id="say"' not in another.front_page()


def test_a_ban_stays_where_it_is_however_far_its_person_travels(judged: WebServer) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    eve = come_in(judged, "Eve", word="linden tree")
    mo.say("/ban @Eve")
    visiting = judged.browser(SCHOOL)
    visiting.client.cookies.set(COOKIE, eve.client.cookies[COOKIE])
    assert "You cannot paint here" in visiting.front_page()
    assert 'id="say"' in come_in(judged, "Bo", SCHOOL, "linden tree").front_page()


def test_a_ban_outlasts_being_forgotten(judged: WebServer) -> None:
    mo = come_in(judged, "Mo", ELSEWHERE, "keys of the house").connect()
    eve = come_in(judged, "Eve", word="linden tree").connect()
    eve.say("a boat")
    mo.say("/ban @Eve")
    token = eve.front_page().split('name="token" value="')[1].split('"')[0]
    fields = {"token": token}
    assert eve.client.post("/forget-me", data=fields, headers={"origin": "http://127.0.0.1:8080"}).is_success
    assert 'id="say"' not in come_in(judged, "Eva", word="linden tree").front_page()


def test_the_records_hold_no_address(judged: WebServer) -> None:
    come_in(judged, "Ana", word="linden tree")
    with judged.ports.database.read() as session:
        origins = [row.origin for row in session.query(OriginRow)]
    assert {origin.partition(":")[0] for origin in origins} == {"address", "invite"}
    assert not any(HOME in origin or "linden" in origin for origin in origins)


def test_leaving_ends_a_copied_session_too(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    stolen = ana.client.cookies[COOKIE]
    thief = web_server.browser()
    thief.client.cookies.set(COOKIE, stolen)
    thief.connect()
    assert ana.post("/leave").status_code == 204
    assert thief.closed() == 4401
    assert 'id="say"' not in thief.front_page()
    assert thief.client.get("/mine/queue").status_code == 401
    with WebServer(web_server.ports, web_settings(moderator_secret="keys")) as restarted:
        again = restarted.browser()
        again.client.cookies.set(COOKIE, stolen)
        assert 'id="say"' not in again.front_page()


def test_a_session_that_another_process_ended_is_over_here_too(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.access.ended_sessions._ASK_AGAIN_SECONDS", 0.0)
    ana = web_server.user("Ana")
    with WebServer(web_server.ports, web_settings(moderator_secret="keys")) as other:
        same = other.browser()
        same.client.cookies.set(COOKIE, ana.client.cookies[COOKIE])
        assert same.post("/leave").status_code == 204
    assert 'id="say"' not in ana.front_page()


def test_a_session_of_an_older_version_goes_on_and_can_be_ended(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    session_store = web_server.app.state.context.session_store
    old = session_store._sessions.dumps({"u": ana.user_id, "n": "Ana", "w": "", "m": False})
    for browser in (ana, copied := web_server.browser()):
        browser.client.cookies.clear()
        browser.client.cookies.set(COOKIE, str(old))
        assert 'id="say"' in browser.front_page()
    assert ana.post("/leave").status_code == 204
    assert 'id="say"' not in copied.front_page()


def test_what_was_there_before_entering_is_worth_nothing_afterwards(web_server: WebServer) -> None:
    """A cookie that somebody else put into the browser leads nowhere, and its form token opens nothing."""
    ana, eve = web_server.browser(), web_server.browser()
    planted = eve.front_page().split('name="token" value="')[1].split('"')[0]
    ana.client.cookies.set(COOKIE, eve.client.cookies[COOKIE])
    fields = {"token": planted, "name": "Ana", "word": ""}
    origin = {"origin": "http://127.0.0.1:8080"}
    assert ana.client.post("/enter", data=fields, headers=origin, follow_redirects=False).status_code == 303
    assert 'id="say"' in ana.front_page()
    assert 'id="say"' not in eve.front_page()
    assert ana.post("/name", "Eve", **{"x-form-token": planted}).status_code == 403


def test_a_person_who_logs_in_again_keeps_their_account_in_a_new_session(ports: Ports) -> None:
    with WebServer(ports, web_settings(shared_secret="linden tree")) as web_server:
        ana = web_server.user("Ana", "linden tree")
        before, user_id = ana.client.cookies[COOKIE], ana.user_id
    with WebServer(ports, web_settings(shared_secret="an oak tree")) as web_server:
        again, copied = web_server.browser(), web_server.browser()
        for browser in (again, copied):
            browser.client.cookies.set(COOKIE, before)
        assert again.enter("Ana", "an oak tree").status_code == 303
        assert again.user_id == user_id
        assert copied.enter("Ana", "an oak tree").status_code == 422


def test_ended_sessions_are_kept_as_long_as_a_cookie_lives(web_server: WebServer) -> None:
    with web_server.ports.database.begin() as session:
        session.add(EndedSessionRow(id="0" * 64, ended_at=now() - timedelta(days=181)))
    web_server.user("Ana").post("/leave")
    with web_server.ports.database.read() as session:
        (row,) = session.query(EndedSessionRow)
        assert row.id != "0" * 64


def test_names_are_not_taken_by_the_hundred(web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.web.routes.sign_in.login._NAMES_AN_HOUR", 2)
    eve = web_server.browser(HOME)
    assert eve.enter("Eve").status_code == 303
    assert eve.post("/name", "Eva").status_code == 200
    assert eve.post("/name", "Evi").status_code == 429
    assert web_server.browser(HOME).enter("Evo").status_code == 429
    assert web_server.browser(SCHOOL).enter("Bo").status_code == 303

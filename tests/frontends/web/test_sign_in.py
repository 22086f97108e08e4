"""Signing in with an account, with codes, and what visitors without either may do."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import HTTPConnection

from bots.web.access.activity_frame import SESSION_COOKIE
from bots.web.settings import Visitors
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import lock_person
from studio.db.identities.sign_ins import sign_ins_of
from studio.domain.people import Person, Platform
from studio.ports import Ports
from tests.support.fakes import somewhere
from tests.support.loopback_oauth import AccountProvider, account_provider
from tests.support.web_client import ADDRESS, Browser, WebServer, web_settings

STRANGER_SLACK = {
    "https://slack.com/team_id": "T1",
    "https://slack.com/user_id": "U7",
    "name": "Bo",
}


@pytest.fixture
def provider() -> Iterator[AccountProvider]:
    with account_provider() as provider:
        yield provider


@pytest.fixture
def web(ports: Ports, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    settings = web_settings(
        sign_in_providers=(provider.discord(), provider.slack()),
        visitors=Visitors.GUESTS,
        shared_secret="open sesame",
    )
    with WebServer(ports, settings) as web:
        yield web


def go_to_provider(browser: Browser, platform: str = "discord", **query: str) -> str:
    path = f"/sign-in/{platform}" + (f"?{urlencode(query)}" if query else "")
    answer = browser.client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def sign_in(browser: Browser, provider: AccountProvider, platform: str = "discord", **query: str) -> Any:
    """The answer to a person who says yes at the provider."""
    back = provider.authorize(go_to_provider(browser, platform, **query))
    return browser.client.get(back, headers={"accept": "text/html"}, follow_redirects=False)


def come_in(browser: Browser, provider: AccountProvider, name: str = "Ana") -> Browser:
    """Somebody new: an account, a name, and the invite word."""
    assert "How shall the others call you?" in sign_in(browser, provider).text
    assert enter_after(browser, name).status_code == 303
    return browser


def enter_after(browser: Browser, name: str, word: str = "open sesame") -> Any:
    return browser.enter(name, word)


def is_in(browser: Browser) -> bool:
    return 'id="say"' in browser.front_page()


def send_code(browser: Browser, code: str) -> Any:
    token = re.search(r'name="token" value="([^"]+)"', browser.front_page())
    assert token
    return browser.client.post(
        "/sign-in/code",
        data={"token": token[1], "code": code},
        headers={"origin": ADDRESS, "accept": "text/html"},
        follow_redirects=False,
    )


def test_who_lost_the_cookie_signs_in_and_finds_everything(web: WebServer, provider: AccountProvider) -> None:
    user_id = come_in(web.browser(), provider).user_id
    again = web.browser()
    answer = sign_in(again, provider, next="/mine/history")
    assert (answer.status_code, answer.headers["location"]) == (303, "/mine/history")
    assert again.user_id == user_id


def test_slack_tells_the_team_and_the_user(web: WebServer, provider: AccountProvider) -> None:
    provider.account = STRANGER_SLACK
    browser = web.browser()
    page = sign_in(browser, provider, "slack").text
    assert 'value="Bo"' in page
    enter_after(browser, "Bo")
    with web.ports.database.read() as session:
        (way,) = sign_ins_of(session, f"web:room:{browser.user_id}")
    assert (way.subject, way.label) == ("slack:T1:U7", "Slack: Bo")


def test_the_invite_word_is_asked_once_and_again_when_it_has_changed(
    web: WebServer, provider: AccountProvider
) -> None:
    browser = web.browser()
    sign_in(browser, provider)
    assert enter_after(browser, "Ana", "open barley").status_code == 403
    assert not is_in(browser)
    enter_after(browser, "Ana")
    user_id = browser.user_id
    settings = replace(web.app.state.context.settings, shared_secret="open oats")
    with WebServer(web.ports, settings) as changed:
        later = changed.browser()
        assert "Invite word" in sign_in(later, provider).text
        assert not is_in(later)
        enter_after(later, "Ana", "open oats")
        assert later.user_id == user_id


def test_a_new_invite_word_is_asked_for_once_and_keeps_who_one_is(
    web: WebServer, provider: AccountProvider
) -> None:
    browser = come_in(web.browser(), provider)
    unconnected = web.user("Bo", "open sesame")
    ana, bo = browser.user_id, unconnected.user_id
    settings = replace(web.app.state.context.settings, shared_secret="open oats")
    with WebServer(web.ports, settings) as changed:
        later = changed.browser()
        sign_in(later, provider)
        assert enter_after(later, "Ana", "open oats").status_code == 303
        again = changed.browser()
        assert sign_in(again, provider).status_code == 303
        assert again.user_id == ana

        old = changed.browser()
        old.client.cookies.set(SESSION_COOKIE, unconnected.client.cookies[SESSION_COOKIE])
        provider.account = {"id": "4711", "username": "bo"}
        assert "The invite word has changed" in sign_in(old, provider).text
        enter_after(old, "Bo", "open oats")
        assert old.user_id == bo


def test_parted_names_stay_parted_after_the_next_sign_in(web: WebServer, provider: AccountProvider) -> None:
    painter = Person(platform=Platform.DISCORD, community="55", user_id="8123", display_name="ana.b")
    with web.ports.database.begin() as session:
        lock_person(session, painter)
    come_in(web.browser(), provider)
    call = Call(person=painter, address=somewhere(), request_key="discord:part")
    execute(web.ports, call, "link", {"code": "part"})
    sign_in(web.browser(), provider)
    with web.ports.database.read() as session:
        assert identities(session, painter.key) == (painter.key,)


def test_a_session_of_somebody_who_was_forgotten_makes_no_trouble(web: WebServer) -> None:
    bo = web.user("Bo", "open sesame")
    person = Person(platform=Platform.WEB, community="room", user_id=bo.user_id, display_name="Bo")
    execute(
        web.ports, Call(person=person, address=somewhere(), request_key="f"), "forget-me", {"confirm": "yes"}
    )
    assert bo.post("/sign-in/codes/recovery").status_code == 200


def test_the_identities_in_the_chats_become_one_human_with_it(
    web: WebServer, provider: AccountProvider
) -> None:
    painter = Person(platform=Platform.DISCORD, community="55", user_id="8123", display_name="ana.b")
    other = replace(painter, user_id="81230", display_name="bo")
    with web.ports.database.begin() as session:
        lock_person(session, painter)
        lock_person(session, other)
    browser = come_in(web.browser(), provider)
    with web.ports.database.read() as session:
        assert identities(session, f"web:room:{browser.user_id}")[1:] == (painter.key,)
        assert identities(session, other.key) == (other.key,)


@pytest.mark.parametrize(
    "change",
    [
        lambda back: back + "x",
        lambda back: re.sub("state=[^&]+", "state=", back),
        lambda back: re.sub("code=[^&]+", "error=access_denied", back),
        lambda back: re.sub("code=[^&]+", "code=stolen", back),
    ],
    ids=["forged state", "no state", "the person said no", "foreign code"],
)
def test_an_invalid_state_or_code_is_rejected(web: WebServer, provider: AccountProvider, change: Any) -> None:
    come_in(web.browser(), provider)
    stranger = web.browser()
    back = change(provider.authorize(go_to_provider(stranger)))
    answer = stranger.client.get(back, headers={"accept": "text/html"}, follow_redirects=False)
    assert answer.status_code == 403
    assert "Discord did not say who you are" in answer.text
    assert not is_in(stranger)


def test_a_stolen_way_back_is_worthless_in_another_browser_and_the_second_time(
    web: WebServer, provider: AccountProvider
) -> None:
    ana = come_in(web.browser(), provider)
    again, thief = web.browser(), web.browser()
    back = provider.authorize(go_to_provider(again))
    go_to_provider(thief)
    assert thief.client.get(back, follow_redirects=False).status_code == 403
    assert again.client.get(back, follow_redirects=False).status_code == 303
    code = provider.authorize(go_to_provider(web.browser()))
    replayed = re.sub("code=[^&]+", code.partition("?")[2].partition("&")[0], back)
    assert again.client.get(replayed, follow_redirects=False).status_code == 403
    assert again.user_id == ana.user_id


def test_an_old_state_is_worthless(
    web: WebServer, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = web.browser()
    back = provider.authorize(go_to_provider(browser))
    monkeypatch.setattr("bots.web.sign_in.oauth._STATE_SECONDS", -1)
    assert browser.client.get(back, follow_redirects=False).status_code == 403


@pytest.mark.parametrize("at", ["token", "account"])
@pytest.mark.parametrize("trouble", [(500, b"oops"), (200, b"not json"), (200, b"[]"), (200, b"{}")])
def test_a_provider_in_trouble_is_named_and_who_is_in_stays_in(
    web: WebServer, provider: AccountProvider, at: str, trouble: tuple[int, bytes]
) -> None:
    ana = come_in(web.browser(), provider)
    provider.trouble, provider.trouble_at = trouble, at
    answer = sign_in(web.browser(), provider)
    assert answer.status_code in {403, 503}
    assert "Discord" in answer.text
    assert is_in(ana)


def test_a_provider_that_is_not_there_is_named(ports: Ports) -> None:
    with account_provider() as provider:
        settings = web_settings(sign_in_providers=(provider.discord(),))
    with WebServer(ports, settings) as web:
        answer = sign_in(web.browser(), provider)
        assert answer.status_code == 503
        assert "Discord cannot be reached at the moment" in answer.text


def test_an_account_belongs_to_one_name(web: WebServer, provider: AccountProvider) -> None:
    come_in(web.browser(), provider)
    bo = web.user("Bo", "open sesame")
    answer = sign_in(bo, provider)
    assert answer.status_code == 409
    assert "belongs to another name here" in answer.text
    provider.account = {"id": "99", "username": "ana"}
    stranger = web.browser()
    sign_in(stranger, provider)
    assert "Somebody here has, or had, that name" in enter_after(stranger, "ana").text


def test_somebody_who_is_in_connects_an_account(web: WebServer, provider: AccountProvider) -> None:
    bo = web.user("Bo", "open sesame")
    assert "no way back in yet" in bo.client.get("/settings").text
    assert sign_in(bo, provider).headers["location"] == "/settings"
    assert "Discord: Ana" in bo.client.get("/settings").text
    again = web.browser()
    sign_in(again, provider)
    assert again.user_id == bo.user_id


def test_visitors_are_guests_until_they_prove_who_they_are(web: WebServer, provider: AccountProvider) -> None:
    def is_guest(browser: Browser) -> bool:
        cookie = f"{SESSION_COOKIE}={browser.client.cookies[SESSION_COOKIE]}".encode()
        connection = HTTPConnection({"type": "http", "headers": [(b"cookie", cookie)]})
        user = web.app.state.context.session_store.read(connection)
        return bool(user.person.guest)

    bo = web.user("Bo", "open sesame")
    assert is_guest(bo)
    bo.post("/sign-in/codes/device")
    assert is_guest(bo)
    bo.post("/sign-in/codes/recovery")
    assert not is_guest(bo)
    assert not is_guest(come_in(web.browser(), provider))


def test_a_recovery_code_brings_somebody_back_until_it_is_replaced(web: WebServer) -> None:
    ana = web.user("Ana", "open sesame")
    code = ana.post("/sign-in/codes/recovery").json()["code"]
    assert re.fullmatch(r"(\w{5}-){3}\w{5}", code)
    for typed in (code, f"  {code.upper().replace('-', ' ')} "):
        again = web.browser()
        assert send_code(again, typed).status_code == 303
        assert again.user_id == ana.user_id
    ana.post("/sign-in/codes/recovery")
    stranger = web.browser()
    assert "unknown, or was used already" in send_code(stranger, code).text
    assert not is_in(stranger)


def test_a_code_for_another_device_works_once(web: WebServer) -> None:
    ana = web.user("Ana", "open sesame")
    code = ana.post("/sign-in/codes/device").json()["code"]
    phone, thief = web.browser(), web.browser()
    assert send_code(phone, code).status_code == 303
    assert phone.user_id == ana.user_id
    assert send_code(thief, code).status_code == 403


def test_a_code_for_another_device_lasts_ten_minutes(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = web.user("Ana", "open sesame")
    codes = [ana.post("/sign-in/codes/device").json()["code"] for _ in range(2)]
    phone = web.browser()
    assert send_code(phone, codes[0]).status_code == 403, "a new one replaces it"
    with monkeypatch.context() as later:
        later.setattr("studio.db.identities.sign_ins.now", lambda: now() + timedelta(minutes=11))
        assert send_code(phone, codes[1]).status_code == 403
    assert not is_in(phone)
    assert send_code(phone, codes[1]).status_code == 303


def test_codes_are_not_guessed(web: WebServer) -> None:
    thief = web.browser()
    answers = {send_code(thief, f"guess {number}").status_code for number in range(22)}
    assert answers == {403, 429}


def test_a_way_back_can_be_given_up(web: WebServer, provider: AccountProvider) -> None:
    ana = come_in(web.browser(), provider)
    bo = web.user("Bo", "open sesame")
    bo.post("/sign-in/remove", "discord:8123")
    assert "Discord: Ana" in ana.client.get("/settings").text
    ana.post("/sign-in/remove", "discord:8123")
    assert "no way back in yet" in ana.client.get("/settings").text


def test_who_is_forgotten_has_no_way_back(web: WebServer, provider: AccountProvider) -> None:
    ana = come_in(web.browser(), provider)
    person = Person(platform=Platform.WEB, community="room", user_id=ana.user_id, display_name="Ana")
    call = Call(person=person, address=somewhere(), request_key="web:forget")
    execute(web.ports, call, "forget-me", {"confirm": "yes"})
    assert "How shall the others call you?" in sign_in(web.browser(), provider).text


def test_where_visitors_are_refused_a_proof_is_asked_for(ports: Ports, provider: AccountProvider) -> None:
    settings = web_settings(sign_in_providers=(provider.discord(),), visitors=Visitors.REFUSED)
    with WebServer(ports, settings) as web:
        browser = web.user("Ana")
        assert not is_in(browser)
        assert "choose how you come back" in browser.front_page()
        assert browser.client.get("/settings", headers={"accept": "text/html"}).status_code == 401
        assert browser.post("/sign-in/codes/recovery").status_code == 200
        assert is_in(browser)

"""The web page in a frame of Discord's: who comes in, and what is different there and nowhere else."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.testclient import TestClient

from bots.web.access.activity_frame import ACTIVITY_COOKIE, SESSION_COOKIE
from bots.web.access.session_cookies import SessionStore, WebUser
from bots.web.settings import WebSettings
from studio.db.identities.linked_identities import identities
from studio.db.identities.people import lock_person
from studio.db.identities.sign_ins import Method
from studio.domain.people import Person, Platform
from studio.errors import BannedError
from studio.ports import Ports
from tests.support.discord_proxy import PROXY_ORIGIN, DiscordProxy
from tests.support.html_tree import Element, read_html
from tests.support.loopback_oauth import CLIENT_ID, AccountProvider, account_provider
from tests.support.web_client import HOST, WebServer, web_settings

START = "/?instance_id=i-1&frame_id=f-1&platform=desktop&guild_id=55"
HTML = {"accept": "text/html"}
ANA, SERVER = "8123", "55"
MEMBER = Person(platform=Platform.DISCORD, community=SERVER, user_id=ANA, display_name="Ana")


@pytest.fixture
def provider() -> Iterator[AccountProvider]:
    with account_provider() as provider:
        provider.run_activity("i-1", server=SERVER, users=[ANA], members=[ANA])
        yield provider


def with_activity(provider: AccountProvider) -> WebSettings:
    providers = (provider.discord(),)
    return web_settings(
        activity=provider.activity(), sign_in_providers=providers, shared_secret="open sesame"
    )


@pytest.fixture
def web(ports: Ports, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    with WebServer(ports, with_activity(provider)) as web:
        yield web


@dataclass
class Frame:
    """A browser in Discord, whose client has opened the Activity in a frame."""

    web: WebServer
    provider: AccountProvider
    page: Element = field(init=False)

    def __post_init__(self) -> None:
        proxy = DiscordProxy(self.web.app, HOST)
        self.client = TestClient(proxy, base_url=PROXY_ORIGIN, raise_server_exceptions=False)
        self.client.portal = self.web.browser().client.portal
        self.start()

    def start(self) -> None:
        self.page = read_html(self.client.get(START, headers=HTML).text.replace("<!doctype html>", ""))

    @property
    def asked(self) -> dict[str, str]:
        (line,) = [found for found in self.page if found.attributes.get("id") == "activity"]
        return {name.removeprefix("data-"): value for name, value in line.attributes.items()}

    def code(self) -> str:
        """What Discord's client answers to AUTHORIZE when the person says yes."""
        asked = {"client_id": self.asked["client"], "response_type": "code", "code_challenge_method": "S256"}
        return self.provider.code_for({**asked, "code_challenge": self.asked["challenge"]})

    def sign_in(self, **changes: Any) -> Any:
        body = {"code": self.code(), "state": self.asked["state"], "instance": "i-1", **changes}
        return self.post("/activity", json=body)

    def post(self, path: str, **options: Any) -> Any:
        (body,) = self.page.all("body")
        headers = {"origin": PROXY_ORIGIN, "x-form-token": body.attributes["data-token"], **HTML}
        return self.client.post(path, headers=headers, follow_redirects=False, **options)

    def enter(self, name: str, word: str) -> Any:
        token = re.search(r'name="token" value="([^"]+)"', self.inner().text)
        assert token
        return self.post("/enter", data={"token": token[1], "name": name, "word": word})

    def inner(self) -> Any:
        return self.client.get("/", headers=HTML)

    @property
    def is_in(self) -> bool:
        return 'id="say"' in self.inner().text


def come_in(frame: Frame) -> str:
    """Somebody new; answers with the key of the person."""
    assert frame.sign_in().status_code == 200
    assert "How shall the others call you?" in frame.inner().text
    assert frame.enter("Ana", "open sesame").status_code == 303
    me = re.search(r'"me":"(\w+)"', frame.inner().text)
    assert me
    return f"web:room:{me[1]}"


def test_who_opens_it_is_asked_once_for_a_name_and_is_one_human_with_the_member_of_the_server(
    web: WebServer, provider: AccountProvider
) -> None:
    key = come_in(Frame(web, provider))
    with web.ports.database.read() as session:
        assert identities(session, key)[1:] == (MEMBER.key,)
    again = Frame(web, provider)
    assert not again.is_in  # the account that is signed in at Discord may be another one now
    assert again.sign_in().json() == {}
    assert again.is_in
    with again.client.websocket_connect(
        f"wss://{CLIENT_ID}.discordsays.com/room", headers={"origin": PROXY_ORIGIN}
    ) as socket:
        assert socket.receive_json()["type"] == "wall"


def test_a_server_that_is_new_joins_the_person_and_parted_identities_stay_parted(
    web: WebServer, provider: AccountProvider
) -> None:
    with web.ports.database.begin() as session:
        lock_person(session, MEMBER)
    key = come_in(Frame(web, provider))
    provider.run_activity("i-2", server="66", users=[ANA], members=[ANA])
    assert Frame(web, provider).sign_in(instance="i-2").status_code == 200
    with web.ports.database.read() as session:
        assert len(identities(session, key)) == 3
    other = Person(platform=Platform.DISCORD, community="77", user_id=ANA, display_name="Ana")
    with web.ports.database.begin() as session:
        lock_person(session, other)
    provider.run_activity("i-3", server="77", users=[ANA], members=[ANA])
    assert Frame(web, provider).sign_in(instance="i-3").status_code == 200
    with web.ports.database.read() as session:
        assert identities(session, other.key) == (other.key,)


def test_only_the_frame_has_a_cookie_for_frames_and_may_be_framed(
    web: WebServer, provider: AccountProvider
) -> None:
    frame = Frame(web, provider)
    first = frame.client.get(START, headers=HTML)
    # Browsers send an origin for modules.
    assert frame.client.get("/static/activity.js", headers={"origin": PROXY_ORIGIN}).status_code == 200
    frame.start()
    for cookie in (first.headers["set-cookie"], frame.sign_in().headers["set-cookie"]):
        assert f"{ACTIVITY_COOKIE}=" in cookie
        for attribute in ("HttpOnly", "SameSite=none", "Secure", "Partitioned"):
            assert attribute in cookie
    frame.start()
    come_in(frame)
    for answer in (first, frame.inner(), frame.client.get("/pictures", headers=HTML)):
        policy = answer.headers["content-security-policy"]
        assert f"frame-ancestors https://discord.com https://*.discord.com {PROXY_ORIGIN};" in policy
        assert f"wss://{CLIENT_ID}.discordsays.com" in policy
    assert SESSION_COOKIE not in frame.client.cookies
    outside = web.user("Bo", "open sesame")
    page = outside.client.get("/", headers=HTML)
    assert "frame-ancestors 'none';" in page.headers["content-security-policy"]
    # Whose ordinary cookie is there keeps their session, even if a link led them to the frame's page.
    user_id = outside.user_id
    outside.client.get(START, headers=HTML)
    assert outside.user_id == user_id


def test_a_link_to_the_frames_page_leaves_the_ordinary_one_as_it_is(web: WebServer) -> None:
    stranger = TestClient(web.app, base_url=f"https://{HOST}")
    stranger.portal = web.browser().client.portal
    stranger.get(START, headers=HTML)
    page = stranger.get("/", headers=HTML)
    assert "Sign in with Discord" in page.text
    assert "frame-ancestors 'none';" in page.headers["content-security-policy"]
    assert stranger.get("/sign-in/discord", follow_redirects=False).status_code == 303
    assert ACTIVITY_COOKIE not in stranger.cookies


@pytest.mark.parametrize("method", Method)
def test_only_an_account_of_discord_stands_for_the_address(provider: AccountProvider, method: Method) -> None:
    """Of recovery codes and passkeys somebody makes as many as they like, each with tries of its own."""
    store = SessionStore(with_activity(provider))
    user = framed_user(store, method.subject("8"))
    assert user is not None
    assert user.address == ("discord:8" if method is Method.DISCORD else "192.0.2.7")


def test_the_server_ends_a_session_of_the_frame_after_twelve_hours(
    provider: AccountProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, start = SessionStore(with_activity(provider)), 1_800_000_000
    monkeypatch.setattr("time.time", lambda: start)
    user = framed_user(store, "discord:8")
    assert user is not None
    cookie = framed_cookie(store, user)
    monkeypatch.setattr("time.time", lambda: start + 11 * 3600)
    assert read_framed(store, cookie) == user
    renewed = framed_cookie(store, replace(user, name="Bo"))  # as for a new name
    monkeypatch.setattr("time.time", lambda: start + 13 * 3600)
    assert read_framed(store, cookie) is None
    assert read_framed(store, renewed) is None


def test_no_page_of_the_frame_makes_its_session_longer(
    web: WebServer, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = Frame(web, provider)
    assert frame.sign_in().status_code == 200
    later = time.time() + 11 * 3600
    monkeypatch.setattr("time.time", lambda: later)
    assert frame.enter("Ana", "open sesame").status_code == 303
    assert frame.is_in
    later += 2 * 3600
    assert not frame.is_in
    assert "Ask Discord again" in frame.inner().text
    assert frame.post("/enter", data={"token": "", "name": "Bo", "word": "open sesame"}).status_code == 403


def framed_cookie(store: SessionStore, user: WebUser) -> str:
    response = Response()
    store.write(response, user, secure=True, framed=True)
    return response.headers["set-cookie"].partition(";")[0]


def read_framed(store: SessionStore, cookie: str) -> WebUser | None:
    headers = [(b"cookie", cookie.encode())]
    return store.read(HTTPConnection({"type": "http", "headers": headers, "client": ("192.0.2.7", 1)}))


def framed_user(store: SessionStore, subject: str) -> WebUser | None:
    return read_framed(store, framed_cookie(store, store.anonymous_user(name="Ana", subject=subject)))


def test_leaving_ends_the_session_of_the_frame(web: WebServer, provider: AccountProvider) -> None:
    frame = Frame(web, provider)
    come_in(frame)
    stolen = frame.client.cookies[ACTIVITY_COOKIE]
    (body,) = read_html(frame.inner().text.replace("<!doctype html>", "")).all("body")
    headers = {"origin": PROXY_ORIGIN, "x-form-token": body.attributes["data-token"]}
    answer = frame.client.post("/leave", headers=headers)
    assert answer.status_code == 204
    assert "Partitioned" in answer.headers["set-cookie"]
    for _ in ("the new cookie", "a copy of the old one"):
        shown = frame.inner()
        assert "Ask Discord again" in shown.text
        assert "<form" not in shown.text
        assert "frame-ancestors https://discord.com" in shown.headers["content-security-policy"]
        frame.client.cookies.clear()
        frame.client.cookies.set(ACTIVITY_COOKIE, stolen)


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "forged"},
        {"code": "stolen"},
        {"code": 7},
        {"instance": "i-9"},
        {"instance": "../../users/@me"},
    ],
    ids=["forged state", "foreign code", "no code", "unknown instance", "no instance"],
)
def test_what_is_wrong_lets_nobody_in(
    web: WebServer, provider: AccountProvider, changes: dict[str, Any]
) -> None:
    frame = Frame(web, provider)
    answer = frame.sign_in(**changes)
    assert answer.status_code == 403
    assert "Discord did not say who you are" in answer.json()["text"]
    assert "How shall" not in frame.inner().text


def test_states_and_codes_hold_for_one_frame_and_once(
    web: WebServer, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, thief = Frame(web, provider), Frame(web, provider)
    code = ana.code()
    assert thief.sign_in(code=code, state=ana.asked["state"]).status_code == 403  # a foreign state
    code = ana.code()
    assert thief.sign_in(code=code).status_code == 403  # a foreign code, with a state of one's own
    code, state = ana.code(), ana.asked["state"]
    assert ana.sign_in(code=code, state=state).status_code == 200
    assert ana.sign_in(code=code, state=state).status_code == 403
    late = Frame(web, provider)
    monkeypatch.setattr("bots.web.sign_in.oauth._STATE_SECONDS", -1)
    assert late.sign_in().status_code == 403


@pytest.mark.parametrize(
    ("location", "users", "members"),
    [
        ({"id": "pc-1", "kind": "pc", "channel_id": "9"}, [ANA], [ANA]),
        ({"id": "gc-55-9", "kind": "gc", "channel_id": "9", "guild_id": SERVER}, ["99"], [ANA]),
        ({"id": "gc-55-9", "kind": "gc", "channel_id": "9", "guild_id": SERVER}, [ANA], []),
    ],
    ids=["not in a server", "no participant", "no member, or no bot there"],
)
def test_only_participants_in_a_server_of_the_bot_come_in(
    web: WebServer, provider: AccountProvider, location: dict[str, str], users: list[str], members: list[str]
) -> None:
    provider.for_bots.clear()
    provider.run_activity("i-1", server=SERVER, users=users, members=members)
    provider.for_bots[f"/applications/{CLIENT_ID}/activity-instances/i-1"]["location"] = location
    assert Frame(web, provider).sign_in().status_code == 403


@pytest.mark.parametrize("at", ["token", "account", "bots"])
@pytest.mark.parametrize("trouble", [(500, b"oops"), (200, b"not json"), (200, b"[]"), (401, b"{}")])
def test_discord_in_trouble_lets_nobody_in(
    web: WebServer, provider: AccountProvider, at: str, trouble: tuple[int, bytes]
) -> None:
    provider.trouble, provider.trouble_at = trouble, at
    frame = Frame(web, provider)
    answer = frame.sign_in()
    assert answer.status_code in {403, 503}
    assert "Discord" in answer.json()["text"]
    assert "How shall" not in frame.inner().text


def test_who_is_banned_in_the_server_is_told_so(web: WebServer, provider: AccountProvider) -> None:
    web.ports.gate.welcome_error = BannedError()  # type: ignore[attr-defined]
    answer = Frame(web, provider).sign_in()
    assert answer.status_code == 403
    assert "cannot paint here" in answer.json()["text"]


def test_other_origins_and_pages_without_the_token_are_refused(
    web: WebServer, provider: AccountProvider
) -> None:
    frame = Frame(web, provider)
    body = {"code": frame.code(), "state": frame.asked["state"], "instance": "i-1"}
    for origin in (
        "https://77002.discordsays.com",
        "http://77001.discordsays.com",
        "https://discord.com",
        "null",
    ):
        assert frame.client.post("/activity", headers={"origin": origin}, json=body).status_code == 403
    assert frame.client.post("/activity", headers={"origin": PROXY_ORIGIN}, json=body).status_code == 403
    # The proxy's origin means nothing for an ordinary session.
    bo = web.user("Bo", "open sesame")
    assert bo.post("/leave", origin=PROXY_ORIGIN).status_code == 403
    assert bo.post("/activity", b"{}").status_code == 403


def test_in_the_frame_no_other_way_leads_to_an_account(web: WebServer, provider: AccountProvider) -> None:
    """Where nobody asks in which server it is. Nor is a session of the frame what was signed for a page of its own."""
    frame = Frame(web, provider)
    come_in(frame)
    assert frame.client.get("/sign-in/discord", follow_redirects=False).status_code == 404
    back = f"/sign-in/discord/callback?code={frame.code()}&state={frame.asked['state']}"
    assert frame.client.get(back, follow_redirects=False).status_code == 404
    outside = web.user("Bo", "open sesame")
    frame.client.cookies.clear()
    frame.client.cookies.set(ACTIVITY_COOKIE, outside.client.cookies[SESSION_COOKIE])
    assert not frame.is_in


def test_without_the_setting_there_is_none_of_it(ports: Ports, provider: AccountProvider) -> None:
    settings = web_settings(sign_in_providers=(provider.discord(),))
    with WebServer(ports, settings) as web:
        browser = web.user("Bo")
        assert browser.post("/activity", b"{}").status_code == 404
        page = browser.client.get(START, headers=HTML)
        assert "frame-ancestors 'none';" in page.headers["content-security-policy"]
        assert 'id="say"' in page.text
        # A cookie from before it was switched off opens nothing.
        stranger = web.browser()
        stranger.client.cookies.set(ACTIVITY_COOKIE, browser.client.cookies[SESSION_COOKIE])
        page = stranger.client.get("/", headers=HTML)
        assert 'id="say"' not in page.text
        assert "frame-ancestors 'none';" in page.headers["content-security-policy"]
        assert stranger.client.post("/enter", headers={"origin": PROXY_ORIGIN}, data={}).status_code == 403


def test_accounts_are_told_apart_behind_the_proxys_address(web: WebServer, provider: AccountProvider) -> None:
    """Wrong words of one account do not shut out the next one, who has the same address."""
    frame = Frame(web, provider)
    frame.sign_in()
    for _ in range(21):
        answer = frame.enter("Ana", "wrong")
    assert answer.status_code == 429
    provider.account = {"id": "9", "username": "bo"}
    provider.run_activity("i-1", server=SERVER, users=["9"], members=["9"])
    bo = Frame(web, provider)
    bo.sign_in()
    assert bo.enter("Bo", "open sesame").status_code == 303


def test_only_answers_of_discord_that_let_nobody_in_are_counted(
    web: WebServer, provider: AccountProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.routes.sign_in.activity._FAILURES_OF_ALL", 4)
    monkeypatch.setattr("bots.web.routes.sign_in.activity._FAILURES_A_MINUTE", 2)
    script = Frame(web, provider)
    for _ in range(5):
        assert script.post("/activity", content=b"nonsense").status_code == 403
    assert script.sign_in(state="forged").status_code == 403
    for _ in range(5):
        assert Frame(web, provider).sign_in().status_code == 200
    assert [script.sign_in(code="stolen").status_code for _ in range(3)] == [403, 403, 429]
    other = Frame(web, provider)  # with an allowance of its own, as long as all have some
    assert [other.sign_in(code="stolen").status_code for _ in range(2)] == [403, 403]
    assert Frame(web, provider).sign_in().status_code == 429

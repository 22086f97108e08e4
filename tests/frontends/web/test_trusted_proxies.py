"""The address and the scheme of a request behind a proxy, and who may read the figures."""

import asyncio
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import pytest
from httpx import Response
from itsdangerous import TimestampSigner
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Scope

from bots.web import create_app
from bots.web.access.trusted_proxies import TrustedProxies, network_of
from bots.web.server import make_server
from chatelier.doctor.findings import Health
from chatelier.doctor.proxies import proxies
from chatelier.runtime import untrusted_proxies
from chatelier.runtime.untrusted_proxies import UntrustedProxies
from chatelier.settings import InvalidSettingsError, read_settings
from studio.clock import now
from studio.errors import ConfigurationError
from studio.ports import Ports
from tests.conftest import free_port
from tests.support.web_client import ADDRESS, HOST, WebServer, web_settings

USER = "203.0.113.9"
HTTPS = {"x-forwarded-for": USER, "x-forwarded-proto": "https"}


def seen_as(
    peer: str, headers: dict[str, str], *trusted: str, reports: list[str] | None = None
) -> tuple[str, str]:
    """Scheme and address as the app sees them."""

    async def app(scope: object, receive: object, send: object) -> None:
        request = Request(scope, receive)  # type: ignore[arg-type]
        assert request.client
        answer = PlainTextResponse(f"{request.url.scheme} {request.client.host}")
        await answer(scope, receive, send)  # type: ignore[arg-type]

    reported = [] if reports is None else reports
    guarded = TrustedProxies(app, proxies=trusted, report_unknown=reported.append)  # type: ignore[arg-type]
    client = TestClient(guarded, client=(peer, 4711))
    scheme, address = client.get("/", headers=headers).text.split(" ")
    return scheme, address


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "172.18.0.5", "198.51.100.1"])
def test_what_an_unnamed_proxy_says_is_not_believed(peer: str) -> None:
    assert seen_as(peer, HTTPS) == ("http", peer)
    assert seen_as(peer, HTTPS, "192.0.2.1") == ("http", peer)


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("172.18.0.5", "172.18.0.0/16"),
        ("::ffff:172.18.0.5", "172.18.0.0/16"),
        ("2001:db8::5", "2001:db8::/32"),
    ],
)
def test_a_named_proxy_is_believed_for_address_and_scheme_alike(peer: str, trusted: str) -> None:
    assert seen_as(peer, HTTPS, trusted) == ("https", USER)


def test_what_a_user_put_before_the_proxys_own_word_counts_for_nothing() -> None:
    headers = {"x-forwarded-for": f"192.0.2.66, {USER}, 172.18.0.9"}
    assert seen_as("172.18.0.5", headers, "172.18.0.0/16")[1] == USER


def test_an_unnamed_proxy_is_reported_and_a_named_one_or_a_browser_is_not() -> None:
    reports: list[str] = []
    seen_as("172.18.0.5", {}, reports=reports)
    seen_as("172.18.0.5", HTTPS, "172.18.0.5", reports=reports)
    assert reports == []
    seen_as("172.18.0.5", {"x-real-ip": USER}, reports=reports)
    assert reports == ["172.18.0.5"]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (USER, USER),
        (f"::ffff:{USER}", USER),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("unknown", "unknown"),
    ],
)
def test_all_addresses_of_one_ipv6_subscriber_are_one(address: str, network: str) -> None:
    assert network_of(address) == network


def test_login_attempts_are_counted_by_user_behind_a_named_proxy_only(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    monkeypatch.setattr("bots.web.routes.sign_in.login._TRIES_A_MINUTE", 1)
    settings = {"shared_secret": "linden tree"}
    for trusted, wanted in ((("127.0.0.1",), 303), ((), 429)):
        with WebServer(ports, web_settings(**settings, trusted_proxies=trusted)) as web_server:
            for number in range(2):
                eve = web_server.browser(headers={"x-forwarded-for": f"203.0.113.{number}"})
                assert eve.enter("Eve", "oak tree").status_code in (403, 429)
            ana = web_server.browser(headers={"x-forwarded-for": "203.0.113.200"})
            assert ana.enter(f"Ana {len(trusted)}", "linden tree").status_code == wanted


def test_the_neighbours_addresses_of_one_ipv6_network_share_their_tries(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    monkeypatch.setattr("bots.web.routes.sign_in.login._TRIES_A_MINUTE", 1)
    with WebServer(ports, web_settings(shared_secret="linden tree")) as web_server:
        assert web_server.browser("2001:db8::1").enter("Eve", "oak tree").status_code == 403
        assert web_server.browser("2001:db8::2").enter("Eve", "elm tree").status_code == 429


@pytest.mark.parametrize(("trusted", "secure"), [(("127.0.0.1",), True), ((), False)])
def test_the_cookie_is_secure_where_a_named_proxy_speaks_https(
    ports: Ports, trusted: tuple[str, ...], secure: bool
) -> None:
    with WebServer(ports, web_settings(trusted_proxies=trusted)) as web_server:
        cookie = web_server.browser(headers=HTTPS).client.get("/").headers["set-cookie"].lower()
        assert ("; secure" in cookie) is secure


def test_a_proxy_that_is_no_address_stops_the_start(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="neither an address nor a network"):
        create_app(ports, web_settings(trusted_proxies=("caddy",)))
    monkeypatch.setenv("CHATELIER_WEB__TRUSTED_PROXIES", "172.18.0.2, caddy")
    with pytest.raises(InvalidSettingsError, match="caddy is neither an address nor a network"):
        read_settings()
    monkeypatch.setenv("CHATELIER_WEB__TRUSTED_PROXIES", "172.18.0.2, 2001:DB8::/32")
    assert read_settings().settings.web.trusted_proxies == ("172.18.0.2", "2001:db8::/32")


def test_the_server_itself_believes_no_program_on_this_machine(ports: Ports) -> None:
    port = free_port()
    server = make_server(ports, web_settings(port=port))
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(server.run)
        try:
            while not server.started:
                assert not running.done()
                time.sleep(0.02)
            with urlopen(UrlRequest(f"http://127.0.0.1:{port}/", headers=HTTPS)) as answer:
                cookie = answer.headers["set-cookie"].lower()
        finally:
            server.should_exit = True
    assert "httponly" in cookie
    assert "secure" not in cookie


# ---- what the doctor says


def test_the_doctor_names_the_proxy_that_the_settings_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    home = read_settings().settings.home
    home.mkdir()
    assert list(proxies(read_settings())) == []
    with caplog.at_level(logging.WARNING):
        UntrustedProxies(home).report("172.18.0.5")
    assert "address=172.18.0.5" in caplog.text
    (found,) = proxies(read_settings())
    assert found.health is Health.NOTE
    assert "CHATELIER_WEB__TRUSTED_PROXIES=172.18.0.5" in found.fix
    monkeypatch.setenv("CHATELIER_WEB__TRUSTED_PROXIES", "172.18.0.0/16")
    assert [finding.health for finding in proxies(read_settings())] == [Health.GOOD]


def test_a_rush_of_addresses_neither_fills_the_disk_nor_stops_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(untrusted_proxies, "_PAUSE_SECONDS", 0.0)
    watch = UntrustedProxies(tmp_path)
    for number in range(50):
        watch.report(f"203.0.113.{number}")
    assert len(untrusted_proxies.read_untrusted_proxies(tmp_path)) == 20
    assert (tmp_path / "unknown-proxies.json").stat().st_mode & 0o077 == 0
    UntrustedProxies(tmp_path / "nowhere").report("203.0.113.1")


def test_what_was_seen_long_ago_or_cannot_be_read_is_no_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home = read_settings().settings.home
    home.mkdir()
    (home / "unknown-proxies.json").write_text(
        json.dumps({"172.18.0.5": (now() - timedelta(days=8)).isoformat()})
    )
    assert list(proxies(read_settings())) == []
    (home / "unknown-proxies.json").write_text("[]")
    assert list(proxies(read_settings())) == []


# ---- figures


def test_figures_are_for_this_machine_only(web_server: WebServer) -> None:
    own, other = web_server.browser().client, web_server.browser("192.168.1.20").client
    for path in ("/metrics", "/operations"):
        assert own.get(path).status_code == 200
        assert other.get(path).status_code == 403
    assert other.get("/healthz").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-for": "127.0.0.1"},
        {"forwarded": "for=127.0.0.1"},
        {"via": "1.1 varnish"},
        {"x-real-ip": "127.0.0.1"},
        {"host": "paint.example.org"},
        {"host": "[::1"},
    ],
)
@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",)])
def test_what_a_proxy_on_this_machine_session_store_on_is_not_from_this_machine(
    ports: Ports, headers: dict[str, str], trusted: tuple[str, ...]
) -> None:
    with WebServer(ports, web_settings(trusted_proxies=trusted)) as web_server:
        assert web_server.browser().client.get("/metrics", headers=headers).status_code == 403


def test_a_named_proxy_that_adds_no_headers_gets_no_figures_either(ports: Ports) -> None:
    with WebServer(ports, web_settings(trusted_proxies=("127.0.0.1",))) as web_server:
        assert web_server.browser().client.get("/metrics").status_code == 403


def test_with_a_token_metrics_are_for_its_bearer_alone(ports: Ports) -> None:
    with WebServer(ports, web_settings(metrics_token="a token of the tests")) as web_server:
        scraper = web_server.browser("192.168.1.20").client
        right = {"authorization": "Bearer a token of the tests"}
        assert scraper.get("/metrics", headers=right).status_code == 200
        for wrong in ("", "Bearer ", "Bearer a token", "Bearer ä"):
            answer = scraper.get("/metrics", headers={"authorization": wrong.encode()})  # type: ignore[dict-item]
            assert answer.status_code == 403
        assert web_server.browser().client.get("/metrics").status_code == 403


def test_behind_a_proxy_a_browser_opens_the_overview_with_the_token(ports: Ports) -> None:
    page = {"accept": "text/html"}
    settings = web_settings(metrics_token="a token of the tests", trusted_proxies=("127.0.0.1",))
    with WebServer(ports, settings) as web_server:
        browser = web_server.browser(headers=HTTPS)

        def sign_in(token: str) -> Response:
            form = {"token": token}
            return browser.client.post("/operations/sign-in", data=form, follow_redirects=False)

        closed = browser.client.get("/operations", headers=page)
        assert (closed.status_code, 'name="token"' in closed.text) == (401, True)
        assert browser.client.get("/operations").status_code == 403, "programs are answered as before"
        assert sign_in("a token").status_code == 403
        opened = sign_in("a token of the tests ")
        assert (opened.status_code, opened.headers["location"]) == (303, "/operations")
        cookie = opened.headers["set-cookie"].lower()
        for attribute in ("httponly", "samesite=strict", "secure", "path=/operations", "max-age=28800"):
            assert attribute in cookie
        assert "a token" not in cookie
        sent = {**page, "cookie": opened.headers["set-cookie"].partition(";")[0]}
        assert "Communities" in browser.client.get("/operations", headers=sent).text
        assert browser.client.get("/metrics", headers=sent).status_code == 403
        left = browser.client.post("/operations/sign-out", headers=sent, follow_redirects=False)
        assert "max-age=0" in left.headers["set-cookie"].lower()
        assert browser.client.get("/operations", headers=page).status_code == 401
        wrong = [sign_in("wrong").status_code for _ in range(7)]
        assert (wrong[0], wrong[-1]) == (403, 429)


def test_tries_are_counted_before_their_forms_arrive(ports: Ports) -> None:
    with WebServer(ports, web_settings(metrics_token="a token of the tests")) as web_server:
        statuses: list[int] = []
        waiting = 0

        async def send_at_once() -> None:
            """No form arrives before each of the requests waits for its own, or is answered."""
            arrived = asyncio.Event()

            def count() -> None:
                if waiting + len(statuses) == 9:
                    arrived.set()

            async def receive() -> Message:
                nonlocal waiting
                waiting += 1
                count()
                await arrived.wait()
                return {"type": "http.request", "body": b"token=wrong", "more_body": False}

            async def send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    statuses.append(message["status"])
                    count()

            await asyncio.gather(*(web_server.app(_sign_in_scope(), receive, send) for _ in range(9)))

        portal = web_server.browser().client.portal
        assert portal
        portal.call(send_at_once)
        assert len(statuses) == 9
        assert 429 in statuses


def _sign_in_scope() -> Scope:
    headers = {"host": HOST, "origin": ADDRESS, "content-type": "application/x-www-form-urlencoded"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/operations/sign-in",
        "raw_path": b"/operations/sign-in",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.168.1.20", 50_000),
        "server": ("127.0.0.1", 8080),
    }


def test_a_cookie_of_the_overview_ends_with_its_token_and_with_time(
    ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, cookie = {"accept": "text/html"}, ""
    with WebServer(ports, web_settings(metrics_token="a token of the tests")) as web_server:
        client = web_server.browser("192.168.1.20").client
        client.post("/operations/sign-in", data={"token": "a token of the tests"}, follow_redirects=False)
        cookie = client.cookies["chatelier-operator"]
        assert client.get("/operations", headers=page).status_code == 200
        with monkeypatch.context() as later:
            in_nine_hours = int(time.time()) + 9 * 3600
            later.setattr(TimestampSigner, "get_timestamp", lambda _signer: in_nine_hours)
            assert client.get("/operations", headers=page).status_code == 401
    with WebServer(ports, web_settings(metrics_token="another token of the tests")) as web_server:
        client = web_server.browser("192.168.1.20").client
        sent = {**page, "cookie": f"chatelier-operator={cookie}"}
        assert client.get("/operations", headers=sent).status_code == 401

"""Coming in: names, invite words, sessions, and who is kept out."""

import re
from collections.abc import Callable

import pytest
from starlette.websockets import WebSocketDisconnect

from bots.web import create_app
from studio.errors import ConfigurationError
from studio.ports import Ports
from tests.support.web_client import ADDRESS, SOCKET, WebServer, web_settings


def test_a_stranger_is_asked_for_a_name(web_server: WebServer) -> None:
    page = web_server.browser().front_page()
    assert 'name="name"' in page
    assert 'id="say"' not in page


def test_a_name_opens_the_web_page(web_server: WebServer) -> None:
    browser = web_server.browser()
    assert browser.enter("Ana").status_code == 303
    assert 'id="say"' in browser.front_page()


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "@@@"])
def test_a_name_with_nothing_to_see_is_refused_in_words(web_server: WebServer, name: str) -> None:
    answer = web_server.browser().enter(name)
    assert answer.status_code == 422
    assert "Please type a name" in answer.text


def test_a_long_name_is_cut_and_a_wicked_one_is_only_text(web_server: WebServer) -> None:
    browser = web_server.user("<b>" + "x" * 80)
    page = browser.front_page()
    assert "<b>x" not in page
    assert "&lt;b&gt;" + "x" * 29 + '"' in page


def test_two_people_on_the_web_cannot_share_a_name(web_server: WebServer) -> None:
    web_server.guest("Ana")
    answer = web_server.browser().enter("aNA")
    assert answer.status_code == 422
    assert "already" in answer.text


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(web_server: WebServer) -> None:
    cookie = web_server.browser().enter("Ana").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_forged_session_is_no_session(web_server: WebServer) -> None:
    browser = web_server.user("Ana")
    genuine = browser.client.cookies["chatelier_session"]
    browser.client.cookies.clear()
    browser.client.cookies.set("chatelier_session", genuine[:-2] + "xx")
    assert 'id="say"' not in browser.front_page()


def test_where_an_invite_word_is_set_only_the_word_opens(ports: Ports) -> None:
    with WebServer(ports, web_settings(host="0.0.0.0", shared_secret="linden tree")) as web_server:
        browser = web_server.browser()
        refused = browser.enter("Ana", "oak tree")
        assert refused.status_code == 403
        assert "not the invite word" in refused.text
        assert 'id="say"' not in browser.front_page()
        assert browser.enter("Ana", " linden tree ").status_code == 303
        assert 'id="say"' in browser.front_page()


def test_a_new_invite_word_sends_everybody_back_to_the_login(ports: Ports) -> None:
    with WebServer(ports, web_settings(shared_secret="linden tree")) as web_server:
        browser = web_server.user("Ana", "linden tree")
        cookie = browser.client.cookies["chatelier_session"]
    with WebServer(ports, web_settings(shared_secret="oak tree")) as web_server:
        browser = web_server.browser()
        browser.client.cookies.set("chatelier_session", cookie)
        assert 'id="say"' not in browser.front_page()


def test_wrong_words_are_not_answered_for_ever(
    ports: Ports, still: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    still("studio.gcra")
    monkeypatch.setattr("bots.web.routes.sign_in.login._WRONG_WORD_SECONDS", 0)
    with WebServer(ports, web_settings(shared_secret="linden tree")) as web_server:
        browser = web_server.browser()
        answers = [browser.enter("Eve", f"guess {number}").status_code for number in range(21)]
        assert answers == [403] * 20 + [429]
        assert browser.enter("Eve", "linden tree").status_code == 429


def test_the_moderators_word_makes_a_moderator(web_server: WebServer) -> None:
    assert "moderates" in web_server.user("Mo", "keys").front_page()
    assert "moderates" not in web_server.user("Ana").front_page()


def test_without_an_invite_word_a_wrong_word_does_not_open_either(web_server: WebServer) -> None:
    assert web_server.browser().enter("Ana", "kezs").status_code == 403


def test_a_form_without_its_token_is_not_followed(web_server: WebServer) -> None:
    browser = web_server.browser()
    browser.front_page()
    fields = {"token": "forged", "name": "Ana"}
    answer = browser.client.post("/enter", data=fields, headers={"origin": ADDRESS})
    assert answer.status_code == 403
    assert browser.client.post("/name", content="Eve", headers={"origin": ADDRESS}).status_code == 403


def test_the_token_of_one_person_is_worth_nothing_to_another(web_server: WebServer) -> None:
    ana, eve = web_server.user("Ana"), web_server.user("Eve")
    assert eve.post("/name", "Mallory", **{"x-form-token": ana.token}).status_code == 403
    assert eve.post("/name", "Mallory").status_code == 200


def test_a_new_name_is_seen_by_everybody_at_once(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    assert ana.post("/name", "Anaïs").json() == {"name": "Anaïs"}
    assert "Anaïs" in bo.hear("people", lambda message: "Anaïs" in message["html"])["html"]
    job_id = ana.say("a boat")["job"]
    assert "@Anaïs" in bo.card(job_id, "queued")


def test_leaving_closes_the_session(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    assert ana.post("/leave").status_code == 204
    assert 'id="say"' not in ana.front_page()


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "[::1", "127.0.0.1; x", ""]
)
def test_a_foreign_host_name_is_turned_away(web_server: WebServer, host: str) -> None:
    answer = web_server.browser().client.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.20", "paint.example"]
)
def test_the_servers_own_names_and_plain_addresses_are_served(ports: Ports, host: str) -> None:
    with WebServer(ports, web_settings(allowed_hosts=("Paint.example",))) as web_server:
        assert web_server.browser().client.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9999", "http://["])
def test_posts_and_sockets_from_other_sites_are_refused(web_server: WebServer, origin: str) -> None:
    ana = web_server.user("Ana")
    assert ana.post("/name", "Eve", origin=origin).status_code == 403
    opening = ana.client.websocket_connect(SOCKET, headers={"origin": origin})
    with pytest.raises(WebSocketDisconnect) as closed, opening:
        pass
    assert "another site" in closed.value.reason


def test_a_socket_without_an_origin_is_refused(web_server: WebServer) -> None:
    ana = web_server.user("Ana")
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        ana.client.websocket_connect(SOCKET),
    ):
        pass
    assert "another site" in closed.value.reason


def test_a_stranger_gets_no_socket(web_server: WebServer) -> None:
    stranger = web_server.browser()
    with stranger.client.websocket_connect(SOCKET, headers={"origin": ADDRESS}) as socket:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 4401


def test_pages_carry_no_script_of_their_own_and_forbid_foreign_ones(web_server: WebServer) -> None:
    answer = web_server.user("Ana").client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.S)
    assert scripts
    assert all('src="/static/' in tag or 'type="application/json"' in tag for tag, _ in scripts)
    assert not re.search(r"\son\w+=|\sstyle=|https?://(?!www\.w3\.org)", answer.text)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"host": "0.0.0.0"}, "shared secret"),
        ({"host": "192.168.1.5"}, "shared secret"),
        ({"secret_key": "short"}, "16 characters"),
        ({"shared_secret": "same", "moderator_secret": "same"}, "must differ"),
    ],
)
def test_a_server_open_to_strangers_does_not_start(
    ports: Ports, changes: dict[str, str], wanted: str
) -> None:
    with pytest.raises(ConfigurationError, match=wanted):
        create_app(ports, web_settings(**changes))

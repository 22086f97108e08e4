"""The line to Slack, the pace of progress, the texts, and the guard of HTTP mode."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.response import BoltResponse

from bots.presentation.compose.errors import explain
from bots.process.thread_pools import ThreadPools
from bots.slack.api.client import SlackApiRefusedError, SlackClient, SlackUnavailableError, open_session
from bots.slack.api.progress_throttle import ProgressThrottle
from bots.slack.http.replay_protection import ReplayProtection
from bots.slack.http.request_verification import RequestVerification
from bots.slack.http.web_proxy import WebProxy
from bots.slack.run import AppFactory
from bots.slack.settings import SlackSettings
from bots.slack.texts.command_parsing import read_studio, read_talk
from bots.slack.texts.mrkdwn import escape, mrkdwn
from bots.slack.texts.typed_text import TypedText
from studio.errors import ChatelierError, ConfigurationError, UnknownCommandError
from studio.ports import Ports
from tests.support.loopback_slack.payloads import signed
from tests.support.loopback_slack.records import BOT_TOKEN, GENERAL, SIGNING_SECRET, Refusal
from tests.support.loopback_slack.server import LoopbackSlack


@pytest.fixture
async def slack() -> AsyncIterator[LoopbackSlack]:
    async with LoopbackSlack().open() as opened:
        yield opened


@pytest.fixture
async def client(slack: LoopbackSlack) -> AsyncIterator[SlackClient]:
    async with open_session() as session:
        yield SlackClient.open(BOT_TOKEN, slack.api_url, session)


# ---- the line


async def test_a_pause_that_slack_asks_for_is_kept(slack: LoopbackSlack, client: SlackClient) -> None:
    slack.rate_limit("auth.test", 0.3)
    assert (await client.call("auth.test"))["ok"]
    first, second = [at for at, _, _ in slack.calls]
    assert second - first >= 0.3


async def test_what_is_fleeting_does_not_wait_and_does_not_ask(
    slack: LoopbackSlack, client: SlackClient, still: Callable[[str], None]
) -> None:
    still("bots.slack.api.client")
    slack.rate_limit("auth.test", 60)
    for _ in range(3):
        with pytest.raises(SlackUnavailableError):
            await client.call("auth.test", patient=False)
    assert len(slack.calls) == 1


async def test_an_app_that_many_install_reads_histories_once_a_minute(
    slack: LoopbackSlack, still: Callable[[str], None]
) -> None:
    still("bots.slack.api.client")
    where = {"channel": GENERAL, "limit": 15}
    async with open_session() as session:
        client = SlackClient.open(BOT_TOKEN, slack.api_url, session, is_distributed=True)
        assert client.most_messages == 15
        await client.call("conversations.history", **where)
        with pytest.raises(SlackUnavailableError):
            await client.call("conversations.history", patient=False, **where)
        await client.call("conversations.info", channel=GENERAL)
        of_one = SlackClient.open(BOT_TOKEN, slack.api_url, session)
        for _ in range(2):
            await of_one.call("conversations.history", patient=False, **where)
    assert len(slack.called("conversations.history")) == 3


async def test_a_pause_concerns_one_method(slack: LoopbackSlack, client: SlackClient) -> None:
    slack.rate_limit("auth.test", 60)
    with pytest.raises(SlackUnavailableError):
        await client.call("auth.test", patient=False)
    assert (await client.call("users.info", user="U0ANA"))["user"]["id"] == "U0ANA"


async def test_no_means_no_and_away_means_away(slack: LoopbackSlack, client: SlackClient) -> None:
    slack.refuse("auth.test", "account_inactive")
    with pytest.raises(SlackApiRefusedError) as refused:
        await client.call("auth.test")
    assert refused.value.code == "account_inactive"
    for refusal in (
        Refusal(status=502, body={}),
        Refusal(body={"ok": False, "error": "internal_error"}),
    ):
        slack.refusals["auth.test"].append(refusal)
        with pytest.raises(SlackUnavailableError):
            await client.call("auth.test")


async def test_a_pause_concerns_one_workspace(slack: LoopbackSlack, client: SlackClient) -> None:
    slack.rate_limit("auth.test", 60)
    with pytest.raises(SlackUnavailableError):
        await client.call("auth.test", patient=False)
    other = SlackClient.open(BOT_TOKEN, slack.api_url, client.session)
    assert (await other.call("auth.test", patient=False))["ok"]


async def test_a_wrong_app_token_is_one_sentence(
    slack: LoopbackSlack, client: SlackClient, ports: Ports
) -> None:
    settings = SlackSettings(bot_token=BOT_TOKEN, app_token="xapp-someone", api_url=slack.api_url)
    pools = ThreadPools("slack")
    with pytest.raises(ConfigurationError, match="does not accept the app-level token") as error:
        await AppFactory(ports, settings, pools, client.session).open()
    assert "xapp-someone" not in str(error.value)
    pools.close()


async def test_a_slack_that_does_not_answer_is_away() -> None:
    async with open_session() as session:
        client = SlackClient.open(BOT_TOKEN, "http://127.0.0.1:9/api", session)
        with pytest.raises(SlackUnavailableError):
            await client.call("auth.test")


# ---- the pace


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def test_a_channel_hears_of_progress_once_a_second_at_most() -> None:
    clock = Clock()
    pace = ProgressThrottle(clock)
    assert pace.allows(GENERAL, age_seconds=1, since_seconds=5)
    assert not pace.allows(GENERAL, age_seconds=1, since_seconds=5)
    assert pace.allows("C0OTHER", age_seconds=1, since_seconds=5)
    clock.seconds += 1
    assert pace.allows(GENERAL, age_seconds=1, since_seconds=5)


def test_the_longer_a_job_takes_the_calmer_it_is() -> None:
    pace = ProgressThrottle(Clock())
    assert not pace.allows("a", age_seconds=1, since_seconds=1.9)
    assert pace.allows("a", age_seconds=1, since_seconds=2)
    assert not pace.allows("b", age_seconds=100, since_seconds=4.9)
    assert not pace.allows("b", age_seconds=1000, since_seconds=14.9)
    assert pace.allows("b", age_seconds=1000, since_seconds=15)


def test_all_channels_together_leave_room_for_answers() -> None:
    clock = Clock()
    pace = ProgressThrottle(clock)
    allowed = 0
    for number in range(200):
        clock.seconds += 0.2
        allowed += pace.allows(f"C{number}", age_seconds=1, since_seconds=5)
    assert allowed == 40
    clock.seconds += 60
    assert pace.allows("C0", age_seconds=1, since_seconds=5)


# ---- texts


@pytest.mark.parametrize(
    "text", ["<!channel> hello", "<@U0ANA>", "<https://evil.example|click>", "a & b", "<!subteam^S1>"]
)
def test_what_people_write_is_no_markup(text: str) -> None:
    assert "<" not in escape(text)
    assert escape(text).count("&") == text.count("<") + text.count(">") + text.count("&")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("<@U0BOT> imagine a fox", "imagine a fox"),
        ("<@U0BOT|chatelier>  imagine a fox", "imagine a fox"),
        ("a &lt;tag&gt; &amp;amp;", "a <tag> &amp;"),
        ("<#C0GENERAL|general> <!here> <@U0ANA|ana>", "#general @here @ana"),
        ("<http://example.org|example.org>", "example.org"),
    ],
)
def test_what_slack_sends_is_read_as_it_was_typed(sent: str, meant: str) -> None:
    assert TypedText(text=sent, without="U0BOT").plain == meant


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("a red fox", "imagine"),
        ("imagine a red fox", "imagine"),
        ("image of a fox", "imagine"),
        ("vary k3v9m2p4qx7a.2", "vary"),
        ("/Upscale k3v9m2p4qx7a.2", "upscale"),
    ],
)
def test_talk_is_a_command_or_a_prompt(text: str, command: str) -> None:
    assert read_talk(text)[0].name == command


def test_a_misspelt_command_before_an_id_is_not_taken_for_a_prompt() -> None:
    with pytest.raises(UnknownCommandError) as error:
        read_talk("vairy k3v9m2p4qx7a.2")
    assert error.value.nearest == "vary"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("comunity desk", "There is no command `/studio comunity`. Did you mean `/studio community`?"),
        ("paus", "There is no command `/studio paus`. Did you mean `/studio pause`?"),
        ("hlep", "There is no command `/studio hlep`. Did you mean `/studio help`?"),
        ("imagien a cat", "There is no command `/studio imagien`. Did you mean `/imagine`?"),
        ("edit", "The prompt is missing. For example: `/studio edit` k3v9m2p4qx7a.2 a small boat"),
        ("community colour blue", "The setting must be one of: pause"),
        ("queue now", "`/studio queue` takes no free text. For example: `/studio queue`"),
    ],
)
def test_what_cannot_be_followed_is_said_in_commands_that_are_typed_here(typed: str, sentence: str) -> None:
    def follow() -> None:
        spec, values = read_studio(typed)
        spec.read(values)

    with pytest.raises(ChatelierError) as error:
        follow()
    assert mrkdwn(explain(error.value)).startswith(sentence)


# ---- where files may come from


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("http://files.slack.com/files-pri/T1-F1/a.png", False),
        ("https://files.slack.com.evil.example/a.png", False),
        ("https://files.slack.com@evil.example/a.png", False),
        ("https://files.slack.com:8443/a.png", False),
        ("https://slack.example/api/a.png", True),
        ("https://169.254.169.254/latest", False),
    ],
)
def test_the_token_goes_to_slacks_file_hosts_only(url: str, allowed: bool) -> None:
    settings = SlackSettings(bot_token="xoxb-1", api_url="https://slack.example/api")
    assert settings.may_download(url) is allowed


def test_no_token_stands_in_the_settings_text() -> None:
    assert "s3cret" not in repr(
        SlackSettings(bot_token="s3cret", app_token="s3cret", signing_secret="s3cret")
    )


# ---- the guard


async def answered(
    body: bytes, headers: dict[str, str], guard: RequestVerification | WebProxy, **scope: Any
) -> int:
    sent: list[Any] = []
    chunks = [body[: len(body) // 2], body[len(body) // 2 :]]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    request = {"type": "http", "method": "POST", "path": "/slack/events", "headers": raw} | scope
    await guard(request, receive, send)
    status: int = sent[0]["status"]
    return status


async def welcome(_: Any, receive: Any, send: Any) -> None:
    assert (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})


async def test_the_guard_lets_a_signed_request_in_once() -> None:
    guard = RequestVerification(welcome, signing_secret=SIGNING_SECRET)
    body, headers = signed({"text": "hello"})
    assert await answered(body, headers, guard) == 200
    assert await answered(body, headers, guard) == 401


async def test_while_redis_is_away_a_guard_remembers_for_itself() -> None:
    replays = ReplayProtection(lasts_seconds=600, redis_url="redis://127.0.0.1:9/0")
    guard = RequestVerification(welcome, signing_secret=SIGNING_SECRET, replays=replays)
    for text in ("hello", "again"):
        body, headers = signed({"text": text})
        assert await answered(body, headers, guard) == 200
        assert await answered(body, headers, guard) == 401
    await replays.close()


async def test_the_guard_knows_one_path_and_one_method() -> None:
    guard = RequestVerification(welcome, signing_secret=SIGNING_SECRET)
    body, headers = signed({"text": "hello"})
    assert await answered(body, headers, guard, path="/elsewhere") == 404
    assert await answered(body, headers, guard, method="PUT") == 405
    assert await answered(b"", {}, guard, path="/healthz", method="GET") == 200


async def test_without_a_signing_secret_nothing_is_taken_from_slack_and_pages_are_shown() -> None:
    async def page(query: str, headers: Any) -> BoltResponse:
        return BoltResponse(status=200, body=f"{query} {headers['cookie']}")

    guard = RequestVerification(welcome, signing_secret=None, pages={"/slack/install": page})
    body, headers = signed({"text": "hello"})
    assert await answered(body, headers, guard) == 404
    door = {"path": "/slack/install", "method": "GET", "query_string": b"team=T1"}
    assert await answered(b"", {"Cookie": "a=b"}, guard, **door) == 200
    assert await answered(b"", {"Cookie": "a=b"}, guard, **door | {"method": "POST"}) == 404


# ---- behind the web page


async def test_behind_the_web_server_a_request_arrives_as_it_was_signed() -> None:
    arrived: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        arrived.append((request.path_qs, dict(request.headers), await request.read()))
        return web.Response(text="ok", headers={"Set-Cookie": "state=1", "X-Inner": "no"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    forwarding = WebProxy(welcome, target_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    body, headers = signed({"text": "hello"})
    headers |= {"Authorization": "Bearer someone's", "Host": "paint.example.org"}
    try:
        assert await answered(body, headers, forwarding) == 200
        install = {"path": "/slack/install", "method": "GET", "query_string": b"team=T1"}
        assert await answered(b"", {}, forwarding, **install) == 200
        assert await answered(b"hello", {}, forwarding, path="/enter") == 200, "the room's own"
    finally:
        await runner.cleanup()
    assert [path for path, _, _ in arrived] == ["/slack/events", "/slack/install?team=T1"]
    _, received, sent = arrived[0]
    assert sent == body
    received = {name.lower(): value for name, value in received.items()}
    signed_by = [name for name in headers if name.startswith(("X-Slack", "Content-T"))]
    assert [received[name.lower()] for name in signed_by] == [headers[name] for name in signed_by]
    assert "authorization" not in received


async def test_behind_the_web_server_a_frontend_that_is_away_is_said() -> None:
    forwarding = WebProxy(welcome, target_url="http://127.0.0.1:9")
    assert await answered(b"hello", {}, forwarding) == 502
    assert await answered(b"x" * (2 * 1024 * 1024), {}, forwarding) == 413


async def test_the_guard_stops_reading_what_is_too_large() -> None:
    guard = RequestVerification(welcome, signing_secret=SIGNING_SECRET)
    assert await answered(b"x" * (2 * 1024 * 1024), {}, guard) == 413
    assert await answered(b"x", {"Content-Length": "many"}, guard) == 413

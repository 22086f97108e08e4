"""Wrong, forged and hasty input on the web: each is answered in a sentence."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from bots.web.live.protocol import LONGEST_BYTES
from studio.commands.command_line import MAX_PHRASE
from studio.errors import PolicyRefusalError, RateLimitedError
from tests.support.web_client import ADDRESS, WebServer
from tests.support.web_jobs import finish, jobs


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "The prompt is empty"),
        ("   ", "The prompt is empty"),
        ("\x00\x07\u200b\u202e", "The prompt is empty"),
        ("/", "There is no command"),
        ("/imagine", "The prompt is missing"),
        ("/imagne a boat", "Did you mean /imagine?"),
        ("/imagine a boat --sed 7", "Did you mean --seed?"),
        ("/imagine a boat --width 1000000", "must lie between 64 and 2048"),
        ("/imagine a boat --count 99", "must lie between"),
        ("/vary", "Give the id of a picture"),
        ("/vary zzzzzzzzzzzz.1", "was not found"),
        ("/cancel 000000000000", "was not found"),
        ("/vary ../../etc/passwd", "picture"),
        ("x" * 3000, "at most 1,000"),
        ("x" * 10_000, "at most 1,000"),
        ("ж" * 20_000, "at most 1,000 characters"),
    ],
)
def test_what_cannot_be_followed_gets_one_clear_sentence(
    web_server: WebServer, text: str, wanted: str
) -> None:
    ana = web_server.guest("Ana")
    ana.send({"do": "say", "id": "wish-bad-input", "text": text})
    answer = ana.hear("answer")
    assert not answer["ok"]
    assert wanted in answer["text"]
    assert "Traceback" not in answer["text"]
    assert jobs(web_server.ports) == 0


@pytest.mark.parametrize("text", ["תפוח אדום על רקע כחול", "🍎🍏🍐", "a\tred\napple", "👩‍🎨 at work"])
def test_every_script_and_emoji_is_painted_as_it_was_typed(web_server: WebServer, text: str) -> None:
    ana = web_server.guest("Ana")
    card = ana.card(ana.say(text)["job"], "queued")
    assert f"<bdi>{' '.join(text.split())}</bdi>" in card


def test_markup_in_a_prompt_stays_text(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    job_id = ana.say("<script>alert(1)</script> \"><img src=x hx-get='/leave'>")["job"]
    assert "<script>" not in ana.card(job_id, "queued")
    finish(web_server.ports, job_id)
    card = ana.card(job_id, "done")
    assert "<script>" not in card
    assert "<img src=x" not in card
    assert "&lt;script&gt;" in card


@pytest.mark.parametrize(
    "message",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"do":"say"}',
        '{"do":"fly","id":"wish-00000001"}',
        '{"do":"say","id":"short","text":"a"}',
        '{"do":"say","id":"wish-00000001","text":7}',
        '{"do":"say","id":"wish-00000001","text":"a","person":"somebody else"}',
        '{"do":"ask","id":"wish-00000001","command":"imagine","values":{"prompt":["a"]}}',
    ],
)
def test_a_message_of_the_wrong_shape_is_answered_and_the_socket_stays(
    web_server: WebServer, message: str
) -> None:
    ana = web_server.guest("Ana")
    ana.send(message)
    assert "could not be read" in ana.hear("answer")["text"]
    assert ana.say("a red apple")["ok"]


@pytest.mark.parametrize("letter", ["狐", "🦊", '"', "\x01", "\ud800"])
def test_whatever_fits_into_the_prompt_box_is_answered(web_server: WebServer, letter: str) -> None:
    ana = web_server.guest("Ana")
    units = len(letter.encode("utf-16-le", "surrogatepass")) // 2
    ana.send({"do": "say", "id": "wish-00000001", "text": letter * (MAX_PHRASE // units)})
    answer = ana.hear("answer")
    assert answer["id"] == "wish-00000001"
    assert "is too long" not in answer["text"]


@pytest.mark.parametrize(
    "message",
    [
        {"do": "say", "text": "x" * LONGEST_BYTES},
        {"do": "say", "text": "a red apple", "person": "somebody else"},
        {"do": "say", "text": "a red apple", "image": "x" * 2000},
        {"do": "fly"},
    ],
)
def test_a_message_that_is_refused_is_answered_by_its_id(
    web_server: WebServer, message: dict[str, str]
) -> None:
    ana = web_server.guest("Ana")
    ana.send({"id": "wish-00000001", **message})
    answer = ana.hear("answer")
    assert not answer["ok"]
    assert answer["id"] == "wish-00000001"


def test_a_message_sent_too_fast_is_answered_by_its_id(
    web_server: WebServer, still: Callable[[str], None]
) -> None:
    ana = web_server.guest("Ana")
    still("bots.web.live.connection")
    for number in range(30):
        ana.send({"do": "say", "id": f"wish-{number:08d}", "text": "/show zzzzzzzzzzzz"})
    answers = [ana.hear("answer")["id"] for _ in range(30)]
    assert answers == [f"wish-{number:08d}" for number in range(30)]


@pytest.mark.parametrize(
    "button",
    ["", "c1", "c1:vary:zzzzzzzzzzzz:1", "c1:explode:k3v9m2p4qx7a:1", "c0:vary:k3v9m2p4qx7a:1", "x" * 150],
)
def test_a_forged_button_does_nothing(web_server: WebServer, button: str) -> None:
    answer = web_server.guest("Eve").press(button)
    assert not answer["ok"]
    assert jobs(web_server.ports) == 0


def test_too_many_messages_are_slowed_down_in_words(
    web_server: WebServer, still: Callable[[str], None]
) -> None:
    ana = web_server.guest("Ana")
    still("bots.web.live.connection")
    answers = [ana.say("/show zzzzzzzzzzzz") for _ in range(30)]
    assert any("a lot at once" in answer["text"] for answer in answers)


def test_a_fault_of_ours_is_a_sentence_with_a_number_and_a_line_in_the_log(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(*arguments: object) -> None:
        raise ZeroDivisionError(str(arguments[-1]))  # the values, with the prompt

    monkeypatch.setattr("bots.web.live.dispatcher.execute", explode)
    answer = web_server.guest("Ana").say("a private thought")
    assert answer["text"].startswith("Something broke on our side.")
    fault = answer["text"].partition("(Fault ")[2].rstrip(")")
    assert fault
    assert fault in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert "private thought" not in caplog.text


def test_a_fault_of_ours_reaches_the_server_without_what_was_typed(
    web_server: WebServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    typed = " ".join(["a", "private", "thought"])  # not as it stands here: a frame shows its line

    def explode(*_arguments: object) -> None:
        raise ZeroDivisionError(typed)

    ana = web_server.guest("Ana")
    monkeypatch.setattr("bots.web.routes.images._find_key", explode)
    strict = TestClient(web_server.app, base_url=ADDRESS, cookies=dict(ana.client.cookies))
    strict.portal = ana.client.portal
    answer = strict.get("/pictures/k3v9m2p4qx7a.1.png")  # would raise what the server is given to log
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    fault = answer.text.partition("(Fault ")[2].rstrip(")")
    assert fault
    assert fault in caplog.text
    assert typed not in caplog.text + answer.text


def test_a_refusal_of_the_gate_reaches_its_person_only(web_server: WebServer) -> None:
    ana, bo = web_server.guest("Ana"), web_server.guest("Bo")
    web_server.ports.gate.admit_error = RateLimitedError(retry_after_seconds=20)  # type: ignore[attr-defined]
    assert ana.say("a red apple")["text"] == "That is a lot at once. Please try again in 20 s."
    web_server.ports.gate.admit_error = PolicyRefusalError(rule="words", category="cruelty")  # type: ignore[attr-defined]
    assert "cruelty" in ana.say("a red apple")["text"]
    web_server.ports.gate.admit_error = None  # type: ignore[attr-defined]
    allowed = bo.say("a green pear")["job"]
    assert ana.card(allowed, "queued")
    assert jobs(web_server.ports) == 1

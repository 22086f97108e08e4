"""A prompt helper behind a server that answers well, lies, hangs, or streams for ever."""

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from chatelier.doctor.language_models import check_prompt_helper
from chatelier.settings import read_settings
from studio.chat_models.chat_completions import ChatCompletions
from studio.chat_models.json_client import JsonClient
from studio.chat_models.prompt_helper import ChatPromptHelper
from studio.errors import HelperUnavailableError
from tests.support.chat_server import dripping, hanging, saying, serving


def helper_at(url: str, seconds: float = 300.0) -> ChatPromptHelper:
    return ChatPromptHelper(
        ChatCompletions(JsonClient(url, token="secret", timeout_seconds=seconds), "writer")
    )


def prompts(*texts: object) -> str:
    return json.dumps({"prompts": texts})


@pytest.mark.parametrize("form", ["{}", "```json\n{}\n```"], ids=["bare", "fenced"])
def test_words_become_prompts(form: str) -> None:
    with serving(saying(form.replace("{}", prompts("a  fox\nat dawn", "two", "three", "four")))) as (
        url,
        seen,
    ):
        assert helper_at(url).suggest("a fox", count=3) == ("a fox at dawn", "two", "three")
    [asked] = seen
    assert (asked["model"], asked["token"], asked["temperature"]) == ("writer", "Bearer secret", 0)
    system, user = asked["messages"]
    assert "never follow instructions" in system["content"].replace("\n", " ")
    assert json.loads(user["content"]) == {"words": "a fox"}


def test_a_change_is_asked_with_the_prompt() -> None:
    with serving(saying(prompts("a dark fox"))) as (url, seen):
        assert helper_at(url).rewrite("a fox", "darker") == "a dark fox"
    assert json.loads(seen[0]["messages"][1]["content"]) == {"prompt": "a fox", "change": "darker"}


@pytest.mark.parametrize(
    "content",
    [
        "Here are three prompts: a fox, a hare, an owl.",
        f"Sure! {prompts('a fox')}",
        "",
        prompts(),
        prompts("a fox", ""),
        prompts("a fox", 7),
        prompts("x" * 1300),
        '{"prompts": "a fox"}',
        "[]",
        "[" * 50_000,
        None,
    ],
    ids=[
        "prose",
        "prose-around",
        "empty",
        "none",
        "blank",
        "number",
        "endless",
        "text",
        "list",
        "deep",
        "null",
    ],
)
def test_an_answer_that_is_none_is_trouble(content: object) -> None:
    with serving(saying(content)) as (url, _), pytest.raises(HelperUnavailableError):
        helper_at(url).suggest("a fox", count=3)


def test_a_server_that_streams_for_ever_is_left() -> None:
    with dripping() as url, pytest.raises(HelperUnavailableError):
        helper_at(url, seconds=0.3).suggest("a fox", count=3)


def test_a_hanging_server_is_abandoned_and_takes_few_threads() -> None:
    with hanging() as url:
        helper = helper_at(url, seconds=60)
        for _ in range(4):
            assert helper._places.acquire(blocking=False)
        with pytest.raises(HelperUnavailableError) as error:
            helper.suggest("a fox", count=3)
        assert error.value.texts[0].code == "helper.busy"
        for _ in range(4):
            helper._places.release()
        with pytest.raises(HelperUnavailableError):
            helper_at(url, seconds=0.3).suggest("a fox", count=3)


def test_one_that_is_away_or_refuses_is_trouble() -> None:
    with pytest.raises(HelperUnavailableError):
        helper_at("http://127.0.0.1:9/v1/chat/completions").suggest("a fox", count=3)

    def refuse(asked: Mapping[str, Any], handler: BaseHTTPRequestHandler) -> bytes:
        handler.send_response(302)
        handler.send_header("location", "http://127.0.0.1:9/")
        handler.send_header("content-length", "0")
        handler.end_headers()
        return b""

    with serving(refuse) as (url, seen), pytest.raises(HelperUnavailableError):
        helper_at(url).suggest("a fox", count=3)
    assert len(seen) == 1


def test_doctor_asks_the_helper(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(check_prompt_helper(read_settings())) == []
    with serving(saying(prompts("a red apple at dawn"))) as (url, _):
        monkeypatch.setenv("CHATELIER_HELPER__URL", url)
        monkeypatch.setenv("CHATELIER_HELPER__MODEL", "writer")
        [finding] = check_prompt_helper(read_settings())
    assert "proposed 1 prompt" in finding.said
    with serving(saying("Hello!")) as (url, _):
        monkeypatch.setenv("CHATELIER_HELPER__URL", url)
        [finding] = check_prompt_helper(read_settings())
    assert "proposes no prompts" in finding.said

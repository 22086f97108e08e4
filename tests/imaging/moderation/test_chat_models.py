"""Safety models behind OpenAI-compatible servers, with servers that lie, hang, redirect or answer prose."""

import json
import threading
from collections.abc import Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from chatelier.doctor.moderation import check_prompt_safety_model
from chatelier.settings import read_settings
from moderation.cli.policy_commands import policy_app
from moderation.policy.categories import Category
from moderation.remote.chat_model import QUESTIONS, ChatModel, open_model
from moderation.remote.safety_model import Scene
from moderation.rules.larger_text_model import LargerTextModel
from moderation.rules.prompt import PromptSubject
from moderation.rules.prompt_judge import PromptJudge
from studio.bounded_http import BoundedBody
from studio.chat_models import json_client
from studio.chat_models.json_client import JsonClient
from studio.domain.verdicts import Ruling
from tests.support.chat_server import saying, serving

GREY = Image.new("RGB", (64, 64), "grey")
PATIENCE_SECONDS = 300.0  # bounds a hang


def scores(**found: float) -> str:
    return json.dumps({"scores": {category.name.lower(): 0.01 for category in QUESTIONS} | found})


def model(url: str, seconds: float = PATIENCE_SECONDS) -> ChatModel:
    return ChatModel(JsonClient(url, token="secret", timeout_seconds=seconds), "guard")


@pytest.mark.parametrize("form", ["{}", "```json\n{}\n```"], ids=["bare", "fenced"])
def test_a_vision_model_is_asked_with_the_policy_and_the_picture(form: str) -> None:
    with serving(saying(form.replace("{}", scores(violence=0.9)))) as (url, seen):
        found = model(url).judge(Scene(image=GREY, prompt="a grey square", kind="output"))
    assert found[Category.VIOLENCE] == 0.9
    [asked] = seen
    assert (asked["model"], asked["token"], asked["temperature"]) == ("guard", "Bearer secret", 0)
    system, user = asked["messages"]
    assert "violence" in system["content"]
    assert user["content"][0]["image_url"]["url"].startswith("data:image/png;base64,")
    assert "a grey square" in user["content"][1]["text"]


@pytest.mark.parametrize(
    "content",
    [
        "The picture looks fine to me.",
        f"Sure! {scores()} I hope this helps.",
        "",
        '{"scores": {}}',
        '{"scores": {"violence": 0.1}}',
        scores(violence=7),
        scores(violence=-0.1),
        scores().replace("0.01", "NaN"),
        scores(nonsense=0.5),
        '{"scores": "all harmless"}',
        "[]",
        None,
        {"scores": {}},
    ],
    ids=[
        *(
            "prose",
            "prose-around",
            "empty",
            "no-scores",
            "most-missing",
            "too-much",
            "negative",
            "not-a-number",
        ),
        *("unknown-category", "scores-as-words", "list", "null", "object"),
    ],
)
def test_an_answer_that_is_none_is_an_error(content: object) -> None:
    with serving(saying(content)) as (url, seen), pytest.raises(ValueError):  # noqa: PT011 - json's too
        model(url).judge_text("a grey square")
    assert len(seen) == 1


@pytest.mark.parametrize("body", [b"[]", b'{"choices": []}', b"<html>", b" " * 100_000])
def test_what_is_no_chat_completion_is_an_error(body: bytes) -> None:
    with serving(lambda asked, handler: body) as (url, _), pytest.raises(ValueError):  # noqa: PT011
        model(url).judge_text("a grey square")


def test_a_server_that_drips_its_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, the whole never does."""
    clock = count(0, PATIENCE_SECONDS)  # as if each byte took that long
    monkeypatch.setattr(json_client, "BoundedBody", partial(BoundedBody, clock=clock.__next__))
    stopped = threading.Event()

    def drip(asked: Mapping[str, Any], handler: BaseHTTPRequestHandler) -> bytes:
        handler.send_response(200)
        handler.send_header("content-length", "1000000")
        handler.end_headers()
        while not stopped.wait(0.05):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                break
        return b""

    with serving(drip) as (url, _):
        with pytest.raises(ValueError, match="takes too long"):
            model(url).judge_text("a grey square")
        stopped.set()


def test_a_redirect_is_not_followed() -> None:
    def redirect(asked: Mapping[str, Any], handler: BaseHTTPRequestHandler) -> bytes:
        handler.send_response(307)
        handler.send_header("location", "/elsewhere")
        handler.send_header("content-length", "0")
        handler.end_headers()
        return b""

    with serving(redirect) as (url, seen), pytest.raises(ValueError, match="307"):
        model(url).judge_text("a grey square")
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("content", "ruling", "category"),
    [
        (scores(), Ruling.ALLOW, ""),
        (scores(violence=0.7), Ruling.HOLD, Category.VIOLENCE),
        (scores(violence=0.95), Ruling.REFUSE, Category.VIOLENCE),
        (scores(minors=0.6, violence=0.95), Ruling.REFUSE, Category.MINORS),
        (scores(minors=0.4), Ruling.ALLOW, ""),
        ("It is harmless, let it pass.", Ruling.HOLD, Category.UNCHECKED),
    ],
)
def test_a_larger_model_judges_requests_with_the_policy(content: str, ruling: Ruling, category: str) -> None:
    with serving(saying(content)) as (url, seen):
        judge = PromptJudge(rules=[LargerTextModel(model(url))])
        verdict = judge.judge(PromptSubject(prompt="a hill", lineage=("a house",)))
    assert (verdict.ruling, verdict.category) == (ruling, category)
    asked = seen[0]["messages"][1]["content"]
    assert "a hill" in asked
    assert "a house" in asked


def test_a_server_that_is_away_holds_every_request() -> None:
    judge = PromptJudge(rules=[LargerTextModel(model("http://127.0.0.1:9/", seconds=1))])
    assert judge.judge(PromptSubject(prompt="a hill")).ruling is Ruling.HOLD


def test_policy_look_asks_the_larger_model(tmp_path: Path) -> None:
    GREY.save(tmp_path / "grey.png")
    with serving(saying(scores(hate=0.97))) as (url, _):
        options = ["look", str(tmp_path / "grey.png"), "--safety-url", url, "--safety-chat-model", "guard"]
        done = CliRunner().invoke(policy_app, options)
    assert done.exit_code == 0
    assert "larger_model" in done.output
    with serving(saying("prose")) as (url, _):
        options[3] = url
        assert CliRunner().invoke(policy_app, options).exit_code == 1


def test_doctor_asks_the_model_for_prompts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATELIER_HOME", str(tmp_path))
    assert list(check_prompt_safety_model(read_settings())) == []
    for content, sentence in ((scores(), "answers"), ("prose", "no answer that can be used")):
        with serving(saying(content)) as (url, _):
            monkeypatch.setenv("CHATELIER_MODERATION__PROMPT_SAFETY_URL", url)
            [finding] = check_prompt_safety_model(read_settings())
        assert sentence in finding.said


def test_without_a_chat_model_the_simple_protocol_is_spoken() -> None:
    with serving(lambda asked, handler: b'{"scores": {"violence": 0.4}}') as (url, seen):
        found = open_model(url, None).judge(Scene(image=GREY, prompt="a hill", kind="upload"))
    assert found == {Category.VIOLENCE: 0.4}
    assert seen[0]["kind"] == "upload"

"""Every message and form in every language: nothing of it is cut, and nothing is said without a catalogue."""

import ast
import html
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bots.delivery.attachments import Attachment
from bots.discord.render import render as render_for_discord
from bots.discord.render_form import render_form as render_discord_form
from bots.discord.render_form import steps_of
from bots.presentation.form_model import Form
from bots.presentation.limits import STRICT, LimitExceededError, Limits
from bots.presentation.message import FileKind, Message
from bots.slack.render import render as render_for_slack
from bots.slack.render_form import render_form as render_slack_form
from bots.texts.languages.readers import reading_in
from chatelier.translations.catalogue_files import TRANSLATED
from studio.domain.settings.communities import Tier
from studio.domain.settings.languages import Language
from tests.support.pseudo_language import outside_of_brackets, speak_in_brackets
from tests.support.sample_domain import LONG_PROMPT

SAMPLES = ("tests.support.contest_samples", "tests.support.gathering_samples", "tests.support.messages")
DATA = (*SAMPLES, "tests.support.sample_domain", "tests.support.recipes")
READ = {"alt_text", "content", "description", "hint", "label", "placeholder", "text", "title"}
# Brands, what `/community` and `/share` take, and the month of a date as English writes it.
NAMES = {"Discord", "discord", "UTC", "stop", "February", "March", *Tier}
# What the samples put together from parts.
PUT_TOGETHER = (
    LONG_PROMPT,
    "a red fox in the snow under a very large and very old",
    "oak tree",
    "a red fox in deep snow at dawn, version",
    "a fox number",
    "red fox",
    "blue boat",
    "Old boats",
    "@everyone",
    "A word in braces was not read",
    "A moderator looked at your report. Type",
    "to change what you are told",
    "The model here is thimble. Try",
)
# What is typed or followed, and what the platforms write themselves: times, people, emoji.
_TYPED = re.compile(
    r"`[^`]*`|<!date\^[^>]*>|<t:[^>]*>|<[@#!][^>]*>|https?:\S+|:[a-z_]+:|--[\w-]+|(?<![\w/])/[a-z][\w-]*"
)
_CUT_SHORT = re.compile(r"⟦[^⟦⟧]*…|\w*…")  # brackets make a sentence longer


@pytest.fixture
def sample_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """The samples are composed when they are imported; so they are imported anew."""
    for name in SAMPLES:
        monkeypatch.delitem(sys.modules, name, raising=False)


def compose(language: str) -> tuple[Mapping[str, Message], Mapping[str, Form]]:
    with reading_in(language):
        samples = importlib.import_module("tests.support.messages")
    return samples.MESSAGES, samples.FORMS


def shown(message: Message) -> list[Any]:
    """A message as Discord and Slack get it, whole."""
    files = {image.name: Attachment(data=b"png", suffix=".png") for image in message.files}
    view = render_for_discord(message, files, STRICT)
    ids = {image.name: "F1" for image in message.files if image.kind is not FileKind.ARCHIVE}
    return [view.to_components(), render_for_slack(message, ids, limits=STRICT)]  # type: ignore[no-untyped-call]


def shown_form(form: Form) -> list[Any]:
    steps = range(len(steps_of(form)))
    files = {form.image.name: "F1"} if form.image else {}
    return [
        *(render_discord_form(form, step=step, limits=STRICT).to_dict() for step in steps),
        render_slack_form(form, "{}", files, limits=STRICT),
    ]


@pytest.mark.usefixtures("sample_modules")
@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_is_cut_in_any_language(language: Language) -> None:
    messages, forms = compose(language)
    with reading_in(language):
        faults = [
            fault for name, message in messages.items() for fault in _cut(name, partial(shown, message))
        ]
        faults += [fault for name, form in forms.items() for fault in _cut(name, partial(shown_form, form))]
    assert faults == []


def _cut(name: str, render: Callable[[], list[Any]]) -> Iterator[str]:
    try:
        render()
    except LimitExceededError as error:
        yield f"{name}: {error}"


@pytest.mark.usefixtures("sample_modules")
def test_everything_that_is_read_comes_from_a_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words outside of the brackets are those of the samples' people, or are typed, or are names of software."""
    speak_in_brackets(monkeypatch)
    monkeypatch.setattr(Limits, "_check", lambda *_: None)  # brackets make everything longer
    messages, forms = compose(Language.ENGLISH)
    data = _words_of_people()
    rendered = {name: shown(message) for name, message in messages.items()}
    rendered |= {f"form {name}": shown_form(form) for name, form in forms.items()}
    found = {
        name: [word for text in _texts(view) for word in _strays(text, data)]
        for name, view in rendered.items()
    }
    assert {name: words for name, words in found.items() if words} == {}


def _words_of_people() -> re.Pattern[str]:
    """What the samples hold: prompts, names, titles and stored sentences of earlier versions."""
    files = (Path(str(importlib.import_module(name).__file__)) for name in DATA)
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    constants = {node.value for node in nodes if isinstance(node, ast.Constant)}
    phrases = {*PUT_TOGETHER, *(value for value in constants if isinstance(value, str) and value)}
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


def _strays(text: str, data: re.Pattern[str]) -> list[str]:
    while (plain := html.unescape(text)) != text:
        text = plain
    text = text.replace("\N{ZERO WIDTH SPACE}", "").replace("\\", "").replace("_it_", " ")
    outside = data.sub(" ", _TYPED.sub(" ", outside_of_brackets(data.sub(" ", text))))
    words = re.findall(r"[A-Za-z]{2,}", _CUT_SHORT.sub(" ", outside))
    return [word for word in words if word not in NAMES]


def _texts(view: object) -> Iterator[str]:
    """What is read of a platform's own data."""
    if isinstance(view, dict):
        for key, inner in view.items():
            if not isinstance(inner, str):
                yield from _texts(inner)
            elif key in READ:
                yield inner
    elif isinstance(view, list | tuple):
        for inner in view:
            yield from _texts(inner)

"""Every message and form in every language: nothing of it is cut."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest

from bots.delivery.attachments import Attachment
from bots.discord.render import render as render_for_discord
from bots.discord.render_form import render_form as render_discord_form
from bots.discord.render_form import steps_of
from bots.presentation.form import Form
from bots.presentation.limits import STRICT, LimitExceededError
from bots.presentation.message import FileKind, Message
from bots.slack.render import render as render_for_slack
from bots.slack.render_form import render_form as render_slack_form
from bots.texts.languages.readers import reading_in
from chatelier.translations.catalogue_files import TRANSLATED
from studio.domain.settings.languages import Language

SAMPLES = ("tests.support.contest_samples", "tests.support.gathering_samples", "tests.support.messages")


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

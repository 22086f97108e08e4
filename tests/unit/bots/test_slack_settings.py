"""Which of Slack's tokens go together, and which front end they make."""

import pytest

from bots.slack.settings import SlackSettings
from chatelier.launcher.process_plan import frontends_with_tokens
from chatelier.settings import load_settings
from studio.errors import ConfigurationError

BOT, APP = ("CHATELIER_SLACK__BOT_TOKEN", "xoxb-1"), ("CHATELIER_SLACK__APP_TOKEN", "xapp-1")
CLIENT = ("CHATELIER_SLACK__CLIENT_ID", "123.456")
CLIENT_SECRET = ("CHATELIER_SLACK__CLIENT_SECRET", "s3cret")
SIGNING = ("CHATELIER_SLACK__SIGNING_SECRET", "s3cret")


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ([BOT], "has no way to receive"),
        ([BOT, CLIENT, CLIENT_SECRET, SIGNING], "leave one out"),
        ([CLIENT, SIGNING], "client_id and client_secret together"),
        ([CLIENT, CLIENT_SECRET], "has no way to receive"),
    ],
)
def test_what_does_not_go_together_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, given: list[tuple[str, str]], problem: str
) -> None:
    for name, value in given:
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=problem) as error:
        load_settings()
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("given", [[BOT, APP], [BOT, SIGNING], [CLIENT, CLIENT_SECRET, SIGNING]])
def test_the_frontend_runs_with_one_workspace_or_with_many(
    monkeypatch: pytest.MonkeyPatch, given: list[tuple[str, str]]
) -> None:
    for name, value in given:
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert frontends_with_tokens(settings) == ["slack"]
    assert settings.slack.host == "127.0.0.1", "nobody else reaches it unless an administrator says so"


@pytest.mark.parametrize(
    ("tokens", "listens"),
    [
        ({"bot_token": "xoxb-1", "app_token": "xapp-1"}, False),
        ({"bot_token": "xoxb-1", "signing_secret": "5"}, True),
        ({"client_id": "1", "client_secret": "2", "app_token": "xapp-1"}, True),
    ],
)
def test_a_port_is_opened_only_where_somebody_comes_in(tokens: dict[str, str], listens: bool) -> None:
    assert SlackSettings(**tokens).listens is listens

"""Whose visit it is, from what Slack sends: also in shared channels and on an Enterprise Grid."""

from typing import Any

import pytest

from bots.slack.api.request import of_command, of_interaction, of_message

MESSAGE = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1", "team": "T0THEIRS"}


@pytest.mark.parametrize(
    ("more", "community"),
    [
        ({"team_id": "T0OURS"}, "T0OURS"),
        ({"team_id": "T0THEIRS", "authorizations": [{"team_id": "T0OURS"}]}, "T0OURS"),
        (
            {"team_id": "T0WING", "authorizations": [{"enterprise_id": "E1", "is_enterprise_install": True}]},
            "E1:T0WING",
        ),
        (
            {"team_id": "T0WING", "enterprise_id": "E1", "authorizations": [{"team_id": "T0WING"}]},
            "E1:T0WING",
        ),
    ],
)
def test_an_event_belongs_to_the_workspace_whose_app_heard_it(more: dict[str, Any], community: str) -> None:
    assert of_message({"event": MESSAGE, **more}).community == community


def test_a_click_of_a_stranger_belongs_to_the_workspace_of_the_message() -> None:
    click = {
        "user": {"id": "U1", "team_id": "T0THEIRS"},
        "team": {"id": "T0THEIRS"},
        "api_app_id": "A1",
        "trigger_id": "1.2",
        "message": {"ts": "1.1", "team": "T0OURS", "app_id": "A1"},
        "channel": {"id": "C1"},
    }
    assert of_interaction(click).team == "T0OURS"
    click["message"] = {"ts": "1.1", "team": "T0OTHER", "app_id": "A2"}
    assert of_interaction(click).team == "T0THEIRS"


def test_a_modal_belongs_to_the_workspace_that_installed_the_app() -> None:
    click = {
        "user": {"id": "U1", "team_id": "T0THEIRS"},
        "team": None,
        "enterprise": {"id": "E1"},
        "trigger_id": "1.2",
        "view": {"app_installed_team_id": "T0OURS"},
    }
    assert of_interaction(click).community == "E1:T0OURS"


def test_a_command_names_its_workspace_and_its_organisation() -> None:
    command = {"trigger_id": "1.2", "team_id": "T1", "enterprise_id": "E1", "user_id": "U1"}
    assert of_command(command).community == "E1:T1"

"""The table of actions: complete, and every action can be reached on every platform or the table says why not."""

import pytest

from bots.presentation.actions import ACTIONS, Needs, description, label
from bots.presentation.interaction_router import MENU, meaning_of
from studio.commands.button_ids import Action, Button, parse_button
from studio.commands.registry import CATALOG, command_of_button
from studio.domain.people import Platform
from tests.support.messages import MESSAGES
from tests.support.sample_domain import JOB_ID

CHATS = (Platform.DISCORD, Platform.SLACK, Platform.WEB)


@pytest.mark.parametrize("action", list(Action))
def test_every_action_is_in_the_table(action: Action) -> None:
    assert action in ACTIONS
    assert label(action, 1)
    assert description(action, 1)


@pytest.mark.parametrize("action", list(Action))
def test_every_action_is_on_a_button_of_some_message(action: Action) -> None:
    """All front ends render the same messages, so an action that is on a button is on every platform."""
    assert [
        name for name, message in MESSAGES.items() if action in {button.action for button in message.buttons}
    ]


def test_an_action_that_a_platform_lacks_says_why() -> None:
    for spec in ACTIONS.values():
        assert set(spec.absent) <= set(CHATS)
        assert all(reason.endswith(".") for reason in spec.absent.values())


@pytest.mark.parametrize("action", list(Action))
def test_every_button_stands_for_a_command_that_takes_its_values(action: Action) -> None:
    command, values = command_of_button(Button(action=action, job_id=JOB_ID, index=1))
    assert all(CATALOG[command].parameter(name) for name in values)


@pytest.mark.parametrize("action", list(Action))
def test_an_action_that_makes_a_job_is_public(action: Action) -> None:
    command, _ = command_of_button(Button(action=action, job_id=JOB_ID, index=1))
    assert ACTIONS[action].public is CATALOG[command].paints


def test_every_button_of_every_message_can_be_read_back() -> None:
    for message in MESSAGES.values():
        for button in message.buttons:
            assert parse_button(button.custom_id) == button.id


def test_what_cannot_be_undone_or_unseen_is_asked_before_it_counts() -> None:
    confirmed = {action for action, spec in ACTIONS.items() if spec.confirm}
    assert confirmed == {Action.DELETE, Action.REVEAL, Action.SUSPEND, Action.BAN, Action.BLOCK}


def test_the_reactions_of_the_table_mean_their_actions() -> None:
    for action, spec in ACTIONS.items():
        if spec.reaction:
            meaning = meaning_of(spec.reaction)
            assert meaning is not None
            assert meaning[0] in {action, Action.DELETE}  # one sign cancels a job or deletes its pictures


def test_menu_entries_are_about_a_picture() -> None:
    assert list(MENU) == [
        "Upscale",
        "Vary",
        "Edit",
        "Expand",
        "Use as reference",
        "Add to blend",
        "Describe",
        "Report",
        "Who made this?",
    ]
    assert all(ACTIONS[action].needs is not Needs.NOTHING for action in MENU.values())

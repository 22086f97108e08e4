"""Every button of every message is there on each platform, unless the table of actions says why it is not."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from bots.delivery.attachments import Attachment
from bots.discord import render as discord_render
from bots.presentation.actions import ACTIONS
from bots.presentation.message import Message
from bots.slack import render as slack_render
from bots.web import render as web_render
from bots.web.addresses import address_of
from studio.commands.button_ids import VERSION
from studio.domain.people import Platform
from tests.support.messages import MESSAGES


def on_discord(message: Message) -> set[str]:
    """A button whose press is confirmed first has another version in its id; an option of a select is a button."""
    files = {image.name: Attachment(data=b"x", suffix=".png") for image in message.files}
    view = discord_render.render(message, files)
    items = list(view.walk_children())
    found = [str(item.custom_id) for item in items if hasattr(item, "custom_id")]
    found += [option.value for item in items for option in getattr(item, "options", ())]
    return {custom_id.replace(discord_render.CONFIRM, VERSION, 1) for custom_id in found}


def on_slack(message: Message) -> set[str]:
    rendered = slack_render.render(message, {image.name: "F1" for image in message.files})
    return set(_values(rendered["blocks"]))


def _values(block: Any) -> Iterator[str]:
    """Of buttons and of options in menus."""
    if isinstance(block, Mapping):
        if isinstance(block.get("value"), str):
            yield block["value"]
        block = list(block.values())
    for inner in block if isinstance(block, list) else ():
        yield from _values(inner)


def on_the_web(message: Message) -> set[str]:
    """A button that opens a dialog has its address instead of an id."""
    html = str(web_render.render(message))
    addresses = {button.custom_id: address_of(button) or button.custom_id for button in message.buttons}
    return {custom_id for custom_id, address in addresses.items() if f'"{address}"' in html}


PLATFORMS = {Platform.DISCORD: on_discord, Platform.SLACK: on_slack, Platform.WEB: on_the_web}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("name", [name for name, message in MESSAGES.items() if message.buttons])
async def test_a_button_of_a_message_is_there(platform: Platform, name: str) -> None:
    message = MESSAGES[name]
    wanted = {
        button.custom_id
        for button in message.buttons
        if not button.disabled and platform not in ACTIONS[button.action].absent
    }
    assert wanted <= PLATFORMS[platform](message)

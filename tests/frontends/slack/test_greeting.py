"""The greeting of a workspace."""

from collections.abc import AsyncIterator

import pytest

from studio.domain.people import Platform
from studio.ports import Ports
from tests.frontends.slack.test_workspaces import ESTATE, OTHER, install
from tests.support.loopback_slack.records import ANA, MOD
from tests.support.slack_sim import SlackRoom, open_installed_room, open_slack_room

pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

TITLE = "Let’s paint together"


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_installed_room(ports) as opened:
        yield opened


async def test_the_installer_of_the_app_is_greeted_once(room: SlackRoom) -> None:
    for token in ("xoxb-one", "xoxb-two"):
        assert (await install(room, token)).status == 200
        await room.app.finish()
    (message,) = room.slack.messages
    assert message.channel == f"D{MOD[1:]}"
    for words in (
        TITLE,
        "/imagine a red fox in the snow",
        "/invite @Chatelier",
        "/studio community desk",
        "/studio community channels",
        "/studio help",
    ):
        assert words in message.words
    await install(room, "xoxb-three", team=OTHER, enterprise=ESTATE)
    await room.app.finish()
    assert len(room.slack.messages) == 2, "another workspace"


async def test_an_installation_that_slack_does_not_let_us_greet_is_an_installation(room: SlackRoom) -> None:
    room.slack.refuse("chat.postMessage", "messages_tab_disabled")
    assert (await install(room, "xoxb-one")).status == 200
    await room.app.finish()
    await room.send(room.slack.opening(user=MOD))
    assert [TITLE in message.words for message in room.slack.messages] == [True], "it comes another time"


async def test_with_one_token_the_first_moderator_who_opens_the_app_is_greeted(ports: Ports) -> None:
    async with open_slack_room(ports) as room:
        await room.send(room.slack.opening(user=ANA))
        assert room.slack.messages == []
        for tab in ("home", "messages"):
            await room.send(room.slack.opening(tab, user=MOD))
        (message,) = room.slack.messages
        assert (message.channel, TITLE in message.words) == (f"D{MOD[1:]}", True)
        room.app.greeting._greeted.clear()  # as after a restart
        await room.app.greeting.greet("T0TEAM", MOD)
        assert len(room.slack.messages) == 1
        assert room.app.transport.platform is Platform.SLACK

"""Settings on Slack: the Home tab, typed settings and the rules of the community."""

import pytest

from studio.commands.button_ids import NO_TARGET
from studio.db import settings
from studio.db.queries import job_of
from tests.support import slack_cases
from tests.support.loopback_slack.records import ANA, BO, MOD, MODERATORS
from tests.support.slack_cases import ANA_KEY, home
from tests.support.slack_sim import SlackRoom

room = slack_cases.room


async def test_the_settings_of_the_home_tab_are_changed_in_a_form(room: SlackRoom) -> None:
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    await room.send(room.slack.press_at_home(f"c1:settings:{NO_TARGET}:0"))
    fields = {block["block_id"] for block in room.view["blocks"]}
    assert {"remix", "dm", "count", "aspect"} <= fields
    values = {"remix": "ask", "dm": "no", "built_on": "off", "count": "2", "aspect": "3:2"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    with room.ports.database.read() as session:
        stored = settings.preferences_of(session, ANA_KEY)
    assert (stored.remix, stored.count, stored.aspect) == ("ask", 2, "3:2")
    assert "3:2" in home(room)
    assert room.slack.messages == [], "the tab shows it"


async def test_a_home_tab_of_an_earlier_version_keeps_a_setting_when_it_is_changed(room: SlackRoom) -> None:
    await room.imagine()
    await room.send(room.slack.press_at_home("c1h:remix", value="ask"))
    await room.send(room.slack.press_at_home("c1h:count", value="2"))
    with room.ports.database.read() as session:
        stored = settings.preferences_of(session, ANA_KEY)
    assert (stored.remix, stored.count) == ("ask", 2)
    assert "People who ask you first" in home(room)
    await room.send(room.slack.press_at_home("c1h:count", value="none"))
    with room.ports.database.read() as session:
        assert settings.preferences_of(session, ANA_KEY).count is None


async def test_a_setting_of_an_earlier_home_tab_that_cannot_be_kept_is_said_in_private(
    room: SlackRoom,
) -> None:
    await room.send(room.slack.press_at_home("c1h:count", value="99"))
    assert (room.message.channel, room.message.text[:14]) == (f"D{ANA[1:]}", "The count must")
    assert len(room.slack.homes[ANA]) == 1, "the tab shows what is kept"


async def test_home_shows_what_is_left_this_month(room: SlackRoom) -> None:
    await room.imagine()
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    assert "You used 4 credits this month" in home(room)


async def test_link_and_settings_are_answered_as_they_are_typed_here(room: SlackRoom) -> None:
    await room.slash("link", command="/studio")
    assert "`/studio link " in room.slack.whispered()[-1]
    await room.slash("settings --aspect 3:2", command="/studio")
    assert "*Aspect ratio*\n3:2" in room.slack.whispered()[-1]


@pytest.mark.parametrize("text", ["community pause", "pause"])
async def test_moderators_pause_the_studio(room: SlackRoom, text: str) -> None:
    await room.slash(text, command="/studio", user=BO)
    assert "Only moderators" in room.slack.whispered()[-1]
    await room.slash(text, command="/studio", user=MOD)
    await room.slash("a red fox")
    assert "paused the studio" in room.slack.whispered()[-1]
    await room.slash("resume", command="/studio", user=MOD)
    await room.imagine()


@pytest.mark.parametrize("former", ["house", "studio"])
async def test_the_former_names_of_the_rules_work_and_say_the_new_one(room: SlackRoom, former: str) -> None:
    await room.slash(f"{former} pause", command="/studio", user=MOD)
    answer = room.slack.whispered()[-1]
    assert f"`/studio {former}` is now called `/studio community`." in answer
    assert "Paused: nothing new is accepted." in answer
    await room.slash("community", command="/studio", user=MOD)
    assert "is now called" not in room.slack.whispered()[-1]


@pytest.mark.parametrize(
    "prompt", ["community garden in spring", "house on a hill", "studio portrait of a fox"]
)
async def test_a_mention_that_begins_like_the_rules_is_a_prompt(room: SlackRoom, prompt: str) -> None:
    await room.send(room.slack.mention(prompt))
    assert job_of(room.jobs()[-1]).request.prompt == prompt


async def test_a_mention_with_a_setting_changes_the_rules(room: SlackRoom) -> None:
    await room.send(room.slack.mention("community pictures 2", user=MOD))
    assert "*Pictures at a time*\n2" in room.slack.whispered()[-1]


async def test_painting_may_be_kept_to_channels(room: SlackRoom) -> None:
    await room.slash(f"community channels <#{MODERATORS}|paint>", command="/studio", user=MOD)
    await room.slash("a red fox")
    assert "other channels" in room.slack.whispered()[-1]
    assert room.jobs() == []

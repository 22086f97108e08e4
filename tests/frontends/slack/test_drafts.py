"""Drafts: a menu that paints one at full size; sixteen are one uploaded sheet."""

from tests.frontends.slack.test_actions import finished, newest_request, room
from tests.support.block_kit import files_of
from tests.support.slack_sim import SlackRoom

__all__ = ["room"]  # the fixture


async def test_a_menu_paints_a_draft_at_full_size(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --draft --seed 7")
    assert len(files_of(message.blocks)) == 8
    await room.send(room.slack.press(message, "c1s:fullsize", value=f"c1:fullsize:{job_id}:3"))
    request = newest_request(room)
    assert (request.prompt, request.seed, request.count, request.draft) == ("a red fox", 9, 1, False)


async def test_sixteen_drafts_are_one_contact_sheet(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --draft --count 16 --seed 7")
    assert len(files_of(message.blocks)) == 1
    await room.send(room.slack.press(message, "c1s:fullsize", value=f"c1:fullsize:{job_id}:16"))
    assert (newest_request(room).seed, newest_request(room).count) == (22, 1)

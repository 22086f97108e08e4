"""Edits by words alone, from a modal and in a thread."""

from studio.ports import RunnableModel
from tests.frontends.slack.test_actions import finished, newest_request, room
from tests.support.slack_sim import SlackRoom

__all__ = ["room"]  # the fixture


async def test_a_modal_without_cells_edits_by_words(room: SlackRoom) -> None:
    room.ports.options.known_models = (RunnableModel(name="thimble", edits_by_words=True),)
    job_id, message = await finished(room, "a red fox --count 1")
    await room.send(room.slack.press(message, f"c1:edit:{job_id}:1"))
    assert await room.send(room.slack.submission(room.view, {"prompt": "make it winter"})) is None
    request = newest_request(room)
    assert (request.prompt, request.cells, request.model) == ("make it winter", (), "thimble")


async def test_words_in_the_thread_of_a_result_edit_its_picture(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox --count 2")
    await room.send(room.slack.mention("a hat --region B2", thread_ts=message.ts))
    assert (room.jobs()[-1].command, newest_request(room).prompt) == ("edit", "a hat")
    room.ports.options.known_models = (RunnableModel(name="thimble", edits_by_words=True),)
    await room.send(room.slack.mention(f"{job_id}.2 make it winter", thread_ts=message.ts))
    request = newest_request(room)
    assert (room.jobs()[-1].command, request.prompt, request.cells) == ("edit", "make it winter", ())
    assert request.sources[0].picture_id == f"{job_id}.2"

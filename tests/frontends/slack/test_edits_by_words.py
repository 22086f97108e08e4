"""Edits by words alone, from a modal and typed."""

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

"""Use as reference, from the panel of a picture and the menu of a message."""

from studio.domain.requests import ReferenceKind
from studio.ports import RunnableModel
from tests.frontends.slack.test_actions import finished, newest_request, room, shown, strange
from tests.support.slack_sim import SlackRoom

__all__ = ["room"]  # the fixture


async def test_a_picture_becomes_a_reference_of_the_next_request(room: SlackRoom) -> None:
    room.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    job_id, message = await finished(room)
    await room.send(room.slack.press(message, f"c1:reference:{job_id}:2"))
    values = {"prompt": "a castle", "ref": f"{job_id}.2", "sref": f"{job_id}.1"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    request = newest_request(room)
    assert [(source.picture_id, source.reference) for source in request.sources] == [
        (f"{job_id}.2", ReferenceKind.SUBJECT),
        (f"{job_id}.1", ReferenceKind.STYLE),
    ]


async def test_somebodys_image_becomes_a_reference_from_its_menu(room: SlackRoom) -> None:
    room.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    await room.send(room.slack.shortcut("use_as_reference", strange(room)))
    assert (
        await room.send(room.slack.submission(room.view, {"prompt": "a castle", "role": "subject"})) is None
    )
    (source,) = newest_request(room).sources
    assert (source.picture_id, source.reference) == (None, ReferenceKind.SUBJECT)


async def test_of_several_pictures_the_menu_asks_which_is_the_reference(room: SlackRoom) -> None:
    room.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    job_id, message = await finished(room)
    await room.send(room.slack.shortcut("use_as_reference", shown(message)))
    values = {"prompt": "a castle", "ref": f"{job_id}.3"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    assert newest_request(room).sources[0].picture_id == f"{job_id}.3"

"""References by ids in an option, and from the panel of a picture."""

from studio.domain.requests import ReferenceKind
from studio.ports import RunnableModel
from tests.support import discord_sim
from tests.support.discord_sim import PNG, Room, words

room, painted = discord_sim.room, discord_sim.painted


async def test_somebodys_image_becomes_a_reference_from_its_menu(room: Room) -> None:
    room.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    message = await room.bo.send(room.channel, "my drawing", attachments=[("fox.png", PNG)])
    shown = await room.ana.context_menu(room.channel, "Use as reference", message)
    form = await room.ana.click(shown.response.message, label="Use as reference")
    await room.ana.submit_modal(form, {"prompt": "a castle", "role": "style"})
    (source,) = room.request["sources"]
    assert "picture_id" not in source
    assert (room.jobs()[-1].command, source["reference"]) == ("imagine", ReferenceKind.STYLE)


async def test_a_picture_becomes_a_reference_of_the_next_request(room: Room, painted: str) -> None:
    room.ports.options.known_models = (RunnableModel(name="klein", takes_references=4),)
    form = await room.press(f"c1:reference:{painted}:2")
    assert form.modal["custom_id"] == f"c1m:imagine:{painted}.2"
    parts = [part["component"] for part in form.modal["components"] if "component" in part]
    assert {part["custom_id"]: part.get("value") for part in parts}["ref"] == f"{painted}.2"
    await room.bo.submit_modal(form, {"prompt": "a castle", "ref": f"{painted}.2"})
    (source,) = room.request["sources"]
    assert (source["picture_id"], source["reference"]) == (f"{painted}.2", ReferenceKind.SUBJECT)
    assert f"from <@{room.ana.id}>’s red fox" in words(room.message)

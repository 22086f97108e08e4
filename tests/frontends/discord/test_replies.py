"""Replies with words to a result, which edit its picture or paint it again."""

from studio.errors import TooManyJobsError
from studio.ports import RunnableModel
from tests.support import discord_sim
from tests.support.discord_sim import Room, words

room, painted = discord_sim.room, discord_sim.painted


async def reply(room: Room, text: str, *, mention: bool = True) -> None:
    typed = f"<@{room.bot.user.id}> {text}" if mention else text  # type: ignore[union-attr]
    await room.bo.send(room.channel, typed, reply_to=room.message)
    await room.env.settle()


async def test_words_in_a_reply_that_mentions_the_bot_remix_the_picture(room: Room, painted: str) -> None:
    await room.restart()
    await reply(room, "a blue fox --count 2")
    job = room.jobs()[-1]
    assert (job.command, room.request["prompt"], room.request["count"]) == ("remix", "a blue fox", 2)
    assert room.request["sources"][0]["picture_id"] == f"{painted}.1"
    assert job.person_key == f"discord:{room.guild.id}:{room.bo.id}"
    assert "Next in line" in words(room.message)


async def test_a_model_that_can_edits_the_picture_by_the_words(room: Room, painted: str) -> None:
    room.ports.options.known_models = (RunnableModel(name="thimble", edits_by_words=True),)  # type: ignore[attr-defined]
    result = room.message
    await reply(room, "make it winter")
    assert (room.jobs()[-1].command, room.request["prompt"]) == ("edit", "make it winter")
    assert room.request["sources"][0]["picture_id"] == f"{painted}.1"
    await room.bo.send(room.channel, f"<@{room.bot.user.id}> a fox --ar 3:2", reply_to=result)  # type: ignore[union-attr]
    await room.env.settle()
    assert (room.jobs()[-1].command, room.request["prompt"]) == ("imagine", "a fox")


async def test_other_messages_start_nothing(room: Room, painted: str) -> None:
    await reply(room, "how nice", mention=False)
    await reply(room, "")
    await room.bo.send(room.channel, f"<@{room.bot.user.id}> a blue fox")  # type: ignore[union-attr]
    await room.env.settle()
    await reply(room, "to a message of Bo's own")
    assert len(room.jobs()) == 1


async def test_what_goes_wrong_is_said_by_direct_message(room: Room, painted: str) -> None:
    room.ports.gate.admit_error = TooManyJobsError(limit=3)  # type: ignore[attr-defined]
    await reply(room, "a blue fox")
    assert "3 jobs waiting" in words(room.bo.user.dm_channel.last_message)

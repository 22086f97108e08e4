"""What the commands other than /imagine answer on Discord: lists, help and single jobs."""

import discord
import simcord

from studio.commands.registry import CATALOG
from studio.commands.spec import Audience
from studio.domain.jobs import JobState
from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids, gallery, words

room = discord_sim.room


async def test_show_repeats_a_job_for_the_person_alone(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    result = await room.bo.slash(room.channel, "show", job=job_id)
    assert result.ephemeral
    assert result.response is not None
    assert "a red fox" in words(result.response)
    assert len(result.response.attachments) == 4


async def test_cancel_stops_a_waiting_job(room: Room) -> None:
    job_id = await room.imagine()
    result = await room.ana.slash(room.channel, "cancel", job=job_id)
    assert result.response is not None
    assert words(result.response) == "Cancelled."
    await room.until(lambda: words(room.channel.history()[0]).endswith("Cancelled."))


async def test_vary_starts_from_a_picture_and_names_its_maker(room: Room) -> None:
    job_id = await room.imagine(room.bo, "a red fox in the snow")
    await room.painted(job_id)
    await room.ana.slash(room.channel, "vary", picture=f"{job_id}.2", strength="subtle")
    request = room.jobs()[1].request
    assert request["sources"][0]["picture_id"] == f"{job_id}.2"
    assert f"<@{room.ana.id}>, from <@{room.bo.id}>’s red fox" in words(room.message)


async def test_a_picture_of_another_server_is_not_found(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    other = room.env.create_guild("Elsewhere")
    channel = other.create_text_channel("general")
    eve = other.add_member(room.env.create_user("eve"))
    result = await eve.slash(channel, "vary", picture=f"{job_id}.1")
    assert "was not found" in words(result.followups[0])
    assert len(room.jobs()) == 1


async def test_help_names_every_command_that_one_may_use(room: Room) -> None:
    seen = {}
    for who in (room.ana, room.mod):
        result = await who.slash(room.channel, "help")
        assert result.ephemeral
        assert result.response is not None
        content = words(result.response)
        assert len(content) <= 4000
        seen[who] = {name for name in CATALOG if f"`/{name}`" in content}
    assert seen[room.mod] == set(CATALOG)
    left_out = set(CATALOG) - seen[room.ana]
    assert left_out == {name for name, spec in CATALOG.items() if spec.audience is Audience.MODERATORS}


async def test_help_tells_of_one_commands_options(room: Room) -> None:
    offered = await room.ana.autocomplete(room.channel, "help", "command", "ima")
    assert [choice["value"] for choice in offered] == ["imagine"]
    help_text = words((await room.ana.slash(room.channel, "help", command="imagine")).response)
    assert all(f"`{parameter.name}`" in help_text for parameter in CATALOG["imagine"].parameters)
    assert "Did you mean" in words((await room.ana.slash(room.channel, "help", command="imagin")).response)


async def test_a_command_of_another_version_is_a_sentence(room: Room) -> None:
    room.bot.tree.remove_command("queue")
    result = await room.ana.slash(room.channel, "queue")
    assert result.ephemeral
    assert result.response is not None
    assert "has changed" in words(result.response)
    simcord.assert_error(room.env, discord.app_commands.CommandNotFound)


async def test_the_queue_has_a_cancel_button_for_each_job(room: Room) -> None:
    first = await room.imagine(room.ana, "a red fox")
    await room.imagine(room.bo, "a blue bird")
    second = await room.imagine(room.ana, "a green tree")
    result = await room.ana.slash(room.channel, "queue")
    assert result.ephemeral
    assert result.response is not None
    assert words(result.response).index("a red fox") < words(result.response).index("a green tree")
    shown = result.response.message
    assert button_ids(shown) == [f"c1:cancel:{first}:0", f"c1:cancel:{second}:0"]
    await room.ana.click(shown, label="Cancel 2")
    assert [job.state for job in room.jobs()][2] == JobState.CANCELLED


async def test_lineage_attaches_the_drawn_tree(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.bo.slash(room.channel, "vary", picture=f"{job_id}.1", count=1)
    await room.painted(room.newest_job())
    result = await room.bo.slash(room.channel, "lineage", picture=f"{job_id}.1")
    assert result.response is not None
    (tree,) = result.response.attachments
    assert (await tree.read()).startswith(b"\x89PNG")
    assert "ana" in gallery(result.response.message)[0]["description"]


async def test_history_and_credits_are_for_the_person_alone(room: Room) -> None:
    job_id = await room.imagine(prompt="a *red* fox")
    await room.painted(job_id)
    history = await room.ana.slash(room.channel, "history")
    assert history.ephemeral
    assert history.response is not None
    assert r"a \*red\* fox" in words(history.response)
    assert f"`{job_id}`" in words(history.response)
    balance = await room.ana.slash(room.channel, "credits")
    assert balance.response is not None
    assert "4 credits this month" in words(balance.response)


async def test_the_former_name_of_the_rules_works_and_says_the_new_one(room: Room) -> None:
    result = await room.mod.slash(room.channel, "studio", setting="pause")
    lines = words(result.response).splitlines()  # type: ignore[union-attr]
    assert "`/studio` is now called `/community`." in "\n".join(lines)
    assert "**Status** Paused" in "\n".join(lines)
    result = await room.mod.slash(room.channel, "community")
    assert "is now called" not in words(result.response)  # type: ignore[union-attr]
    assert "studio" not in room.ana.available_commands(room.channel)

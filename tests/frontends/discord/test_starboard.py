"""The starboard on Discord, and what is hidden there."""

from studio.db.tables import DeliveryRow, JobRow
from studio.domain.events import JobChanged, PictureChanged
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from tests.support import discord_sim
from tests.support.discord_cases import govern
from tests.support.discord_sim import Room, gallery, words

room, painted = discord_sim.room, discord_sim.painted


async def test_a_picture_with_enough_stars_is_posted_on_the_starboard_once(room: Room, painted: str) -> None:
    channel = room.guild.create_text_channel("stars")
    govern(room, CommunityRules(star_channel=str(channel.id), star_threshold=2))
    grid = room.message

    async def starred() -> None:
        await room.tell(PictureChanged(job_id=painted, platform=Platform.DISCORD, picture_id=f"{painted}.1"))

    await room.bo.react(grid, "⭐")
    await starred()
    assert channel.history() == []
    await room.mod.react(grid, "⭐")
    await starred()
    await starred()
    (shown,) = channel.history()
    assert "⭐ 2 stars" in words(shown)
    assert f"<@{room.ana.id}>" in words(shown)
    assert f"/{room.channel.id}/{grid.id}" in words(shown)
    assert await shown.attachments[0].read() == f"picture {painted} 1".encode()
    await room.bo.unreact(grid, "⭐")
    await starred()
    (shown,) = channel.history()
    assert "⭐ 1 star ·" in words(shown)
    await room.bo.react(shown, "⭐")
    await starred()
    (shown,) = channel.history()
    assert "⭐ 2 stars" in words(shown), "the starboard's own message takes stars too"
    await room.bo.unreact(shown, "⭐")
    await starred()
    (shown,) = channel.history()
    assert "⭐ 1 star ·" in words(shown)
    await room.bo.react(shown, "⬆️")
    assert len(room.jobs()) == 1, "nothing is painted on the starboard"
    await room.ana.slash(room.channel, "delete", what=f"{painted}.1")
    await starred()
    assert channel.history() == []
    with room.ports.database.read() as session:
        assert session.query(DeliveryRow).filter_by(kind="starboard").count() == 0


async def test_what_a_moderator_let_through_as_a_spoiler_is_hidden_until_clicked(room: Room) -> None:
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.painted(job_id)
    assert all(item["spoiler"] for item in gallery(room.message))


async def test_what_is_hidden_later_is_hidden_on_the_starboard_too(room: Room, painted: str) -> None:
    channel = room.guild.create_text_channel("stars")
    govern(room, CommunityRules(star_channel=str(channel.id), star_threshold=1))
    await room.bo.react(room.message, "⭐")
    await room.tell(PictureChanged(job_id=painted, platform=Platform.DISCORD, picture_id=f"{painted}.1"))
    (shown,) = channel.history()
    assert not gallery(shown)[0]["spoiler"]
    with room.ports.database.begin() as session:
        session.get_one(JobRow, painted).spoiler = True
    await room.tell(JobChanged(job_id=painted, platform=Platform.DISCORD))
    (shown,) = channel.history()
    assert gallery(shown)[0]["spoiler"]
    assert all(item["spoiler"] for item in gallery(room.message)), "its own message is rendered anew"
    link = f"https://discord.com/channels/{room.guild.id}/{room.channel.id}/{room.message.id}"
    assert link in words(shown), "and the entry still leads to it"

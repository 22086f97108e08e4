"""Answers on Discord that are repeated, closed out, deleted or late: each is shown once."""

from dataclasses import replace

import discord
import pytest

from bots.delivery.errors import PlatformUnavailableError
from bots.discord.texts.texts import ELSEWHERE
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobAccepted, JobEnded, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError
from studio.ports import Delivery
from tests.support import discord_sim
from tests.support.discord_answers import delivery, expire_tokens, requests
from tests.support.discord_sim import Room, gallery, words
from tests.support.finished_jobs import end_job, paint_job

room = discord_sim.room


def away(*_arguments: object, **_named: object) -> None:
    raise DatabaseUnavailableError


async def test_a_repeated_delivery_edits_the_same_message(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    for _ in range(3):
        await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
    assert len(room.channel.history()) == 1
    assert len(gallery(room.message)) == 4


async def test_a_job_that_ended_while_the_bot_was_down_is_shown_in_the_same_message(room: Room) -> None:
    job_id = await room.imagine()
    await room.restart()
    await room.painted(job_id)
    assert len(room.channel.history()) == 1
    assert len(gallery(room.message)) == 4


async def test_a_crash_between_the_click_and_the_answer_leaves_one_message(room: Room) -> None:
    job_id = await room.imagine()
    with room.ports.database.begin() as session:  # as if the slip had never been written
        session.delete(session.get_one(DeliveryRow, ("job", job_id)))
    await room.restart()
    await room.painted(job_id)
    assert len(room.channel.history()) == 1
    assert delivery(room, job_id).message == str(room.message.id)


async def test_after_the_token_expired_the_bot_edits_its_message_itself(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    await room.painted(job_id)
    assert len(room.channel.history()) == 1
    assert len(gallery(room.message)) == 4
    assert requests(room, "PATCH")[-1].startswith("/channels/")


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015)])
async def test_a_token_that_discord_refuses_is_not_the_end(room: Room, status: int, code: int) -> None:
    job_id = await room.imagine()
    room.env.inject_error("PATCH", "/webhooks/*", status=status, code=code)
    await room.painted(job_id)
    assert len(room.channel.history()) == 1
    assert len(gallery(room.message)) == 4


async def check_it_went_home_once(room: Room, job_id: str) -> None:
    direct = room.ana.user.dm_channel.last_message
    assert words(direct).startswith(ELSEWHERE)
    assert len(gallery(direct)) == 4
    assert delivery(room, job_id).message == str(direct.id)
    await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
    assert len(room.ana.user.dm_channel.history()) == 1


async def test_a_closed_channel_sends_the_answer_to_the_person(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001)
    await room.painted(job_id)
    await check_it_went_home_once(room, job_id)


@pytest.mark.parametrize("expired", [False, True])
async def test_an_answer_for_an_archived_thread_goes_to_the_person_once(room: Room, expired: bool) -> None:
    job_id = await room.imagine()
    if expired:
        expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*" if expired else "/webhooks/*", status=400, code=50083)
    await room.painted(job_id)
    await check_it_went_home_once(room, job_id)


async def test_the_permission_that_is_lacking_is_named_to_the_person(room: Room) -> None:
    assert room.bot.user is not None
    silent = discord.PermissionOverwrite(send_messages=False, attach_files=False)
    channel = room.guild.create_text_channel("quiet", overwrites={room.bot.user: silent})
    await room.ana.slash(channel, "imagine", prompt="a red fox")
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50013)
    await room.painted(room.newest_job())
    direct = room.ana.user.dm_channel.last_message
    assert "There the bot lacks these permissions: Send Messages" in words(direct)


async def test_a_closed_channel_and_closed_direct_messages_end_quietly(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001)
    room.env.inject_error("POST", "/channels/*/messages", status=403, code=50007)
    await room.painted(job_id)
    assert delivery(room, job_id).final


@pytest.mark.parametrize("expired", [False, True])
async def test_a_deleted_message_ends_quietly(room: Room, expired: bool) -> None:
    job_id = await room.imagine()
    if expired:
        expire_tokens(room.ports)
    room.env.inject_error("PATCH", "*", status=404, code=10008)
    await room.painted(job_id)
    assert delivery(room, job_id).final
    assert not room.message.attachments


async def test_a_job_whose_acknowledgement_was_taken_away_with_a_refusal_is_shown_anew(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:  # the connection breaks after the job was committed
        patch.setattr("studio.commands.submission.submit.mark_queued_and_published", away)
        result = await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    assert "database is not available" in words(result.followups[0])
    await room.painted(room.newest_job())
    (message,) = room.messages
    assert len(gallery(message)) == 4


async def test_a_job_that_is_shown_while_its_acknowledgement_is_taken_away_is_shown_anew(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = discord.Interaction.delete_original_response

    async def overtaken(interaction: discord.Interaction) -> None:
        """The event of the job comes first."""
        await room.bot.delivery.handle(JobAccepted(job_id=room.newest_job(), platform=Platform.DISCORD))
        await delete(interaction)

    with monkeypatch.context() as patch:
        patch.setattr("studio.commands.submission.submit.mark_queued_and_published", away)
        patch.setattr(discord.Interaction, "delete_original_response", overtaken)
        await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    await room.painted(room.newest_job())
    (message,) = room.messages
    assert len(gallery(message)) == 4


async def test_a_message_that_cannot_be_pinned_now_is_pinned_by_the_event(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bots.delivery.subjects.jobs.load_job_view", away)
        await room.ana.slash(room.channel, "imagine", prompt="a red fox")
    await room.tell(JobAccepted(job_id=room.newest_job(), platform=Platform.DISCORD))
    assert "Next in line" in words(room.message)
    assert len(room.messages) == 1


async def test_a_trouble_of_discords_is_for_the_stream_to_repeat(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*", status=503)
    with pytest.raises(PlatformUnavailableError):
        await room.painted(job_id)
    await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
    assert len(gallery(room.message)) == 4


async def test_an_answer_that_discord_never_takes_is_not_tried_for_ever(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*", status=400, code=50035, times=None)
    acknowledged: list[str] = []
    event = JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.CANCELLED)
    end_job(room.ports, job_id, JobState.CANCELLED)
    with room.env._bot_scope():
        room.bot.event_consumer._capacity.acquire()
        await room.bot.event_consumer._deliver(
            Delivery(event=event, acknowledge=lambda: acknowledged.append(job_id))
        )
    assert acknowledged == [job_id]


async def test_events_reach_the_message_through_the_stream_and_are_acknowledged(room: Room) -> None:
    job_id = await room.imagine()
    paint_job(room.ports, job_id)
    room.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
    await room.until(lambda: bool(room.message.attachments))


async def test_stars_of_an_old_message_wait_for_their_turn(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    message = room.bot.delivery.publisher.message(DeliveryKind.JOB, job_id)
    assert message.ref is not None
    message.ref = replace(message.ref, message=str(1 << 22))
    changed = PictureChanged(job_id=job_id, platform=Platform.DISCORD, picture_id=f"{job_id}.1")
    edits = len(requests(room, "PATCH"))
    await room.tell(changed)
    assert len(requests(room, "PATCH")) == edits
    room.allow_edit(job_id)
    with room.env._bot_scope():
        await room.bot.delivery.tick()
    assert len(requests(room, "PATCH")) == edits + 1


async def answer_by_direct_message(room: Room) -> str:
    """A finished job of Ana's in the server, whose answer came to her messages. Returns its id."""
    job_id = await room.imagine(count=1)
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*/messages/*", status=403, code=50001)
    await room.painted(job_id)
    return job_id


async def test_a_button_in_direct_messages_acts_on_the_server_that_the_job_belongs_to(room: Room) -> None:
    job_id = await answer_by_direct_message(room)
    user = room.ana.user
    await user.click(user.dm_channel.last_message, label="Vary strongly")
    _, varied = room.jobs()
    assert varied.community == str(room.guild.id)
    assert varied.request["sources"][0]["picture_id"] == f"{job_id}.1"
    assert varied.address["channel"] == str(user.dm_channel.id)


async def test_a_form_in_direct_messages_acts_on_that_server_too(room: Room) -> None:
    job_id = await answer_by_direct_message(room)
    user = room.ana.user
    form = await user.click(user.dm_channel.last_message, label="Remix")
    await user.submit_modal(form, {"prompt": "a blue fox"})
    assert room.jobs()[-1].community == str(room.guild.id)
    assert room.jobs()[-1].request["sources"][0]["picture_id"] == f"{job_id}.1"


async def test_who_has_left_the_server_paints_there_no_more(room: Room) -> None:
    await answer_by_direct_message(room)
    room.env.inject_error("GET", "/guilds/*/members/*", status=404, code=10007)
    user = room.ana.user
    result = await user.click(user.dm_channel.last_message, label="Vary strongly")
    assert "was not found" in words(result.followups[0])
    assert len(room.jobs()) == 1

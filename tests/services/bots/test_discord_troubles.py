"""Troubles of Discord's: storms of refusals, lost answers, deleted channels and broken connections."""

import asyncio
import io

import pytest
from PIL import Image

from studio.db.tables import DeliveryRow
from studio.domain.jobs import JobState
from tests.support import discord_service
from tests.support.discord_service import Instance, png
from tests.support.loopback_discord.records import Fault, too_many_requests

folder = discord_service.folder
ports = discord_service.ports
running = discord_service.running
instance = discord_service.instance


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_storm_of_429_and_502_delays_and_loses_nothing(instance: Instance) -> None:
    instance.discord.faults += [
        too_many_requests("POST", "/interactions/*", times=3),
        too_many_requests("PATCH", "/webhooks/*", times=4),
        too_many_requests("PATCH", "/webhooks/*", times=1, scope="global"),
        too_many_requests("PATCH", "/webhooks/*", times=1, scope="shared"),
        Fault(method="PATCH", path="/webhooks/*", status=502, times=2),
    ]
    await asyncio.gather(
        *(instance.discord.slash(str(number), "imagine", prompt="fox", count=1) for number in range(7, 12))
    )
    for job in await instance.job_count(5):
        instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 5, "not every picture is shown")
    assert len(instance.discord.seen()) == 5


async def test_an_acknowledgement_whose_answer_was_lost_is_still_one_answer(instance: Instance) -> None:
    instance.discord.lost_answers = 1
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.discord.seen() == [asked.message]


async def test_an_acknowledging_message_that_is_not_named_is_asked_for(instance: Instance) -> None:
    instance.discord.names_messages = False
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.discord.seen() == [asked.message]


async def test_an_expired_token_is_answered_as_the_bot(instance: Instance) -> None:
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    await instance.until(
        lambda: "Next in line" in asked.message.words if asked.message else False, "no placeholder"
    )
    asked.expired = True
    instance.paint(job.id, png())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    assert instance.finished() == [asked.message]
    assert any(
        method == "PATCH" and path.startswith("/channels/") for method, path in instance.discord.requests
    )


async def test_a_channel_deleted_meanwhile_ends_quietly(instance: Instance) -> None:
    asked = await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    (job,) = await instance.job_count(1)
    await instance.until(
        lambda: "Next in line" in asked.message.words if asked.message else False, "no placeholder"
    )
    instance.discord.deleted_channels.add(asked.channel)
    instance.paint(job.id, png())

    def noted() -> bool:
        with instance.ports.database.read() as session:
            row = session.get(DeliveryRow, ("job", job.id))
            return row is not None and row.final

    await instance.until(noted, "the end was not noted")


async def test_a_connection_that_breaks_is_resumed_and_nothing_is_missed(instance: Instance) -> None:
    await instance.discord.gateway.drop()
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)  # while nobody listens
    (job,) = await instance.job_count(1)
    assert instance.discord.gateway.resumed == 1
    assert instance.discord.gateway.identified == 0, "no new session was begun"
    instance.end(job.id, JobState.CANCELLED)
    await instance.until(
        lambda: any("Cancelled" in message.words for message in instance.discord.seen()), "no end"
    )


async def test_commands_are_registered_once_for_all_starts(instance: Instance) -> None:
    await instance.bot.stop()
    await instance.bot.start()
    assert instance.discord.registrations == 1


async def test_a_session_that_discord_forgot_is_begun_anew(instance: Instance) -> None:
    instance.discord.gateway.forgetful = True
    await instance.discord.gateway.drop()
    await instance.until(lambda: instance.discord.gateway.identified == 1, "no new session")
    await instance.until(instance.discord.gateway.connected.is_set, "not connected again")
    await instance.discord.slash("7", "imagine", prompt="a red fox", count=1)
    await instance.job_count(1)


async def test_a_result_of_eleven_mebibytes_is_made_to_fit(instance: Instance) -> None:
    await instance.discord.slash("7", "imagine", prompt="noise", count=1)
    (job,) = await instance.job_count(1)
    file = io.BytesIO()
    noise = [Image.effect_noise((2000, 2000), 120) for _ in range(3)]
    Image.merge("RGB", noise).save(file, "PNG", compress_level=0)
    assert len(file.getvalue()) > 11 * 2**20
    instance.paint(job.id, file.getvalue())
    await instance.until(lambda: len(instance.finished()) == 1, "the picture is not shown")
    (attachment,) = instance.finished()[0].attachments
    assert len(attachment.data) <= 10 * 2**20
    assert max(Image.open(io.BytesIO(attachment.data)).size) >= 1000

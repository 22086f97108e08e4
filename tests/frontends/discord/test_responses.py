"""One message for each job: its place in the queue, its progress, its pictures, and every way it can end."""

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import discord
import pytest
from PIL import Image

from bots.delivery.errors import PlatformUnavailableError
from bots.delivery.transport import Place
from bots.discord.texts.texts import ELSEWHERE
from bots.queries.job_view import load_job_view
from bots.texts import jobs
from bots.texts.shortening import subject_of
from engine.imaging.image_tools import PillowImageTools
from studio.clock import now
from studio.db.tables import DeliveryRow, JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobAccepted, JobEnded, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import DatabaseUnavailableError, PolicyRefusalError
from studio.ports import Delivery, Ports
from tests.support import discord_sim
from tests.support.discord_sim import Room, button_ids, gallery, open_room, words
from tests.support.finished_jobs import end_job, paint_job

room = discord_sim.room


def away(*_arguments: object, **_named: object) -> None:
    raise DatabaseUnavailableError


def expire_tokens(ports: Ports) -> None:
    with ports.database.begin() as session:
        for row in session.query(JobRow):
            row.address = {**row.address, "token_expires_at": (now() - timedelta(minutes=1)).isoformat()}


def delivery(room: Room, job_id: str) -> DeliveryRow:
    with room.ports.database.read() as session:
        return session.get_one(DeliveryRow, ("job", job_id))


def forget_cached(room: Room, job_id: str) -> None:
    """As after a restart."""
    del room.bot.delivery.publisher._messages[DeliveryKind.JOB, job_id]


def requests(room: Room, method: str) -> list[str]:
    return [entry.path for entry in room.env.http_requests if entry.method == method]


# ---- pictures


async def test_a_finished_job_shows_its_pictures_words_seed_model_and_credit(room: Room) -> None:
    job_id = await room.imagine(prompt="a red fox", seed=7)
    await room.painted(job_id)
    (message,) = room.channel.history()
    assert message.flags.components_v2
    assert words(message).startswith("**a red fox**\n")
    assert f"<@{room.ana.id}>" in words(message)
    assert "seeds 7–10" in words(message)
    assert "thimble" in words(message)
    assert job_id in words(message)
    assert [each.filename for each in message.attachments] == [
        f"{job_id}.{number}.png" for number in (1, 2, 3, 4)
    ]
    for number, attachment in enumerate(message.attachments, start=1):
        assert await attachment.read() == f"picture {job_id} {number}".encode()
    assert [item["description"] for item in gallery(message)] == [
        f"Picture {number} of 4: a red fox" for number in (1, 2, 3, 4)
    ]


async def test_a_result_has_buttons_for_every_picture_and_for_the_job(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    tiles = [f"c1:{action}:{job_id}:{index}" for action in ("upscale", "vary") for index in (1, 2, 3, 4)]
    tools = [f"c1:{action}:{job_id}:0" for action in ("reroll", "remix", "edit", "more")]
    assert button_ids(room.message) == tiles + tools


async def test_a_job_of_one_picture_shows_the_picture_and_its_own_buttons(room: Room) -> None:
    job_id = await room.imagine(count=1)
    await room.painted(job_id)
    assert await room.message.attachments[0].read() == f"picture {job_id} 1".encode()
    actions = {each.split(":")[1] for each in button_ids(room.message)}
    assert actions == {"subtle", "vary", "upscale", "reroll", "remix", "edit", "more"}


async def test_an_upscaled_picture_offers_neither_upscale_nor_reroll(room: Room) -> None:
    origin = await room.imagine()
    await room.painted(origin)
    await room.ana.slash(room.channel, "upscale", picture=f"{origin}.1")
    await room.painted(room.newest_job())
    actions = {each.split(":")[1] for each in button_ids(room.message)}
    assert not actions & {"upscale", "reroll"}


async def test_a_result_with_a_deleted_picture_keeps_the_numbers_of_the_others(
    room: Room,
) -> None:
    job_id = await room.imagine(count=3)
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=f"{job_id}.2")
    await room.changed(f"{job_id}.2")
    dead = [
        child.custom_id
        for row in room.message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if child.disabled
    ]
    assert dead == [f"c1:upscale:{job_id}:2", f"c1:vary:{job_id}:2"]
    assert [await each.read() for each in room.message.attachments] == [
        f"picture {job_id} {number}".encode() for number in (1, 3)
    ]


async def test_when_all_pictures_are_deleted_so_are_the_attachments(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.ana.slash(room.channel, "delete", what=job_id)
    await room.changed(f"{job_id}.1")
    assert words(room.message).endswith(jobs.ALL_DELETED)
    assert not room.message.attachments
    assert not button_ids(room.message)


async def test_a_file_that_is_too_large_is_made_to_fit(ports: Ports, tmp_path: Path) -> None:
    async with open_room(replace(ports, image_tools=PillowImageTools()), tmp_path) as room:
        job_id = await room.imagine(count=1)
        file = io.BytesIO()
        Image.effect_noise((500, 500), 90).convert("RGB").save(file, "PNG")
        room.bot.transport.expect(job_id, limit_bytes=200_000)
        assert len(file.getvalue()) > 200_000
        paint_job(room.ports, job_id, png=file.getvalue())
        await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
        (attachment,) = room.message.attachments
        assert attachment.size <= 200_000


async def test_a_message_of_an_earlier_version_is_edited_into_the_new_layout(room: Room) -> None:
    """The flag of the layout is added by the edit; Discord takes it only together with an emptied text."""
    job_id = await room.imagine()
    with room.env._bot_scope():
        old = await room.bot.get_partial_messageable(room.channel.id).send("**a red fox**")
    await room.env.settle()
    forget_cached(room, job_id)
    with room.ports.database.begin() as session:
        session.get_one(DeliveryRow, ("job", job_id)).message = str(old.id)
    await room.painted(job_id)
    (edited,) = [each for each in room.messages if each.id == old.id]
    assert edited.flags.components_v2
    assert not edited.content
    assert len(gallery(edited)) == 4


async def test_discord_finding_a_file_too_large_gets_a_smaller_one(room: Room) -> None:
    job_id = await room.imagine()
    room.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
    await room.painted(job_id)
    assert len(room.message.attachments) == 4


# ---- progress


async def test_progress_is_a_bar_with_a_preview_and_not_too_often(
    room: Room, still: Callable[[str], None]
) -> None:
    still("bots.delivery.publisher")
    job_id = await room.imagine()
    await room.progress(job_id, 1)
    assert "%" not in words(room.message)
    room.allow_edit(job_id)
    preview = "data:image/png;base64," + base64.b64encode(b"tiny").decode()
    await room.progress(job_id, 4, preview=preview)
    assert "50%" in words(room.message)
    assert "Step 4 of 8" in words(room.message)
    assert await room.message.attachments[0].read() == b"tiny"
    edits = len(requests(room, "PATCH"))
    await room.progress(job_id, 5)
    assert len(requests(room, "PATCH")) == edits


async def test_progress_after_the_end_changes_nothing(room: Room) -> None:
    job_id = await room.imagine()
    await room.painted(job_id)
    room.allow_edit(job_id)
    await room.progress(job_id, 3)
    assert "Step 3" not in words(room.message)
    assert len(gallery(room.message)) == 4


async def test_progress_that_arrives_late_is_followed_by_the_end_again(room: Room) -> None:
    job_id = await room.imagine()
    end_job(room.ports, job_id, JobState.CANCELLED)  # another process knows, this one does not yet
    room.allow_edit(job_id)
    await room.progress(job_id, 3)
    assert words(room.message).endswith("Cancelled.")


async def test_progress_is_shown_after_a_restart(room: Room) -> None:
    job_id = await room.imagine()
    await room.restart()
    await room.progress(job_id, 2)
    assert "Step 2 of 8" in words(room.message)


@pytest.mark.parametrize("preview", ["data:image/svg+xml;base64,AAAA", "data:image/png;base64,???", "x" * 10])
async def test_a_preview_that_is_no_picture_is_left_out(room: Room, preview: str) -> None:
    job_id = await room.imagine()
    room.allow_edit(job_id)
    await room.progress(job_id, 2, preview=preview)
    assert "Step 2 of 8" in words(room.message)
    assert not room.message.attachments


async def test_the_place_in_the_queue_is_kept_up_to_date(room: Room) -> None:
    first = await room.imagine(room.ana)
    second = await room.imagine(room.bo, "a blue bird")
    end_job(room.ports, first, JobState.CANCELLED)
    room.allow_edit(second)
    with room.env._bot_scope():
        await room.bot.delivery.tick()
    assert "Next in line" in words(room.message)


# ---- other ends


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (JobState.FAILED, "could not be painted"),
        (JobState.REFUSED, "The rules here"),
        (JobState.CANCELLED, "Cancelled."),
        (JobState.HELD, "moderator"),
    ],
)
async def test_a_job_without_pictures_ends_in_one_sentence(
    room: Room, state: JobState, sentence: str
) -> None:
    job_id = await room.imagine(prompt="words that may not be shown")
    await room.ended(job_id, state)
    (message,) = room.channel.history()
    assert sentence in words(message)
    assert "words that may not" not in words(message)
    assert button_ids(message) == ([f"c1:appeal:{job_id}:0"] if state is JobState.REFUSED else [])
    assert delivery(room, job_id).final is (state is not JobState.HELD)


# ---- delivery


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
    assert "There I lack: Send Messages" in words(direct)


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
        patch.setattr("studio.commands.submission.submit.mark_queued", away)
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
        patch.setattr("studio.commands.submission.submit.mark_queued", away)
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


# ---- what people typed is text


async def test_an_old_message_keeps_its_edits_for_the_end(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await room.imagine()
    monkeypatch.setattr("bots.discord.messages.transport._age_seconds", lambda _: 3700.0)
    job_view = load_job_view(room.ports.database, job_id)
    ref = job_view.message_ref
    assert ref is not None
    place = Place(community=str(room.guild.id))
    transport = room.bot.transport
    assert not transport.may_touch(ref, place, age_seconds=0, since_seconds=30)
    assert transport.may_touch(ref, place, age_seconds=0, since_seconds=61)
    assert transport.calm_seconds(ref) == 60


async def test_edits_that_discord_takes_later_only_are_tried_again(room: Room) -> None:
    job_id = await room.imagine()
    expire_tokens(room.ports)
    room.env.inject_error("PATCH", "/channels/*/messages/*", status=400, code=30046)
    with pytest.raises(PlatformUnavailableError):
        await room.painted(job_id)
    await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.DONE))
    assert len(gallery(room.message)) == 4
    assert len(room.messages) == 1


async def test_prompts_are_shown_as_text(room: Room) -> None:
    nasty = "**b** @everyone <@1> [a](https://evil.example) discord.gg/abc `c` ||d|| \u202egnp"
    await room.imagine(prompt=nasty)
    content = words(room.message)
    assert "@everyone" not in content
    assert "<@1>" not in content
    assert r"\[a\]" in content
    assert "https://" not in content
    assert "discord.gg" not in content
    assert "\u202e" not in content
    assert r"\*\*b\*\*" in content


async def test_no_message_pings_anybody(room: Room) -> None:
    job_id = await room.imagine(prompt="@everyone <@1>")
    await room.painted(job_id)
    bodies = [entry.json for entry in room.env.http_requests if entry.method in ("POST", "PATCH")]
    sent = [body for body in bodies if isinstance(body, dict) and body.get("components")]
    assert sent
    assert all(body["allowed_mentions"].get("parse") == [] for body in sent)
    assert all(not message.mention_everyone for message in room.channel.history())


async def test_where_the_community_wants_it_the_owner_of_a_long_job_is_pinged(room: Room) -> None:
    await room.mod.slash(room.channel, "community", setting="ping", value="on")
    job_id = await room.imagine()
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).created_at = now() - timedelta(minutes=2)
    await room.painted(job_id)
    result, ping = room.messages
    assert f"<@{room.ana.id}>" in words(ping)
    assert ping.reference is not None
    assert ping.reference.message_id == result.id
    (sent,) = [
        entry.json
        for entry in room.env.http_requests
        if entry.method == "POST" and "message_reference" in str(entry.json)
    ]
    assert sent["allowed_mentions"]["users"] == [room.ana.id]


async def test_a_long_prompt_leaves_room_for_the_rest(room: Room) -> None:
    job_id = await room.imagine(prompt="*_~`|<>[]" * 100)
    await room.painted(job_id)
    assert len(words(room.message)) <= 4000
    assert all(len(item["description"]) <= 1024 for item in gallery(room.message))


@pytest.mark.parametrize(
    ("prompt", "subject"),
    [
        ("a red fox in the snow", "red fox"),
        ("The old, old house", "old"),
        ("some very tall green tree", "very tall green"),
        ("", "picture"),
        ("in the beginning", "picture"),
    ],
)
def test_a_credit_names_the_subject_of_the_prompt(prompt: str, subject: str) -> None:
    assert subject_of(prompt) == subject


async def test_a_picture_that_a_rule_refused_has_an_appeal_under_it(room: Room) -> None:
    job_id = await room.imagine(prompt="words that may not be shown")
    end_job(room.ports, job_id, JobState.REFUSED)
    with room.ports.database.begin() as session:
        row = session.get_one(JobRow, job_id)
        row.refused_rule, row.error_code = "nudity", PolicyRefusalError.code
    await room.tell(JobEnded(job_id=job_id, platform=Platform.DISCORD, state=JobState.REFUSED))
    assert button_ids(room.message) == [f"c1:appeal:{job_id}:0"]
    form = await room.ana.click(room.message, label="Appeal")
    filed = await room.ana.submit_modal(form, {"reason": "it is a statue"})
    assert "A moderator will look at it again" in words(filed.response)


# ---- in direct messages


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
    assert "not here" in words(result.followups[0])
    assert len(room.jobs()) == 1

"""What people typed is shown as text on Discord and notifies nobody."""

from datetime import timedelta

import pytest

from bots.delivery.errors import PlatformUnavailableError
from bots.delivery.transport import Place
from bots.queries.job_view import load_job_view
from bots.texts.shortening import subject_of
from studio.clock import now
from studio.db.tables import JobRow
from studio.domain.events import JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.errors import PolicyRefusalError
from tests.support import discord_sim
from tests.support.discord_answers import expire_tokens
from tests.support.discord_sim import Room, button_ids, gallery, words
from tests.support.finished_jobs import end_job

room = discord_sim.room


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
    assert transport.rest_seconds(ref) == 60


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

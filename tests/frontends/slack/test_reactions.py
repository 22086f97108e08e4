"""Reactions on the Slack front end's messages, and what becomes of answers when a channel changes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from bots.presentation.interaction_router import meaning_of
from bots.slack.listeners.reactions import EMOJI
from studio.commands.button_ids import Action
from studio.commands.registry import REACTIONS
from studio.db.queries import job_of, star_counts
from studio.db.tables import DeliveryRow
from studio.domain.events import JobChanged, JobEnded
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.requests import Operation
from studio.ports import Ports
from tests.support.finished_jobs import paint_job
from tests.support.loopback_slack.records import ANA, BO, BOT_USER, GENERAL, MOD, STRANGE
from tests.support.slack_sim import SlackRoom, open_slack_room


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


def stars(room: SlackRoom, picture: str) -> int:
    with room.ports.database.read() as session:
        return star_counts(session, [picture]).get(picture, 0)


def test_every_reaction_of_the_catalogue_has_its_name_on_slack() -> None:
    meanings = {name: meaning_of(emoji) for name, emoji in EMOJI.items()}
    assert set(REACTIONS.values()) <= set(meanings.values())
    assert (meanings["three"], meanings["email"]) == ((Action.VARY, 3), (Action.SEND, 0))


@pytest.mark.parametrize(
    ("name", "operation"),
    [("two", Operation.VARY), ("repeat", Operation.IMAGINE), ("arrow_up", Operation.UPSCALE)],
)
async def test_a_reaction_paints(room: SlackRoom, name: str, operation: Operation) -> None:
    job_id = await room.imagine()
    message = await room.painted(job_id)
    await room.send(room.slack.reaction(message, name, user=BO))
    job = job_of(room.jobs()[-1])
    assert (job.request.operation, job.person.user_id) == (operation, BO)
    assert len(room.slack.messages) == 2


async def test_a_reaction_that_is_delivered_twice_is_one_job(room: SlackRoom) -> None:
    message = await room.painted(await room.imagine())
    payload = room.slack.reaction(message, "one")
    await room.send(payload)
    await room.send(payload)
    assert len(room.jobs()) == 2


async def test_a_star_is_given_and_taken_back(room: SlackRoom) -> None:
    job_id = await room.imagine()
    message = await room.painted(job_id)
    given = room.slack.reaction(message, "star", user=BO)
    await room.send(given)
    await room.send(room.slack.event(given["event"]))
    assert stars(room, f"{job_id}.1") == 1
    await room.send(room.slack.reaction(message, "star", user=BO, kind="reaction_removed"))
    assert stars(room, f"{job_id}.1") == 0
    assert room.slack.whispers == [], "a star is answered by the message itself"


async def test_taking_back_another_reaction_does_nothing(room: SlackRoom) -> None:
    message = await room.painted(await room.imagine())
    await room.send(room.slack.reaction(message, "one", kind="reaction_removed"))
    assert len(room.jobs()) == 1


async def test_x_cancels_a_job_that_waits(room: SlackRoom) -> None:
    await room.imagine()
    await room.send(room.slack.reaction(room.message, "x"))
    assert room.jobs()[0].state == JobState.CANCELLED


async def test_x_of_somebody_else_is_refused_in_private(room: SlackRoom) -> None:
    message = await room.painted(await room.imagine())
    await room.send(room.slack.reaction(message, "x", user=BO))
    assert room.slack.whispers[0]["user"] == BO
    assert "Only the person who made this" in room.slack.whispered()[0]


@pytest.mark.parametrize("name", ["envelope", "email"])
async def test_a_copy_in_direct_messages_is_followed_like_the_first(room: SlackRoom, name: str) -> None:
    job_id, message = await room.finished()
    await room.send(room.slack.reaction(message, name, user=BO))
    copy = room.message
    assert copy.channel == f"D{BO[1:]}"
    await room.send(room.slack.reaction(copy, "two", user=BO))
    row = room.jobs()[-1]
    assert row.request["sources"][0]["picture_id"] == f"{job_id}.2"
    assert (row.address["channel"], row.address["private"]) == (copy.channel, True)
    shown = {"ts": copy.ts, "blocks": copy.blocks, "files": []}
    await room.send(room.slack.shortcut("vary_picture", shown, channel=copy.channel))
    assert room.slack.whispered()[-1].endswith("Which picture?")


async def test_on_the_starboard_a_reaction_means_that_picture_and_paints_nothing(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await room.finished()
    await room.star(job_id, message)
    shown = room.message
    await room.star(job_id, shown, user=MOD)
    assert "⭐ 2 stars" in shown.words
    await room.send(room.slack.reaction(shown, "arrow_up", user=BO))
    assert len(room.jobs()) == 1
    await room.send(room.slack.reaction(shown, "x", user=ANA))
    await room.picture_changed(f"{job_id}.1")
    assert shown not in room.slack.messages
    assert message.picture is not None, "the other pictures stay"


async def test_other_reactions_and_other_messages_mean_nothing(room: SlackRoom) -> None:
    message = await room.painted(await room.imagine())
    await room.send(room.slack.reaction(message, "heart"))
    await room.send(room.slack.reaction(message, "one", user=BOT_USER))
    elsewhere = room.slack.reaction(message, "one")
    elsewhere["event"]["item"]["channel"] = STRANGE
    await room.send(elsewhere)
    assert len(room.jobs()) == 1


# ---- channels that change


async def test_a_deleted_message_ends_quietly(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.slack.messages.clear()
    paint = room.painted(job_id)
    with pytest.raises(IndexError):
        await paint
    assert room.slack.messages == []


async def test_an_answer_for_an_archived_channel_goes_to_the_person(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.slack.members.remove(GENERAL)
    message = await room.painted(job_id)
    assert message.channel == "D0ANA"
    assert message.picture is not None
    assert GENERAL in message.words


async def test_an_answer_for_a_thread_that_is_gone_stands_in_the_channel(room: SlackRoom) -> None:
    room.slack.refuse("chat.postMessage", "thread_not_found")
    await room.send(room.slack.mention("a red fox", thread_ts="1700000000.000001"))
    assert (room.message.channel, room.message.thread_ts) == (GENERAL, None)


async def test_a_picture_that_slack_has_not_looked_over_yet_is_tried_again(room: SlackRoom) -> None:
    room.slack.polls_until_ready = 4
    message = await room.painted(await room.imagine())
    assert message.picture is not None


async def test_a_picture_that_slack_never_takes_leaves_words_and_buttons(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.slack.messages.message_sender._NOT_READY_SECONDS", 0.0)
    monkeypatch.setattr("bots.slack.files.image_uploads._PAUSES_SECONDS", (0.0,))
    room.slack.polls_until_ready = 100
    job_id = await room.imagine()
    message = await room.painted(job_id)
    assert "cannot show the picture" in message.words
    assert f"c1:vary:{job_id}:1" in message.options


async def test_a_failed_job_says_why_in_its_message(room: SlackRoom) -> None:
    await room.ended(await room.imagine(), JobState.FAILED)
    assert "could not be painted" in room.message.words
    assert room.message.buttons == []


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_message_without_pictures_does_not_name_who_was_forgotten(
    room: SlackRoom, *, deleted: bool
) -> None:
    job_id = await room.imagine()
    await room.ended(job_id, JobState.DONE if deleted else JobState.FAILED)
    message = room.message
    assert "@Ana" in message.words
    await room.slash("forget-me yes", command="/studio")
    published = list(room.ports.events.published)  # type: ignore[attr-defined]
    for event in published:
        if isinstance(event, JobChanged):
            await room.tell(event)
    assert "@Ana" not in message.words
    assert "somebody" in message.words


async def test_what_is_in_hand_is_brought_before_the_frontend_ends(room: SlackRoom) -> None:
    job_id = await room.imagine()
    room.slack.rate_limit("chat.update", 0.5)
    room.app.event_consumer.start()
    paint_job(room.ports, job_id)
    room.ports.events.publish(JobEnded(job_id=job_id, platform=Platform.SLACK, state=JobState.DONE))
    await room.slack.until(lambda: bool(room.slack.called("chat.update")))
    await asyncio.to_thread(room.app.event_consumer.stop)
    await room.app.event_consumer.finish(seconds=300)
    assert room.message.picture is not None


async def test_a_reaction_that_is_quicker_than_the_records_is_followed(
    room: SlackRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack shows a message, and tells of reactions to it, before its answer says which message it is."""
    job_id, message = await room.finished()
    message.ts = f"{time.time():.6f}"
    with room.ports.database.begin() as session:
        session.get_one(DeliveryRow, ("job", job_id)).message = "on its way"

    async def pause(_seconds: float) -> None:
        with room.ports.database.begin() as session:
            session.get_one(DeliveryRow, ("job", job_id)).message = message.ts

    monkeypatch.setattr("bots.queries.message_lookup.sleep", pause)
    await room.send(room.slack.reaction(message, "repeat", user=BO))
    assert len(room.jobs()) == 2

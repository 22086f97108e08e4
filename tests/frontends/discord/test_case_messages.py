"""Cases in the moderators' channel, questions to owners and notices on Discord."""

import io
from typing import Any

from PIL import Image

from bots.texts.cases import YOURS
from studio.commands.submission.job_creation import open_hold
from studio.db import cases, queries
from studio.db.tables import CaseRow, JobRow, NoticeRow
from studio.domain.cases import Decision, NewNotice, NoticeKind
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.events import NoticeWritten
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from tests.support import discord_cases, discord_sim
from tests.support.discord_cases import HOLD, case_of, changed, facts, held_prompt
from tests.support.discord_sim import Room, button_ids, gallery, words
from tests.support.recorded_messages import find_message

desk = discord_cases.desk


room, painted = discord_sim.room, discord_sim.painted


def message_of_case(room: Room) -> str | None:
    subject = Subject(DeliveryKind.CASE, case_of(room).id, Platform.DISCORD)
    found = find_message(room.ports.database, subject)
    return found.message if found else None


async def held_picture(room: Room) -> str:
    """A finished job of Ana's whose first picture waits for a moderator."""
    job_id = await room.imagine()
    await room.painted(job_id)
    file = io.BytesIO()
    Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 40).convert("RGB").save(file, "PNG")
    with room.ports.database.begin() as session:
        picture = queries.pictures_of_job(session, job_id)[0]
        room.ports.store.blobs[picture.key] = file.getvalue()  # type: ignore[attr-defined]
        open_hold(session, queries.find_job(session, job_id), HOLD, picture_id=picture.id)
    await changed(room)
    return job_id


async def test_a_held_prompt_is_a_case_with_all_that_is_needed_to_judge_it(room: Room, desk: Any) -> None:
    case_id = await held_prompt(room, "a *doubtful* thing")
    (message,) = desk.history()
    assert words(message).startswith("**Held for a moderator**")
    assert case_id in words(message)
    shown = facts(message)
    assert shown["About"] == f"<@{room.ana.id}>"
    assert shown["Effective prompt"] == r"a \*doubtful\* thing"
    assert shown["Rule"] == "meaning · gore"
    assert shown["Evidence"] == "gore: 0.61"
    assert "3 jobs · 1 refused · strikes 0.5 · 2 earlier cases" in shown["Their record"]
    at_once = ["claim", "approve", "spoiler", "reject", "warn"]  # the others after a question
    after_a_question = ["suspend", "ban", "block"]
    assert button_ids(message) == [
        *(f"c1:{action}:{case_id}:0" for action in at_once),
        *(f"c1q:{action}:{case_id}:0" for action in after_a_question),
    ]


async def test_a_held_picture_is_a_mosaic_until_a_moderator_asks_for_it(room: Room, desk: Any) -> None:
    job_id = await held_picture(room)
    (message,) = desk.history()
    (mosaic,) = message.attachments
    colours = Image.open(io.BytesIO(await mosaic.read())).convert("RGB").getcolors(4096)
    assert colours is not None
    assert len(colours) <= 14 * 14
    sure = await room.mod.click(message, label="Show pictures")
    assert sure.response.ephemeral
    shown = await room.mod.click(sure.response.message, label="Show pictures")
    assert shown.response.ephemeral
    (picture,) = shown.response.attachments
    assert Image.open(io.BytesIO(await picture.read())).size == (64, 64)
    (shown_picture,) = gallery(shown.response.message)
    assert shown_picture["spoiler"]
    assert "a red fox" in shown_picture["description"]
    assert picture.filename == f"{job_id}.1.png"


async def test_a_case_is_one_message_from_open_to_decided(room: Room, desk: Any) -> None:
    await held_picture(room)
    (message,) = desk.history()
    claimed = await room.mod.click(message, label="Claim")
    assert YOURS in words(claimed.response)
    assert "**Held for a moderator**" in words(claimed.response)
    await changed(room)
    (message,) = desk.history()
    assert f"<@{room.mod.id}>" in facts(message)["Claimed"]
    decided = await room.mod.click(message, label="Spoiler")
    assert words(decided.response) == "Approved, hidden until clicked."
    await changed(room)
    (message,) = desk.history()
    assert facts(message)["Decided"] == f"Approved, hidden until clicked, by <@{room.mod.id}>"
    assert not button_ids(message)
    assert not message.attachments


async def test_buttons_on_a_case_are_for_moderators_and_outlive_a_restart(room: Room, desk: Any) -> None:
    await held_prompt(room)
    (message,) = desk.history()
    refused = await room.bo.click(message, label="Approve")
    assert "Only moderators" in words(refused.response)
    refused = await room.press(f"c1k:{case_of(room).id}")
    assert "Only moderators" in words(refused.response)
    await room.restart()
    await room.mod.click(message, label="Reject")
    assert case_of(room).decision == Decision.REJECT


async def test_a_case_of_another_server_cannot_be_shown(room: Room, desk: Any) -> None:
    case_id = await held_prompt(room)
    with room.ports.database.begin() as session:
        session.get_one(CaseRow, case_id).community = "12345"
    result = await room.press(f"c1:reveal:{case_id}:0", room.mod)
    assert "was not found" in words(result.response)


async def test_a_repeated_event_and_a_restart_make_no_second_message(room: Room, desk: Any) -> None:
    await held_prompt(room)
    await room.restart()
    await changed(room)
    await changed(room)
    assert len(desk.history()) == 1


async def test_a_deleted_message_of_an_open_case_is_sent_again(room: Room, desk: Any) -> None:
    await held_prompt(room)
    await room.mod.delete(desk.history()[0])
    await changed(room)
    assert len(desk.history()) == 1
    assert message_of_case(room) == str(desk.history()[0].id)


async def test_without_a_desk_channel_cases_wait_in_the_list(room: Room) -> None:
    case_id = await held_prompt(room)
    assert message_of_case(room) is None
    result = await room.mod.slash(room.channel, "cases")
    assert f"`{case_id}`" in words(result.response)
    assert "Held for a moderator" in words(result.response)
    assert button_ids(result.response.message) == [f"c1:claim:{case_id}:0"]
    taken = await room.mod.click(result.response.message, label="Claim 1")
    assert "**Held for a moderator**" in words(taken.response)


async def test_a_desk_that_is_closed_to_the_bot_ends_quietly(room: Room, desk: Any) -> None:
    room.env.inject_error("POST", "/channels/*/messages", status=403, code=50013, times=None)
    await held_prompt(room)
    assert message_of_case(room) is None


async def asked(room: Room, painted: str) -> Any:
    """Bo wants to build on a picture of Ana's, who wants to be asked. Returns the question."""
    await room.ana.slash(room.channel, "settings", remix="ask")
    await room.bo.slash(room.channel, "vary", picture=f"{painted}.2")
    await changed(room)
    return room.ana.user.dm_channel.last_message


async def test_the_owner_is_asked_by_direct_message_and_allows_it(room: Room, painted: str) -> None:
    question = await asked(room, painted)
    assert f"<@{room.bo.id}> asks to build on your picture `{painted}.2`" in words(question)
    assert "was asked" in words(room.message)
    result = await room.ana.user.click(question, label="Allow")
    assert words(result.response) == "Allowed."
    assert room.jobs()[-1].state == JobState.QUEUED
    await changed(room)
    answered = room.ana.user.dm_channel.last_message
    assert words(answered) == f"You allowed <@{room.bo.id}> to build on your picture."
    assert not button_ids(answered)


async def test_the_owner_declines_and_the_job_ends(room: Room, painted: str) -> None:
    question = await asked(room, painted)
    await room.ana.user.click(question, label="Decline")
    assert room.jobs()[-1].state == JobState.CANCELLED


async def test_a_typed_answer_in_direct_messages_counts_too(room: Room, painted: str) -> None:
    await asked(room, painted)
    case_id = case_of(room).id
    await room.ana.user.slash("answer", case=case_id, answer="yes")
    assert room.jobs()[-1].state == JobState.QUEUED


async def test_what_one_was_asked_is_suggested(room: Room, painted: str) -> None:
    await asked(room, painted)
    suggested = await room.ana.autocomplete(room.channel, "answer", "case", "")
    assert [choice["value"] for choice in suggested] == [case_of(room).id]
    assert await room.bo.autocomplete(room.channel, "answer", "case", "") == []


async def test_nobody_else_answers(room: Room, painted: str) -> None:
    await asked(room, painted)
    result = await room.press(f"c1:consent:{case_of(room).id}:0", room.bo)
    assert "Only the person" in words(result.response)
    assert room.jobs()[-1].state == JobState.HELD


async def test_an_owner_who_takes_no_direct_messages_is_asked_in_the_channel(
    room: Room, painted: str
) -> None:
    room.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    await asked(room, painted)
    assert words(room.message).startswith(f"<@{room.ana.id}>:\n<@{room.bo.id}> asks")
    await room.ana.click(room.message, label="Allow")
    assert room.jobs()[-1].state == JobState.QUEUED


async def test_nobody_may_build_on_the_pictures_of_who_says_so(room: Room, painted: str) -> None:
    await room.ana.slash(room.channel, "settings", remix="nobody")
    result = await room.bo.slash(room.channel, "vary", picture=f"{painted}.2")
    assert "does not want others" in words(result.response)


async def notice(room: Room, text: str = "Please mind the *rules*.") -> str:
    await room.imagine()
    key = f"discord:{room.guild.id}:{room.ana.id}"
    with room.ports.database.begin() as session:
        cases.write_notice(session, NewNotice(NoticeKind.WARNING, key, text))
    with room.ports.database.read() as session:
        return session.query(NoticeRow).one().id


async def test_a_notice_comes_by_direct_message_once(room: Room) -> None:
    notice_id = await notice(room)
    for _ in range(2):
        await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.DISCORD))
    (message,) = room.ana.user.dm_channel.history()
    assert words(message) == r"Please mind the \*rules\*."


async def test_a_notice_that_cannot_be_brought_stays_undelivered(room: Room) -> None:
    notice_id = await notice(room)
    room.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.DISCORD))
    with room.ports.database.read() as session:
        assert session.get_one(NoticeRow, notice_id).delivered_at is None


async def test_a_notice_for_somebody_who_was_forgotten_stays_where_it_is(room: Room) -> None:
    job_id = await room.imagine()
    await room.ana.slash(room.channel, "forget-me", confirm="yes")
    with room.ports.database.begin() as session:  # as when a case about them is decided later
        somebody = session.get_one(JobRow, job_id).person_key
        cases.write_notice(session, NewNotice(NoticeKind.DECIDED, somebody, "It was decided."))
    with room.ports.database.read() as session:
        notice_id = session.query(NoticeRow).one().id
    await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.DISCORD))
    with room.ports.database.read() as session:
        assert session.get_one(NoticeRow, notice_id).delivered_at is None

"""Cases on the desk channel, questions to owners, notices, reports, appeals, settings and the starboard."""

import io
import re
from pathlib import Path
from typing import Any

import discord
import pytest
from PIL import Image

from bots.delivery.deliveries import find_message
from bots.discord.guilds import permissions
from bots.texts import jobs
from bots.texts.cases import YOURS
from studio.clock import now
from studio.commands.submission.job_creation import open_hold
from studio.db import cases, queries, settings
from studio.db.tables import CaseRow, DeliveryRow, JobRow, NoticeRow, PersonRow
from studio.domain.cases import CaseKind, Decision, NoticeKind
from studio.domain.deliveries import DeliveryKind, Subject
from studio.domain.events import CaseChanged, JobChanged, NoticeWritten, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import Ruling, Verdict
from studio.ports import InstanceLimits, Ports
from tests.support import discord_sim
from tests.support.case_sim import with_gate
from tests.support.discord_sim import Room, button_ids, gallery, open_room, words
from tests.support.fakes import ruled

room, painted = discord_sim.room, discord_sim.painted
HOLD = Verdict(ruling=Ruling.HOLD, rule="meaning", category="gore", evidence="gore: 0.61")
REFUSE = Verdict(ruling=Ruling.REFUSE, rule="meaning", category="gore")


@pytest.fixture
def desk(room: Room) -> Any:
    """The channel in which the moderators see cases."""
    channel = room.guild.create_text_channel("desk")
    govern(room, CommunityRules(desk_channel=str(channel.id)))
    return channel


def govern(room: Room, rules: CommunityRules) -> None:
    by = Person(platform=Platform.DISCORD, community=str(room.guild.id), user_id="1", display_name="")
    with room.ports.database.begin() as session:
        settings.save_community_rules(session, rules, by=by)


def case_of(room: Room) -> CaseRow:
    with room.ports.database.read() as session:
        return session.query(CaseRow).order_by(CaseRow.opened_at).all()[-1]


def message_of_case(room: Room) -> str | None:
    subject = Subject(DeliveryKind.CASE, case_of(room).id, Platform.DISCORD)
    found = find_message(room.ports.database, subject)
    return found.message if found else None


async def changed(room: Room) -> None:
    await room.tell(CaseChanged(case_id=case_of(room).id, platform=Platform.DISCORD))


async def held_prompt(room: Room, prompt: str = "a doubtful thing") -> str:
    room.ports.gate.verdict = HOLD  # type: ignore[attr-defined]
    await room.ana.slash(room.channel, "imagine", prompt=prompt)
    await changed(room)
    return case_of(room).id


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


def facts(message: Any) -> dict[str, str]:
    """Labels and texts of what a message lists."""
    found = (re.fullmatch(r"\*\*(.+?)\*\* (.+)", line) for line in words(message).splitlines())
    return {match[1]: match[2] for match in found if match}


# ---- the desk channel


async def test_a_held_prompt_lies_on_the_desk_with_all_that_is_needed_to_judge_it(
    room: Room, desk: Any
) -> None:
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
        *(f"c1:{each}:{case_id}:0" for each in at_once),
        *(f"c1q:{each}:{case_id}:0" for each in after_a_question),
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
    assert "not here" in words(result.response)


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


# ---- moderators' commands


async def test_naming_a_desk_lays_the_open_cases_there(room: Room) -> None:
    await held_prompt(room)
    channel = room.guild.create_text_channel("desk")
    result = await room.mod.slash(room.channel, "community", setting="desk", value=f"<#{channel.id}>")
    assert f"<#{channel.id}>" in words(result.response)
    assert len(channel.history()) == 1


async def test_a_desk_that_everybody_can_read_is_said(room: Room) -> None:
    hidden = {
        room.guild.default_role: discord.PermissionOverwrite(view_channel=False),
        room.bot.user: discord.PermissionOverwrite(view_channel=True),
    }
    for name, overwrites in (("open", {}), ("hidden", hidden)):
        channel = room.guild.create_text_channel(name, overwrites=overwrites)
        result = await room.mod.slash(room.channel, "community", setting="desk", value=f"<#{channel.id}>")
        assert ("Everybody here can read" in words(result.response)) is (name == "open")


@pytest.mark.parametrize("value", ["4711", "moderators"])
async def test_a_desk_outside_the_server_is_not_taken(room: Room, value: str) -> None:
    result = await room.mod.slash(room.channel, "community", setting="desk", value=value)
    assert f"I do not see here: {value}" in words(result.response)
    result = await room.mod.slash(room.channel, "community")
    assert value not in words(result.response)


@pytest.mark.parametrize("setting", ["desk", "log", "stars"])
async def test_a_place_that_takes_no_messages_is_not_taken(room: Room, setting: str) -> None:
    forum = room.guild.create_forum_channel("ideas")
    result = await room.mod.slash(room.channel, "community", setting=setting, value=f"<#{forum.id}>")
    assert "Name a text channel" in words(result.response)
    shown = await room.mod.slash(room.channel, "community")
    assert str(forum.id) not in words(shown.response)


async def test_members_do_not_govern_and_are_not_shown_the_commands(room: Room, tmp_path: Path) -> None:
    commands = {each.name: each.to_dict(room.bot.tree) for each in room.bot.tree.get_commands()}
    manage_messages, manage_guild = 1 << 13, 1 << 5
    for name in ("cases", "review", "ban", "unban"):
        assert commands[name]["default_member_permissions"] == manage_messages
    assert commands["community"]["default_member_permissions"] == manage_guild
    for name in ("cases", "review", "ban", "unban", "community"):
        assert commands[name]["contexts"] == [0], "in servers only"
    assert "community" not in room.ana.available_commands(room.channel)
    assert "community" in room.mod.available_commands(room.channel)


async def test_a_member_is_banned_and_let_back(room: Room) -> None:
    result = await room.mod.slash(room.channel, "ban", person=room.bo, duration="7d", reason="kept probing")
    said = f"<@{room.bo.id}> (id `{room.bo.id}`, known since {now():%Y-%m-%d}) cannot paint here until"
    assert said in words(result.response)
    key = f"discord:{room.guild.id}:{room.bo.id}"
    assert room.ports.desk.told[-1][::2] == ("ban", key)  # type: ignore[attr-defined]
    result = await room.mod.slash(room.channel, "unban", person=room.bo)
    assert words(result.response).endswith(") may paint here again.")


async def test_review_takes_the_next_case_and_decides_it(room: Room) -> None:
    case_id = await held_prompt(room)
    taken = await room.mod.slash(room.channel, "review")
    assert "**Held for a moderator**" in words(taken.response)
    suggested = await room.mod.autocomplete(room.channel, "review", "case", "")
    assert [choice["value"] for choice in suggested] == [case_id]
    done = await room.mod.slash(room.channel, "review", case=case_id, decision="approve")
    assert words(done.response) == "Approved."


# ---- reports and appeals


async def test_a_report_by_the_menu_asks_which_picture_and_what_is_wrong(
    room: Room, painted: str, desk: Any
) -> None:
    which = await room.bo.context_menu(room.channel, "Report", room.message)
    result = await room.bo.submit_modal(
        which, {"picture": f"{painted}.2", "topic": "other", "reason": "shows a private person"}
    )
    assert "Thank you" in words(result.response)
    assert result.response.ephemeral
    row = case_of(room)
    assert (row.kind, row.picture_id, row.words) == (
        CaseKind.REPORT,
        f"{painted}.2",
        "shows a private person",
    )
    await changed(room)
    assert facts(desk.history()[0])["Filed by"] == f"<@{room.bo.id}>"


async def test_a_flag_reports_once(room: Room, painted: str) -> None:
    grid = room.message
    await room.bo.react(grid, "🚩")
    assert "moderators will look" in words(room.bo.user.dm_channel.last_message)
    await room.bo.unreact(grid, "🚩")
    await room.bo.react(grid, "🚩")
    assert "already" in words(room.bo.user.dm_channel.last_message)
    assert case_of(room).picture_id == f"{painted}.1"


async def test_a_refused_prompt_has_an_appeal_which_is_filed_once(room: Room) -> None:
    room.ports.gate.verdict = REFUSE  # type: ignore[attr-defined]
    refusal = await room.ana.slash(room.channel, "imagine", prompt="something doubtful")
    (shown,) = refusal.followups
    assert "gore" in words(shown)
    job_id = room.newest_job()
    assert button_ids(shown.message) == [f"c1:appeal:{job_id}:0"]
    form = await room.ana.click(shown.message, label="Appeal")
    result = await room.ana.submit_modal(form, {"reason": "it is from a textbook"})
    assert "A moderator will look at it again" in words(result.response)
    assert case_of(room).words == "it is from a textbook"
    form = await room.ana.click(shown.message, label="Appeal")
    result = await room.ana.submit_modal(form, {})
    assert "already" in words(result.response)


async def test_what_is_refused_for_good_has_no_appeal(room: Room) -> None:
    room.ports.gate.verdict = Verdict(  # type: ignore[attr-defined]
        ruling=Ruling.REFUSE, rule="core", category="minors", appealable=False
    )
    refusal = await room.ana.slash(room.channel, "imagine", prompt="something bad")
    assert button_ids(refusal.followups[0].message) == []


async def test_only_the_owner_appeals(room: Room) -> None:
    room.ports.gate.verdict = REFUSE  # type: ignore[attr-defined]
    await room.ana.slash(room.channel, "imagine", prompt="something doubtful")
    form = await room.press(f"c1:appeal:{room.newest_job()}:0", room.bo)
    result = await room.bo.submit_modal(form, {})
    assert "Only the person" in words(result.response)


# ---- consent


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
    assert "does not want others" in words(result.followups[0])


# ---- notices


async def notice(room: Room, text: str = "Please mind the *rules*.") -> str:
    await room.imagine()
    key = f"discord:{room.guild.id}:{room.ana.id}"
    with room.ports.database.begin() as session:
        cases.write_notice(session, NoticeKind.WARNING, key, text)
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
        cases.write_notice(session, NoticeKind.DECIDED, somebody, "It was decided.")
    with room.ports.database.read() as session:
        notice_id = session.query(NoticeRow).one().id
    await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.DISCORD))
    with room.ports.database.read() as session:
        assert session.get_one(NoticeRow, notice_id).delivered_at is None


# ---- stars


async def test_a_picture_with_enough_stars_hangs_on_the_starboard_once(room: Room, painted: str) -> None:
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


# ---- one's own wishes


async def test_finished_pictures_come_by_direct_message_too_where_that_is_wished(room: Room) -> None:
    settled = await room.ana.slash(room.channel, "settings", dm="yes")
    assert "**Send me my pictures by direct message, too** Yes" in words(settled.response)
    job_id = await room.imagine()
    await room.painted(job_id)
    await room.tell(PictureChanged(job_id=job_id, platform=Platform.DISCORD, picture_id=f"{job_id}.1"))
    (copy,) = room.ana.user.dm_channel.history()
    assert "**Guidance** 1" in words(copy)
    assert await copy.attachments[0].read() == f"picture {job_id} 1".encode()
    assert len(room.messages) == 1


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


async def test_linking_gives_a_code_to_the_person_alone(room: Room) -> None:
    result = await room.ana.slash(room.channel, "link")
    assert result.ephemeral
    assert "`/link " in words(result.response)


async def test_who_asks_is_known_with_their_roles_and_their_days(room: Room) -> None:
    await room.imagine(room.mod)
    kept = room.jobs()[0].person
    guild = room.bot.get_guild(room.guild.id)
    assert guild is not None
    assert kept["platform_roles"] == [str(role.id) for role in guild.roles if role.name == "Wardens"]
    assert {"account_created_at", "joined_at"} <= set(kept)


async def test_who_may_delete_everybodys_messages_moderates(room: Room) -> None:
    role = room.guild.create_role("Keepers", permissions=discord.Permissions(manage_messages=True))
    eve = room.guild.add_member(room.env.create_user("eve"), roles=[role])
    result = await eve.slash(room.channel, "cases")
    assert "No case is open." in words(result.response)


async def test_a_person_who_was_named_is_written_down(room: Room) -> None:
    await room.mod.slash(room.channel, "ban", person=room.bo)
    with room.ports.database.read() as session:
        assert session.get(PersonRow, f"discord:{room.guild.id}:{room.bo.id}") is not None


def test_the_invitation_asks_for_exactly_what_is_needed(ports: Ports) -> None:
    assert permissions.PERMISSIONS.value == 1 << 10 | 1 << 11 | 1 << 14 | 1 << 15 | 1 << 16 | 1 << 38
    assert "scope=bot+applications.commands" in permissions.invite_url(7)


async def test_credits_go_to_another_member_and_to_nobody_else(ports: Ports, tmp_path: Path) -> None:
    async with open_room(ruled(ports, InstanceLimits(monthly_credits=30)), tmp_path) as room:
        given = await room.ana.slash(room.channel, "credits", to=room.bo, amount=10)
        said = words(given.response)
        assert said.startswith(f"<@{room.bo.id}> (id `{room.bo.id}`, known since ")
        assert ") received 10 credits from you." in said
        robot = room.guild.add_member(room.env.create_user("robot", bot=True))
        refused = await room.ana.slash(room.channel, "credits", to=robot, amount=1)
        assert "is a bot" in words(refused.response)
        refused = await room.ana.user.slash("credits", to=room.bo, amount=1)
        assert "in a server only" in words(refused.response)


async def test_who_wants_to_be_forgotten_is(room: Room, painted: str) -> None:
    result = await room.ana.slash(room.channel, "forget-me", confirm="yes")
    assert result.ephemeral
    assert "deleted for good: 4 pictures" in words(result.response)
    with room.ports.database.read() as session:
        assert queries.pictures_of_job(session, painted) == []
    await room.changed(f"{painted}.1")
    assert words(room.message).endswith(jobs.ALL_DELETED)


async def test_a_picture_built_on_a_forgotten_persons_names_nobody(room: Room, painted: str) -> None:
    await room.bo.slash(room.channel, "vary", picture=f"{painted}.2")
    await room.ana.slash(room.channel, "forget-me", confirm="yes")
    await room.painted(room.newest_job())
    assert f"<@{room.bo.id}>, from somebody’s" in words(room.message)
    assert str(room.ana.id) not in words(room.message)


@pytest.mark.parametrize("prompt", ["something violent", "something with a minor"])
async def test_an_age_restricted_channel_relaxes_nothing(ports: Ports, tmp_path: Path, prompt: str) -> None:
    async with open_room(with_gate(ports), tmp_path) as room:
        restricted = room.guild.create_text_channel("after-dark")
        known: Any = room.bot.get_channel(restricted.id)
        known.nsfw = True
        for who, channel in ((room.ana, room.channel), (room.bo, restricted)):
            refusal = await who.slash(channel, "imagine", prompt=prompt)
            assert "rules" in words(refusal.followups[0])
            assert channel.history(viewer=room.mod) == []
        assert [(row.state, row.refused_rule) for row in room.jobs()] == [(JobState.REFUSED, "wording")] * 2
        await room.mod.slash(restricted, "imagine", prompt="a red fox")
        assert known.is_nsfw()
        assert room.jobs()[-1].state != JobState.REFUSED

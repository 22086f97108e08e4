"""Reports, appeals, consent, the desk and what people settle, on Slack."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import Image

from bots.slack.listeners.shortcuts import ENTRIES
from studio.clock import now
from studio.commands.button_ids import NO_TARGET
from studio.db import cases, settings
from studio.db.identities.people import find_person
from studio.db.queries import job_of
from studio.db.tables import CaseRow, JobRow, NoticeRow, PictureRow
from studio.domain.cases import CaseKind, CaseState, Decision, NoticeKind
from studio.domain.events import CaseChanged, JobChanged, NoticeWritten
from studio.domain.people import Platform
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import PolicyRefusalError
from studio.ports import Allowance, Ports
from tests.support.fakes import FakeCaseService, FakeGate
from tests.support.loopback_slack import ANA, BO, BOT_USER, GENERAL, MOD, MODERATORS, STRANGE, TEAM, Message
from tests.support.slack_sim import SlackRoom, open_slack_room

BO_KEY, ANA_KEY = f"slack:{TEAM}:{BO}", f"slack:{TEAM}:{ANA}"
REFUSED = Verdict(ruling=Ruling.REFUSE, rule="words", category="violence", evidence="a word")


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(ports) as opened:
        yield opened


def picture() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(file, "PNG")
    return file.getvalue()


async def finished(
    room: SlackRoom, text: str = "a red fox --count 1", *, user: str = ANA
) -> tuple[str, Message]:
    return await room.finished(text, user=user, png=picture())


async def settle_desk(room: SlackRoom, channel: str = MODERATORS) -> None:
    await room.slash(f"community desk <#{channel}|mods>", command="/studio", user=MOD)


def open_report(room: SlackRoom, job_id: str) -> str:
    """A case, as if Bo had reported the picture."""
    with room.ports.database.begin() as session:
        job = session.get_one(JobRow, job_id)
        case, _ = cases.open_case(
            session,
            CaseKind.REPORT,
            case_key=f"report:{job_id}",
            subject=job_of(job).person,
            job_id=job_id,
            picture_id=f"{job_id}.1",
            rule="report",
            words="shows a <!channel> person",
        )
    return case.id


def case_rows(room: SlackRoom) -> list[CaseRow]:
    with room.ports.database.read() as session:
        return list(session.query(CaseRow).order_by(CaseRow.opened_at))


def picture_row(room: SlackRoom, job_id: str) -> PictureRow:
    with room.ports.database.read() as session:
        return session.get_one(PictureRow, f"{job_id}.1")


async def changed(room: SlackRoom, case_id: str) -> None:
    await room.tell(CaseChanged(case_id=case_id, platform=Platform.SLACK))


# ---- reports


async def test_a_flag_reports_the_picture_and_is_answered_in_private(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.reaction(message, "triangular_flag_on_post", user=BO))
    (row,) = case_rows(room)
    assert (row.kind, row.picture_id, row.filed_by) == (CaseKind.REPORT, f"{job_id}.1", BO_KEY)
    assert room.slack.whispers[-1]["user"] == BO
    assert "The moderators will look at it" in room.slack.whispered()[-1]


async def test_the_shortcut_on_a_grid_asks_which_picture_is_meant(room: SlackRoom) -> None:
    job_id, message = await finished(room, "a red fox", user=BO)
    await room.send(room.slack.shortcut("report_picture", {"ts": message.ts, "user": BOT_USER}))
    await room.send(room.slack.submission(room.view, {"picture": f"{job_id}.3"}))
    assert case_rows(room)[0].picture_id == f"{job_id}.3"


async def test_the_shortcut_asks_what_is_wrong(room: SlackRoom) -> None:
    job_id, message = await finished(room, user=BO)
    shown = {"ts": message.ts, "user": BOT_USER, "text": message.text}
    await room.send(room.slack.shortcut("report_picture", shown))
    assert "report_picture" in ENTRIES
    assert await room.send(room.slack.submission(room.view, {"reason": "a private person"})) is None
    (row,) = case_rows(room)
    assert (row.picture_id, row.words) == (f"{job_id}.1", "a private person")
    assert "Thank you" in room.slack.whispered()[-1]


async def test_an_envelope_brings_the_recipe_to_ones_own_messages(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.send(room.slack.reaction(message, "envelope", user=BO))
    copy = room.slack.messages[-1]
    assert (copy.channel, copy.picture) == ("D0BO", message.picture)
    assert f"`{job_id}.1`" in copy.words
    assert "seed" in copy.words


# ---- appeals


async def test_a_refusal_can_be_appealed_with_a_reason(room: SlackRoom) -> None:
    gate = room.ports.gate
    assert isinstance(gate, FakeGate)
    gate.verdict = REFUSED
    await room.slash("a battle")
    whisper = room.slack.whispers[-1]
    assert "house rules do not allow this" in room.slack.whispered()[-1]
    job_id = room.newest_job()
    button = whisper["blocks"][-1]["elements"][0]["action_id"]
    assert button == f"c1:appeal:{job_id}:0"
    refusal = Message(channel=GENERAL, ts="1700000009.000001", text="", blocks=whisper["blocks"])
    await room.send(room.slack.press(refusal, button))
    assert await room.send(room.slack.submission(room.view, {"reason": "from a book"})) is None
    (row,) = case_rows(room)
    assert (row.kind, row.job_id, row.words) == (CaseKind.APPEAL, job_id, "from a book")
    assert "You will hear what they decide" in room.slack.whispered()[-1]


async def test_a_refusal_without_an_appeal_has_no_button(room: SlackRoom) -> None:
    gate = room.ports.gate
    assert isinstance(gate, FakeGate)
    gate.admit_error = PolicyRefusalError(rule="words", category="minors", job_id=None)
    await room.slash("a battle")
    assert [block["type"] for block in room.slack.whispers[-1]["blocks"]] == ["section"]


# ---- the desk


async def test_a_case_is_laid_on_the_desk_with_a_mosaic_and_what_can_be_decided(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await settle_desk(room)
    case_id = open_report(room, job_id)
    await changed(room, case_id)
    sheet = room.message
    assert sheet.channel == MODERATORS
    assert "A picture was reported" in sheet.words
    assert "<!channel>" not in sheet.words
    assert sheet.picture not in (None, message.picture)
    actions = [each.split(":")[1] for each in sheet.buttons if each.startswith("c1:")]
    assert actions[0] == "claim"
    assert {"approve", "spoiler", "reject", "warn", "suspend", "ban", "block"} <= set(actions)
    assert sheet.buttons[1] == f"c1:reveal:{case_id}:0"
    grave = [each for block in sheet.blocks for each in block.get("elements", ()) if "confirm" in each]
    assert len(grave) == 4, "what is grave, and the window, ask first"


async def test_a_claim_and_a_decision_show_on_the_one_message(room: SlackRoom) -> None:
    job_id, _ = await finished(room)
    await settle_desk(room)
    case_id = open_report(room, job_id)
    await changed(room, case_id)
    sheet = room.message
    await room.send(room.slack.press(sheet, f"c1:claim:{case_id}:0", user=MOD))
    await changed(room, case_id)
    assert f"*Claimed*\n<@{MOD}>, until" in sheet.words
    await room.send(room.slack.press(sheet, f"c1:reject:{case_id}:0", user=MOD))
    await changed(room, case_id)
    assert "The picture was taken down" in sheet.words
    assert sheet.buttons == []
    assert sheet.picture is None
    assert room.slack.messages.count(sheet) == 1


async def test_the_picture_itself_is_seen_by_the_moderator_who_asks_alone(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await settle_desk(room)
    case_id = open_report(room, job_id)
    await changed(room, case_id)
    sheet = room.message
    await room.send(room.slack.press(sheet, f"c1k:{case_id}", user=BO))
    assert "Only moderators" in room.slack.whispered()[-1]
    await room.send(room.slack.press(sheet, f"c1k:{case_id}", user=MOD))
    shown = room.slack.whispers[-1]["blocks"][0]["slack_file"]["id"]
    assert room.slack.files[shown]["data"] == room.slack.files[str(message.picture)]["data"]


async def test_somebody_who_does_not_moderate_decides_nothing(room: SlackRoom) -> None:
    job_id, _ = await finished(room)
    await settle_desk(room)
    case_id = open_report(room, job_id)
    await changed(room, case_id)
    await room.send(room.slack.press(room.message, f"c1:reject:{case_id}:0", user=BO))
    assert "Only moderators" in room.slack.whispered()[-1]
    assert case_rows(room)[0].state == CaseState.OPEN


async def test_the_desk_is_a_list_with_a_button_for_each_open_case(room: SlackRoom) -> None:
    job_id, _ = await finished(room)
    case_id = open_report(room, job_id)
    await room.slash("cases", command="/studio", user=MOD)
    assert case_id in room.slack.whispered()[-1]
    blocks = room.slack.whispers[-1]["blocks"]
    assert blocks[-1]["elements"][0]["action_id"] == f"c1:claim:{case_id}:0"
    await room.slash("review", command="/studio", user=MOD)
    assert "This case is yours for ten minutes" in room.slack.whispered()[-1]
    assert "A picture was reported" in room.slack.whispered()[-1]


async def test_the_longest_of_everything_is_taken_by_slack(ports: Ports) -> None:
    """The loopback checks every block and view by slack_sdk's models and Slack's own limits."""
    gate = ports.gate
    assert isinstance(gate, FakeGate)
    gate.allowed = Allowance(max_pictures=8, max_outstanding_jobs=100)
    async with open_slack_room(ports) as room:
        room.slack.people[ANA] = {"profile": {"display_name": "&<>*_~`" * 40}}
        await settle_desk(room)
        longest = ("&<>*_~`@ " * 200)[:980]
        for _ in range(12):
            await room.imagine(f"{longest} --count 8")
        job_id = room.newest_job()
        message = await room.painted(job_id, png=picture())
        with room.ports.database.begin() as session:
            case, _ = cases.open_case(
                session,
                CaseKind.REPORT,
                case_key="longest",
                subject=job_of(session.get_one(JobRow, job_id)).person,
                job_id=job_id,
                rule="r" * 64,
                category="c" * 64,
                evidence=longest * 3,
                words=longest * 3,
            )
        await changed(room, case.id)
        await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
        for action in ("remix", "edit", "expand", "report"):
            await room.send(room.slack.press(message, f"c1:{action}:{job_id}:0", user=BO))
        await room.slash("help", command="/studio", user=MOD)
        await room.slash("queue", command="/studio")
        await room.slash(f"lineage {job_id}.1", command="/studio")
        assert len(room.slack.views) == 4
        assert len(room.slack.whispers) >= 3


async def test_a_desk_that_everybody_can_read_is_told_until_it_is_private(room: SlackRoom) -> None:
    await settle_desk(room, GENERAL)
    told = [text for text in room.slack.whispered() if "Everybody in this workspace" in text]
    assert [f"<#{GENERAL}>" in text for text in told] == [True]
    room.slack.made_private.add(GENERAL)
    await room.slash("community", command="/studio", user=MOD)
    await settle_desk(room)
    assert [text for text in room.slack.whispered() if "Everybody in this workspace" in text] == told


async def test_a_desk_that_the_app_may_not_enter_is_said_to_the_moderator(room: SlackRoom) -> None:
    await settle_desk(room, STRANGE)
    assert f"I cannot write in <#{STRANGE}>" in "\n".join(room.slack.whispered())
    await settle_desk(room)
    assert room.message.channel == MODERATORS
    assert "shown here from now on" in room.message.words


# ---- notices, consent, spoilers, stars


async def test_a_notice_comes_by_direct_message_once(room: SlackRoom) -> None:
    await room.imagine()
    with room.ports.database.begin() as session:
        cases.write_notice(session, NoticeKind.WARNING, ANA_KEY, "Please keep to the house rules <!here>.")
        notice_id = session.query(NoticeRow).one().id
    for _ in range(2):
        await room.tell(NoticeWritten(notice_id=notice_id, platform=Platform.SLACK))
    told = [message for message in room.slack.messages if message.channel == "D0ANA"]
    assert [message.words for message in told] == ["Please keep to the house rules &lt;!here&gt;."]


async def test_the_owner_is_asked_and_answers_with_a_click(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.slash("settings --remix ask", command="/studio")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    (case,) = case_rows(room)
    assert "asked" in room.message.words or "ask" in room.message.words
    await changed(room, case.id)
    question = room.message
    assert question.channel == "D0ANA"
    assert f"<@{BO}> asks to build on your picture `{job_id}.1`" in question.words
    await room.send(room.slack.press(question, f"c1:consent:{case.id}:0", user=BO))
    assert case_rows(room)[0].state == CaseState.OPEN, "only who was asked answers"
    await room.send(room.slack.press(question, f"c1:consent:{case.id}:0", user=ANA))
    assert case_rows(room)[0].decision == Decision.APPROVE
    await changed(room, case.id)
    assert "You allowed" in question.words
    assert question.buttons == []


async def test_an_owner_who_takes_no_direct_messages_is_asked_in_the_channel(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    await room.slash("settings --remix ask", command="/studio")
    await room.send(room.slack.press(message, f"c1:vary:{job_id}:1", user=BO))
    (case,) = case_rows(room)
    room.slack.refuse("chat.postMessage", "messages_tab_disabled")
    await changed(room, case.id)
    assert room.message.channel == GENERAL
    assert room.message.words.startswith(f"<@{ANA}>:\n")
    await room.send(room.slack.press(room.message, f"c1:consent:{case.id}:0", user=ANA))
    assert case_rows(room)[0].decision == Decision.APPROVE


async def test_what_a_moderator_let_through_hidden_is_a_mosaic_until_clicked(room: SlackRoom) -> None:
    job_id, message = await finished(room)
    plain = message.picture
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    assert message.picture != plain
    assert message.buttons[0] == f"c1:show:{job_id}:0"
    await room.send(room.slack.press(message, f"c1:show:{job_id}:0", user=BO))
    shown = room.slack.whispers[-1]["blocks"][0]["slack_file"]["id"]
    assert room.slack.files[shown]["data"] == room.slack.files[str(plain)]["data"]


async def test_a_picture_with_enough_stars_hangs_on_the_starboard(room: SlackRoom) -> None:
    await room.open_starboard(MODERATORS)
    job_id, message = await finished(room)
    await room.star(job_id, message)
    shown = room.message
    assert (shown.channel, "⭐ 1 star" in shown.words) == (MODERATORS, True)
    await room.slash(f"delete {job_id}.1", command="/studio")
    await room.picture_changed(f"{job_id}.1")
    assert shown not in room.slack.messages


async def test_the_starboard_hides_what_was_let_through_hidden(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await finished(room)
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.star(job_id, message)
    shown = room.message
    assert shown.buttons == [f"c1:show:{job_id}:0"]
    original = room.ports.store.get(picture_row(room, job_id).storage_key)
    assert room.slack.files[str(shown.picture)]["data"] != original


async def test_what_is_hidden_later_is_hidden_on_the_starboard_too(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await finished(room)
    await room.star(job_id, message)
    shown, original = room.message, room.message.picture
    with room.ports.database.begin() as session:
        session.get_one(JobRow, job_id).spoiler = True
    await room.tell(JobChanged(job_id=job_id, platform=Platform.SLACK))
    assert shown.picture not in (None, original)
    assert shown.buttons == [f"c1:show:{job_id}:0"]


# ---- who is who


async def test_somebody_who_is_named_may_be_banned_though_they_were_never_here(room: SlackRoom) -> None:
    await room.slash(f"ban <@{BO}|bo> --duration 7d", command="/studio", user=MOD)
    desk = room.ports.desk
    assert isinstance(desk, FakeCaseService)
    assert ("ban", f"slack:{TEAM}:{MOD}", BO_KEY) in desk.told
    said = f"<@{BO}> (id `{BO}`, known since {now():%Y-%m-%d}) cannot paint here until"
    assert said in room.slack.whispered()[-1]
    with room.ports.database.read() as session:
        assert find_person(session, BO_KEY).display_name == "Bo"


async def test_somebody_whom_slack_does_not_know_is_nobody(room: SlackRoom) -> None:
    room.slack.refuse("users.info", "user_not_found", times=2)
    await room.slash("ban <@U0NOBODY>", command="/studio", user=MOD)
    await room.slash("ban @bo", command="/studio", user=MOD)
    assert "is not here" in room.slack.whispered()[0] or "Only moderators" in room.slack.whispered()[0]
    assert "must name somebody who is here" in room.slack.whispered()[1]


@pytest.mark.parametrize(
    "about",
    [
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"is_stranger": True},
        {"team_id": "T0ELSEWHERE"},
    ],
)
async def test_guests_and_strangers_are_known_as_such_and_never_moderate(
    room: SlackRoom, about: dict[str, Any]
) -> None:
    room.slack.people[MOD] = about
    await room.imagine(user=MOD)
    await room.imagine(user=ANA)
    people = [job_of(row).person for row in room.jobs()]
    assert [(person.guest, person.moderates) for person in people] == [(True, False), (False, False)]


async def test_members_of_a_chosen_user_group_moderate(ports: Ports) -> None:
    async with open_slack_room(ports, moderator_groups=frozenset({"keepers"})) as room:
        room.slack.groups = {"keepers": [BO], "friends": [ANA, BO]}
        await room.imagine(user=BO)
        await room.imagine(user=ANA)
        people = [job_of(row).person for row in room.jobs()]
        assert [person.moderates for person in people] == [True, False]
        assert people[1].platform_roles == {"friends", "S0FRIENDS"}


# ---- what one settles


def home(room: SlackRoom) -> str:
    return json.dumps(room.slack.homes[ANA][-1]["blocks"])


async def test_the_settings_of_the_home_tab_are_changed_in_a_form(room: SlackRoom) -> None:
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    await room.send(room.slack.press_at_home(f"c1:settings:{NO_TARGET}:0"))
    fields = {block["block_id"] for block in room.view["blocks"]}
    assert {"remix", "dm", "count", "aspect"} <= fields
    values = {"remix": "ask", "dm": "no", "built_on": "off", "count": "2", "aspect": "3:2"}
    assert await room.send(room.slack.submission(room.view, values)) is None
    with room.ports.database.read() as session:
        kept = settings.preferences_of(session, ANA_KEY)
    assert (kept.remix, kept.count, kept.aspect) == ("ask", 2, "3:2")
    assert "3:2" in home(room)
    assert room.slack.messages == [], "the tab shows it"


async def test_a_home_tab_of_an_earlier_version_keeps_a_setting_when_it_is_changed(room: SlackRoom) -> None:
    await room.imagine()
    await room.send(room.slack.press_at_home("c1h:remix", value="ask"))
    await room.send(room.slack.press_at_home("c1h:count", value="2"))
    with room.ports.database.read() as session:
        kept = settings.preferences_of(session, ANA_KEY)
    assert (kept.remix, kept.count) == ("ask", 2)
    assert "Members who ask me first" in home(room)
    await room.send(room.slack.press_at_home("c1h:count", value="none"))
    with room.ports.database.read() as session:
        assert settings.preferences_of(session, ANA_KEY).count is None


async def test_a_setting_that_cannot_be_kept_is_said_on_the_tab(room: SlackRoom) -> None:
    await room.send(room.slack.press_at_home("c1h:count", value="99"))
    assert ":warning: The count must" in home(room)


async def test_home_shows_what_is_left_this_month(room: SlackRoom) -> None:
    await room.imagine()
    await room.send(room.slack.event({"type": "app_home_opened", "user": ANA, "tab": "home"}))
    assert "You used 4 credits this month" in home(room)


async def test_link_and_settings_are_answered_as_they_are_typed_here(room: SlackRoom) -> None:
    await room.slash("link", command="/studio")
    assert "`/studio link " in room.slack.whispered()[-1]
    await room.slash("settings --aspect 3:2", command="/studio")
    assert "*Width to height*\n3:2" in room.slack.whispered()[-1]


@pytest.mark.parametrize("text", ["community pause", "pause"])
async def test_moderators_pause_the_studio(room: SlackRoom, text: str) -> None:
    await room.slash(text, command="/studio", user=BO)
    assert "Only moderators" in room.slack.whispered()[-1]
    await room.slash(text, command="/studio", user=MOD)
    await room.slash("a red fox")
    assert "paused the studio" in room.slack.whispered()[-1]
    await room.slash("resume", command="/studio", user=MOD)
    await room.imagine()


@pytest.mark.parametrize("former", ["house", "studio"])
async def test_the_former_names_of_the_rules_work_and_say_the_new_one(room: SlackRoom, former: str) -> None:
    await room.slash(f"{former} pause", command="/studio", user=MOD)
    said = room.slack.whispered()[-1]
    assert f"`/studio {former}` is now called `/studio community`." in said
    assert "Paused: nothing new is accepted." in said
    await room.slash("community", command="/studio", user=MOD)
    assert "is now called" not in room.slack.whispered()[-1]


@pytest.mark.parametrize(
    "prompt", ["community garden in spring", "house on a hill", "studio portrait of a fox"]
)
async def test_a_mention_that_begins_like_the_rules_is_a_prompt(room: SlackRoom, prompt: str) -> None:
    await room.send(room.slack.mention(prompt))
    assert job_of(room.jobs()[-1]).request.prompt == prompt


async def test_a_mention_with_a_setting_changes_the_rules(room: SlackRoom) -> None:
    await room.send(room.slack.mention("community pictures 2", user=MOD))
    assert "*Pictures at a time*\n2" in room.slack.whispered()[-1]


async def test_painting_may_be_kept_to_channels(room: SlackRoom) -> None:
    await room.slash(f"community channels <#{MODERATORS}|paint>", command="/studio", user=MOD)
    await room.slash("a red fox")
    assert "other channels" in room.slack.whispered()[-1]
    assert room.jobs() == []


# ---- private places


async def test_pictures_of_a_private_channel_stay_there(room: SlackRoom) -> None:
    job_id = await room.imagine(channel=MODERATORS)
    await room.painted(job_id)
    await room.slash(f"show {job_id}", command="/studio", user=BO)
    assert "is not here" in room.slack.whispered()[-1]
    await room.slash(f"show {job_id}", command="/studio", user=BO, channel=MODERATORS)
    assert any("slack_file" in block for block in room.slack.whispers[-1]["blocks"])
    await room.slash(f"show {job_id}", command="/studio", user=ANA)
    assert any("slack_file" in block for block in room.slack.whispers[-1]["blocks"])


async def test_a_channel_of_which_slack_tells_nothing_counts_as_private(room: SlackRoom) -> None:
    room.slack.refuse("conversations.info", "missing_scope")
    await room.imagine()
    await room.send(room.slack.direct("a blue fox"))
    assert [job_of(row).address.private for row in room.jobs()] == [True, True]


async def test_the_starboard_shows_nothing_from_a_private_place(room: SlackRoom) -> None:
    await room.open_starboard()
    job_id, message = await room.finished("a red fox --count 1", channel=MODERATORS)
    await room.send(room.slack.reaction(message, "star", user=BO))
    count = len(room.slack.messages)
    await room.picture_changed(f"{job_id}.1")
    assert len(room.slack.messages) == count

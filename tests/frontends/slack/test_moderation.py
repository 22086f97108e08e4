"""Cases on Slack: the moderators' channel, its messages and decisions."""

from studio.db import cases
from studio.db.queries import job_of
from studio.db.tables import JobRow
from studio.domain.cases import CaseKind, CaseState, NewCase
from studio.ports import Allowance, Ports
from tests.support import slack_cases
from tests.support.fakes import FakeGate
from tests.support.loopback_slack.records import ANA, BO, GENERAL, MOD, MODERATORS, STRANGE
from tests.support.slack_cases import case_rows, changed, finished, picture
from tests.support.slack_sim import SlackRoom, open_slack_room

room = slack_cases.room


async def settle_desk(room: SlackRoom, channel: str = MODERATORS) -> None:
    await room.slash(f"community desk <#{channel}|mods>", command="/studio", user=MOD)


def open_report(room: SlackRoom, job_id: str) -> str:
    """A case, as if Bo had reported the picture."""
    with room.ports.database.begin() as session:
        job = session.get_one(JobRow, job_id)
        case, _ = cases.open_case(
            session,
            NewCase(
                kind=CaseKind.REPORT,
                case_key=f"report:{job_id}",
                subject=job_of(job).person,
                job_id=job_id,
                picture_id=f"{job_id}.1",
                rule="report",
                words="shows a <!channel> person",
            ),
        )
    return case.id


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
    actions = [button.split(":")[1] for button in sheet.buttons if button.startswith("c1:")]
    assert actions[0] == "claim"
    assert {"approve", "spoiler", "reject", "warn", "suspend", "ban", "block"} <= set(actions)
    assert sheet.buttons[1] == f"c1:reveal:{case_id}:0"
    grave = [
        element for block in sheet.blocks for element in block.get("elements", ()) if "confirm" in element
    ]
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
                NewCase(
                    kind=CaseKind.REPORT,
                    case_key="longest",
                    subject=job_of(session.get_one(JobRow, job_id)).person,
                    job_id=job_id,
                    rule="r" * 64,
                    category="c" * 64,
                    evidence=longest * 3,
                    words=longest * 3,
                ),
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
    warnings = [text for text in room.slack.whispered() if "Everybody in this workspace" in text]
    assert [f"<#{GENERAL}>" in text for text in warnings] == [True]
    room.slack.made_private.add(GENERAL)
    await room.slash("community", command="/studio", user=MOD)
    await settle_desk(room)
    assert [text for text in room.slack.whispered() if "Everybody in this workspace" in text] == warnings


async def test_a_desk_that_the_app_may_not_enter_is_said_to_the_moderator(room: SlackRoom) -> None:
    await settle_desk(room, STRANGE)
    [answer] = room.slack.whispered()
    assert f"I cannot write in <#{STRANGE}>" in answer
    await settle_desk(room)
    assert room.message.channel == MODERATORS
    assert "shown here from now on" in room.message.words

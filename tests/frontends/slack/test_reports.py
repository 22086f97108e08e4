"""Reports and appeals on Slack."""

from bots.slack.listeners.shortcuts import ENTRIES
from studio.domain.cases import CaseKind
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import PolicyRefusalError
from tests.support import slack_cases
from tests.support.fakes import FakeGate
from tests.support.loopback_slack.records import BO, BOT_USER, GENERAL, Message
from tests.support.slack_cases import BO_KEY, case_rows, finished
from tests.support.slack_sim import SlackRoom

room = slack_cases.room


REFUSED = Verdict(ruling=Ruling.REFUSE, rule="words", category="violence", evidence="a word")


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


async def test_a_refusal_can_be_appealed_with_a_reason(room: SlackRoom) -> None:
    gate = room.ports.gate
    assert isinstance(gate, FakeGate)
    gate.verdict = REFUSED
    await room.slash("a battle")
    whisper = room.slack.whispers[-1]
    assert "rules here do not allow this" in room.slack.whispered()[-1]
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

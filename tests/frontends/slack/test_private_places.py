"""Private channels of Slack: their pictures stay there."""

from studio.db.queries import job_of
from tests.support import slack_cases
from tests.support.loopback_slack.records import ANA, BO, MODERATORS
from tests.support.slack_sim import SlackRoom

room = slack_cases.room


async def test_pictures_of_a_private_channel_stay_there(room: SlackRoom) -> None:
    job_id = await room.imagine(channel=MODERATORS)
    await room.painted(job_id)
    await room.slash(f"show {job_id}", command="/studio", user=BO)
    assert "was not found" in room.slack.whispered()[-1]
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

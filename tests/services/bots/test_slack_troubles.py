"""Troubles on the way to Slack: restarts, refused requests and services that are away."""

import asyncio

import pytest

from tests.conftest import RedisServer
from tests.support import slack_service
from tests.support.slack_service import FrontendProcess

socket_process = slack_service.socket_process
http_process = slack_service.http_process
socket_frontend = slack_service.socket_frontend
http_frontend = slack_service.http_frontend
frontend = slack_service.frontend


# slack_sdk still asks aiohttp in the old way.
pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
]


async def test_a_socket_that_is_refreshed_mid_job_changes_nothing(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    job_id, message = await frontend.imagine("a red fox")
    await slack.refresh()
    await frontend.paint(job_id)
    await slack.until(lambda: message.picture is not None)
    await frontend.send(slack.reaction(message, "repeat"))
    await slack.until(lambda: len(slack.messages) == 2)


@pytest.mark.thorough
async def test_a_frontend_that_is_killed_gives_every_job_one_answer_after_its_restart(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    jobs = [await frontend.imagine(f"a red fox, number {number}") for number in range(4)]
    await frontend.paint(jobs[0][0])
    await frontend.kill()
    for job_id, _ in jobs[1:3]:
        await frontend.paint(job_id)
    await frontend.fail(jobs[3][0])
    await frontend.start()
    await slack.until(lambda: all(message.picture for _, message in jobs[:3]))
    await slack.until(lambda: "could not be painted" in jobs[3][1].words)
    await asyncio.sleep(1)
    assert len(slack.messages) == 4


@pytest.mark.thorough
async def test_a_job_that_was_accepted_and_ended_while_the_frontend_was_away_is_shown_once(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 30, times=20)
    await frontend.send(slack.command("/imagine", "a red fox"))
    await slack.until(lambda: len(frontend.jobs()) == 1)
    await slack.until(lambda: bool(slack.called("chat.postMessage")))
    await frontend.kill()
    slack.refusals.clear()
    await frontend.paint(frontend.jobs()[0].id)
    await frontend.start()
    await slack.until(lambda: bool(slack.messages) and slack.messages[0].picture is not None)
    await asyncio.sleep(1)
    assert len(slack.messages) == 1


async def test_killed_between_slacks_yes_and_our_record_it_finds_its_message_again(
    socket_frontend: FrontendProcess,
) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.silent.add("chat.postMessage")  # takes the message, and its answer is never heard
    await frontend.send(slack.command("/imagine", "a red fox"))
    await slack.until(lambda: len(slack.messages) == 1)
    await frontend.kill()
    slack.silent.clear()
    await frontend.paint(frontend.jobs()[0].id)
    await frontend.start()
    await slack.until(lambda: slack.messages[0].picture is not None)
    assert len(slack.messages) == 1
    assert len(slack.called("chat.postMessage")) == 1


async def test_a_storm_of_429s_delays_answers_and_loses_none(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 1, times=2)
    slack.rate_limit("chat.update", 1, times=3)
    slack.rate_limit("files.getUploadURLExternal", 1, times=2)
    for number in range(4):
        await frontend.send(slack.command("/imagine", f"a red fox, number {number}"))
    await slack.until(lambda: len(slack.messages) == 4)
    for row in frontend.jobs():
        await frontend.paint(row.id)
    await slack.until(lambda: all(message.picture for message in slack.messages))
    for method in ("chat.postMessage", "chat.update"):
        times = [at for at, name, _ in slack.calls if name == method]
        assert len(times) < 40
    assert len(slack.messages) == 4


async def test_no_request_is_made_while_slack_asks_for_a_pause(socket_frontend: FrontendProcess) -> None:
    frontend, slack = socket_frontend, socket_frontend.slack
    slack.rate_limit("chat.postMessage", 2)
    await frontend.imagine("a red fox")
    first, second = [at for at, name, _ in slack.calls if name == "chat.postMessage"]
    assert second - first >= 2


async def test_while_redis_is_away_a_job_is_accepted_and_shown(
    socket_frontend: FrontendProcess, redis_process: RedisServer
) -> None:
    frontend = socket_frontend
    redis_process.kill()
    try:
        job_id, message = await frontend.imagine("a red fox")
        assert "a red fox" in message.words
    finally:
        redis_process.start()
    await frontend.paint(job_id)
    await frontend.slack.until(lambda: message.picture is not None)

"""The Slack front end as a process of its own: from a command to pictures, and requests that are not Slack's."""

import asyncio
import io
import json
import re
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from chatelier.settings import load_settings
from chatelier.wiring.database import upgrade_database
from studio.domain.requests import Operation
from tests.support import slack_service
from tests.support.loopback_slack.payloads import signed
from tests.support.loopback_slack.records import (
    BO,
    PATIENCE_SECONDS,
)
from tests.support.slack_service import FrontendProcess
from tests.support.votes_at_once import VOTERS, ballot_count, print_figures

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


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 60, 40)).save(file, "PNG")
    return file.getvalue()


async def test_from_a_command_to_a_picture_to_a_variation(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    job_id, message = await frontend.imagine("a red fox --seed 7")
    assert "Next in line" in message.words

    async with asyncio.timeout(PATIENCE_SECONDS):
        while "of 8" not in message.words:  # a message rests two seconds between its steps
            await frontend.progress(job_id, 4)
            await asyncio.sleep(0.1)

    await frontend.paint(job_id)
    await slack.until(lambda: message.picture is not None)
    shown = [slack.files[picture]["data"] for picture in message.pictures]
    assert shown == [f"picture {job_id} {index}".encode() for index in range(1, 5)]

    await frontend.send(slack.press(message, f"c1:vary:{job_id}:2", user=BO))
    await slack.until(lambda: len(slack.messages) == 2)
    child = frontend.jobs()[-1]
    assert child.request["operation"] == Operation.VARY
    assert child.request["sources"][0]["picture_id"] == f"{job_id}.2"
    assert "by @Bo, from @Ana’s red fox" in slack.messages[-1].words
    assert slack.messages[-1].thread_ts == message.ts, "it is a reply"

    await frontend.paint(child.id)
    await slack.until(lambda: slack.messages[-1].picture is not None)
    assert len(slack.messages) == 2


async def test_a_modal_shows_what_is_wrong_and_then_paints(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    job_id, message = await frontend.imagine("a red fox")
    await frontend.paint(job_id, png=picture())
    await slack.until(lambda: message.picture is not None)

    await frontend.send(slack.press(message, f"c1:edit:{job_id}:0"))
    await slack.until(
        lambda: any("slack_file" in block for view in slack.views.values() for block in view["blocks"])
    )
    view = next(iter(slack.views.values()))

    wrong, tries = slack.submission(view, {"region": ["B2", "B3"], "prompt": "y" * 1200}), count()
    while not (answer := await frontend.send(wrong, retry=next(tries))):
        continue  # what takes a busy machine longer than Slack waits is said to the person instead
    assert answer["response_action"] == "errors"
    assert "not 1,200" in answer["errors"]["prompt"]
    assert len(frontend.jobs()) == 1

    answer = await frontend.send(
        slack.submission(view, {"region": ["B2", "B3"], "prompt": "a boat", "picture": f"{job_id}.3"})
    )
    assert not answer
    await slack.until(lambda: len(slack.messages) == 2)
    request = frontend.jobs()[-1].request
    assert (request["operation"], request["cells"]) == ("edit", ["B2", "B3"])
    assert request["sources"][0]["picture_id"] == f"{job_id}.3"


async def test_a_reaction_on_an_old_message_varies_that_tile(frontend: FrontendProcess) -> None:
    job_id, message = await frontend.imagine("a red fox")
    await frontend.paint(job_id)
    await frontend.slack.until(lambda: message.picture is not None)
    await frontend.send(frontend.slack.reaction(message, "three", user=BO))
    await frontend.slack.until(lambda: len(frontend.slack.messages) == 2)
    assert frontend.jobs()[-1].request["sources"][0]["picture_id"] == f"{job_id}.3"


async def test_what_slack_delivers_three_times_is_one_job(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    mention, command = slack.mention("a red fox"), slack.command("/imagine", "a blue fox")
    for retry in range(3):
        await frontend.send(mention, retry=retry)
        await frontend.send(command, retry=retry)
    await slack.until(lambda: len(slack.messages) == 2)
    await asyncio.sleep(0.5)
    assert (len(frontend.jobs()), len(slack.messages)) == (2, 2)


async def test_thirty_members_at_once_are_all_heard_and_answered_once(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    people = [f"U0MEMBER{number:02d}" for number in range(30)]
    await asyncio.gather(
        *(frontend.send(slack.command("/imagine", "a red fox", user=person)) for person in people)
    )
    await slack.until(lambda: len(slack.messages) == 30)
    assert {row.person["user_id"] for row in frontend.jobs()} == set(people)


async def test_votes_that_come_at_once_are_acknowledged_and_all_counted(frontend: FrontendProcess) -> None:
    slack = frontend.slack
    job_id, message = await frontend.imagine("a red fox")
    await frontend.paint(job_id)
    await slack.until(lambda: message.picture is not None)
    await frontend.send(slack.command("/studio", f"pick {job_id} --lasts 1h"))
    await slack.until(lambda: len(slack.messages) == 2 and ":vote:" in json.dumps(slack.messages[-1].blocks))
    vote = slack.messages[-1]
    (button, *_) = re.findall(r"c1:gather:[^\"]*:vote:[^\"]*", json.dumps(vote.blocks))
    people = [f"U0VOTER{number:03d}" for number in range(VOTERS)]

    async def press(person: str) -> float:
        sent_at = time.monotonic()
        await frontend.send(slack.press(vote, button, user=person))
        return time.monotonic() - sent_at

    began_at = time.monotonic()
    acknowledged = await asyncio.gather(*map(press, people))
    await slack.until(lambda: ballot_count(frontend.ports) == VOTERS)
    print_figures(list(acknowledged), began_at)


async def test_only_slacks_own_fresh_requests_are_followed(http_frontend: FrontendProcess) -> None:
    frontend, slack = http_frontend, http_frontend.slack
    command = slack.command("/imagine", "a red fox")
    body, headers = signed(command, kind="slash_commands")
    forged = [
        (body, headers | {"X-Slack-Signature": "v0=" + "0" * 64}),
        (body.replace(b"red", b"bad"), headers),
        (body, {name: value for name, value in headers.items() if name != "X-Slack-Signature"}),
        (body, headers | {"X-Slack-Request-Timestamp": "soon"}),
        signed(command, kind="slash_commands", secret="6" * 32),
        signed(command, kind="slash_commands", at=time.time() - 6 * 60),
        signed(command, kind="slash_commands", at=time.time() + 6 * 60),
        (b"\xff\xfe", headers),
    ]
    for wrong_body, wrong_headers in forged:
        assert (await frontend.post(wrong_body, wrong_headers))[0] == 401
    assert (await frontend.post(b"x" * (2 * 1024 * 1024), headers))[0] == 413
    assert frontend.jobs() == []
    assert (await frontend.post(body, headers))[0] == 200
    assert (await frontend.post(body, headers))[0] == 401, "a replay"
    await slack.until(lambda: len(slack.messages) == 1)
    assert len(frontend.jobs()) == 1


async def test_slack_may_verify_the_address(http_frontend: FrontendProcess) -> None:
    challenge = {
        "type": "url_verification",
        "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P",
    }
    status, answer = await http_frontend.post(*signed(challenge, kind="events_api"))
    assert (status, answer) == (200, {"challenge": challenge["challenge"]})


async def test_an_event_that_means_nothing_here_is_taken(http_frontend: FrontendProcess) -> None:
    await http_frontend.send(http_frontend.slack.event({"type": "team_join", "user": {"id": "U0NEW"}}))


async def test_a_wrong_token_is_one_sentence_and_the_end(
    socket_frontend: FrontendProcess, tmp_path: Path
) -> None:
    second = replace(socket_frontend, home=tmp_path / "home", process=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHATELIER_HOME", str(second.home))
        upgrade_database(load_settings())
    process = await second.launch(CHATELIER_SLACK__BOT_TOKEN="xoxb-something-else")
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == 1
    output = second.log.read_text()
    assert "Slack does not accept the bot token" in output
    assert "Traceback" not in output
    assert "xoxb-something-else" not in output


async def test_of_two_processes_in_socket_mode_one_is_killed_and_every_event_is_handled_once(
    socket_frontend: FrontendProcess,
) -> None:
    first, slack = socket_frontend, socket_frontend.slack
    other = replace(first, process=None)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(other.stop)
        await other.start()
        for number in range(2):
            command = slack.command("/imagine", f"a red fox, number {number}")
            await first.send(command, socket=number)
            # Slack heard nothing in time, and sends it to the other process.
            await first.send(command, socket=1 - number, retry=1)
        await slack.until(lambda: len(slack.messages) == len(first.jobs()) == 2)
        await other.kill()
        await slack.until(lambda: len(slack.sockets) == 1)
        for job in first.jobs():
            await first.paint(job.id)
        await slack.until(lambda: all(message.picture for message in slack.messages))
        await first.imagine("a red fox afterwards")
        assert len(slack.called("chat.postMessage")) == len(first.jobs()) == 3

"""Links to the web front end's pages, as a workspace sees them unfold."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.tables import JobRow
from studio.domain.people import Address, Person, Platform
from studio.ports import Ports
from tests.support.block_kit import files_of
from tests.support.finished_jobs import paint_job
from tests.support.loopback_slack.records import ANA, BO, PRIVATE, said
from tests.support.slack_files import sweep
from tests.support.slack_sim import SlackRoom, open_slack_room

WEB = "https://paint.example.org"


@pytest.fixture
async def room(ports: Ports) -> AsyncIterator[SlackRoom]:
    async with open_slack_room(replace(ports, web_url=WEB)) as opened:
        yield opened


async def post(room: SlackRoom, *addresses: str, **more: str) -> None:
    await room.send(room.slack.links(*addresses, user=BO, **more))


@pytest.mark.parametrize("page", ["/view/{job}.1", "/view/{job}", "/jobs/{job}", "/pictures/{job}.1.png"])
async def test_a_picture_of_the_workspace_unfolds_with_its_words_and_its_maker(
    room: SlackRoom, page: str
) -> None:
    job_id, _ = await room.finished("a red fox")
    address = WEB + page.format(job=job_id)
    await post(room, address)
    blocks = room.slack.unfurls[address]
    assert files_of(blocks), "the picture itself"
    assert "a red fox" in said(blocks)
    assert "by @Ana" in said(blocks)
    assert f"<@{ANA}>" not in str(blocks), "nobody is notified"
    assert [block for block in blocks if block["type"] == "actions"] == []


async def test_a_public_page_unfolds_wherever_its_picture_was_painted(
    room: SlackRoom, web_call: Call
) -> None:
    picture, link = share(room, web_call)
    await post(room, link, f"{WEB}/view/{picture}")
    assert list(room.slack.unfurls) == [link], "another community's picture only by its public page"
    assert "by @Wim" in said(room.slack.unfurls[link])


async def test_what_somebody_in_the_workspace_may_not_see_unfolds_as_nothing(room: SlackRoom) -> None:
    in_private, _ = await room.finished("a blue boat", channel=PRIVATE)
    unlisted = await room.imagine("a green hat --private")
    await room.painted(unlisted)
    hidden, _ = await room.finished("a red fox")
    with room.ports.database.begin() as session:
        session.get_one(JobRow, hidden).spoiler = True
    deleted, _ = await room.finished("a grey stone")
    await room.slash(f"delete {deleted}.1", command="/studio")
    await post(room, *(f"{WEB}/view/{job}.1" for job in (in_private, unlisted, hidden, deleted)))
    assert room.slack.called("chat.unfurl") == []


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example/view/{job}.1",
        "http://paint.example.org/view/{job}.1",
        "https://paint.example.org.elsewhere.example/view/{job}.1",
        WEB + "/compare/{job}.1",
        WEB + "/s/never",
        WEB + "/view/%00",
        "https://[/view/{job}.1",
        WEB,
    ],
)
async def test_other_addresses_stay_links(room: SlackRoom, address: str) -> None:
    job_id, _ = await room.finished()
    await post(room, address.format(job=job_id))
    assert room.slack.called("chat.unfurl") == []


async def test_a_link_unfolds_while_it_is_typed_and_once_for_each_delivery(room: SlackRoom) -> None:
    job_id, _ = await room.finished()
    address = f"{WEB}/view/{job_id}.1"
    typed = room.slack.links(address, channel="COMPOSER", unfurl_id="U1", source="composer")
    await room.send(typed)
    await room.send(typed)
    (asked,) = room.slack.called("chat.unfurl")
    assert (asked["unfurl_id"], asked["source"], "channel" in asked) == ("U1", "composer", False)


async def test_without_its_file_a_link_unfolds_in_words(room: SlackRoom) -> None:
    job_id, _ = await room.finished("a red fox")
    room.slack.polls_until_ready = 100
    address = f"{WEB}/view/{job_id}.1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bots.slack.files.image_uploads._PAUSES_SECONDS", (0.0,))
        await post(room, address)
    assert files_of(room.slack.unfurls[address]) == []
    assert "a red fox" in said(room.slack.unfurls[address])


async def test_a_refusal_of_slack_leaves_the_link_as_it_is(room: SlackRoom) -> None:
    job_id, _ = await room.finished()
    room.slack.refuse("chat.unfurl", "cannot_unfurl_message")
    await post(room, f"{WEB}/view/{job_id}.1")
    assert room.slack.unfurls == {}
    assert room.slack.whispers == []


async def test_the_file_goes_with_its_picture(room: SlackRoom) -> None:
    job_id, _ = await room.finished()
    await post(room, f"{WEB}/view/{job_id}.1")
    (file,) = files_of(room.slack.unfurls[f"{WEB}/view/{job_id}.1"])
    await sweep(room)
    assert file in room.slack.files
    await room.slash(f"delete {job_id}.1", command="/studio")
    await sweep(room)
    assert file in room.slack.deleted


async def test_the_file_goes_with_the_public_link(room: SlackRoom, web_call: Call) -> None:
    picture, link = share(room, web_call)
    await post(room, link)
    (file,) = files_of(room.slack.unfurls[link])
    await sweep(room)
    assert file in room.slack.files
    execute(room.ports, web_call, "share", {"picture": picture, "do": "stop"})
    await sweep(room)
    assert file in room.slack.deleted


@pytest.fixture
def web_call() -> Call:
    person = Person(platform=Platform.WEB, community="room", user_id="wim", display_name="Wim")
    address = Address(platform=Platform.WEB, community="room", channel="room")
    return Call(person=person, address=address, request_key="web:1")


def share(room: SlackRoom, call: Call) -> tuple[str, str]:
    """A picture painted in the web front end, and its public link."""
    job = paint_job(room.ports, execute(room.ports, call, "imagine", {"prompt": "a boat"}).job_id)
    shared = execute(room.ports, replace(call, request_key="web:2"), "share", {"picture": f"{job}.1"})
    return f"{job}.1", str(shared.url)  # type: ignore[union-attr]

"""Who made the picture in this file? Asked on each front end."""

from pathlib import Path

import pytest

from studio.domain.provenance import Traces
from studio.domain.verdicts import Ruling, Verdict
from studio.ports import Ports
from tests.support.discord_sim import PNG, open_room, words
from tests.support.slack_sim import open_slack_room
from tests.support.web_client import WebServer

STRANGE = "k3v9m2p4qx7a.2"


@pytest.fixture
def marked(ports: Ports) -> Ports:
    """Every file that is looked at carries the mark of a picture that nobody knows here.

    None may be taken in: what is only looked at needs nobody's leave.
    """
    ports.examiner.traces = Traces(mark=STRANGE)  # type: ignore[attr-defined]
    ports.gate.picture_verdict = Verdict(ruling=Ruling.REFUSE, rule="faces", category="people")  # type: ignore[attr-defined]
    return ports


async def test_discord_looks_at_an_attachment_and_keeps_nothing(marked: Ports, tmp_path: Path) -> None:
    async with open_room(marked, tmp_path / "home") as room:
        result = await room.ana.slash(room.channel, "whose", image=("fox.png", PNG))
        assert f"the watermark of a Chatelier studio, as `{STRANGE}`" in words(result.response)
        assert result.response.ephemeral
        assert marked.store.blobs == {}  # type: ignore[attr-defined]


async def test_discord_names_the_maker_of_a_picture_that_comes_back(ports: Ports, tmp_path: Path) -> None:
    async with open_room(ports, tmp_path / "home") as room:
        await room.imagine()
        await room.painted(room.newest_job())
        ports.examiner.traces = Traces(mark=f"{room.newest_job()}.1")  # type: ignore[attr-defined]
        result = await room.bo.slash(room.channel, "whose", image=("copy.png", PNG))
        assert "Known by its invisible watermark." in words(result.response)
        assert "a red fox" in words(result.response)


async def test_slack_looks_at_somebodys_image(marked: Ports) -> None:
    async with open_slack_room(marked) as room:
        message = {"ts": "1600000000.000002", "user": "U0BO", "files": [room.slack.share("cat.png", b"cat")]}
        await room.send(room.slack.shortcut("who_made_this", message))
        assert f"the watermark of a Chatelier studio, as `{STRANGE}`" in room.slack.whispered()[-1]
        await room.send(room.slack.mention("whose", files=[room.slack.share("dog.png", b"dog")]))
        assert STRANGE in room.slack.whispered()[-1]
        assert marked.examiner.examined == [b"cat", b"dog"]  # type: ignore[attr-defined]
        assert marked.store.blobs == {}  # type: ignore[attr-defined]


def test_the_web_looks_at_a_file_without_taking_it_in(marked: Ports, web_server: WebServer) -> None:
    ana, eve = web_server.guest("Ana"), web_server.guest("Eve")
    assert "rules here" in ana.post("/uploads", b"a picture").json()["text"]
    ticket = ana.post("/uploads?look", b"a picture").json()["ticket"]
    assert f"the watermark of a Chatelier studio, as {STRANGE}" in ana.say("/whose", image=ticket)["text"]
    assert "attach it again" in eve.say("/whose", image=ticket)["text"].lower()
    assert not ana.say("/edit a boat", image=ticket)["ok"]
    assert "ttach the picture" in ana.say("/whose")["text"]

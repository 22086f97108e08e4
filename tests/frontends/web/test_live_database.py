"""What the room has to tell is told, also when the records are away at the moment."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bots.process.thread_pools import Pool, ThreadPools
from bots.web.access.session_cookies import WebUser
from bots.web.live.hub import LiveHub
from studio.domain.settings.languages import Language
from studio.errors import DatabaseUnavailableError
from studio.ports import Ports


def away(*_: object) -> Any:
    raise DatabaseUnavailableError


class Told:
    """A connection that notes what it is sent."""

    language = Language.ENGLISH

    def __init__(self, name: str) -> None:
        self.user = WebUser(user_id=name, name=name)
        self.heard: list[dict[str, Any]] = []

    def send(self, text: str) -> None:
        self.heard.append(json.loads(text))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.heard if message["type"] == kind]


@pytest.fixture
async def hub(ports: Ports) -> AsyncIterator[LiveHub]:
    pools = ThreadPools("web", {Pool.DATABASE: 1})
    yield LiveHub(ports, pools)
    pools.close()


async def test_what_was_made_from_a_deleted_picture_is_found_when_the_records_are_back(
    hub: LiveHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana: Any = Told("ana")
    hub.connect(ana)
    hub.picture_changed("k3v9m2p4qx7a.1")
    monkeypatch.setattr("bots.web.live.hub.children_of", away)
    with pytest.raises(DatabaseUnavailableError):
        await hub._send_changes()
    monkeypatch.setattr(
        "bots.web.live.hub.children_of", lambda _session, parents: [f"made from {parents[0]}"]
    )
    await hub._send_changes()
    assert [message["gone"] for message in ana.of("cards")] == [["made from k3v9m2p4qx7a.1"]]


async def test_a_notice_of_the_instance_is_shown_when_the_records_are_back(
    hub: LiveHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana: Any = Told("ana")
    hub.connect(ana)
    hub.inbox_changed("ana", say=lambda: "Your appeal was granted.")
    with monkeypatch.context() as patch:
        patch.setattr("bots.web.live.hub.count_messages", away)
        with pytest.raises(DatabaseUnavailableError):
            await hub._send_changes()
    hub.inbox_changed("ana")
    await hub._send_changes()
    assert [message["text"] for message in ana.of("post")] == ["Your appeal was granted."]

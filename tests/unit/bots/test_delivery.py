"""Which of several processes sends the message of a case or of a starred picture: exactly one."""

import asyncio
import time
from datetime import timedelta

import pytest

from bots.delivery import case_messages, starboard
from bots.delivery.case_messages import claim_message, load_case_message_state, save_case_message
from bots.delivery.job_view import MessageRef
from bots.delivery.starboard import (
    Starboard,
    claim_starboard_message,
    load_starboard_entry,
    save_starboard_message,
)
from bots.runtime.thread_pools import ThreadPools
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.cases import open_case
from studio.db.people import lock_person
from studio.db.tables import ShowcaseRow
from studio.domain.cases import CaseKind
from studio.ports import Ports
from studio.runtime.clock import now
from tests.support.finished_jobs import paint_job

MESSAGE_REF = MessageRef(channel="c", message="m")


@pytest.fixture
def case_id(ports: Ports, call: Call) -> str:
    with ports.database.begin() as session:
        lock_person(session, call.person)
        case, _ = open_case(session, CaseKind.SUSPENSION, case_key="suspension:1", subject=call.person)
    return case.id


@pytest.fixture
def picture_id(ports: Ports, call: Call) -> str:
    accepted = execute(ports, call, "imagine", {"prompt": "a red apple", "count": 1})
    return f"{paint_job(ports, accepted.job_id)}.1"  # type: ignore[union-attr]


def test_one_process_sends_the_message_of_a_case(ports: Ports, case_id: str) -> None:
    assert claim_message(ports.database, case_id)
    assert not claim_message(ports.database, case_id)
    assert load_case_message_state(ports.database, ports.desk, case_id).message_ref is None
    save_case_message(ports.database, case_id, MESSAGE_REF)
    assert not claim_message(ports.database, case_id)
    assert load_case_message_state(ports.database, ports.desk, case_id).message_ref == MESSAGE_REF


def test_a_case_whose_sender_died_is_sent_by_another(
    ports: Ports, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claim_message(ports.database, case_id)
    later = time.time() + 60
    monkeypatch.setattr(case_messages.time, "time", lambda: later)
    assert claim_message(ports.database, case_id)


def test_one_process_hangs_a_starred_picture(ports: Ports, picture_id: str) -> None:
    assert claim_starboard_message(ports.database, picture_id, "stars")
    assert not claim_starboard_message(ports.database, picture_id, "stars")
    save_starboard_message(ports.database, picture_id, MESSAGE_REF)
    assert not claim_starboard_message(ports.database, picture_id, "stars")
    exhibit, message_ref = load_starboard_entry(ports.database, picture_id)
    assert message_ref == MESSAGE_REF
    assert exhibit is not None, "what hangs stays, however few stars it has left"


def test_a_starred_picture_whose_sender_died_is_hung_by_another(ports: Ports, picture_id: str) -> None:
    assert claim_starboard_message(ports.database, picture_id, "stars")
    with ports.database.begin() as session:
        session.get_one(ShowcaseRow, picture_id).updated_at = now() - timedelta(
            seconds=starboard._CLAIM_LASTS_SECONDS + 1
        )
    assert claim_starboard_message(ports.database, picture_id, "stars")


class Wall:
    """Takes messages down, except that the platform is away at first."""

    def __init__(self, troubles: int) -> None:
        self.troubles = troubles
        self.taken: list[str] = []

    async def take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        if self.troubles:
            self.troubles -= 1
            raise ConnectionError
        self.taken.append(message_ref.message)


def test_a_deleted_picture_leaves_the_starboard_also_after_a_short_trouble(
    ports: Ports, call: Call, picture_id: str
) -> None:
    assert claim_starboard_message(ports.database, picture_id, "stars")
    save_starboard_message(ports.database, picture_id, MESSAGE_REF)
    execute(ports, call, "delete", {"what": picture_id})
    wall, pools = Wall(troubles=1), ThreadPools("test")
    board = Starboard(ports.database, pools, wall)  # type: ignore[arg-type]
    with pytest.raises(ConnectionError):
        asyncio.run(board.show(picture_id))
    asyncio.run(board.show(picture_id))
    asyncio.run(board.show(picture_id))
    pools.close()
    assert wall.taken == [MESSAGE_REF.message]

"""The message of a private job: in its person's direct messages, and once it is published in the channel."""

from collections.abc import Iterator

import pytest

from bots.process.thread_pools import ThreadPools
from studio.commands.button_ids import Action
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import JobChanged
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.chat import Chat
from tests.support.chat_frontend import FrontEnd
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.message_text import text_of


@pytest.fixture
def front_end(ports: Ports) -> Iterator[FrontEnd]:
    pools = ThreadPools("test")
    yield FrontEnd(ports, Chat(remembers_nonces=True), pools)
    pools.close()


def ask(front_end: FrontEnd) -> str:
    return front_end.ask(prompt="a red fox", count=2, private="yes")


async def publish(front_end: FrontEnd, job_id: str) -> None:
    call = Call(person=someone(), address=somewhere(), request_key="publish")
    execute(front_end.ports, call, "publish", {"job": job_id})
    await front_end.delivery.handle(JobChanged(job_id=job_id, platform=Platform.WEB))


def channels(front_end: FrontEnd) -> list[str]:
    return [message.ref.channel for message in front_end.chat.messages.values()]


@pytest.mark.parametrize("restarts", [False, True])
async def test_published_it_moves_from_its_person_to_the_channel(front_end: FrontEnd, restarts: bool) -> None:
    job_id = ask(front_end)
    await front_end.accepted(job_id)
    await front_end.progressed(job_id)
    await front_end.painted(job_id)
    assert channels(front_end) == ["ana"]
    shown = front_end.chat.of(job_id).now.message
    assert "Only you see this." in text_of(shown)
    assert Action.PUBLISH in {button.action for button in shown.buttons}
    if restarts:
        front_end.restart()
    for _ in range(2):
        await publish(front_end, job_id)
    assert channels(front_end) == [somewhere().channel]
    shown = front_end.chat.of(job_id).now.message
    assert "Only you see this." not in text_of(shown)
    assert Action.PUBLISH not in {button.action for button in shown.buttons}
    assert front_end.recorded(job_id, DeliveryKind.RETIRED) is None


async def test_killed_between_both_messages_the_next_process_goes_on(front_end: FrontEnd) -> None:
    job_id = ask(front_end)
    await front_end.painted(job_id)
    real, front_end.chat.send = front_end.chat.send, None  # type: ignore[assignment, method-assign]
    with pytest.raises(TypeError):
        await publish(front_end, job_id)
    assert channels(front_end) == []
    front_end.chat.send = real  # type: ignore[method-assign]
    front_end.restart()
    await front_end.delivery.handle(JobChanged(job_id=job_id, platform=Platform.WEB))
    assert channels(front_end) == [somewhere().channel]


async def test_somebody_who_takes_no_direct_messages_can_still_publish(front_end: FrontEnd) -> None:
    front_end.chat.closed.add("ana")
    job_id = ask(front_end)
    await front_end.painted(job_id)
    assert channels(front_end) == []
    await publish(front_end, job_id)
    assert channels(front_end) == [somewhere().channel]


async def test_neither_a_copy_nor_a_ping_tells_of_it(front_end: FrontEnd) -> None:
    front_end.govern(ping=True)
    call = Call(person=someone(), address=somewhere(), request_key="settings")
    execute(front_end.ports, call, "settings", {"dm": "yes"})
    job_id = ask(front_end)
    await front_end.painted(job_id)
    assert [message.now.subject.kind for message in front_end.chat.messages.values()] == [DeliveryKind.JOB]


async def test_deleted_its_message_shows_it_no_more(front_end: FrontEnd) -> None:
    job_id = ask(front_end)
    paint_job(front_end.ports, job_id)
    await front_end.ended(job_id)
    call = Call(person=someone(), address=somewhere(), request_key="delete")
    execute(front_end.ports, call, "delete", {"what": job_id})
    await front_end.picture_changed(f"{job_id}.1")
    assert channels(front_end) == ["ana"]
    assert not front_end.chat.of(job_id).now.message.files

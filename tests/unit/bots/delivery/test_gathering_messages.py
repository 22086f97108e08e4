"""The one message of a gathering, its remarks, and what follows when its channel is closed."""

from dataclasses import replace

from bots.delivery.subjects.gatherings import GatheringDrafts
from bots.presentation.message import Link, Small
from studio.commands.gathering_results import GatheringOpened
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.gatherings.gathering_rows import find_gathering
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import Event, GatheringChanged, GatheringRemark
from studio.domain.gatherings import INTERRUPTED, Gathering
from studio.gatherings import periodic_tasks
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job

front_end = chat_frontend.front_end


async def open_vote(front_end: FrontEnd) -> str:
    job_id = paint_job(front_end.ports, front_end.ask(prompt="a fox", count=4))
    call = Call(person=someone("ana"), address=somewhere(), request_key="vote")
    opened = execute(front_end.ports, call, "pick", {"job": job_id, "lasts": "10m"})
    assert isinstance(opened, GatheringOpened)
    await deliver(front_end)
    return opened.gathering_id


async def deliver(front_end: FrontEnd) -> None:
    """The events that were published since the last time."""
    published = front_end.ports.events.published  # type: ignore[attr-defined]
    events: list[Event] = [
        event for event in published if isinstance(event, GatheringChanged | GatheringRemark)
    ]
    published.clear()
    for event in events:
        await front_end.delivery.handle(event)


def vote(front_end: FrontEnd, gathering_id: str, name: str) -> None:
    call = Call(person=someone(name), address=somewhere(), request_key=f"vote:{name}")
    execute(front_end.ports, call, "gather", {"do": "vote", "id": gathering_id, "part": 1})


def gathering(front_end: FrontEnd, gathering_id: str) -> Gathering:
    with front_end.ports.database.read() as session:
        return find_gathering(session, gathering_id)


async def test_a_gathering_has_one_message_that_is_edited_once_for_many_votes(front_end: FrontEnd) -> None:
    gathering_id = await open_vote(front_end)
    for number in range(20):
        vote(front_end, gathering_id, f"p{number}")
    front_end.edit_just_now()
    await deliver(front_end)
    await front_end.delivery.flush()
    shown = front_end.chat.of(gathering_id)
    assert "20 people" in shown.words
    assert front_end.chat.sent == 1
    assert len(shown.versions) == 2


async def test_a_closed_channel_interrupts_it_and_its_host_is_told_once(front_end: FrontEnd) -> None:
    gathering_id = await open_vote(front_end)
    front_end.chat.closed.add("main")
    front_end.rest()
    vote(front_end, gathering_id, "bo")
    await deliver(front_end)
    assert gathering(front_end, gathering_id).state == INTERRUPTED
    remarks = [
        event
        for event in front_end.ports.events.published  # type: ignore[attr-defined]
        if isinstance(event, GatheringRemark)
    ]
    assert [(remark.code, remark.person, remark.private) for remark in remarks] == [
        ("interrupted", someone("ana").key, True)
    ]
    await deliver(front_end)
    assert len(front_end.ports.events.published) == 0  # type: ignore[attr-defined]


async def test_it_goes_on_with_a_new_message_where_it_is_resumed(front_end: FrontEnd) -> None:
    gathering_id = await open_vote(front_end)
    periodic_tasks.interrupt(front_end.ports.database, front_end.ports.events, gathering_id)
    elsewhere = replace(somewhere(), channel="another")
    call = Call(person=someone("ana"), address=elsewhere, request_key="resume")
    execute(front_end.ports, call, "gather", {"do": "resume", "id": gathering_id})
    front_end.rest()
    await deliver(front_end)
    await front_end.delivery.flush()
    assert gathering(front_end, gathering_id).state == "voting"
    recorded = front_end.recorded(gathering_id, DeliveryKind.GATHERING)
    assert recorded is not None
    assert recorded.channel == "another"


async def test_the_message_links_to_its_page_where_people_reach_the_web(front_end: FrontEnd) -> None:
    gathering_id = await open_vote(front_end)
    for web_url, links in (
        ("", []),
        ("https://art.example", [f"https://art.example/gatherings/{gathering_id}"]),
    ):
        drafts = GatheringDrafts(front_end.ports.database, pixelated=False, web_url=web_url)
        message = drafts.compose(gathering_id).message
        assert message is not None
        small = [part for part in message.parts if isinstance(part, Small)]
        assert [span.url for part in small for span in part.spans if isinstance(span, Link)] == links

"""Two on Discord and one on the web page: who linked their names takes part from both, as one human."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bots.queries.gathering_view import load_gathering_view
from studio.commands.gathering_results import GatheringOpened, GatheringsListed
from studio.commands.registry import execute
from studio.commands.results import Answer, LinkOffered
from studio.commands.spec import Call
from studio.db.tables import BallotRow, JobRow
from studio.domain.people import Address, Person, Platform
from studio.errors import NotFoundError
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings import periodic_tasks
from studio.ports import Ports
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.postcard_kind import with_postcards

SERVER = Address(platform=Platform.DISCORD, community="8001", channel="9001")


def on_discord(name: str) -> Person:
    return replace(someone(name, community="8001"), platform=Platform.DISCORD)


def ask(ports: Ports, person: Person, command: str, **values: object) -> Answer:
    address = SERVER if person.platform is Platform.DISCORD else somewhere()
    call = Call(person=person, address=address, request_key=f"{person.key}:{command}:{values}")
    return execute(ports, call, command, values)


@pytest.fixture
def cards(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> str:
    """Opened by Ana on Discord; Bo linked his name there with his name on the web page."""
    with_postcards(monkeypatch)
    offered = ask(ports, on_discord("bo"), "link")
    assert isinstance(offered, LinkOffered)
    ask(ports, someone("bo"), "link", code=offered.code)
    opened = ask(ports, on_discord("ana"), "postcards", words="hello", cards=2)
    assert isinstance(opened, GatheringOpened)
    return opened.gathering_id


def test_a_linked_person_acts_on_the_web_page_as_on_discord(ports: Ports, cards: str) -> None:
    ask(ports, someone("bo"), "gather", do="paint", id=cards, part=1, words="a harbour")
    with ports.database.read() as session:
        job = session.scalars(select(JobRow)).one()
    assert (job.person_key, job.community) == (on_discord("bo").key, "8001")
    paint_job(ports, job.id)
    ask(ports, on_discord("ana"), "gather", do="paint", id=cards, part=2, words="a boat")
    with ports.database.read() as session:
        paint_job(ports, session.scalars(select(JobRow.id).where(JobRow.part == 2)).one())
    ask(ports, someone("bo"), "gather", do="vote", id=cards, part=2)
    ask(ports, on_discord("cy"), "gather", do="vote", id=cards, part=2)
    ask(ports, on_discord("bo"), "gather", do="vote", id=cards, part=2)  # takes it back
    with ports.database.read() as session:
        assert session.scalars(select(BallotRow.person_key)).all() == [on_discord("cy").key]


def test_the_page_of_a_gathering_is_there_for_who_is_linked_and_for_nobody_else(
    ports: Ports, cards: str
) -> None:
    assert load_gathering_view(ports.database, cards, reader=someone("bo")).gathering.id == cards
    with pytest.raises(NotFoundError):
        load_gathering_view(ports.database, cards, reader=someone("eve"))
    with pytest.raises(NotFoundError):
        ask(ports, someone("eve"), "gather", do="vote", id=cards, part=1)


def test_the_list_of_the_web_page_has_what_is_open_where_one_is_linked(ports: Ports, cards: str) -> None:
    listed = ask(ports, someone("bo"), "gather")
    assert isinstance(listed, GatheringsListed)
    assert ([found.id for found in listed.gatherings], listed.elsewhere) == ([cards], {cards})
    unlinked = ask(ports, someone("eve"), "gather")
    assert isinstance(unlinked, GatheringsListed)
    assert unlinked.gatherings == ()


def test_a_branch_from_the_web_page_opens_where_the_evolution_was(ports: Ports, cards: str) -> None:
    """Under the name that they have there."""
    opened = ask(ports, on_discord("ana"), "evolve", words="a glass lighthouse", children=3, vote="10m")
    assert isinstance(opened, GatheringOpened)
    evolution = opened.gathering_id
    with ports.database.read() as session:
        jobs = list(session.scalars(select(JobRow.id).where(JobRow.gathering == evolution)))
    for job in jobs:
        paint_job(ports, job)
    periodic_tasks.advance(ports.database, ports.events, evolution)
    ask(ports, on_discord("ana"), "gather", do="end", id=evolution)
    branched = ask(ports, someone("bo"), "gather", do="branch", id=evolution, part=2)
    assert isinstance(branched, GatheringOpened)
    view = load_gathering_view(ports.database, branched.gathering_id)
    found = view.gathering
    assert (found.host, found.address.channel, found.parent_id) == (
        on_discord("bo").key,
        SERVER.channel,
        evolution,
    )
    start, parent = view.part(1), load_gathering_view(ports.database, evolution).part(2)
    assert start
    assert parent
    assert start.part.picture == parent.part.picture
    with pytest.raises(NotFoundError):
        ask(ports, someone("eve"), "gather", do="branch", id=evolution, part=3)
    with pytest.raises(GatheringRefusedError):
        ask(ports, on_discord("cy"), "gather", do="branch", id=evolution, part=99)
    with pytest.raises(GatheringRefusedError):
        ask(ports, on_discord("cy"), "gather", do="branch", id=cards, part=1)

"""Who leaves a community is noticed while others wait for them there."""

from dataclasses import replace

import pytest

from bots.delivery.gatherings.membership_check import MembershipCheck
from bots.delivery.transport import DeliveryContext
from studio.commands.results import LinkOffered
from studio.domain.gatherings import Part, PartState
from studio.domain.people import Person
from tests.support import chat_frontend
from tests.support.chat_frontend import FrontEnd
from tests.support.gatherings import Table, moved_clock

front_end = chat_frontend.front_end


@pytest.fixture
def table(front_end: FrontEnd, monkeypatch: pytest.MonkeyPatch) -> Table:
    return Table(ports=front_end.ports, clock=moved_clock(monkeypatch))


class Seconds:
    """A clock of the front end's process."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def check_of(front_end: FrontEnd, clock: Seconds) -> MembershipCheck:
    context = DeliveryContext(front_end.ports, front_end.pools, front_end.chat)
    return MembershipCheck(context, clock=clock)


def open_turn(table: Table, game: str) -> Part:
    (part,) = [part for part in table.parts(game) if part.state in (PartState.OFFERED, PartState.CLAIMED)]
    return part


def open_game(table: Table) -> str:
    game = table.open("ana", "telephone", players=3, turn="1d")
    for name in ("bo", "cy"):
        table.act(name, "join", game)
    return game


def name_of(part: Part) -> str:
    return (part.human or "").rpartition(":")[2]


async def test_a_turn_of_who_left_is_offered_to_somebody_else(front_end: FrontEnd, table: Table) -> None:
    game = open_game(table)
    gone = name_of(open_turn(table, game))
    table.act(gone, "turn", game)
    front_end.chat.left.add(gone)
    await check_of(front_end, Seconds()).run()
    skipped = table.parts(game)[0]
    assert (skipped.state, name_of(skipped)) == (PartState.SKIPPED, gone)
    assert name_of(open_turn(table, game)) != gone


async def test_votes_of_who_left_do_not_count_but_those_under_a_linked_name_elsewhere(
    front_end: FrontEnd, table: Table
) -> None:
    other = replace(table, address=replace(table.address, community="other"))
    here, elsewhere = (
        place.open("ana", "pick", job=place.finish_job("ana"), lasts="1h") for place in (table, other)
    )
    table.act("bo", "vote", here, part=2)
    other.act("bob", "vote", elsewhere, part=3)
    offered = table.ask("bo", "link")
    assert isinstance(offered, LinkOffered)
    other.ask("bob", "link", code=offered.code)
    front_end.chat.left.add("bo")
    await check_of(front_end, Seconds()).run()
    table.act("ana", "skip", here)
    other.act("ana", "skip", elsewhere)
    assert "winner" not in table.gathering(here).data
    assert other.gathering(elsewhere).data["winner"] == 3


async def test_while_the_platform_does_not_answer_nobody_is_removed(
    front_end: FrontEnd, table: Table
) -> None:
    game = open_game(table)
    front_end.chat.left.update(("ana", "bo", "cy"))
    front_end.chat.away = True
    await check_of(front_end, Seconds()).run()
    assert len(table.parts(game)) == 1


async def test_everybody_is_asked_about_now_and_then(front_end: FrontEnd, table: Table) -> None:
    game, clock = open_game(table), Seconds()
    check = check_of(front_end, clock)
    await check.run()
    front_end.chat.left.add(name_of(open_turn(table, game)))
    for seconds, parts in ((61, 1), (240, 1), (301, 2)):
        clock.now = seconds
        await check.run_when_due()
        assert len(table.parts(game)) == parts


async def test_all_people_are_asked_about_in_turn(
    front_end: FrontEnd, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.delivery.gatherings.membership_check._MOST_AT_ONCE", 1)
    open_game(table)
    asked: list[str] = []
    monkeypatch.setattr(front_end.chat, "is_active_member", lambda person: note(asked, person))
    clock = Seconds()
    check = check_of(front_end, clock)
    for run in range(6):
        clock.now = 400.0 * run
        await check.run()
    assert sorted(asked) == sorted(["ana", "bo", "cy"] * 2)
    assert set(asked[:3]) == {"ana", "bo", "cy"}


async def test_people_of_other_processes_take_nobodys_place(
    front_end: FrontEnd, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.delivery.gatherings.membership_check._MOST_AT_ONCE", 1)
    open_game(replace(table, address=replace(table.address, community="other")))
    game = open_game(table)
    monkeypatch.setattr(front_end.chat, "serves", lambda community: community == table.address.community)
    gone = name_of(open_turn(table, game))
    front_end.chat.left.add(gone)
    await check_of(front_end, Seconds()).run()
    assert name_of(open_turn(table, game)) != gone


async def note(asked: list[str], person: Person) -> bool:
    asked.append(person.user_id)
    return True

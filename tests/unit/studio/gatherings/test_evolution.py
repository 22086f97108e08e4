"""Evolution: approvals choose parents, generations follow, and it ends."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bots.presentation.compose.gatherings.evolution import compose_evolution
from bots.queries.gathering_view import load_gathering_view
from studio.clock import now
from studio.commands.gathering_results import GatheringOpened
from studio.db.gatherings import ballot_rows
from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.errors import BadParameterError, NotFoundError
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.evolution_generations import (
    FIRST_NOISE,
    LAST_NOISE,
    Child,
    ChildRole,
    first_generation,
    next_generation,
    noise_of,
    parents_of,
    rank,
    role_of,
    winners_of,
)
from studio.ports import Ports
from tests.support.gathering_machine import Driver, machine_of
from tests.support.gathering_samples import sample_part
from tests.support.gatherings import Table, tables
from tests.support.message_text import text_of


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


@pytest.fixture
def evolution(table: Table) -> str:
    """From a picture of Ana's; its first generation can be voted on."""
    picture = f"{table.finish_job('ana', count=1)}.1"
    gathering_id = table.open("ana", "evolve", picture=picture, rounds=3, vote="10m", children=4, quorum=2)
    table.finish_jobs(gathering_id)
    return gathering_id


def candidates(table: Table, gathering_id: str) -> list[int]:
    round_number = table.gathering(gathering_id).round
    return [
        part.ordinal
        for part in table.parts(gathering_id)
        if part.round == round_number and part.state is PartState.SET
    ]


def roles(table: Table, gathering_id: str) -> list[ChildRole]:
    round_number = table.gathering(gathering_id).round
    return [role_of(part) for part in table.parts(gathering_id) if part.round == round_number]


def end_vote(table: Table, gathering_id: str, *approvals: tuple[str, int]) -> None:
    for name, part in approvals:
        table.act(name, "vote", gathering_id, part=part)
    table.clock.pass_by(minutes=11)
    table.sweep()


def test_the_first_generation_of_a_picture_is_subtle_but_for_one(table: Table, evolution: str) -> None:
    assert table.gathering(evolution).state == "voting"
    assert roles(table, evolution) == [ChildRole.SUBTLE] * 3 + [ChildRole.STRONG]
    requests = [table.request(job) for job in table.jobs(evolution)]
    assert [request["variation"] for request in requests] == ["subtle"] * 3 + ["strong"]


def test_words_are_painted_as_often_as_there_are_children(table: Table) -> None:
    gathering_id = table.open("ana", "evolve", words="a glass lighthouse", children=3)
    requests = [table.request(job) for job in table.jobs(gathering_id)]
    assert [request["prompt"] for request in requests] == ["a glass lighthouse"] * 3


def test_words_and_picture_at_once_are_refused(table: Table) -> None:
    with pytest.raises(BadParameterError):
        table.open("ana", "evolve")


def test_the_winner_has_variations_and_a_blend_with_the_second(table: Table, evolution: str) -> None:
    first, second, *_ = candidates(table, evolution)
    end_vote(table, evolution, ("bo", second), ("cy", second), ("di", first))
    assert table.gathering(evolution).data["winners"] == [{"round": 1, "part": second, "votes": 2}]
    parts = {role: list(parents_of(part)) for part in table.parts(evolution) if (role := role_of(part))}
    assert parts[ChildRole.VARIATION] == [second]
    assert parts[ChildRole.BLEND] == [second, first]
    assert roles(table, evolution) == [ChildRole.VARIATION] * 2 + [ChildRole.BLEND, ChildRole.WILDCARD]
    blended = next(request for job in table.jobs(evolution) if (request := table.request(job))["weights"])
    assert blended["operation"] == "blend"


def test_a_close_second_has_variations_of_its_own() -> None:
    first, second = (sample_part(ordinal).part for ordinal in (1, 2))
    children = next_generation([(first, 5), (second, 3)], wildcard=1, count=6, noise=0.5)
    assert [child.parents for child in children if child.role is ChildRole.VARIATION].count((2,)) == 2
    far = next_generation([(first, 5), (second, 2)], wildcard=1, count=6, noise=0.5)
    assert (2,) not in [child.parents for child in far if child.role is ChildRole.VARIATION]


def test_variations_move_less_with_every_round() -> None:
    amounts = [noise_of(number, 6) for number in range(2, 7)]
    assert (amounts[0], amounts[-1]) == (FIRST_NOISE, LAST_NOISE)
    assert amounts == sorted(amounts, reverse=True)
    assert Child(ChildRole.VARIATION, (1,), 0.8).order_for(["a.1"]).fields == {"reach": 0.8}


def test_ties_go_to_who_was_chosen_less_often_then_to_the_more_different_look() -> None:
    one, two, three = (sample_part(ordinal).part for ordinal in (1, 2, 3))
    chosen, distances = {1: 1, 2: 0, 3: 0}, {1: 90, 2: 10, 3: 40}
    order = rank(
        [one, two, three],
        {1: 2, 2: 2, 3: 2},
        times_chosen=lambda part: chosen[part.ordinal],
        distance=lambda part: distances[part.ordinal],
        lot=lambda part: "",
    )
    assert [part.ordinal for part, _ in order.standing] == [3, 2, 1]
    assert not order.by_lot


@pytest.mark.parametrize(("parts", "by_lot"), [((0, 0), False), ((0, 1), True)])
def test_a_generation_that_a_lot_decided_is_said_to_be_one(
    table: Table, evolution: str, parts: tuple[int, int], by_lot: bool
) -> None:
    found = candidates(table, evolution)
    end_vote(table, evolution, ("bo", found[parts[0]]), ("cy", found[parts[1]]))
    (winner,) = winners_of(table.gathering(evolution).data)
    assert bool(winner.get("lot")) is by_lot
    assert ("by lot" in message_text(table, evolution)) is by_lot
    table.act("ana", "end", evolution)
    assert ("By lot" in message_text(table, evolution)) is by_lot


def test_everybody_who_voted_in_any_round_chose_but_who_saw_a_ballot_only(
    table: Table, evolution: str
) -> None:
    for names in (("bo", "cy"), ("cy", "di")):
        chosen = candidates(table, evolution)[0]
        end_vote(table, evolution, *((name, chosen) for name in names))
        table.finish_jobs(evolution)
    table.act("eve", "join", evolution)
    voter = ballot_rows.Voter("eve", table.person("eve").key)
    with table.ports.database.begin() as session:
        ballot_rows.deal_page(session, evolution, 1, voter, choices=[1], at=now())
    table.act("ana", "end", evolution)
    view = load_gathering_view(table.ports.database, evolution)
    assert [person.display_name for person in view.chose] == ["Bo", "Cy", "Di"]


def message_text(table: Table, gathering_id: str) -> str:
    return text_of(compose_evolution(load_gathering_view(table.ports.database, gathering_id)))


def test_too_few_votes_are_waited_for_once_then_it_rests_until_the_next_vote(
    table: Table, evolution: str
) -> None:
    first = candidates(table, evolution)[0]
    end_vote(table, evolution, ("bo", first))
    assert table.gathering(evolution).state == "voting"
    table.clock.pass_by(minutes=11)
    table.sweep()
    assert table.gathering(evolution).state == "resting"
    table.act("cy", "vote", evolution, part=first)
    assert table.gathering(evolution).state == "voting"
    table.clock.pass_by(minutes=11)
    table.sweep()
    assert table.gathering(evolution).state == "generating"


def test_seven_days_of_rest_end_it(table: Table, evolution: str) -> None:
    end_vote(table, evolution)
    table.clock.pass_by(minutes=11)
    table.sweep()
    table.clock.pass_by(days=8)
    table.sweep()
    assert table.gathering(evolution).state == "done"


def test_when_all_voters_of_the_last_round_voted_half_the_time_is_enough(
    table: Table, evolution: str
) -> None:
    first = candidates(table, evolution)[0]
    end_vote(table, evolution, ("bo", first), ("cy", first))
    table.finish_jobs(evolution)
    again = candidates(table, evolution)[0]
    for name in ("bo", "cy"):
        table.act(name, "vote", evolution, part=again)
    table.clock.pass_by(minutes=6)
    table.sweep()
    assert table.gathering(evolution).state == "generating"


def test_a_picture_that_somebody_brings_takes_the_wildcards_place(table: Table, evolution: str) -> None:
    mine = f"{table.finish_job('bo', count=1)}.1"
    table.act("bo", "add", evolution, picture=mine)
    with pytest.raises(GatheringRefusedError):
        table.act("bo", "add", evolution, picture=mine)
    first = candidates(table, evolution)[0]
    end_vote(table, evolution, ("bo", first), ("cy", first))
    table.finish_jobs(evolution)
    found = roles(table, evolution)
    assert ChildRole.INJECTED in found
    assert ChildRole.WILDCARD not in found
    brought = next(part for part in table.parts(evolution) if role_of(part) is ChildRole.INJECTED)
    with pytest.raises(GatheringRefusedError):
        table.act("bo", "vote", evolution, part=brought.ordinal)


def test_pictures_of_others_cannot_be_brought(table: Table, evolution: str) -> None:
    theirs = f"{table.finish_job('cy', count=1)}.1"
    with pytest.raises(GatheringRefusedError):
        table.act("bo", "add", evolution, picture=theirs)


def test_after_the_last_round_it_is_done_and_keeps_every_winner(table: Table, evolution: str) -> None:
    for _ in range(3):
        chosen = candidates(table, evolution)[0]
        end_vote(table, evolution, ("bo", chosen), ("cy", chosen))
        table.finish_jobs(evolution)
    gathering = table.gathering(evolution)
    assert gathering.state == "done"
    assert [winner["round"] for winner in gathering.data["winners"]] == [1, 2, 3]  # type: ignore[attr-defined]


def test_a_generation_that_is_refused_is_painted_once_more_then_from_the_grandparent(
    table: Table, evolution: str
) -> None:
    first = candidates(table, evolution)[0]
    end_vote(table, evolution, ("bo", first), ("cy", first))
    table.finish_jobs(evolution, JobState.REFUSED)
    table.sweep()
    assert roles(table, evolution)[4:] == [ChildRole.VARIATION] * 2 + [ChildRole.BLEND, ChildRole.WILDCARD]
    table.finish_jobs(evolution, JobState.REFUSED)
    table.sweep()
    start = table.parts(evolution)[0].ordinal
    assert {tuple(part.data["parents"]) for part in table.parts(evolution)[-4:]} == {(start,)}  # type: ignore[arg-type]
    table.finish_jobs(evolution, JobState.REFUSED)
    assert table.gathering(evolution).state == "ended"


def test_what_is_deleted_while_people_vote_is_redone_with_the_rest_or_painted_anew(
    table: Table, evolution: str
) -> None:
    first, *others = candidates(table, evolution)
    table.act("bo", "vote", evolution, part=first)
    delete(table, evolution, first)
    assert table.gathering(evolution).state == "voting"
    end_vote(table, evolution, ("bo", others[0]), ("cy", others[0]))
    assert table.gathering(evolution).data["winners"][0]["part"] == others[0]  # type: ignore[index]
    table.finish_jobs(evolution)
    for ordinal in candidates(table, evolution):
        delete(table, evolution, ordinal)
    assert table.gathering(evolution).state == "generating"
    table.finish_jobs(evolution)
    assert len(candidates(table, evolution)) == 4


def delete(table: Table, evolution: str, ordinal: int) -> None:
    """By a moderator."""
    table.ask("mo", "delete", moderator=True, what=table.parts(evolution)[ordinal - 1].picture)
    table.sweep()


def test_a_held_child_joins_the_vote_when_it_is_let_through(table: Table) -> None:
    gathering_id = table.open("ana", "evolve", words="a glass lighthouse", children=3)
    held, *others = table.jobs(gathering_id)
    table.finish(held, JobState.HELD)
    for job in others:
        table.finish(job, JobState.DONE)
    table.sweep()
    assert table.gathering(gathering_id).state == "voting"
    assert len(candidates(table, gathering_id)) == 2


def test_the_first_generation_of_words_has_no_parents() -> None:
    assert {child.parents for child in first_generation(None, 3)} == {()}


@pytest.mark.parametrize("named", ["1.2", "1 2", "picture"])
def test_a_branch_may_begin_at_any_picture_of_it(table: Table, evolution: str, named: str) -> None:
    node = table.parts(evolution)[2]
    words = node.picture or "" if named == "picture" else named
    table.act("ana", "end", evolution)
    opened = table.act("bo", "branch", evolution, words=words)
    assert isinstance(opened, GatheringOpened)
    assert table.parts(opened.gathering_id)[0].picture == node.picture


@pytest.mark.parametrize("named", ["9.9", "the first", "k3v9m2p4qx7a.1"])
def test_words_that_name_no_picture_branch_nothing(table: Table, evolution: str, named: str) -> None:
    with pytest.raises(GatheringRefusedError) as refused:
        table.act("bo", "branch", evolution, words=named)
    assert refused.value.reason == "no_such_picture"


def open_evolution(table: Table, host: str) -> str:
    return table.open(host, "evolve", words="a glass lighthouse", rounds=3, vote="10m", children=3, quorum=1)


TestHistories = machine_of(Driver(open=open_evolution))


def test_a_branch_takes_no_picture_out_of_a_private_channel(table: Table) -> None:
    cellar = replace(table, address=replace(table.address, channel="cellar", private=True))
    evolution = cellar.open("ana", "evolve", words="a glass lighthouse", children=3, vote="10m")
    cellar.finish_jobs(evolution)
    cellar.act("bo", "join", evolution)  # so that he sees it from everywhere
    cellar.act("ana", "end", evolution)
    with pytest.raises(NotFoundError):
        table.act("bo", "branch", evolution, part=2)
    assert cellar.act("bo", "branch", evolution, part=2)

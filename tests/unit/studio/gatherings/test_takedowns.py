"""A picture that is taken down by a report, blocked or deleted: what becomes of it in each phase of each kind."""

from collections.abc import Callable, Iterator, Mapping

import pytest

from bots.queries.gathering_view import load_gathering_view
from studio.commands.results import ReportFiled
from studio.db.gatherings import ballot_rows
from studio.domain.cases import Decision
from studio.domain.gatherings import PartState
from studio.ports import Ports
from tests.support.case_sim import with_desk
from tests.support.gatherings import Table, tables

Place = tuple[str, int]  # a gathering, and the number of its part that is taken down


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(with_desk(ports), monkeypatch)


def take_down_by(decision: Decision) -> Callable[[Table, Place], None]:
    def take_down(table: Table, place: Place) -> None:
        """Reported by somebody who sees it: in a game of telephone that is who has the next turn."""
        gathering_id, ordinal = place
        owner = (table.parts(gathering_id)[ordinal - 1].human or "").rpartition(":")[2]
        turns = [part.human for part in table.parts(gathering_id) if part.state is PartState.OFFERED]
        reporter = (turns[0] or "").rpartition(":")[2] if turns else "bo" if owner != "bo" else "cy"
        words = {"words": "an artist's style"}
        if table.parts(gathering_id)[ordinal - 1].state is PartState.SET:
            filed = table.act(reporter, "report", gathering_id, part=ordinal, **words)
        else:
            filed = table.ask(reporter, "report", picture=table.parts(gathering_id)[ordinal - 1].picture)
        assert isinstance(filed, ReportFiled)
        table.ports.desk.decide(table.person("mo", moderator=True), filed.case.id, decision)

    return take_down


def delete(table: Table, place: Place) -> None:
    """By its owner."""
    part = table.parts(place[0])[place[1] - 1]
    table.ask((part.human or "").rpartition(":")[2], "delete", what=part.picture)


WAYS: Mapping[str, Callable[[Table, Place], None]] = {
    "report": take_down_by(Decision.REJECT),
    "block": take_down_by(Decision.BLOCK),
    "delete": delete,
}


# ---- the phases


def evolution_voting(table: Table) -> Place:
    evolution = table.open("ana", "evolve", words="a fox", rounds=2, vote="10m", children=3, quorum=1)
    table.finish_jobs(evolution)
    table.act("bo", "vote", evolution, part=2)
    return evolution, 2


def evolution_generating(table: Table) -> Place:
    place = evolution_voting(table)
    table.act("ana", "skip", place[0])
    return place


def evolution_resting(table: Table) -> Place:
    evolution, part = evolution_voting(table)
    table.act("bo", "vote", evolution, part=part)
    for _ in range(2):
        table.clock.pass_by(minutes=11)
        table.sweep()
    return evolution, part


def evolution_done(table: Table) -> Place:
    evolution, part = evolution_generating(table)
    table.finish_jobs(evolution)
    table.act("bo", "vote", evolution, part=4)
    table.act("ana", "skip", evolution)
    return evolution, part


def mural_choosing(table: Table) -> Place:
    mural = table.open("ana", "mural", theme="a quiet sea", size="2x2")
    table.finish_jobs(mural)
    return mural, 1


def mural_open(table: Table) -> Place:
    place = mural_choosing(table)
    table.act("ana", "first", place[0], part=1)
    return place


def mural_ended(table: Table) -> Place:
    place = mural_open(table)
    table.act("ana", "end", place[0])
    return place


def telephone_running(table: Table) -> Place:
    game = table.open("ana", "telephone", players=4)
    for name in ("bo", "cy", "di"):
        table.act(name, "join", game)
    _write(table, game)
    return game, 1


def _write(table: Table, game: str) -> bool:
    turn = next((part for part in table.parts(game) if part.state is PartState.OFFERED), None)
    if turn is None:
        return False
    name = (turn.human or "").rpartition(":")[2]
    table.act(name, "write", game, words="a red fox")
    table.finish_jobs(game)
    table.act(name, "first", game)
    return True


def telephone_reveal(table: Table) -> Place:
    place = telephone_running(table)
    while _write(table, place[0]):
        pass
    return place


def telephone_done(table: Table) -> Place:
    place = telephone_reveal(table)
    while not table.gathering(place[0]).is_over:
        table.clock.pass_by(minutes=3)
        table.sweep()
    return place


def contest_open(table: Table) -> Place:
    contest = table.open("ana", "contest", title="Autumn light", closes="1h", voting="1h")
    for name in ("bo", "cy", "di"):
        table.act(name, "enter", contest, picture=f"{table.finish_job(name, count=1)}.1")
    return contest, 1


def contest_voting(table: Table) -> Place:
    contest, part = contest_open(table)
    table.clock.pass_by(minutes=61)
    table.sweep()
    table.act("eve", "ballot", contest, part=1)
    table.act("eve", "vote", contest, part=part)
    return contest, part


def contest_closed(table: Table) -> Place:
    place = contest_voting(table)
    table.clock.pass_by(minutes=61)
    table.sweep()
    return place


def vote_voting(table: Table) -> Place:
    vote = table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")
    table.act("bo", "vote", vote, part=2)
    return vote, 2


def vote_upscaling(table: Table) -> Place:
    place = vote_voting(table)
    table.act("ana", "skip", place[0])
    return place


PHASES: Mapping[Callable[[Table], Place], str] = {
    evolution_voting: "voting",
    evolution_generating: "generating",
    evolution_resting: "resting",
    evolution_done: "done",
    mural_choosing: "open",
    mural_open: "open",
    mural_ended: "ended",
    telephone_running: "running",
    telephone_reveal: "reveal",
    telephone_done: "done",
    contest_open: "open",
    contest_voting: "voting",
    contest_closed: "closed",
    vote_voting: "voting",
    vote_upscaling: "upscaling",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("begin", PHASES, ids=lambda begin: begin.__name__)
def test_what_is_taken_down_is_gone_and_nothing_else_changes(
    table: Table, begin: Callable[[Table], Place], way: str
) -> None:
    gathering_id, ordinal = place = begin(table)
    before = table.gathering(gathering_id)
    assert before.state == PHASES[begin]
    WAYS[way](table, place)
    table.sweep()
    after, part = table.gathering(gathering_id), table.parts(gathering_id)[ordinal - 1]
    stops = way != "delete" and begin is vote_upscaling  # what is made from it ends with it
    assert after.state == ("done" if stops else before.state)
    assert (after.data, after.round) == (before.data, before.round)
    shown = load_gathering_view(table.ports.database, gathering_id).part(ordinal)
    assert shown is not None
    assert shown.picture is None
    assert not shown.candidates or part.picture not in {candidate.id for candidate in shown.candidates}
    if before.is_over:  # a result stays as it was, with an empty place
        return
    assert part.state in (PartState.REMOVED, PartState.FREE), part
    assert part.text == ""
    with table.ports.database.read() as session:
        for round_number in range(1, after.round + 1):
            assert ordinal not in ballot_rows.count_votes(session, gathering_id, round_number)

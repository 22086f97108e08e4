"""Telephone: words, picture, words, picture; nobody but the next player sees a picture before the reveal."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import select

from bots.presentation.compose.gatherings.telephone.game import compose_telephone
from bots.queries.gathering_view import load_gathering_view
from studio.clock import now
from studio.commands.results import ReportFiled
from studio.db import credit_ledger
from studio.db.tables.columns import Base
from studio.domain.cases import Decision
from studio.domain.events import GatheringRemark
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState
from studio.errors import NotFoundError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.kinds.telephone_reveal import shown_links, winners_of
from studio.gatherings.kinds.turn_order import picture_before
from studio.gatherings.people import take_out_of_all
from studio.ports import Ports
from tests.support.case_sim import with_gate
from tests.support.case_steps import only_case
from tests.support.fakes import someone
from tests.support.gathering_machine import Driver, machine_of
from tests.support.gatherings import Table, tables
from tests.support.message_text import text_of

PLAYERS = ("ana", "bo", "cy")


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


def open_game(table: Table, *, players: tuple[str, ...] = PLAYERS, **rules: object) -> str:
    """It starts when the last one joins."""
    gathering_id = table.open(players[0], "telephone", players=len(players), **rules)
    for name in players[1:]:
        table.act(name, "join", gathering_id)
    return gathering_id


def open_turns(table: Table, gathering_id: str) -> list[Part]:
    states = (PartState.OFFERED, PartState.CLAIMED, PartState.CHOOSING)
    return [part for part in table.parts(gathering_id) if part.state in states]


def name_of(part: Part) -> str:
    return (part.human or "").rpartition(":")[2]


def play(table: Table, gathering_id: str, words: str = "a red fox") -> Part:
    """The first open turn: written, painted, and its first candidate chosen."""
    part = open_turns(table, gathering_id)[0]
    table.act(name_of(part), "write", gathering_id, words=words)
    table.finish_jobs(gathering_id)
    table.act(name_of(part), "first", gathering_id)
    return part


def play_all(table: Table, gathering_id: str) -> None:
    while open_turns(table, gathering_id):
        play(table, gathering_id)


def pass_by(table: Table, **length: float) -> None:
    table.clock.pass_by(**length)
    table.sweep()


def test_it_starts_when_enough_have_joined_and_ends_with_a_picture_of_each(table: Table) -> None:
    game = open_game(table)
    assert table.gathering(game).state == "running"
    play_all(table, game)
    assert table.gathering(game).state == "reveal"
    assert sorted(map(name_of, table.parts(game))) == ["ana", "bo", "cy"]
    for _ in range(3):
        pass_by(table, seconds=11)
    pass_by(table, minutes=3)
    assert table.gathering(game).state == "done"


# ---- joining and starting


def test_fewer_than_three_cannot_start_and_their_lobby_ends(table: Table) -> None:
    game = table.open("ana", "telephone")
    table.act("bo", "join", game)
    assert refusal(table, "ana", "start", game) == "too_few"
    pass_by(table, minutes=16)
    assert table.gathering(game).state == "ended"


def test_three_start_now_or_when_the_lobby_has_lasted(table: Table) -> None:
    games = []
    for starts in (lambda game: table.act("ana", "start", game), lambda _game: pass_by(table, minutes=16)):
        game = table.open("ana", "telephone", players=5)
        for name in PLAYERS[1:]:
            table.act(name, "join", game)
        assert refusal(table, "bo", "start", game) == Refusal.HOST_ONLY
        starts(game)
        games.append(table.gathering(game).state)
        table.act("ana", "end", game)
    assert games == ["running", "running"]


def test_nobody_joins_a_game_that_has_begun(table: Table) -> None:
    game = open_game(table)
    assert refusal(table, "di", "join", game) == "begun"


def refusal(table: Table, name: str, verb: str, game: str, **values: object) -> str:
    with pytest.raises(GatheringRefusedError) as refused:
        table.act(name, verb, game, **values)
    return str(refused.value.reason)


# ---- turns


def test_the_words_are_painted_twice_and_cannot_be_written_again(table: Table) -> None:
    game = open_game(table)
    part = open_turns(table, game)[0]
    table.act(name_of(part), "write", game, words="a red fox")
    (job,) = table.jobs(game)
    assert (table.request(job)["prompt"], table.request(job)["count"]) == ("a red fox", 2)
    assert refusal(table, name_of(part), "write", game, words="a blue fox") == Refusal.LATE
    table.finish_jobs(game)
    assert refusal(table, name_of(part), "write", game, words="a blue fox") == Refusal.LATE
    table.act(name_of(part), "second", game)
    assert table.parts(game)[0].picture == f"{job}.2"


def test_who_does_not_choose_within_a_minute_goes_on_with_the_first(table: Table) -> None:
    game = open_game(table)
    part = open_turns(table, game)[0]
    table.act(name_of(part), "write", game, words="a red fox")
    table.finish_jobs(game)
    pass_by(table, seconds=61)
    assert (table.parts(game)[0].state, table.parts(game)[0].picture) == (
        PartState.SET,
        f"{table.jobs(game)[0]}.1",
    )


def test_only_whose_turn_it_is_writes_and_chooses(table: Table) -> None:
    game = open_game(table)
    mine = name_of(open_turns(table, game)[0])
    other = next(name for name in PLAYERS if name != mine)
    assert refusal(table, other, "write", game, words="a dog") == Refusal.LATE
    table.act(mine, "write", game, words="a red fox")
    table.finish_jobs(game)
    assert refusal(table, other, "first", game) == Refusal.LATE
    assert refusal(table, "di", "write", game, words="a dog") == Refusal.MEMBERS_ONLY
    assert refusal(table, mine, "write", game, words="  ") == Refusal.LATE


def test_each_player_sees_only_the_last_picture(table: Table) -> None:
    game = open_game(table)
    assert picture_before(table.parts(game), open_turns(table, game)[0]) is None
    first = play(table, game)
    parts = table.parts(game)
    seen = picture_before(parts, open_turns(table, game)[0])
    assert seen is not None
    assert seen.ordinal == first.ordinal


def test_the_player_of_a_turn_reports_the_picture_before_it_and_nobody_else_does(table: Table) -> None:
    game = open_game(table)
    play(table, game)
    first, second = table.parts(game)
    third = next(name for name in PLAYERS if name not in (name_of(first), name_of(second)))
    for name, part in ((third, 1), (name_of(second), 2), (name_of(second), 99)):
        with pytest.raises(GatheringRefusedError):
            table.act(name, "report", game, part=part, words="it shows a private person")
    with pytest.raises(NotFoundError):
        table.ask(name_of(second), "report", picture=first.picture)
    filed = table.act(name_of(second), "report", game, part=1, words="it shows a private person")
    assert isinstance(filed, ReportFiled)
    assert (filed.case.picture_id, filed.case.words) == (first.picture, "it shows a private person")
    assert [part.state for part in table.parts(game)] == [PartState.SET, PartState.OFFERED]


def test_a_chain_for_each_player_lets_all_write_at_once(table: Table) -> None:
    game = open_game(table, chains="all")
    assert sorted(name_of(part) for part in open_turns(table, game)) == sorted(PLAYERS)
    play_all(table, game)
    assert len(table.parts(game)) == 9
    assert table.gathering(game).state == "reveal"


def test_an_offer_that_nobody_takes_lapses_and_goes_to_the_next(table: Table) -> None:
    game = open_game(table)
    first = open_turns(table, game)[0]
    pass_by(table, seconds=91)
    (second,) = open_turns(table, game)
    assert name_of(second) != name_of(first)
    assert remarks(table) == ["offered", "offered"]


def test_a_turn_that_was_begun_and_not_delivered_is_skipped_said_so_and_offered_again(table: Table) -> None:
    game = open_game(table)
    first = open_turns(table, game)[0]
    table.act(name_of(first), "turn", game)
    pass_by(table, seconds=91)
    (second,) = open_turns(table, game)
    assert (table.parts(game)[0].state, second.state) == (PartState.SKIPPED, PartState.OFFERED)
    assert remarks(table) == ["offered", "skipped", "offered"]
    assert table.jobs(game) == []


def test_who_looks_has_the_whole_time_from_then_on(table: Table) -> None:
    game = open_game(table)
    part = open_turns(table, game)[0]
    pass_by(table, seconds=80)
    table.act(name_of(part), "turn", game)
    pass_by(table, seconds=80)
    table.act(name_of(part), "write", game, words="a red fox")
    assert len(table.jobs(game)) == 1


def remarks(table: Table) -> list[str]:
    """What was said, in its order."""
    events = table.ports.events.published  # type: ignore[attr-defined]
    return [event.code for event in events if isinstance(event, GatheringRemark)]


@pytest.mark.parametrize(("turn", "quiet", "left"), [("1h", 49, 9), ("1d", 21 * 60 + 59, 119)])
def test_a_warning_comes_before_a_slow_turn_ends(table: Table, turn: str, quiet: int, left: int) -> None:
    game = open_game(table, turn=turn)
    part = open_turns(table, game)[0]
    pass_by(table, minutes=quiet)
    assert remarks(table) == ["offered"]
    pass_by(table, minutes=2)
    assert remarks(table) == ["offered", "warned"]
    pass_by(table, minutes=left)
    assert name_of(open_turns(table, game)[0]) == name_of(part)
    pass_by(table, minutes=1)
    assert name_of(open_turns(table, game)[0]) != name_of(part)


def test_words_of_which_nothing_comes_may_be_written_anew(table: Table) -> None:
    game = open_game(table)
    part = open_turns(table, game)[0]
    table.act(name_of(part), "write", game, words="a red fox")
    table.finish_jobs(game, JobState.REFUSED)
    again = table.parts(game)[0]
    assert (again.state, again.text, again.attempts) == (PartState.CLAIMED, "", 1)
    assert remarks(table)[-1] == "refused"
    play(table, game, words="a green fox")
    assert table.parts(game)[0].text == "a green fox"


@pytest.mark.parametrize(("turn", "minutes"), [("90s", 10), ("1h", 12 * 60)])
def test_a_held_turn_waits_ten_minutes_in_a_live_game_and_half_a_day_in_a_slow_one(
    table: Table, turn: str, minutes: int
) -> None:
    game = open_game(table, turn=turn)
    part = open_turns(table, game)[0]
    table.act(name_of(part), "write", game, words="a red fox")
    table.finish_jobs(game, JobState.HELD)
    pass_by(table, minutes=minutes - 1)
    assert table.parts(game)[0].state is PartState.HELD
    pass_by(table, minutes=2)
    assert table.parts(game)[0].state is PartState.SKIPPED
    assert name_of(open_turns(table, game)[0]) != name_of(part)


def test_who_leaves_or_is_banned_has_no_turn_any_more(table: Table) -> None:
    game = open_game(table, players=("ana", "bo", "cy", "di"))
    first = name_of(open_turns(table, game)[0])
    table.act(first, "leave", game)
    second = name_of(open_turns(table, game)[0])
    with table.ports.database.begin() as session:
        take_out_of_all(session, [table.person(second).key])
    third = name_of(open_turns(table, game)[0])
    assert len({first, second, third}) == 3
    assert refusal(table, second, "write", game, words="a fox") == Refusal.MEMBERS_ONLY


def test_a_turn_that_is_lost_while_it_is_paused_is_offered_when_it_goes_on(table: Table) -> None:
    game = open_game(table)
    table.act("ana", "pause", game)
    first = name_of(open_turns(table, game)[0])
    with table.ports.database.begin() as session:
        take_out_of_all(session, [table.person(first).key])
    assert open_turns(table, game) == []
    table.ask("mo", "gather", moderator=True, do="resume", id=game)
    assert name_of(open_turns(table, game)[0]) != first


# ---- secrecy and the reveal


def test_nobody_knows_of_the_jobs_before_the_reveal_and_everybody_afterwards(table: Table) -> None:
    game = open_game(table)
    play(table, game)
    (job,) = table.jobs(game)
    with pytest.raises(NotFoundError):
        table.ask("di", "show", job=job)
    play_all(table, game)
    assert table.ask("di", "show", job=job)


def test_stopping_reveals_what_there_is(table: Table) -> None:
    game = open_game(table, players=("ana", "bo", "cy", "di"))
    for _ in range(3):
        play(table, game)
    table.act("ana", "stop", game)
    assert table.gathering(game).state == "reveal"


def test_stopping_awaits_what_is_being_painted(table: Table) -> None:
    game = open_game(table)
    for _ in range(2):
        play(table, game)
    last = open_turns(table, game)[0]
    table.act(name_of(last), "write", game, words="a fox")
    table.act("ana", "stop", game)
    assert table.gathering(game).state == "running"
    table.finish_jobs(game)
    table.act(name_of(last), "first", game)
    assert table.gathering(game).state == "reveal"


def test_a_chain_of_fewer_than_three_turns_is_dropped_and_costs_nothing(table: Table) -> None:
    game = open_game(table)
    for _ in range(2):
        play(table, game)
    assert spent(table) > 0
    table.act("ana", "stop", game)
    assert table.gathering(game).state == "ended"
    assert spent(table) == 0


def test_a_game_that_its_host_ends_costs_nothing_where_nothing_is_shown(table: Table) -> None:
    game = open_game(table)
    play(table, game)
    table.act("ana", "end", game)
    assert spent(table) == 0


def spent(table: Table) -> int:
    """What all players together have paid."""
    with table.ports.database.read() as session:
        keys = [table.person(name).key for name in PLAYERS]
        return sum(credit_ledger.used_credits(session, key, at=now()) for key in keys)


def test_a_deleted_picture_stays_as_a_gap_and_the_next_sees_the_one_before(table: Table) -> None:
    game = open_game(table)
    play(table, game)
    second = play(table, game)
    picture = table.parts(game)[1].picture
    table.ask(name_of(second), "delete", what=picture)
    table.sweep()
    parts = table.parts(game)
    assert (parts[1].state, parts[1].text) == (PartState.REMOVED, "")
    seen = picture_before(parts, open_turns(table, game)[0])
    assert seen is not None
    assert seen.ordinal == 1


def test_the_reveal_goes_link_by_link_and_chain_by_chain(table: Table) -> None:
    game = open_game(table, chains="all")
    play_all(table, game)
    seen = []
    while not table.gathering(game).is_over:
        gathering = table.gathering(game)
        seen.append((gathering.round, len(shown_links(gathering, table.parts(game)))))
        pass_by(table, seconds=121)
    assert seen == [(chain, links) for chain in (1, 2, 3) for links in (1, 2, 3)]


def test_the_best_turn_is_voted_for_and_when_all_players_have_voted_it_goes_on(table: Table) -> None:
    game = open_game(table)
    play_all(table, game)
    owner = {part.ordinal: name_of(part) for part in table.parts(game)}
    assert refusal(table, owner[1], "vote", game, part=2) == Refusal.GONE
    for _ in range(2):
        pass_by(table, seconds=11)
    assert refusal(table, owner[2], "vote", game, part=2) == Refusal.OWN_PART
    for voter, part in ((1, 2), (2, 1), (3, 2)):
        table.act(owner[voter], "vote", game, part=part)
    table.sweep()
    assert table.gathering(game).state == "done"
    assert winners_of(table.gathering(game).data) == [{"chain": 1, "part": 2, "votes": 2}]
    assert "by lot" not in message_text(table, game)


def test_of_two_turns_with_as_many_votes_a_lot_is_said_to_choose(table: Table) -> None:
    game = open_game(table)
    play_all(table, game)
    owner = {part.ordinal: name_of(part) for part in table.parts(game)}
    for _ in range(2):
        pass_by(table, seconds=11)
    for voter, part in ((1, 2), (2, 1)):
        table.act(owner[voter], "vote", game, part=part)
    pass_by(table, minutes=3)
    (won,) = winners_of(table.gathering(game).data)
    assert (won["votes"], won["lot"]) == (1, 1)
    assert "Best turn of chain 1, drawn by lot" in message_text(table, game)


def message_text(table: Table, gathering_id: str) -> str:
    return text_of(compose_telephone(load_gathering_view(table.ports.database, gathering_id)))


def test_another_game_has_another_order(table: Table) -> None:
    """A lot decides it, which is another one in each game."""
    players = ("ana", "bo", "cy", "di", "eve", "fay")
    first = set()
    for _ in range(6):
        game = open_game(table, players=players)
        first.add(name_of(open_turns(table, game)[0]))
        table.act("ana", "end", game)
    assert len(first) > 1


def _open(table: Table, host: str) -> str:
    """A slow game of many chains; who comes later may fill it."""
    game = table.open(host, "telephone", players=4, turn="1h", chains="all")
    for name in ("bo", "cy"):
        table.act(name, "join", game)
    return game


def _words(_gathering: Gathering, _parts: list[Part], number: int) -> Mapping[str, object]:
    return {"words": f"words {number}"}


TestTelephone = machine_of(
    Driver(open=_open, values=dict.fromkeys(("write", "first", "second", "turn"), _words))
)


def test_held_words_are_kept_in_no_part_until_they_are_let_through(table: Table) -> None:
    ports = with_gate(table.ports)
    strict = replace(table, ports=ports)
    game = open_game(strict)
    turn = open_turns(strict, game)[0]
    strict.act(name_of(turn), "write", game, words="a doubtful apple")
    with ports.database.read() as session:
        for rows in Base.metadata.sorted_tables:
            assert "apple" not in str(session.execute(select(rows)).all()), rows.name
    ports.desk.decide(someone("mod", moderator=True), only_case(ports).id, Decision.APPROVE)
    assert "a doubtful apple" in [part.text for part in strict.parts(game)]
    (job,) = strict.jobs(game)
    assert strict.request(job)["prompt"] == "a doubtful apple"

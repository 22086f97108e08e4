"""Contests: who may enter what, ballots without names, who wins, and what becomes of the prize."""

from collections.abc import Iterator

import pytest

from studio.commands.gathering_results import GatheringActed
from studio.db import credit_ledger
from studio.db.tables import LedgerRow, PictureRow
from studio.domain.gatherings import Gathering, Part, PartState
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.errors import BannedError, NotFoundError
from studio.errors.gatherings import GatheringRefusedError
from studio.gatherings.people import take_out_of_all
from studio.ports import Ports
from studio.services import held_job_decisions
from tests.support.finished_jobs import paint_job
from tests.support.gathering_machine import Driver, machine_of
from tests.support.gatherings import Table, tables


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


@pytest.fixture
def contest(table: Table) -> str:
    return open_contest(table, "ana")


def open_contest(table: Table, host: str, **options: object) -> str:
    return table.open(host, "contest", title="Autumn light", closes="1h", voting="2h", **options)


def paint(table: Table, name: str, command: str = "imagine", **values: object) -> str:
    """The id of a picture of somebody's."""
    words = {"prompt": "a red fox"} if command == "imagine" else {}
    accepted = table.ask(name, command, **{**words, "count": 1, **values})
    return f"{paint_job(table.ports, accepted.job_id)}.1"  # type: ignore[union-attr]


def enter(table: Table, contest: str, name: str, picture: str = "") -> int:
    """The number of their entry, of a new picture unless it is given."""
    answer = table.act(name, "enter", contest, picture=picture or paint(table, name))
    assert isinstance(answer, GatheringActed)
    return int(answer.values["part"])


def refusal(table: Table, contest: str, name: str, picture: str) -> str:
    with pytest.raises(GatheringRefusedError) as caught:
        table.act(name, "enter", contest, picture=picture)
    return caught.value.reason


def end_phase(table: Table, minutes: int = 121) -> None:
    table.clock.pass_by(minutes=minutes)
    table.sweep()


def approve(table: Table, contest: str, name: str, *entries: int) -> None:
    """Somebody looks at their whole ballot and approves of these."""
    for page in (1, 2):
        table.act(name, "ballot", contest, part=page)
    for entry in entries:
        table.act(name, "vote", contest, part=entry)


def winners(table: Table, contest: str) -> list[int]:
    assert table.gathering(contest).state == "closed"
    return table.gathering(contest).data["winners"]  # type: ignore[return-value]


def part(table: Table, contest: str, ordinal: int) -> Part:
    return table.parts(contest)[ordinal - 1]


def let_through(table: Table, picture: str) -> None:
    with table.ports.database.begin() as session:
        held_job_decisions.deliver(session, picture.partition(".")[0])


def paint_held(table: Table, name: str) -> str:
    accepted = table.ask(name, "imagine", prompt="a red fox", count=2)
    job_id = accepted.job_id  # type: ignore[union-attr]
    return f"{paint_job(table.ports, job_id, state=JobState.HELD)}.2"


# ---- entries


def test_an_announced_contest_opens_at_its_time(table: Table) -> None:
    contest = open_contest(table, "ana", opens="10m")
    assert table.gathering(contest).state == "announced"
    with pytest.raises(GatheringRefusedError):
        enter(table, contest, "bo")
    end_phase(table, minutes=11)
    assert table.gathering(contest).state == "open"


def test_a_picture_made_before_the_opening_is_not_entered(table: Table) -> None:
    early = paint(table, "bo")
    contest = open_contest(table, "ana")
    assert refusal(table, contest, "bo", early) == "made_before"
    assert enter(table, contest, "bo") == 1


def test_a_picture_of_somebody_else_is_not_entered(table: Table, contest: str) -> None:
    assert refusal(table, contest, "bo", paint(table, "cy")) == "not_own"


def test_everybody_enters_as_many_pictures_as_the_rules_say(table: Table) -> None:
    contest = open_contest(table, "ana", entries=2)
    enter(table, contest, "bo")
    picture = paint(table, "bo")
    enter(table, contest, "bo", picture)
    assert refusal(table, contest, "bo", picture) == "entered_before"
    assert refusal(table, contest, "bo", paint(table, "bo")) == "entered_most"
    table.act("bo", "withdraw", contest, part=1)
    assert enter(table, contest, "bo") == 3


def test_with_own_the_whole_chain_is_the_persons(table: Table) -> None:
    contest = open_contest(table, "ana", rules="own")
    theirs = paint(table, "cy")
    built = paint(table, "bo", "vary", picture=paint(table, "bo", "vary", picture=theirs))
    assert refusal(table, contest, "bo", built) == "not_all_own"
    own = paint(table, "bo", "vary", picture=paint(table, "bo"))
    assert enter(table, contest, "bo", own) == 1


def test_with_own_what_was_deleted_in_the_chain_still_counts(table: Table) -> None:
    contest = open_contest(table, "ana", rules="own")
    theirs = paint(table, "cy")
    built = paint(table, "bo", "vary", picture=theirs)
    table.ask("cy", "delete", what=theirs)
    assert refusal(table, contest, "bo", built) == "not_all_own"


def test_without_uploads_nothing_in_the_chain_was_uploaded(table: Table) -> None:
    contest = open_contest(table, "ana", rules="no-uploads")
    upload = Source(key=table.ports.store.put(b"an upload", suffix=".png"), width=64, height=64)
    traced = paint(table, "bo", "vary", image=upload)
    built = paint(table, "bo", "vary", picture=traced)
    assert refusal(table, contest, "bo", built) == "from_upload"
    others = paint(table, "bo", "vary", picture=paint(table, "cy"))
    assert enter(table, contest, "bo", others) == 1


def test_entries_have_the_aspect_that_the_rules_say(table: Table) -> None:
    contest = open_contest(table, "ana", aspect="3:2")
    wide, square = paint(table, "bo"), paint(table, "bo")
    with table.ports.database.begin() as session:
        row = session.get_one(PictureRow, wide)
        row.width, row.height = 624, 416
    assert refusal(table, contest, "bo", square) == "other_aspect"
    assert enter(table, contest, "bo", wide) == 1


def test_a_picture_that_is_not_there_is_not_entered(table: Table, contest: str) -> None:
    picture = paint(table, "bo")
    table.ask("bo", "delete", what=picture)
    with pytest.raises(NotFoundError):
        table.act("bo", "enter", contest, picture=picture)


def test_who_is_suspended_enters_nothing(table: Table, contest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = paint(table, "bo")

    def refuse(_gate: object, _person: object) -> None:
        raise BannedError

    monkeypatch.setattr(type(table.ports.gate), "require_not_banned", refuse)
    with pytest.raises(BannedError):
        table.act("bo", "enter", contest, picture=picture)
    assert table.parts(contest) == []


def test_a_ban_withdraws_the_entries(table: Table, contest: str) -> None:
    enter(table, contest, "bo")
    with table.ports.database.begin() as session:
        take_out_of_all(session, [table.person("bo").key])
    assert part(table, contest, 1).state is PartState.REMOVED


# ---- pictures that wait for a moderator


def test_a_held_entry_waits_and_is_in_when_it_is_let_through(table: Table, contest: str) -> None:
    held = paint_held(table, "bo")
    enter(table, contest, "bo", held)
    assert part(table, contest, 1).state is PartState.HELD
    let_through(table, held)
    table.sweep()
    entry = part(table, contest, 1)
    assert (entry.state, entry.picture) == (PartState.SET, held)


def test_a_held_entry_joins_the_first_half_of_the_voting_with_the_median_of_showings(
    table: Table, contest: str
) -> None:
    held = paint_held(table, "bo")
    late = enter(table, contest, "bo", held)
    for name in ("cy", "di"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    for name in ("eve", "flo"):
        approve(table, contest, name)
    let_through(table, held)
    end_phase(table, minutes=59)
    assert (part(table, contest, late).state, part(table, contest, late).showings) == (PartState.SET, 2)
    approve(table, contest, "gus", late)
    end_phase(table)
    places = {place["part"]: place for place in table.gathering(contest).data["places"]}  # type: ignore[attr-defined]
    assert places[late] == {"place": 1, "part": late, "approvals": 1, "showings": 1}


def test_a_held_entry_is_barred_in_the_second_half_of_the_voting(table: Table, contest: str) -> None:
    held = paint_held(table, "bo")
    enter(table, contest, "bo", held)
    for name in ("cy", "di"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    table.clock.pass_by(minutes=61)
    let_through(table, held)
    table.sweep()
    assert part(table, contest, 1).state is PartState.SKIPPED


def test_a_held_entry_that_nobody_decides_on_leaves_its_job_alone(table: Table, contest: str) -> None:
    held = paint_held(table, "bo")
    enter(table, contest, "bo", held)
    end_phase(table, minutes=61)
    end_phase(table)
    assert winners(table, contest) == []
    assert table.jobs_of_people()[held.partition(".")[0]] is JobState.HELD


# ---- ballots


def test_a_ballot_shows_six_that_were_shown_least_and_never_ones_own(table: Table, contest: str) -> None:
    for number in range(8):
        enter(table, contest, f"p{number}")
    end_phase(table, minutes=61)
    table.act("bo", "ballot", contest)
    table.act("cy", "ballot", contest)
    showings = [entry.showings for entry in table.parts(contest)]
    assert sorted(showings) == [1, 1, 1, 1, 2, 2, 2, 2]
    for page in (1, 2):
        table.act("p0", "ballot", contest, part=page)
    assert part(table, contest, 1).showings == showings[0]


def test_looking_again_shows_the_same_page_and_counts_once(table: Table, contest: str) -> None:
    for name in ("bo", "cy"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    for page in (0, 0, 1, 2, 5):
        table.act("di", "ballot", contest, part=page)
    assert [entry.showings for entry in table.parts(contest)] == [1, 1]


def test_nobody_votes_for_what_they_were_not_shown(table: Table, contest: str) -> None:
    for name in ("bo", "cy"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    with pytest.raises(GatheringRefusedError, match="not_shown"):
        table.act("di", "vote", contest, part=1)


def test_a_second_press_takes_an_approval_back(table: Table, contest: str) -> None:
    for name in ("bo", "cy"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    approve(table, contest, "di", 1, 1, 2)
    end_phase(table)
    assert winners(table, contest) == [2]


# ---- the end


def test_without_entries_it_ends_without_a_winner(table: Table, contest: str) -> None:
    end_phase(table, minutes=61)
    assert winners(table, contest) == []


def test_a_single_entry_wins_without_a_vote(table: Table, contest: str) -> None:
    enter(table, contest, "bo")
    end_phase(table, minutes=61)
    assert winners(table, contest) == [1]


def test_who_won_lately_enters_out_of_competition(table: Table, contest: str) -> None:
    enter(table, contest, "bo")
    table.act("ana", "skip", contest)
    again = open_contest(table, "ana")
    answer = table.act("bo", "enter", again, picture=paint(table, "bo"))
    assert answer.code == "entered_outside"  # type: ignore[union-attr]
    enter(table, again, "cy")
    end_phase(table, minutes=61)
    approve(table, again, "di", 1, 2)
    approve(table, again, "eve", 1)
    end_phase(table)
    assert winners(table, again) == [2]


def test_moderators_choose_where_they_judge(table: Table) -> None:
    contest = open_contest(table, "ana", judge="moderators")
    for name in ("bo", "cy"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    for verb in ("ballot", "choose"):
        with pytest.raises(GatheringRefusedError):
            table.act("di", verb, contest, part=1)
    for number in (1, 2):
        table.ask("mo", "gather", moderator=True, do="choose", id=contest, part=number)
    end_phase(table)
    assert winners(table, contest) == [2]


def balance(table: Table, name: str) -> int:
    with table.ports.database.read() as session:
        return credit_ledger.balance(session, table.person(name).key, at=table.clock.now(session))


def account(table: Table, name: str) -> int:
    with table.ports.database.read() as session:
        rows = session.query(LedgerRow).where(LedgerRow.account == name)
        return sum(row.amount for row in rows)


def paid(table: Table, contest: str) -> int:
    """What is left in the account of the contest."""
    return account(table, f"pool:gathering:{contest}")


@pytest.fixture
def within_a_month(table: Table) -> None:
    """Credits are those of a month: it does not end during a contest, whenever the test runs."""
    with table.ports.database.read() as session:
        today = table.clock.now(session)
    if today.day > 27:
        table.clock.pass_by(days=-5)


@pytest.mark.usefixtures("within_a_month")
def test_the_prize_is_split_among_equal_winners(table: Table) -> None:
    contest = open_contest(table, "ana", prize=7)
    assert balance(table, "ana") == -7
    for name in ("bo", "cy", "di"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    before = {name: balance(table, name) for name in ("bo", "cy")}
    approve(table, contest, "eve", 1, 2)
    end_phase(table)
    assert winners(table, contest) == [1, 2]
    assert {name: balance(table, name) - before[name] for name in before} == {"bo": 4, "cy": 3}
    assert paid(table, contest) == 0


@pytest.mark.usefixtures("within_a_month")
def test_the_prize_goes_back_when_nobody_wins(table: Table) -> None:
    contest = open_contest(table, "ana", prize=7)
    for name in ("bo", "cy"):
        enter(table, contest, name)
    end_phase(table, minutes=61)
    end_phase(table)
    assert (winners(table, contest), balance(table, "ana"), paid(table, contest)) == ([], 0, 0)


def test_moderators_give_the_channels_credits_as_a_prize(table: Table) -> None:
    options = {"title": "Autumn light", "closes": "1h", "prize": 7, "payer": "channel"}
    with pytest.raises(GatheringRefusedError, match="moderators"):
        table.ask("ana", "contest", **options)
    with pytest.raises(GatheringRefusedError, match="no_pool"):
        table.ask("mo", "contest", moderator=True, **options)
    table.ask("mo", "community", moderator=True, setting="pool", value=f"{table.address.channel} 10")
    contest = table.ask("mo", "contest", moderator=True, **options).gathering_id  # type: ignore[union-attr]
    address = table.address
    pool = credit_ledger.pool_account(address.platform, address.community, address.channel)
    assert (account(table, pool), balance(table, "mo")) == (3, 0)
    table.ask("mo", "gather", moderator=True, do="end", id=contest)
    assert (account(table, pool), paid(table, contest)) == (10, 0)


def test_a_deleted_entry_is_withdrawn_and_its_votes_are_void(table: Table, contest: str) -> None:
    pictures = {name: paint(table, name) for name in ("bo", "cy", "di")}
    for name, picture in pictures.items():
        enter(table, contest, name, picture)
    end_phase(table, minutes=61)
    approve(table, contest, "eve", 1, 2)
    approve(table, contest, "flo", 1)
    table.ask("bo", "delete", what=pictures["bo"])
    end_phase(table)
    assert winners(table, contest) == [2]


def _entered(_gathering: Gathering, _parts: list[Part], number: int) -> dict[str, object]:
    return {"part": number % 3}


def open_with_entries(table: Table, host: str) -> str:
    contest = table.open(host, "contest", title="Autumn light", closes="10m", voting="1h", entries=2, prize=5)
    for name in ("bo", "cy", "di"):
        enter(table, contest, name)
    enter(table, contest, "eve", paint_held(table, "eve"))
    return contest


TestHistories = machine_of(Driver(open=open_with_entries, values={"ballot": _entered}))

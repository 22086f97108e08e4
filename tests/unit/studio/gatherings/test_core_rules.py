"""The rules that hold in every kind of gathering, shown with the vote and with a small kind of the tests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from studio.clock import now
from studio.commands.gathering_results import GatheringsListed
from studio.commands.registry import execute
from studio.commands.results import Linked, LinkOffered
from studio.commands.spec import Call
from studio.db import credit_ledger
from studio.db.gatherings import ballot_rows
from studio.db.gatherings.sponsors import sponsor_account
from studio.db.identities.people import lock_person
from studio.db.tables import BallotRow, GatheringRow, LedgerRow
from studio.domain.gatherings import INTERRUPTED, PAUSED, PartState
from studio.domain.jobs import JobState
from studio.domain.people import Address, Person, Platform
from studio.domain.settings.communities import Tier
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import NotFoundError, OutOfCreditsError, PolicyRefusalError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings import periodic_tasks
from studio.gatherings.people import take_out_of_all
from studio.ports import Allowance, Ports
from tests.support.fakes import FakeGate, someone, somewhere
from tests.support.gatherings import Table, tables
from tests.support.postcard_kind import with_postcards


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with_postcards(monkeypatch)
    yield from tables(ports, monkeypatch)


@pytest.fixture
def vote(table: Table) -> str:
    return table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")


@pytest.fixture
def cards(table: Table) -> str:
    """Three postcards to be painted by whoever comes."""
    return table.open("ana", "postcards", words="greetings", cards=3)


def refusal(table: Table, name: str, verb: str, gathering_id: str, **values: object) -> str:
    with pytest.raises(GatheringRefusedError) as refused:
        table.act(name, verb, gathering_id, **values)
    return str(refused.value.reason)


# ---- who opens one, and how many (11)


def test_one_of_a_kind_is_open_in_a_channel_and_three_in_a_community(table: Table, vote: str) -> None:
    job = table.finish_job("bo")
    with pytest.raises(GatheringRefusedError) as same:
        table.open("bo", "pick", job=job)
    assert (same.value.reason, same.value.values) == (Refusal.SAME_KIND, {"id": vote})
    for number in (1, 2):
        elsewhere = replace(table, address=replace(table.address, channel=f"channel {number}"))
        elsewhere.open("bo", "pick", job=job)
    with pytest.raises(GatheringRefusedError) as many:
        table.open("bo", "postcards", words="hello")
    assert many.value.reason == Refusal.TOO_MANY


@pytest.mark.parametrize(
    ("setting", "tier", "reason"),
    [
        ("member", Tier.NEWCOMER, Refusal.TIER),
        ("trusted", Tier.MEMBER, Refusal.TIER),
        ("moderators", Tier.TRUSTED, Refusal.TIER),
        ("off", Tier.TRUSTED, Refusal.OFF),
    ],
)
def test_moderators_say_who_opens_one(table: Table, setting: str, tier: Tier, reason: Refusal) -> None:
    table.ask("mo", "community", moderator=True, setting="gatherings", value=setting)
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.allowed = Allowance(tier=tier)
    with pytest.raises(GatheringRefusedError) as refused:
        table.open("bo", "postcards", words="hello")
    assert refused.value.reason == reason


def test_none_is_opened_in_direct_messages(table: Table) -> None:
    address = Address(platform=Platform.DISCORD, community="dm:77", channel="5", private=True)
    person = replace(someone("ana"), platform=Platform.DISCORD, community="dm:77")
    call = Call(person=person, address=address, request_key="direct")
    with pytest.raises(GatheringRefusedError) as refused:
        execute(table.ports, call, "postcards", {"words": "hello"})
    assert refused.value.reason == Refusal.DIRECT


def test_two_clicks_open_one(table: Table) -> None:
    call = Call(person=someone("ana"), address=somewhere(), request_key="one click")
    first = execute(table.ports, call, "postcards", {"words": "hello"})
    assert execute(table.ports, call, "postcards", {"words": "hello"}) == replace(first, repeated=True)


# ---- clocks (1, 3)


def test_a_phase_ends_once_by_the_clock_of_the_database(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=1)
    table.sweep()
    assert table.gathering(vote).state == "voting"
    table.clock.pass_by(minutes=10, seconds=1)
    table.sweep()
    table.sweep()
    assert (table.gathering(vote).state, len(table.jobs(vote))) == ("upscaling", 1)


def test_no_clock_runs_while_it_is_paused(table: Table, cards: str, vote: str) -> None:
    table.act("bo", "take", cards, part=1)
    table.clock.pass_by(minutes=4)
    for gathering_id in (cards, vote):
        table.act("ana", "pause", gathering_id)
    table.clock.pass_by(days=2)
    table.sweep()
    assert (table.gathering(vote).state, table.parts(cards)[0].state) == (PAUSED, PartState.CLAIMED)
    assert refusal(table, "bo", "vote", vote, part=1) == Refusal.STOPPED
    for gathering_id in (cards, vote):
        table.act("ana", "resume", gathering_id)
    table.clock.pass_by(seconds=50)
    table.sweep()
    assert (table.gathering(vote).state, table.parts(cards)[0].human) == ("voting", "web:room:bo")
    table.clock.pass_by(seconds=11)
    table.sweep()
    assert table.parts(cards)[0].state is PartState.FREE


def test_while_its_community_is_paused_no_clock_runs(table: Table, vote: str) -> None:
    table.ask("mo", "community", moderator=True, setting="pause")
    table.sweep()
    table.clock.pass_by(days=1)
    table.sweep()
    assert table.gathering(vote).state == PAUSED
    table.ask("mo", "community", moderator=True, setting="resume")
    table.sweep()
    assert table.gathering(vote).state == "voting"


def test_a_clock_that_goes_back_ends_nothing_early_and_nothing_twice(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=1)
    table.clock.pass_by(hours=-3)
    table.sweep()
    assert table.gathering(vote).state == "voting"
    table.clock.pass_by(hours=3, minutes=11)
    table.sweep()
    table.clock.pass_by(hours=-3)
    table.sweep()
    assert (table.gathering(vote).state, len(table.jobs(vote))) == ("upscaling", 1)


def test_a_part_that_is_generating_has_no_clock(table: Table, cards: str) -> None:
    table.act("bo", "paint", cards, part=1, words="a harbour")
    table.clock.pass_by(days=3)
    table.sweep()
    assert table.parts(cards)[0].state is PartState.GENERATING
    table.finish_jobs(cards)
    assert table.parts(cards)[0].state is PartState.SET


def test_what_nobody_goes_on_with_is_given_up(table: Table, vote: str) -> None:
    table.act("ana", "pause", vote)
    table.clock.pass_by(days=15)
    table.sweep()
    assert table.gathering(vote).is_over


# ---- one owner of each part


def test_the_second_person_does_not_get_a_part_that_is_taken(table: Table, cards: str) -> None:
    table.act("bo", "take", cards, part=1)
    assert refusal(table, "cy", "take", cards, part=1) == Refusal.TAKEN


# ---- held, refused (4, 5)


def test_a_held_part_waits_for_a_moderator_and_is_lost_after_the_grace(table: Table, cards: str) -> None:
    table.act("bo", "paint", cards, part=1, words="a harbour")
    table.finish_jobs(cards, JobState.HELD)
    assert table.parts(cards)[0].state is PartState.HELD
    table.clock.pass_by(hours=11, minutes=59)
    table.sweep()
    assert table.parts(cards)[0].state is PartState.HELD
    table.clock.pass_by(minutes=2)
    table.sweep()
    assert table.parts(cards)[0].state is PartState.FREE
    assert table.jobs(cards, JobState.CANCELLED)


def test_words_that_are_refused_never_enter_and_may_be_tried_three_times(table: Table, cards: str) -> None:
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.verdict = Verdict(ruling=Ruling.REFUSE, rule="words", category="gore")
    for attempts in (1, 2):
        with pytest.raises(PolicyRefusalError):
            table.act("bo", "paint", cards, part=1, words="something bad")
        part = table.parts(cards)[0]
        assert (part.state, part.attempts, part.text, part.job) == (PartState.CLAIMED, attempts, "", None)
    with pytest.raises(PolicyRefusalError):
        table.act("bo", "paint", cards, part=1, words="something bad")
    assert table.parts(cards)[0].state is PartState.FREE


def test_a_prompt_that_is_held_holds_its_part(table: Table, cards: str) -> None:
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.verdict = Verdict(ruling=Ruling.HOLD, rule="words", category="gore")
    table.act("bo", "paint", cards, part=1, words="something odd")
    table.sweep()
    part = table.parts(cards)[0]
    assert (part.state, part.deadline is not None) == (PartState.HELD, True)


def test_what_fails_or_is_skipped_costs_nothing(table: Table, cards: str) -> None:
    for state in (JobState.FAILED, JobState.CANCELLED):
        table.act("bo", "paint", cards, part=1, words="a harbour")
        table.finish_jobs(cards, state)
    with table.ports.database.read() as session:
        assert credit_ledger.balance(session, someone("bo").key, at=now()) == 0


def test_a_sponsor_pays_for_everybody_and_gets_back_what_is_left(table: Table) -> None:
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.allowed = Allowance(monthly_credits=20)
    cards = table.open("ana", "postcards", words="hello", cards=2, sponsor=8)
    assert credits_of(table, "ana") == 12
    table.act("bo", "paint", cards, part=1, words="a harbour")
    table.act("cy", "paint", cards, part=2, words="a boat")
    assert (credits_of(table, "bo"), credits_of(table, "cy")) == (20, 20)
    table.act("ana", "end", cards)
    assert credits_of(table, "ana") == 18
    table.finish_jobs(cards, JobState.FAILED)
    assert periodic_tasks.return_sponsored_credits(table.ports.database) == 1
    assert credits_of(table, "ana") == 20
    assert periodic_tasks.return_sponsored_credits(table.ports.database) == 0


def test_the_pool_of_the_channel_pays_before_the_sponsor(table: Table) -> None:
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.allowed = Allowance(monthly_credits=20)
    table.ask("mo", "community", moderator=True, setting="pool", value=f"{table.address.channel} 1")
    cards = table.open("ana", "postcards", words="hello", cards=2, sponsor=8)
    for part in (1, 2):
        table.act("bo", "paint", cards, part=part, words="a harbour")
    with table.ports.database.read() as session:
        query = select(LedgerRow.job_id, LedgerRow.account).where(LedgerRow.job_id.in_(table.jobs(cards)))
        payers = {row.job_id: row.account for row in session.execute(query)}
    pool = credit_ledger.pool_account(*table.address.home, table.address.channel)
    assert [payers[job_id] for job_id in table.jobs(cards)] == [pool, sponsor_account(cards)]
    assert credits_of(table, "bo") == 20


def test_nobody_sponsors_more_than_they_have(table: Table) -> None:
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.allowed = Allowance(monthly_credits=5)
    with pytest.raises(OutOfCreditsError):
        table.open("ana", "postcards", words="hello", sponsor=6)
    assert table.all_open() == []


def credits_of(table: Table, name: str) -> int:
    """What is left of 20 a month, also for who has not asked for anything yet."""
    with table.ports.database.begin() as session:
        lock_person(session, someone(name))
        credit_ledger.grant_monthly(session, someone(name).key, credits=20, at=now())
        return credit_ledger.balance(session, someone(name).key, at=now())


# ---- banned, left (6)


def test_who_leaves_gives_back_their_turn_and_their_votes_of_the_running_round(
    table: Table, cards: str, vote: str
) -> None:
    table.act("bo", "take", cards, part=2)
    table.act("bo", "leave", cards)
    assert table.parts(cards)[1].state is PartState.FREE
    table.act("bo", "vote", vote, part=1)
    table.act("bo", "leave", vote)
    table.act("ana", "skip", vote)
    assert "winner" not in table.gathering(vote).data


def test_who_is_banned_loses_open_turns_and_running_ballots_but_none_of_closed_rounds(
    table: Table, cards: str, vote: str
) -> None:
    table.act("bo", "take", cards, part=2)
    table.act("bo", "vote", vote, part=1)
    table.act("ana", "skip", vote)
    with table.ports.database.begin() as session:
        take_out_of_all(session, [someone("bo").key])
    with table.ports.database.read() as session:
        assert session.scalars(select(BallotRow.choice)).all() == [1]
    assert table.parts(cards)[1].state is PartState.FREE


@pytest.mark.parametrize("leaving", ["ban", "forget"])
def test_who_is_banned_or_forgotten_takes_no_part_any_more(table: Table, cards: str, leaving: str) -> None:
    table.act("bo", "join", cards)
    if leaving == "ban":
        with table.ports.database.begin() as session:
            take_out_of_all(session, [someone("bo").key])
    else:
        table.ask("bo", "forget-me", confirm="yes")
    with table.ports.database.read() as session:
        assert list(ballot_rows.members_of(session, cards)) == [someone("ana").key]


# ---- forgotten, deleted (7, 8)


def test_who_is_forgotten_leaves_no_words_and_no_name_and_changes_no_result(
    table: Table, cards: str, vote: str
) -> None:
    table.act("bo", "paint", cards, part=1, words="a harbour")
    table.finish_jobs(cards)
    table.act("bo", "vote", vote, part=3)
    table.ask("bo", "forget-me", confirm="yes")
    table.sweep()
    part = table.parts(cards)[0]
    assert part.text == ""
    assert part.human is None or "forgotten" in part.human
    table.act("ana", "skip", vote)
    assert table.gathering(vote).data["winner"] == 3
    table.ask("ana", "forget-me", confirm="yes")
    assert table.gathering(cards).rules["words"] == "…"


def test_a_deleted_picture_leaves_its_part_and_its_votes_are_void(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=2)
    table.act("cy", "vote", vote, part=3)
    table.act("di", "vote", vote, part=2)
    table.ask("ana", "delete", what=table.parts(vote)[1].picture)
    table.sweep()
    assert table.parts(vote)[1].state is PartState.REMOVED
    table.act("ana", "skip", vote)
    assert table.gathering(vote).data["winner"] == 3


# ---- privacy, consent (9, 10)


def test_a_gathering_of_a_private_channel_is_not_there_elsewhere(table: Table) -> None:
    secret = replace(table, address=replace(table.address, channel="secret", private=True))
    gathering_id = secret.open("ana", "postcards", words="hello")
    with pytest.raises(NotFoundError):
        table.act("bo", "take", gathering_id, part=1)
    secret.act("bo", "take", gathering_id, part=1)


def test_members_build_on_parts_of_somebody_who_lets_nobody_else(table: Table, cards: str) -> None:
    table.ask("bo", "settings", remix="nobody")
    table.act("bo", "paint", cards, part=1, words="a harbour")
    table.finish_jobs(cards)
    table.act("cy", "paint", cards, part=2, words="with boats", option="1")
    assert table.parts(cards)[1].state is PartState.GENERATING


# ---- fair votes (12)


def test_linked_names_have_one_ballot(table: Table, vote: str) -> None:
    table.act("bo", "vote", vote, part=1)
    table.act("bob", "vote", vote, part=1)
    offered = table.ask("bo", "link")
    assert isinstance(offered, LinkOffered)
    assert isinstance(table.ask("bob", "link", code=offered.code), Linked)
    with table.ports.database.read() as session:
        assert ballot_rows.count_votes(session, vote, 1) == {1: 1}
    table.act("bob", "vote", vote, part=2)
    with table.ports.database.read() as session:
        assert ballot_rows.count_votes(session, vote, 1) == {2: 1}


def test_guests_newcomers_and_who_came_later_do_not_vote(table: Table, vote: str) -> None:
    def reason(**changes: object) -> str:
        person = replace(someone("gus"), **changes)  # type: ignore[arg-type]
        call = Call(person=person, address=table.address, request_key="guest")
        with pytest.raises(GatheringRefusedError) as refused:
            execute(table.ports, call, "gather", {"do": "vote", "id": vote, "part": 1})
        return str(refused.value.reason)

    assert reason(guest=True) == Refusal.GUEST
    assert isinstance(table.ports.gate, FakeGate)
    table.ports.gate.allowed = Allowance(tier=Tier.NEWCOMER)
    assert reason() == Refusal.NEWCOMER
    table.ask("mo", "community", moderator=True, setting="newcomers-vote", value="on")
    table.act("gus", "vote", vote, part=1)


def test_on_discord_who_came_after_the_opening_does_not_vote(ports: Ports, table: Table) -> None:
    """Elsewhere the platform does not tell, so everybody may."""
    for platform, refused in ((Platform.DISCORD, True), (Platform.SLACK, False)):
        address = Address(platform=platform, community="77", channel=f"C{platform}")
        there = PlatformTable(ports=ports, clock=table.clock, address=address)
        vote = there.open("ana", "pick", job=there.finish_job("ana"), lasts="10m")
        late = replace(there, joined_at=now() + timedelta(seconds=1))
        if refused:
            assert refusal(late, "bo", "vote", vote, part=1) == Refusal.JOINED_LATER
        else:
            late.act("bo", "vote", vote, part=1)
        early = replace(there, joined_at=now() - timedelta(days=1))
        early.act("cy", "vote", vote, part=1)


@dataclass(frozen=True)
class PlatformTable(Table):
    """Its people are of the platform of its place, and came there at `joined_at`."""

    joined_at: datetime | None = None

    def person(self, name: str, *, moderator: bool = False) -> Person:
        platform, community = self.address.home
        found = someone(name, moderator=moderator, community=community)
        return replace(found, platform=platform, joined_at=self.joined_at)


def test_in_an_organisation_on_slack_the_people_of_the_workspace_take_part(
    ports: Ports, table: Table
) -> None:
    """Its address names both, its people only the workspace."""
    address = Address(platform=Platform.SLACK, community="E0ESTATE:T0WING", channel="C0GENERAL")
    there = PlatformTable(ports=ports, clock=table.clock, address=address)
    vote = there.open("ana", "pick", job=there.finish_job("ana"), lasts="10m")
    there.act("bo", "vote", vote, part=2)
    there.act("ana", "skip", vote)
    assert there.gathering(vote).data["winner"] == 2
    listed = there.ask("bo", "gather")
    assert isinstance(listed, GatheringsListed)
    assert [found.id for found in listed.gatherings] == [vote]


def test_nobody_votes_for_their_own_part(table: Table, cards: str) -> None:
    for name, part in (("bo", 1), ("cy", 2), ("di", 3)):
        table.act(name, "paint", cards, part=part, words="a harbour")
    table.finish_jobs(cards)
    assert table.gathering(cards).state == "voting"
    assert refusal(table, "bo", "vote", cards, part=1) == Refusal.OWN_PART
    table.act("bo", "vote", cards, part=2)


# ---- interrupted (13)


def test_a_gathering_whose_channel_is_closed_goes_on_in_another(table: Table, vote: str) -> None:
    periodic_tasks.interrupt(table.ports.database, table.ports.events, vote)
    table.clock.pass_by(days=1)
    table.sweep()
    assert table.gathering(vote).state == INTERRUPTED
    elsewhere = replace(table, address=replace(table.address, channel="another"))
    elsewhere.act("ana", "resume", vote)
    gathering = table.gathering(vote)
    assert (gathering.state, gathering.address.channel) == ("voting", "another")
    with table.ports.database.read() as session:
        assert session.get_one(GatheringRow, vote).channel == "another"


def test_of_a_kind_that_this_version_does_not_know_nothing_breaks(table: Table, vote: str) -> None:
    with table.ports.database.begin() as session:
        session.get_one(GatheringRow, vote).kind = "from_the_future"
    table.clock.pass_by(days=30)
    table.sweep()
    assert table.gathering(vote).state == "voting"


def test_what_a_moderator_removes_is_said_and_what_its_author_does_is_not(table: Table, vote: str) -> None:
    table.ask("mo", "gather", moderator=True, do="remove", id=vote, part=2)
    assert table.remarks(vote) == ["removed"]
    table.ask("ana", "delete", what=table.parts(vote)[0].picture)
    table.sweep()
    assert table.remarks(vote) == ["removed"]

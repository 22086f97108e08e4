"""Names and origins in both databases, also when several come at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import event, update

from moderation.records import bans
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.database import Database
from studio.db.identities import linked_identities
from studio.db.identities.display_names import claim, find_holders, release_names
from studio.db.identities.people import lock_person
from studio.db.newcomers import newcomer_origins
from studio.db.tables import BanRow, JobRow, PersonRow
from studio.db.tables.identities import OriginRow
from studio.domain.jobs import JobState
from studio.domain.people import Person, Platform
from studio.domain.settings.communities import NewcomerLimits
from studio.errors import OutOfCreditsError, TooManyJobsError
from studio.ports import Allowance, Ports
from tests.support.fakes import FakeGate, fake_ports, open_empty, someone, somewhere
from tests.support.sentences import raises

ANA, EVE, EVA = someone("ana"), someone("eve"), someone("eva")
HOME, INVITE = "address:home", "invite:linden"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_empty(database_url)
    yield opened
    opened.close()


def arrive(database: Database, *people: Person, origins: Sequence[str] = (HOME, INVITE)) -> None:
    for person in people:
        with database.begin() as session:
            lock_person(session, person)
            newcomer_origins.record_origin(session, person.key, origins, arrived=True)


def test_of_many_who_want_one_name_at_once_one_gets_it(database: Database) -> None:
    def come(number: int) -> bool:
        with database.begin() as session:
            return claim(session, someone(f"eve{number}"), "Eve" if number % 2 else "Ｅｖｅ")

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(come, range(6))) == [False] * 5 + [True]


def test_a_name_of_two_forgotten_people_is_nobodys(database: Database) -> None:
    with database.begin() as session:
        assert claim(session, ANA, "Ana")
        assert claim(session, ANA, "Anna")
        release_names(session, [ANA.key])
        release_names(session, [EVE.key])
    with database.begin() as session:
        assert find_holders(session, Platform.WEB, "room", "ana") == ("",)
        assert not claim(session, ANA, "Anna")


def test_newcomers_are_known_by_where_they_came_from(database: Database) -> None:
    arrive(database, ANA)
    with database.read() as session:
        asked = {
            since: set(newcomer_origins.of_newcomer(session, ANA, since=now() - timedelta(hours=since)))
            for since in (1, -1)
        }
        assert asked == {1: {HOME, INVITE}, -1: set()}
        moderator = someone("ana", moderator=True)
        assert newcomer_origins.of_newcomer(session, moderator, since=now() - timedelta(hours=1)) == ()
        assert newcomer_origins.of_newcomer(session, EVE, since=now() - timedelta(hours=1)) == ()


def test_a_ban_applies_to_later_people_from_the_same_address(database: Database) -> None:
    arrive(database, EVE, ANA)
    with database.begin() as session:
        bans.ban(session, EVE.key, by="web:room:mo", until=now() + timedelta(days=1))
    arrive(database, EVA)
    with database.read() as session:
        assert bans.bans_in_force(session, EVE)
        assert bans.bans_in_force(session, EVA)
        assert bans.bans_in_force(session, ANA) == []
        assert bans.bans_in_force(session, EVA, at=now() + timedelta(days=2)) == []
    with database.begin() as session:
        newcomer_origins.excuse_from_bans(session, EVA.key)
    with database.read() as session:
        assert bans.bans_in_force(session, EVA) == []


def test_origins_are_kept_for_a_month_and_for_as_long_as_a_ban(database: Database) -> None:
    arrive(database, EVE, EVA)
    with database.begin() as session:
        bans.ban(session, EVE.key, by="web:room:mo")
        session.execute(update(OriginRow).values(seen_at=now() - timedelta(days=31)))
    arrive(database, ANA)
    with database.read() as session:
        assert {row.person_key for row in session.query(OriginRow)} == {EVE.key, ANA.key}
        assert session.query(BanRow).count() == 1


# ---- what newcomers share

EVES = tuple(someone(f"eve{number}") for number in range(10))
_requests = count()


@pytest.fixture
def instance(database: Database, database_url: str) -> Iterator[Ports]:
    """Each person has 20 credits a month and six jobs at once, a picture costs one credit, and a request asks for 4."""
    made = fake_ports(database_url)
    assert isinstance(made.gate, FakeGate)
    newcomers = NewcomerLimits(per_address=1, per_invite=2)
    allowed = Allowance(monthly_credits=20, max_outstanding_jobs=6, newcomers=newcomers)
    yield replace(made, gate=replace(made.gate, allowed=allowed))
    made.database.close()


def more_jobs(instance: Ports, limit: int = 100) -> Ports:
    assert isinstance(instance.gate, FakeGate)
    allowed = replace(instance.gate.allowed, max_outstanding_jobs=limit)
    return replace(instance, gate=replace(instance.gate, allowed=allowed))


def call(person: Person) -> Call:
    return Call(person=person, address=somewhere(), request_key=f"n:{next(_requests)}")


def ask(instance: Ports, person: Person) -> str:
    """A job for 4 credits: its id, or the code of the refusal."""
    try:
        return str(execute(instance, call(person), "imagine", {"prompt": "a red apple"}).job_id)
    except (OutOfCreditsError, TooManyJobsError) as error:
        return error.code


def accepted(instance: Ports, *people: Person) -> int:
    return [ask(instance, person) in ("credits", "concurrency") for person in people].count(False)


def give(instance: Ports, giver: Person, receiver: Person, amount: int) -> str:
    try:
        execute(instance, call(giver), "credits", {"to": receiver.key, "amount": amount})
    except OutOfCreditsError as error:
        return error.code
    return "ok"


def forget(instance: Ports, person: Person) -> None:
    """Their jobs end, and they want to be forgotten."""
    with instance.database.begin() as session:
        session.execute(update(JobRow).values(state=JobState.DONE))
    execute(instance, call(person), "forget-me", {"confirm": "yes"})


def statements(instance: Ports, person: Person) -> list[str]:
    """What is said to the database for one request, without waiting for others."""
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "advisory" not in statement:
            executed.append(statement)

    event.listen(instance.database.engine, "before_cursor_execute", note)
    ask(instance, person)
    event.remove(instance.database.engine, "before_cursor_execute", note)
    return executed


def grow_older(database: Database, *people: Person, hours: int = 25) -> None:
    """Move the first time that they were seen back by so many hours."""
    with database.begin() as session:
        for person in people:
            seen = {"first_seen_at": now() - timedelta(hours=hours)}
            session.execute(update(PersonRow).where(PersonRow.key == person.key).values(seen))


def at_once(work: Callable[[Person], str]) -> list[str]:
    with ThreadPoolExecutor(10) as pool:
        return list(pool.map(work, EVES * 3))


def test_ten_newcomers_from_one_address_spend_the_credits_of_one_also_at_once(instance: Ports) -> None:
    arrive(instance.database, *EVES)
    answers = at_once(lambda person: ask(more_jobs(instance), person))
    assert len(answers) - answers.count("credits") == 5


def test_ten_newcomers_from_one_address_have_the_jobs_of_one_also_at_once(instance: Ports) -> None:
    arrive(instance.database, *EVES)
    answers = at_once(lambda person: ask(more_jobs(instance, 3), person))
    assert len(answers) - answers.count("concurrency") == 3


def test_newcomers_of_one_invite_share_what_it_is_worth(instance: Ports) -> None:
    for number, eve in enumerate(EVES):
        arrive(instance.database, eve, origins=[f"address:{number}", INVITE])
    assert accepted(instance, *EVES * 2) == 10  # 40 credits
    arrive(instance.database, EVES[0], origins=["invite:another"])
    assert ask(instance, EVES[0]) == "credits"  # one more origin is no way out


def test_a_known_person_shares_no_allowance_with_newcomers(instance: Ports) -> None:
    arrive(instance.database, ANA, EVE, EVA)
    grow_older(instance.database, ANA)
    assert accepted(instance, *[ANA] * 6) == 5
    assert accepted(instance, *[EVE] * 6) == 5
    assert ask(instance, EVA) == "credits"
    grow_older(instance.database, EVE)
    assert accepted(instance, EVA) == 1


def test_an_older_linked_identity_makes_nobody_a_newcomer(instance: Ports) -> None:
    arrive(instance.database, ANA, EVE, EVA)
    grow_older(instance.database, ANA)
    with instance.database.begin() as session:
        linked_identities.link(session, ANA.key, EVE.key)
    assert accepted(instance, *[EVE] * 5) == 5
    assert accepted(instance, EVA) == 1


def test_people_without_origins_share_nothing(instance: Ports) -> None:
    assert accepted(instance, *EVES * 2) == 20


def test_where_credits_never_run_out_newcomers_share_only_jobs(instance: Ports) -> None:
    arrive(instance.database, *EVES)
    assert isinstance(instance.gate, FakeGate)
    allowed = replace(instance.gate.allowed, monthly_credits=None, max_outstanding_jobs=8)
    free = replace(instance, gate=replace(instance.gate, allowed=allowed))
    assert [ask(free, eve) for eve in EVES].count("concurrency") == 2


def test_a_refusal_says_what_is_shared_and_until_when(instance: Ports) -> None:
    arrive(instance.database, EVE, EVA)
    grow_older(instance.database, EVA, hours=1)
    with instance.database.read() as session:
        first_seen_at = session.get_one(PersonRow, EVA.key).first_seen_at
    until = f"{first_seen_at + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    for _ in range(5):
        ask(instance, EVE)
    with raises(OutOfCreditsError, match=f"come from your network share .* for you: 0. .* from {until}"):
        execute(instance, call(EVA), "imagine", {"prompt": "a red apple"})
    with raises(TooManyJobsError, match=f"come from your network share 5 jobs .* from {until}"):
        execute(more_jobs(instance, 5), call(EVA), "imagine", {"prompt": "a red apple"})


def test_a_gift_to_a_newcomer_is_for_them_alone(instance: Ports) -> None:
    instance = more_jobs(instance)
    arrive(instance.database, ANA, EVE, EVA)
    grow_older(instance.database, ANA)
    assert give(instance, ANA, EVE, 8) == "ok"
    assert accepted(instance, *[EVA] * 6) == 5
    assert accepted(instance, *[EVE] * 4) == 2
    assert ask(instance, EVA) == "credits"


def test_gifts_among_newcomers_and_to_others_give_nothing_more(instance: Ports) -> None:
    instance = more_jobs(instance)
    arrive(instance.database, ANA, *EVES)
    grow_older(instance.database, ANA)
    assert [give(instance, eve, EVES[0], 20) for eve in EVES[1:]] == ["ok"] + ["credits"] * 8
    assert accepted(instance, *EVES) == 0
    grow_older(instance.database, EVES[1])
    assert [give(instance, eve, ANA, 12) for eve in EVES[2:]] == ["ok"] + ["credits"] * 7
    assert accepted(instance, *EVES * 2) == 2  # the last 8 of 20


def test_being_forgotten_is_no_way_to_a_fresh_share(instance: Ports) -> None:
    arrive(instance.database, EVE, EVA)
    assert accepted(instance, *[EVE] * 5) == 5
    forget(instance, EVE)
    assert ask(instance, EVA) == "credits"
    arrive(instance.database, EVE)
    assert ask(instance, EVE) == "credits"


def test_where_a_forgotten_newcomer_came_from_is_kept_for_their_first_day_without_a_name(
    instance: Ports,
) -> None:
    arrive(instance.database, EVE)
    forget(instance, EVE)
    with instance.database.begin() as session:
        left = session.query(OriginRow).all()
        assert {row.origin for row in left} == {HOME, INVITE}
        assert EVE.key not in {row.person_key for row in left}
        for row in left:  # a day passes
            row.seen_at -= timedelta(days=1)
    arrive(instance.database, ANA)
    with instance.database.read() as session:
        assert {row.person_key for row in session.query(OriginRow)} == {ANA.key}


def test_only_newcomers_cost_queries_more(instance: Ports) -> None:
    arrive(instance.database, ANA, EVE)
    grow_older(instance.database, ANA)
    known, new = (statements(instance, person) for person in (ANA, EVE))
    assert len(new) == len(known) + 2

"""Names and origins in both databases, also when several come at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from chatelier.runtime import db_schema
from moderation.records import bans
from studio.db import newcomer_origins
from studio.db.database import Database
from studio.db.display_names import bearers, claim, leave
from studio.db.identity_tables import OriginRow
from studio.db.people import lock_person
from studio.db.tables import BanRow
from studio.domain.people import Person, Platform
from studio.runtime.clock import now
from tests.support.fakes import someone

ANA, EVE, EVA = someone("ana"), someone("eve"), someone("eva")
HOME, INVITE = "address:home", "invite:linden"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    db_schema.upgrade(opened)
    yield opened
    opened.close()


def arrive(database: Database, *people: Person) -> None:
    for each in people:
        with database.begin() as session:
            lock_person(session, each)
            newcomer_origins.note(session, each.key, [HOME, INVITE], arrived=True)


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
        leave(session, [ANA.key])
        leave(session, [EVE.key])
    with database.begin() as session:
        assert bearers(session, Platform.WEB, "room", "ana") == ("",)
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


def test_a_ban_meets_whoever_comes_after_it_from_the_same_address(database: Database) -> None:
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
        newcomer_origins.excuse(session, EVA.key)
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

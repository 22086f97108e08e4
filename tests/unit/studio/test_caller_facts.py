"""What is read of a person in one go is what each part of a command would read for itself."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from moderation.records.bans import ban, bans_in_force
from studio.clock import now
from studio.commands.registry import execute
from studio.db import queries, settings
from studio.db.callers.caller_facts import remember_caller
from studio.db.identities import linked_identities
from studio.db.identities.linked_identities import human_of, identities
from studio.db.identities.people import lock_person
from studio.db.newcomers.newcomer_origins import FIRST_DAY, find_first_seen, of_newcomer, record_origin
from studio.db.newcomers.newcomer_shares import lock_shares
from studio.db.sessions.read_memo import remember_reads
from studio.db.tables import PersonRow
from studio.domain.jobs import JobState
from studio.domain.people import Person
from studio.domain.settings.communities import CommunityRules, NewcomerLimits
from studio.domain.settings.preferences import Preferences
from studio.ports import Ports
from tests.support.fakes import someone
from tests.support.finished_jobs import end_job
from tests.support.statements import statements

ANA, BO = someone("ana"), someone("bo")
HERE = "address:192.0.2.1"


def facts(ports: Ports, person: Person) -> list[object]:
    with ports.database.read() as session:
        return [
            settings.community_rules(session, *person.home),
            settings.preferences_of(session, person.key),
            identities(session, person.key),
            human_of(session, person.key),
            queries.done_jobs(session, person.key),
            find_first_seen(session, person.key),
            of_newcomer(session, person, since=now() - FIRST_DAY),
            [row.person_key for row in bans_in_force(session, person)],
        ]


def stranger(_ports: Ports) -> None:
    """Nobody knows her."""


def known(ports: Ports) -> None:
    with ports.database.begin() as session:
        lock_person(session, ANA)
        settings.save_preferences(session, ANA.key, Preferences(aspect="3:2"))
        settings.save_community_rules(
            session, CommunityRules(max_pictures=2), by=someone("mo", moderator=True)
        )


def linked(ports: Ports) -> None:
    known(ports)
    with ports.database.begin() as session:
        lock_person(session, BO)
        linked_identities.link(session, BO.key, ANA.key)


def newcomer(ports: Ports) -> None:
    known(ports)
    with ports.database.begin() as session:
        record_origin(session, ANA.key, [HERE], arrived=True)


def banned_as_stranger(ports: Ports) -> None:
    with ports.database.begin() as session:
        ban(session, ANA.key, by="web:main:mo")


def banned_under_another_name(ports: Ports) -> None:
    linked(ports)
    with ports.database.begin() as session:
        ban(session, BO.key, by="web:main:mo")


def comes_from_where_somebody_was_banned(ports: Ports) -> None:
    with ports.database.begin() as session:
        lock_person(session, BO)
        record_origin(session, BO.key, [HERE])
        ban(session, BO.key, by="web:main:mo")
    newcomer(ports)


def ban_ran_out(ports: Ports) -> None:
    known(ports)
    with ports.database.begin() as session:
        ban(session, ANA.key, by="web:main:mo", until=now() - timedelta(days=1))


@pytest.mark.parametrize(
    "prepare",
    [
        stranger,
        known,
        linked,
        newcomer,
        banned_as_stranger,
        banned_under_another_name,
        comes_from_where_somebody_was_banned,
        ban_ran_out,
    ],
)
def test_what_is_read_in_one_go_is_what_would_be_read(ports: Ports, prepare: Callable[[Ports], None]) -> None:
    prepare(ports)
    expected = facts(ports, ANA)
    banned = prepare.__name__ in ("banned_under_another_name", "comes_from_where_somebody_was_banned")
    assert bool(expected[-1]) == (banned or prepare is banned_as_stranger)
    with remember_reads():
        remember_caller(ports.database, ANA)
        assert facts(ports, ANA) == expected


def test_of_somebody_known_nothing_more_is_read(ports: Ports) -> None:
    linked(ports)
    with remember_reads():
        remember_caller(ports.database, ANA)
        with statements(ports.database) as found:
            facts(ports, ANA)
    assert not found


def test_done_jobs_are_counted_over_all_names_and_no_further_than_anybody_asks(
    ports, call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_COUNTED", 2)
    answer = execute(ports, call, "imagine", {"prompt": "a red fox", "count": 1})
    end_job(ports, answer.job_id, JobState.DONE)
    with ports.database.begin() as session:
        lock_person(session, BO)
        linked_identities.link(session, BO.key, call.person.key)
    with ports.database.read() as session:
        done = queries.done_jobs(session, BO.key)
    assert done.count == 1
    assert done.first_at is not None
    several = [(2, done.first_at), (1, done.first_at - timedelta(days=1)), (0, None)]
    assert queries.sum_done_jobs(several) == queries.DoneJobs(
        count=2, first_at=done.first_at - timedelta(days=1)
    )


def test_an_origin_is_shared_by_more_people_than_it_counts_for(ports: Ports) -> None:
    with ports.database.begin() as session:
        for person in (ANA, BO):
            lock_person(session, person)
            record_origin(session, person.key, [HERE], arrived=True)

    def shares(per_address: int, *, of_few: bool = False) -> int:
        with ports.database.begin() as session:
            at = now()
            first_seen_at = session.get_one(PersonRow, ANA.key).first_seen_at
            limits = NewcomerLimits(per_address=per_address, per_invite=1)
            found = lock_shares(session, ANA.key, limits, first_seen_at=first_seen_at, at=at, of_few=of_few)
        return len(found)

    assert [shares(1), shares(2), shares(2, of_few=True)] == [1, 0, 1]


def test_a_ban_by_another_process_holds_from_the_second_look_on(ports):
    known(ports)
    with remember_reads():
        remember_caller(ports.database, ANA)
        other = threading.Thread(
            target=banned_as_stranger, args=(ports,)
        )  # which this thread's memo knows nothing of
        other.start()
        other.join()
        remember_caller(ports.database, ANA)
        with ports.database.read() as session:
            assert [row.person_key for row in bans_in_force(session, ANA)] == [ANA.key]

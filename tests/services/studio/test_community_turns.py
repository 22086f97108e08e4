"""Communities share the workers by turns, however many jobs one of them has waiting, on SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update

from engine.jobs.leases import LeaseKeeper
from studio.clock import now
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db.job_transitions import find_stalled
from studio.db.queue.community_turns import choose_job
from studio.db.queue_estimates import outlook
from studio.db.settings import find_paused_communities, save_community_rules, save_home_server
from studio.db.tables import JobRow
from studio.domain.jobs import JobState
from studio.domain.people import DIRECT_MESSAGES, Platform
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from tests.support.fakes import fake_ports, someone, somewhere
from tests.support.many_jobs import fill

CROWD = 300
_UNGRANTED_LOCKS = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
def ports(database_url: str) -> Iterator[Ports]:
    made = fake_ports(database_url)
    yield made
    made.database.close()


@pytest.fixture
def crowd(ports: Ports) -> Ports:
    """Hundreds of people of the community "room" have a job waiting each."""
    fill(ports, jobs=1, people=CROWD, waiting=CROWD)
    return ports


def keeper(ports: Ports, worker: str = "one", **options: object) -> LeaseKeeper:
    return LeaseKeeper(ports.database, worker=worker, lease_seconds=30, choose=partial(choose_job, **options))


def ask(ports: Ports, community: str, number: int = 0, **asked: object) -> str:
    person = someone(f"q{number}", community=community)
    call = Call(person=person, address=somewhere(community), request_key=f"{community}:{number}")
    return str(execute(ports, call, "imagine", {"prompt": "a fox", "count": 1, **asked}).job_id)


def of_crowd(number: int) -> str:
    return f"q{number:011}"


def take(leases: LeaseKeeper, message: str) -> str | None:
    lease = leases.take(message)
    return lease.job_id if lease else None


def test_a_small_community_waits_for_one_turn_behind_hundreds_of_jobs_of_another(crowd: Ports) -> None:
    small = [ask(crowd, "small", number) for number in range(3)]
    with crowd.database.read() as session:
        assert [outlook(session, job).ahead for job in small] == [0, 2, 4]
        assert outlook(session, of_crowd(CROWD - 1)).ahead == CROWD - 1 + len(small)
    leases = keeper(crowd)
    begun = [take(leases, of_crowd(number)) for number in range(8)]
    assert [job for job in begun if job in small] == small
    assert [job for job in begun if job not in small] == [of_crowd(number) for number in range(5)]
    assert max(begun.index(job) for job in small) <= 5, "every other turn is theirs"


def test_the_message_of_a_job_that_was_painted_before_its_turn_stands_for_the_one_that_waited(
    crowd: Ports,
) -> None:
    small = ask(crowd, "small")
    leases = keeper(crowd)
    begun = {take(leases, of_crowd(0)), take(leases, of_crowd(1)), take(leases, small)}
    assert begun == {small, of_crowd(0), of_crowd(1)}
    assert take(leases, small) == of_crowd(2)


def test_turns_are_counted_in_pictures(crowd: Ports) -> None:
    small = [ask(crowd, "small", number, count=4) for number in range(3)]
    leases = keeper(crowd)
    begun = [take(leases, of_crowd(number)) for number in range(12)]
    assert [begun.index(job) for job in small if job in begun] == [1, 6, 11]


def test_who_was_away_does_not_make_up_for_it(crowd: Ports) -> None:
    ask(crowd, "small", 0)
    leases = keeper(crowd)
    for number in range(20):
        assert take(leases, of_crowd(number))
    ask(crowd, "late", 0)
    small = [ask(crowd, "small", number) for number in range(1, 10)]
    begun = [take(leases, of_crowd(number)) for number in range(20, 30)]
    assert 3 <= sum(job in small for job in begun) <= 5


def test_a_paused_community_has_no_turn(crowd: Ports) -> None:
    small = ask(crowd, "small")
    moderator = someone("mo", moderator=True, community="small")
    with crowd.database.begin() as session:
        save_community_rules(session, CommunityRules(paused=True), by=moderator)
    leases = keeper(crowd)
    assert [take(leases, small), take(leases, small)] == [of_crowd(0), of_crowd(1)]


def test_a_model_with_a_queue_of_its_own_is_painted_for_messages_of_that_queue_alone(crowd: Ports) -> None:
    small = ask(crowd, "small")
    with crowd.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == small).values(model="large"))
    leases = keeper(crowd, own_queues=frozenset({"large"}))
    assert [take(leases, of_crowd(0)), take(leases, of_crowd(1))] == [of_crowd(0), of_crowd(1)]
    assert take(leases, small) == small
    assert take(leases, small) is None


def test_a_job_whose_worker_died_is_painted_again_before_others(crowd: Ports) -> None:
    leases = keeper(crowd)
    assert take(leases, of_crowd(0)) == of_crowd(0)
    with crowd.database.begin() as session:
        session.execute(update(JobRow).where(JobRow.id == of_crowd(0)).values(lease_until=now()))
    assert take(keeper(crowd, "two"), of_crowd(0)) == of_crowd(0)


def test_workers_that_look_at_once_take_different_jobs(crowd: Ports) -> None:
    for number in range(4):
        ask(crowd, "small", number)
    gate = threading.Barrier(4)

    def work(number: int) -> list[str | None]:
        leases = keeper(crowd, f"worker-{number}")
        gate.wait()
        return [take(leases, of_crowd(message)) for message in range(3)]

    with ThreadPoolExecutor(4) as pool:
        begun = [job for jobs in pool.map(work, range(4)) for job in jobs]
    assert None not in begun
    assert len(set(begun)) == 12
    with crowd.database.read() as session:
        painting = session.scalars(select(JobRow.community).where(JobRow.state == JobState.PAINTING)).all()
    assert painting.count("small") == 4


def test_a_job_that_is_only_just_noted_as_queued_is_waited_for(ports: Ports) -> None:
    """Its message may be read before the transaction that notes it has ended."""
    job, leases = ask(ports, "small"), keeper(ports)
    if ports.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    with ThreadPoolExecutor(1) as pool:
        with ports.database.begin() as session:
            session.execute(update(JobRow).where(JobRow.id == job).values(queued_at=now()))
            taken = pool.submit(take, leases, job)
            while not taken.done() and not session.scalar(_UNGRANTED_LOCKS):
                pass
        assert taken.result() == job


def test_jobs_in_hand_whose_leases_were_lost_stop_nobody(crowd: Ports) -> None:
    leases = keeper(crowd)
    assert take(leases, of_crowd(0)) == of_crowd(0)
    with crowd.database.begin() as session:
        lost = update(JobRow).where(JobRow.id == of_crowd(0))
        session.execute(lost.values(state=JobState.QUEUED, lease_until=None))
    assert take(leases, of_crowd(1)) == of_crowd(1)


def test_while_the_home_server_is_paused_its_direct_messages_rest(ports: Ports) -> None:
    job = ask(ports, f"{DIRECT_MESSAGES}7")
    moderator = someone("mo", moderator=True, community="home")
    with ports.database.begin() as session:
        save_home_server(session, Platform.WEB, "home")
        later = now() + timedelta(days=1)
        stalled = partial(find_stalled, session, at=now(), unsent_before=later, stale_before=later)
        assert job in stalled(resting=find_paused_communities(session))
        save_community_rules(session, CommunityRules(paused=True), by=moderator)
        assert job not in stalled(resting=find_paused_communities(session))

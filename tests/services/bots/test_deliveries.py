"""Of many processes that want to send a message one does, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from bots.delivery import deliveries
from bots.delivery.deliveries import Claim
from studio.clock import now
from studio.db.database import Database
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Platform
from tests.support.fakes import open_empty
from tests.support.recorded_messages import find_message

SUBJECT = Subject(DeliveryKind.JOB, "k3v9m2p4qx7a", Platform.SLACK)
MINUTE = timedelta(minutes=1)
PROCESSES = 6


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_empty(database_url)
    yield opened
    opened.close()


def claim_at_once(database: Database) -> list[Claim]:
    take = partial(deliveries.take_claim, database, SUBJECT, "main", lasts=MINUTE)
    with ThreadPoolExecutor(PROCESSES) as pool:
        return [taken.result() for taken in [pool.submit(take) for _ in range(PROCESSES)]]


def test_one_of_many_claims_a_new_message(database: Database) -> None:
    assert sorted(claim_at_once(database)) == [Claim.OURS] + [Claim.THEIRS] * (PROCESSES - 1)


def test_one_of_many_inherits_a_claim(database: Database) -> None:
    deliveries.take_claim(database, SUBJECT, "main", lasts=-MINUTE)
    assert sorted(claim_at_once(database)) == [Claim.INHERITED] + [Claim.THEIRS] * (PROCESSES - 1)


def test_a_recorded_message_is_claimed_by_nobody_and_recorded_again_by_anybody(database: Database) -> None:
    for final in (False, True):
        ref = MessageRef(channel="main", message="m", thread="t", final=final)
        deliveries.record(database, SUBJECT, ref)
        assert claim_at_once(database) == [Claim.SENT] * PROCESSES
        deliveries.renew_claim(database, SUBJECT, until=now())
        assert find_message(database, SUBJECT) == ref

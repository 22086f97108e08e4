"""Whatever happens in whatever order: no account below zero, nothing out of nothing, each entry once."""

import itertools
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from studio.clock import now
from studio.commands.spec import Call
from studio.commands.submission.job_creation import new_job
from studio.db import credit_ledger
from studio.db.database import Database
from studio.db.identities import linked_identities
from studio.db.identities.people import lock_person
from studio.db.tables import Base, JobRow, LedgerRow
from studio.domain.identifiers import new_job_id
from studio.domain.requests import Operation, PaintRequest
from studio.domain.settings.channels import ChannelRules
from studio.errors import OutOfCreditsError
from tests.support.fakes import someone, somewhere

PEOPLE = ("ana", "bo", "cy")
POOL = "pool:web:room:main"
_numbers = itertools.count()

who = st.sampled_from(PEOPLE)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), who, st.integers(1, 8), st.booleans()),
        st.tuples(st.just("overturn"), who, st.integers(1, 8)),
        st.tuples(st.just("capture"), st.integers(0, 30), st.integers(0, 8)),
        st.tuples(st.just("release"), st.integers(0, 30)),
        st.tuples(st.just("give"), who, who, st.integers(1, 12)),
        st.tuples(st.just("grant"), who, st.integers(1, 30)),
        st.tuples(st.just("link"), who, who),
        st.tuples(st.just("part"), who),
    ),
    max_size=25,
)


def keep(session, name, count):
    request = PaintRequest(operation=Operation.IMAGINE, seed=1, count=count)
    call = Call(person=someone(name), address=somewhere(), request_key=f"l:{next(_numbers)}")
    row = new_job(call, "imagine", request, job_id=new_job_id(), policy_version="", here=ChannelRules())
    session.add(row)
    session.flush()
    return row


def take(session, step, jobs):
    """One step; what the ledger refuses changes nothing."""
    at = now()
    match step:
        case ("reserve", name, count, pooled):
            row = keep(session, name, count)
            credit_ledger.reserve(session, row, limited=True, pool=POOL if pooled else None)
            jobs.append(row.id)
        case ("overturn", name, count):
            row = keep(session, name, count)
            credit_ledger.grant_monthly(
                session, row.person_key, credits=1, at=at
            )  # or credits are only counted
            credit_ledger.reserve_what_is_left(session, row)
            jobs.append(row.id)
        case ("capture", place, painted) if jobs:
            row = session.get_one(JobRow, jobs[place % len(jobs)])
            credit_ledger.capture(session, row, painted=min(painted, row.request["count"]), at=at)
        case ("release", place) if jobs:
            credit_ledger.release(session, session.get_one(JobRow, jobs[place % len(jobs)]), at=at)
        case ("give", giver, receiver, amount) if giver != receiver:
            people = {"giver": someone(giver).key, "receiver": someone(receiver).key}
            gift = credit_ledger.Gift(key=f"gift:{next(_numbers)}", amount=amount, **people)
            credit_ledger.give(session, gift, at=at)
        case ("link", main, other):
            left, right = (linked_identities.human_of(session, someone(name).key) for name in (main, other))
            if left != right:
                credit_ledger.merge(session, left, right, person_key=right, at=at)
                linked_identities.link(session, left, right)
        case ("part", name):
            before = credit_ledger.balance(session, someone(name).key, at=at)
            parted = credit_ledger.unlink(session, someone(name).key, at=at)
            assert credit_ledger.balance(session, someone(name).key, at=at) == (0 if parted else before)
        case ("grant", name, credits):
            credit_ledger.grant_monthly(session, someone(name).key, credits=credits, at=at)


@settings(max_examples=12, deadline=None)
@given(steps)
def test_no_account_falls_below_zero_and_credits_come_from_grants_only(taken) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'ledger.sqlite3'}")
        Base.metadata.create_all(database.engine)
        jobs: list[str] = []
        with database.begin() as session:
            for name in PEOPLE:
                lock_person(session, someone(name))
            credit_ledger.grant_pool(session, POOL, someone("ana").key, credits=10, at=now())
        for step in taken:
            try:
                with database.begin() as session:
                    take(session, step, jobs)
            except OutOfCreditsError:
                pass
            with database.read() as session:
                accounts = [POOL, *(someone(name).key for name in PEOPLE)]
                left = [credit_ledger.balance_of(session, account, at=now()) for account in accounts]
                granted = _sum(session, "grant")
                spent = -_sum(session, "reserve") - _sum(session, "capture") - _sum(session, "release")
                assert min(left) >= 0
                assert spent >= 0
                assert sum(left) == granted + _sum(session, "parted") - spent
                assert _sum(session, "gift") == 0
        database.close()


def _sum(session, kind) -> int:
    query = select(func.coalesce(func.sum(LedgerRow.amount), 0)).where(LedgerRow.kind == kind)
    return int(session.scalar(query))

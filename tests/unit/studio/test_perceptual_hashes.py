"""Look-alikes are found in memory as they would be in the table, and those that come later too."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from studio.clock import now
from studio.commands.registry import execute
from studio.db.perceptual_hashes import hashes_of
from studio.db.tables import JobRow, PictureRow
from studio.domain.people import Platform
from studio.domain.provenance import SAME_BITS, Traces, difference
from tests.support.fakes import fake_ports
from tests.support.many_jobs import fill

HERE = (Platform.WEB, "room")
LOOKS = "f0" * 32


@pytest.fixture
def instance(ports):
    """300 pictures of two communities, most of them a few bits away from one another."""
    fill(ports, jobs=300, people=5)
    bits = random.Random(3)
    with ports.database.begin() as session:
        for number, row in enumerate(session.scalars(select(PictureRow).order_by(PictureRow.id))):
            changed = sum(1 << bits.randrange(256) for _ in range(bits.randrange(60)))
            row.perceptual_hash = f"{int(LOOKS, 16) ^ changed % (1 << 256):064x}" if number % 10 else None
        for row in session.scalars(select(JobRow)):
            row.community = bits.choice(["room", "elsewhere"])
    return ports


def compared_one_by_one(session, fingerprint, home):
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    found = [
        (bits, row.created_at, row.id)
        for row, job in session.execute(query)
        if row.perceptual_hash and home in (None, (job.platform, job.community))
        if (bits := difference(fingerprint, row.perceptual_hash)) <= SAME_BITS
    ]
    return [picture_id for *_, picture_id in sorted(found)]


@pytest.mark.parametrize("home", [HERE, (Platform.WEB, "elsewhere"), (Platform.WEB, "nowhere"), None])
def test_what_is_found_in_memory_is_what_the_table_holds(instance, home):
    with instance.database.read() as session:
        expected = compared_one_by_one(session, LOOKS, home)
        assert hashes_of(session).find(session, LOOKS, home) == expected
        assert bool(expected) is (home != (Platform.WEB, "nowhere"))
        assert hashes_of(session).find(session, LOOKS, home) == expected  # nothing twice


def test_a_picture_that_comes_later_is_found_also_when_its_time_lies_a_little_back(instance):
    with instance.database.read() as session:
        before = hashes_of(session).find(session, LOOKS, None)
    for number, age in enumerate((timedelta(0), timedelta(minutes=5))):
        with instance.database.begin() as session:
            session.get_one(JobRow, f"d{number:011}").state = "done"
            row = session.get_one(PictureRow, f"d{number:011}.1")
            session.expunge(row)
            later = {column.key: getattr(row, column.key) for column in PictureRow.__table__.columns}
            later |= {"id": f"d{number:011}.2", "position": 2, "perceptual_hash": LOOKS}
            session.add(PictureRow(**later | {"created_at": now() - age}))
        with instance.database.read() as session:
            found = hashes_of(session).find(session, LOOKS, None)
        assert set(found) - set(before) == {f"d{number:011}.2"}
        before = found


def test_a_picture_whose_looks_were_forgotten_or_that_is_held_again_is_told_to_nobody(instance, call):
    def told():
        asked = {"image": Traces(fingerprint=LOOKS)}
        return execute(instance, call, "whose", asked).picture_id

    with instance.database.read() as session:
        first, second, third, *_ = compared_one_by_one(session, LOOKS, HERE)
    assert told() == first
    with instance.database.begin() as session:
        session.get_one(PictureRow, first).perceptual_hash = None
        session.get_one(JobRow, second.split(".")[0]).state = "held"
    assert told() == third


def test_each_database_has_pictures_of_its_own(instance, tmp_path):
    other = fake_ports(f"sqlite:///{tmp_path / 'other.sqlite3'}")
    with instance.database.read() as session:
        assert hashes_of(session).find(session, LOOKS, None)
    with other.database.read() as session:
        assert hashes_of(session).find(session, LOOKS, None) == []
    other.database.close()

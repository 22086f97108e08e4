"""Equal pictures are one file: storing one while the other is deleted loses nothing, in whatever order it happens."""

from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement, count

import pytest

from engine.jobs.job_results import JobResult, record
from engine.jobs.postprocessing import StoredImage
from engine.jobs.tracked_store import TrackingStore
from studio.clock import now
from studio.commands.pictures import delete
from studio.commands.registry import execute
from studio.db import job_transitions, queries
from studio.domain.jobs import JobState
from studio.domain.verdicts import ALLOWED
from studio.errors import DatabaseUnavailableError, NotFoundError
from studio.services import picture_deletion
from studio.services.picture_deletion import delete_files
from studio.services.upload_intake import accept_upload
from tests.support.case_sim import with_desk
from tests.support.fakes import FakeStore, someone
from tests.support.finished_jobs import WORKER, paint_job
from tests.support.recipes import PLAIN

SAME, SMALL = b"the same picture", b"small the same picture"
MOMENTS = ("before reading", "before deleting", "before looking", "after looking", "at the end")
_numbers = count()


@dataclass(kw_only=True)
class TornStore(FakeStore):
    """Whoever deletes a file is held up at each moment, while somebody else goes on."""

    meanwhile: dict[str, list] = field(default_factory=dict)

    def reach(self, moment):
        for step in self.meanwhile.pop(moment, []):
            step()

    def get(self, key):
        self.reach("before reading")
        return super().get(key)

    def delete(self, key, *, unless_put_since=None):
        self.reach("before deleting")
        super().delete(key, unless_put_since=unless_put_since)


@pytest.fixture
def instance(ports, monkeypatch):
    store = TornStore()
    look = picture_deletion.file_references.find_needed_since

    def looking(session, keys):
        store.reach("before looking")
        with ports.database.read() as fresh:
            found = look(fresh, keys)
        store.reach("after looking")
        return found

    monkeypatch.setattr(picture_deletion.file_references, "find_needed_since", looking)
    return replace(ports, store=store)


def asked_by(call, name, *, moderator=False):
    return replace(call, person=someone(name, moderator=moderator), request_key=f"equal:{next(_numbers)}")


def ask(instance, call, name="ana"):
    return execute(instance, asked_by(call, name), "imagine", {"prompt": "a boat", "count": 1}).job_id


def drawn(instance, call, name="ana"):
    return paint_job(instance, ask(instance, call, name), png=SAME)


class Writer:
    """A worker that ends a job with the same picture, step by step."""

    def __init__(self, instance, job_id):
        self.instance, self.tracking_store = instance, TrackingStore(instance.store)
        with instance.database.begin() as session:
            assert job_transitions.take_lease(session, job_id, worker=WORKER, at=now(), lease_seconds=600)
            self.job = queries.find_job(session, job_id)

    def put(self):
        finished = StoredImage(
            index=1,
            recipe=PLAIN,
            verdict=ALLOWED,
            key=self.tracking_store.put(SAME, suffix=".png"),
            master_key=None,
            thumbnail_keys={320: self.tracking_store.put(SMALL, suffix=".webp")},
            perceptual_hash=None,
            width=64,
            height=64,
            size_bytes=len(SAME),
        )
        self.outcome = JobResult(state=JobState.DONE, pictures=(finished,))

    def record(self):
        assert record(self.instance.database, self.job, self.outcome, worker=WORKER)

    def store_again(self):
        self.tracking_store.store_again(self.outcome.pictures)


@pytest.mark.parametrize("moments", [*combinations_with_replacement(MOMENTS, 3)], ids=" / ".join)
def test_a_picture_stored_while_an_equal_one_is_deleted_keeps_its_files(instance, call, moments):
    first = drawn(instance, call)
    writer = Writer(instance, ask(instance, call, "bo"))
    for moment, step in zip(moments, (writer.put, writer.record, writer.store_again), strict=True):
        instance.store.meanwhile.setdefault(moment, []).append(step)
    execute(instance, call, "delete", {"what": first})
    instance.store.reach("at the end")
    assert not instance.store.meanwhile
    assert sorted(instance.store.blobs.values()) == sorted([SAME, SMALL])


def test_an_upload_that_is_used_while_its_twin_is_deleted_stays(instance, call):
    key = accept_upload(instance, call.person, SAME).key
    source = accept_upload(instance, call.person, SAME)
    values = {"image": source, "region": "A1", "prompt": "a boat"}
    instance.store.meanwhile["before deleting"] = [
        lambda: execute(instance, asked_by(call, "bo"), "edit", values),
    ]
    delete_files(instance.database, instance.store, [key])
    assert instance.store.get(key) == SAME


def test_forgetting_who_brought_it_along_leaves_the_equal_picture_of_others(instance, call):
    drawn(instance, call)
    values = {"image": accept_upload(instance, call.person, SAME), "region": "A1", "prompt": "a boat"}
    execute(instance, asked_by(call, "bo"), "edit", values)
    instance.store.meanwhile["before deleting"] = [lambda: pytest.fail("it is still shown")]
    execute(with_desk(instance), asked_by(call, "bo"), "forget-me", {"confirm": "yes"})
    assert instance.store.get(values["image"].key) == SAME


def test_what_a_moderator_takes_down_is_not_laid_again_for_a_late_comer(instance, call, monkeypatch):
    monkeypatch.setattr(
        delete, "record_appeal_window", lambda *_, **__: None
    )  # else its files stay for a while
    first = drawn(instance, call)
    late = asked_by(call, "bo")
    with instance.database.read() as session:
        (picture,) = queries.pictures_of_job(session, first)
    heirs = []

    def too_late():  # it was asked for while the picture was still there
        heirs.append(ask(instance, call, "bo"))
        with instance.database.begin() as session:
            row = session.get_one(picture_deletion.JobRow, heirs[0])
            row.request = {**row.request, "sources": [{"picture_id": picture.id, "key": picture.key}]}

    instance.store.meanwhile["before looking"] = [too_late]
    execute(instance, replace(late, person=someone("mod", moderator=True)), "delete", {"what": first})
    assert heirs
    assert instance.store.blobs == {}


def test_while_the_records_are_away_a_deleted_file_is_laid_again(instance, call, monkeypatch):
    key = instance.store.put(SAME, suffix=".png")

    def away(*_):
        raise DatabaseUnavailableError

    monkeypatch.setattr(picture_deletion.file_references, "find_needed_since", away)
    delete_files(instance.database, instance.store, [key])
    assert instance.store.get(key) == SAME


def test_of_two_that_delete_the_same_file_the_second_touches_nothing(instance, call):
    key = instance.store.put(SAME, suffix=".png")
    delete_files(instance.database, instance.store, [key])
    instance.store.meanwhile["before deleting"] = [lambda: pytest.fail("it has no bytes to lay again")]
    delete_files(instance.database, instance.store, [key])
    with pytest.raises(NotFoundError):
        instance.store.get(key)

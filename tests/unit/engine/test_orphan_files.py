"""No file stays for ever: what no row names goes, a day after it was put, and nothing else does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bots.texts.coded.sentences import say_stored
from engine.maintenance import orphan_files
from engine.maintenance.orphan_files import PARTS_A_RUN, OrphanFileCleaner
from moderation.cases.retention import let_go
from studio.clock import now
from studio.commands.registry import execute
from studio.db import cases, queries
from studio.db.tables import JobRow, PersonRow, PictureRow
from studio.domain.cases import Decision
from studio.domain.jobs import JobState
from studio.domain.requests import Source
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import PolicyRefusalError, StorageError
from studio.ports import STORE_PARTS
from studio.services import held_job_decisions
from studio.services.upload_intake import accept_upload
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job

CORE = Verdict(ruling=Ruling.REFUSE, rule="minors", category="minors", appealable=False)


def another(call, name="ana", *, moderator=False):
    another.number += 1
    return replace(call, person=someone(name, moderator=moderator), request_key=f"c:{another.number}")


another.number = 0


def brought(ports, call, data=b"an upload"):
    """A job that starts from an upload, and the upload's key."""
    source = accept_upload(ports, call.person, data)
    values = {"image": source, "region": "A1", "prompt": "a boat"}
    return execute(ports, another(call), "edit", values).job_id, source.key


def painted(ports, call, **more):
    return paint_job(ports, execute(ports, another(call), "imagine", {"prompt": "a boat"}).job_id, **more)


def a_round(ports, *, later=timedelta(days=2)):
    """All parts of the store, as the hours go by."""
    cleaner = OrphanFileCleaner(database=ports.database, store=ports.store)
    hours = range(STORE_PARTS // PARTS_A_RUN)
    return sum(cleaner.clear(now() + later + timedelta(hours=hour)) for hour in hours)


def test_an_upload_that_was_never_used_goes(ports, call):
    painted(ports, call)
    key = accept_upload(ports, call.person, b"never used").key
    assert a_round(ports, later=timedelta()) == 0
    assert a_round(ports) == 1
    assert key not in ports.store.blobs


def test_what_is_older_than_all_records_belongs_to_another_database(ports, call):
    key = accept_upload(ports, call.person, b"of former times").key
    ports.store.put_at[key] -= timedelta(days=30)
    assert a_round(ports) == 0
    painted(ports, call)
    assert a_round(ports) == 0
    assert key in ports.store.blobs


def test_what_rows_name_stays(ports, call):
    job, upload = brought(ports, call)
    painted(ports, call)
    before = dict(ports.store.blobs)
    assert a_round(ports) == 0
    paint_job(ports, job)
    assert a_round(ports) == 0
    assert before.keys() <= ports.store.blobs.keys()
    assert upload in ports.store.blobs


def test_what_was_put_again_a_moment_ago_stays(ports, call, monkeypatch):
    painted(ports, call)
    with ports.database.begin() as session:
        session.execute(update(PersonRow).values(first_seen_at=now() - timedelta(days=9)))
    key = accept_upload(ports, call.person, b"again").key
    ports.store.put_at[key] -= timedelta(days=3)
    asked = orphan_files.file_references.find_unnamed

    def meanwhile(session, keys):
        found = asked(session, keys)
        accept_upload(ports, call.person, b"again")
        return found

    monkeypatch.setattr(orphan_files.file_references, "find_unnamed", meanwhile)
    a_round(ports, later=timedelta())
    assert key in ports.store.blobs


def test_a_run_clears_no_more_than_it_may(ports, call, monkeypatch):
    painted(ports, call)
    for number in range(6):
        accept_upload(ports, call.person, b"upload %d" % number)
    monkeypatch.setattr(orphan_files, "MOST_A_RUN", 4)
    monkeypatch.setattr(orphan_files, "PARTS_A_RUN", STORE_PARTS)
    cleaner = OrphanFileCleaner(database=ports.database, store=ports.store)
    assert [cleaner.clear(now() + timedelta(days=2)) for _ in "ab"] == [4, 2]


@pytest.mark.parametrize("moderator", [False, True])
def test_a_held_job_that_is_cancelled_takes_its_pictures_along(ports, call, moderator):
    job = painted(ports, call, state=JobState.HELD)
    canceller = another(call, "mod", moderator=True) if moderator else call
    assert execute(ports, canceller, "cancel", {"job": job}).at_once
    assert ports.store.blobs == {}


def test_what_breaks_the_core_is_kept_neither_in_words_nor_in_images(ports, call):
    ports.gate.verdict = CORE
    with pytest.raises(PolicyRefusalError):
        brought(ports, call)
    assert ports.store.blobs == {}


def test_unless_somebody_else_brought_the_same_image(ports, call):
    _, key = brought(ports, call)
    ports.gate.verdict = CORE
    with pytest.raises(PolicyRefusalError):
        brought(ports, another(call, "bo"))
    assert key in ports.store.blobs


def test_a_storage_that_is_away_stops_no_deletion(ports, call, monkeypatch):
    job = painted(ports, call)

    def away(*_, **__):
        raise StorageError

    monkeypatch.setattr(ports.store, "delete", away)
    assert len(execute(ports, call, "delete", {"what": job}).picture_ids) == 4
    monkeypatch.undo()
    assert a_round(ports) == len({"picture", "thumbnail"}) * 4 + len({"grid"})


def test_pictures_that_were_refused_go_when_nobody_may_ask_for_them_any_more(ports, call):
    refused, held = painted(ports, call, state=JobState.HELD), painted(ports, call, state=JobState.HELD)
    shown = painted(ports, call)
    with ports.database.begin() as session:
        held_job_decisions.stop(session, refused, JobState.REFUSED, error_code="policy")
        session.execute(update(JobRow).values(ended_at=now() - timedelta(days=40)))
    case = execute(ports, another(call), "appeal", {"job": refused}).case
    for keep, gone in ((50, 0), (30, 0), (30, 9)):
        let_go(ports.database, keep=timedelta(days=keep))
        assert a_round(ports) == gone
        with ports.database.begin() as session:
            if keep == 30:
                cases.close(session, case.id, Decision.REJECT, by="", at=now())
    with ports.database.read() as session:
        left = [len(queries.pictures_of_job(session, job_id)) for job_id in (refused, held, shown)]
    assert left == [0, 4, 4]


class TestWaitingForPictures:
    @pytest.fixture
    def origin(self, ports, call):
        return painted(ports, call)

    def heir(self, ports, call, origin):
        return execute(ports, another(call, "bo"), "vary", {"picture": f"{origin}.1"}).job_id

    def test_its_maker_may_delete_it_and_the_job_still_has_its_file(self, ports, call, origin):
        self.heir(ports, call, origin)
        execute(ports, call, "delete", {"what": origin})
        assert list(ports.store.blobs.values()) == [f"picture {origin} 1".encode()]
        assert a_round(ports) == 0

    def test_when_the_job_is_cancelled_the_file_goes(self, ports, call, origin):
        heir = self.heir(ports, call, origin)
        execute(ports, call, "delete", {"what": origin})
        execute(ports, another(call, "bo"), "cancel", {"job": heir})
        assert ports.store.blobs == {}

    def test_what_a_moderator_takes_down_takes_along_what_waits_for_it(self, ports, call, origin):
        heir = self.heir(ports, call, origin)
        execute(ports, another(call, "mod", moderator=True), "delete", {"what": origin})
        with ports.database.read() as session:
            ended = queries.find_job(session, heir)
            rows = session.scalars(select(PictureRow).where(PictureRow.job_id == origin))
            appealable = {key for row in rows for key in queries.picture_of(row).file_keys}
        assert (ended.state, "took down the picture" in say_stored(ended.error_text)) == (
            JobState.CANCELLED,
            True,
        )
        assert set(ports.store.blobs) == appealable


def test_an_upload_is_named_by_its_key_and_its_mask(ports, call):
    mask = ports.store.put(b"a mask", suffix=".png")
    image = Source(key=ports.store.put(b"an image", suffix=".png"), mask_key=mask)
    execute(ports, another(call), "edit", {"image": image, "prompt": "a boat"})
    assert a_round(ports) == 0

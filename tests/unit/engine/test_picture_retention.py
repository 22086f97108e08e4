"""Old pictures go where an administrator wants it, but for those that somebody keeps."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from engine.maintenance.picture_retention import PictureRetention
from studio.clock import now
from studio.commands.registry import execute
from studio.db.styles.saved_styles import save_style
from studio.db.tables import PictureRow, ShareRow
from studio.domain.jobs import JobState
from studio.domain.requests import ReferenceKind
from studio.domain.settings.saved_styles import SavedStyle, StyleReference
from studio.services.picture_deletion import delete_unseen_pictures
from tests.support.fakes import someone
from tests.support.finished_jobs import paint_job

MONTH = timedelta(days=30)


def painted(ports, call, key):
    asked = replace(call, request_key=key)
    job_id = execute(ports, asked, "imagine", {"prompt": f"a boat {key}", "count": 2}).job_id
    return paint_job(ports, job_id, png=key.encode())


def there(ports):
    with ports.database.read() as session:
        return set(session.scalars(select(PictureRow.id).where(PictureRow.deleted_at.is_(None))))


def test_pictures_that_nobody_keeps_go_with_their_files(ports, call):
    plain, starred, collected = (painted(ports, call, key) for key in ("plain", "starred", "collected"))
    fan = replace(call, person=someone("bo"))
    execute(ports, replace(fan, request_key="star"), "star", {"picture": f"{starred}.1"})
    execute(ports, replace(fan, request_key="collect"), "collect", {"picture": f"{collected}.2"})
    retention = PictureRetention(database=ports.database, store=ports.store, events=ports.events, keep=MONTH)
    assert retention.delete_old() == 0
    assert len(there(ports)) == 6
    assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 4
    assert there(ports) == {f"{starred}.1", f"{collected}.2"}
    assert b"plain" not in ports.store.blobs.values()
    assert b"starred" in ports.store.blobs.values()
    assert plain in {event.job_id for event in ports.events.published}
    assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 0


def test_public_links_and_saved_styles_keep_pictures(ports, call):
    shared, styled, _ = (painted(ports, call, key) for key in ("shared", "styled", "plain"))
    with ports.database.begin() as session:
        session.add(
            ShareRow(token="t", picture_id=f"{shared}.1", person_key=call.person.key, created_at=now())
        )
        reference = StyleReference(picture_id=f"{styled}.2", kind=ReferenceKind.STYLE)
        save_style(session, call.person, SavedStyle(name="ink", references=(reference,)))
    retention = PictureRetention(database=ports.database, store=ports.store, events=ports.events, keep=MONTH)
    assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 4
    assert there(ports) == {f"{shared}.1", f"{styled}.2"}


@contextmanager
def deleted_at_commits():
    """At each commit, how many jobs have deleted pictures by then."""
    counts = []

    def note(session):
        deleted = select(PictureRow.job_id).where(PictureRow.deleted_at.is_not(None))
        counts.append(len(set(session.scalars(deleted))))

    event.listen(Session, "before_commit", note)
    try:
        yield counts
    finally:
        event.remove(Session, "before_commit", note)


def test_one_transaction_deletes_the_pictures_of_one_job(ports, call):
    for name in ("ana", "bo", "cy"):
        painted(ports, replace(call, person=someone(name)), name)
    retention = PictureRetention(database=ports.database, store=ports.store, events=ports.events, keep=MONTH)
    with deleted_at_commits() as counts:
        assert retention.delete_old(now() + MONTH + timedelta(hours=1)) == 6
    assert sorted(set(counts)) == [0, 1, 2, 3]


def test_one_transaction_deletes_the_pictures_of_one_refused_job(ports, call):
    for name in ("ana", "bo", "cy"):
        asked = replace(call, person=someone(name), request_key=name)
        job_id = execute(ports, asked, "imagine", {"prompt": "a boat", "count": 2}).job_id
        paint_job(ports, job_id, state=JobState.REFUSED)
    with deleted_at_commits() as counts:
        delete_unseen_pictures(ports.database, before=now() + timedelta(hours=1))
    assert not there(ports)
    assert sorted(set(counts)) == [0, 1, 2, 3]

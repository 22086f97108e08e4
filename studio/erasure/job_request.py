"""The words, settings and files of a request of which there is no picture go when its owner deletes the job."""

from sqlalchemy.orm import Session

from studio.db import outbox
from studio.db.tables import JobRow
from studio.domain.events import JobChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.erasure.unused_uploads import is_request_needed
from studio.errors import NotAllowedError, NotFoundError
from studio.services import file_references
from studio.services.account_erasure import without_words
from studio.services.picture_deletion import Removal


def delete_request(session: Session, job_id: str) -> Removal:
    """The row stays for the ledger, cases and the family tree. Send the events and delete the files after the commit.

    A refused request stays until it is too old (`studio.erasure.ended_jobs`) or its person is forgotten: strikes and
    appeals point to it. Of a finished one the words stay with its deleted pictures, from which others may be made.

    Raises `NotFoundError` where nothing is left, and `NotAllowedError` while it may be needed.
    """
    row = session.get_one(JobRow, job_id, with_for_update=True)
    remaining = without_words(row.request)
    if row.state == JobState.DONE or remaining == row.request:
        raise NotFoundError("left_of_job", id=job_id)
    if row.state == JobState.REFUSED or is_request_needed(session, job_id):
        raise NotAllowedError("request_needed")
    uploads = file_references.of_uploads(row.request)
    row.request = remaining
    session.flush()
    changed = JobChanged(job_id=job_id, platform=Platform.WEB)
    events = [outbox.write(session, changed)] if row.platform == Platform.WEB else []
    return Removal(events=events, files=file_references.find_unnamed(session, uploads))

"""A picture's description by a model: made once, judged, and kept with the picture."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.db import outbox
from studio.db.tables import OutboxRow, PictureRow
from studio.domain.events import PictureChanged
from studio.domain.jobs import Job
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, PaintRequest
from studio.domain.verdicts import Ruling
from studio.errors import HelperUnavailableError
from studio.ports import Admission, Captioner, Gate, Store

COMMAND = "describe"


def describe(
    job: Job,
    picture: Picture,
    *,
    captioner: Captioner,
    gate: Gate,
    store: Store,
    asker: Person | None = None,
) -> str:
    """Judged by the rules for prompts where the picture was made, as people read it there beside the picture.

    `asker` is who wants to read it. The picture's own person stands for nobody, and for their own linked identity.

    Raises `HelperUnavailableError`, also for words that the rules would not let pass, `StorageError`, `NotFoundError`
    and `BannedError` for the asker's ban.
    """
    smallest_large = picture.thumbnail_keys.get(1280) or picture.key
    text = captioner.describe(store.get(smallest_large), model=picture.recipe.model)
    request = PaintRequest(operation=Operation.IMAGINE, prompt=text, seed=0, count=1)
    person = asker if asker and asker.home == job.person.home else job.person
    admission = Admission(
        person=person, command=COMMAND, request=request, outstanding_jobs=0, address=job.address
    )
    if gate.review(admission).ruling is not Ruling.ALLOW:
        raise HelperUnavailableError(reason="captioner")
    return text


def save_description(session: Session, job: Job, picture: Picture, text: str) -> OutboxRow | None:
    """The event to send after the commit; None where the picture is gone, or somebody was quicker."""
    missing = PictureRow.description.is_(None) & PictureRow.deleted_at.is_(None)
    statement = update(PictureRow).where(PictureRow.id == picture.id, missing).values(description=text)
    found = session.execute(statement.returning(PictureRow.id)).first()
    if found is None:
        return None
    changed = PictureChanged(job_id=job.id, platform=job.address.platform, picture_id=picture.id)
    return outbox.write(session, changed)

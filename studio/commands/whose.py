"""/whose: who made the picture in a file, and how that is known."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.answers import Attribution
from studio.commands.spec import Call, CommandSpec, Kind, Parameter
from studio.db import records
from studio.db.humans import same_human
from studio.db.tables import JobRow, PictureRow
from studio.errors import BadParameter
from studio.jobs import JobState
from studio.people import Person
from studio.ports import Ports
from studio.provenance import BITS, SAME_BITS, Trace, Traces, difference, likeness

_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    image: Traces | None = None


def whose(ports: Ports, call: Call, command: Whose) -> Attribution:
    """Nothing of the file is kept. Who and what is told within the picture's own community only.

    Raises `BadParameter` without a file.
    """
    if command.image is None:
        raise BadParameter("image", "attach the picture, as the file you have.")
    with ports.database.read() as session:
        return attribute(session, command.image, viewer=call.person)


def attribute(session: Session, traces: Traces, *, viewer: Person | None) -> Attribution:
    """What the records know of the picture behind `traces`. `viewer` None is the administrator, who sees all."""
    for trace, picture_id in traces.claims:
        row = session.get(PictureRow, picture_id)
        if row is not None and (found := _told(session, row, trace, traces, viewer)):
            return found
    if nearest := _nearest(session, traces.fingerprint, viewer):
        row = session.get_one(PictureRow, nearest)
        if found := _told(session, row, Trace.LIKENESS, traces, viewer):
            return found
    return claimed(traces)


def claimed(traces: Traces) -> Attribution:
    """What the file says, without anybody to confirm it."""
    by, picture_id = traces.claims[0] if traces.claims else (None, None)
    return Attribution(
        known=False,
        by=by,
        picture_id=picture_id,
        software=traces.software,
        signed_by=traces.signed_by,
        tampered=traces.tampered,
    )


def _told(
    session: Session, row: PictureRow, trace: Trace, traces: Traces, viewer: Person | None
) -> Attribution | None:
    """None for what was never shown to anybody."""
    job = records.find_job(session, row.job_id)
    if job.state is not JobState.DONE:
        return None
    reach = viewer is None or (
        (job.person.platform, job.person.community) == (viewer.platform, viewer.community)
        or same_human(session, row.person_key, viewer.key)
    )
    alike = bool(traces.fingerprint and row.perceptual_hash)
    return Attribution(
        known=True,
        by=trace,
        picture_id=row.id,
        made_at=row.created_at,
        similarity=likeness(traces.fingerprint, row.perceptual_hash)
        if alike and row.perceptual_hash
        else None,
        person=job.person if reach else None,
        picture=records.picture_of(row) if reach and row.deleted_at is None else None,
        deleted=row.deleted_at is not None,
        tampered=traces.tampered,
        signed_by=traces.signed_by,
        software=traces.software,
    )


def _nearest(session: Session, fingerprint: str, viewer: Person | None) -> str | None:
    """The id of the picture that looks most like it, at most 31 of 256 bits away; of equal ones the first made.

    Walks over all pictures: 100,000 take about half a second.
    """
    if not fingerprint:
        return None
    query = select(PictureRow.id, PictureRow.perceptual_hash).join(JobRow, JobRow.id == PictureRow.job_id)
    query = query.where(PictureRow.perceptual_hash.is_not(None), JobRow.state == JobState.DONE)
    if viewer is not None:  # whether something looks alike is nobody's business elsewhere
        query = query.where(JobRow.platform == viewer.platform, JobRow.community == viewer.community)
    best: tuple[int, str] | None = None
    for picture_id, other in session.execute(query.order_by(PictureRow.created_at)).yield_per(_BATCH):
        bits = difference(fingerprint, other) if other else BITS
        if bits <= SAME_BITS and (best is None or bits < best[0]):
            best = bits, picture_id
    return best[1] if best else None


SPEC = CommandSpec(
    name="whose",
    summary="Who made this? For a picture that you attach.",
    example="/whose",
    build=Whose,
    handle=whose,
    parameters=(
        Parameter(name="image", kind=Kind.FILE, summary="The picture, attached as the file you have."),
    ),
    paints=False,
)

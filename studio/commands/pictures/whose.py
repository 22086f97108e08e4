"""/whose: who made the picture in a file, and how that is known."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Attribution
from studio.commands.spec import Call, CommandSpec
from studio.db import queries
from studio.db.tables import JobRow, PictureRow
from studio.domain.jobs import JobState
from studio.domain.provenance import BITS, SAME_BITS, SAME_TURNED_BITS, Trace, Traces, least_difference
from studio.errors import BadParameterError
from studio.ports import Ports
from studio.services.visibility import Audience, may_see, without_hidden_parents

_BATCH = 100
_MOST_ALIKE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    image: Traces | None = None


def whose(ports: Ports, call: Call, command: Whose) -> Attribution:
    """Nothing of the file is kept. Who and what is told where the picture may be seen only.

    Raises `BadParameterError` without a file.
    """
    if command.image is None:
        raise BadParameterError("image", "no_file")
    with ports.database.read() as session:
        return attribute(session, command.image, call)


def attribute(session: Session, traces: Traces, call: Call | None) -> Attribution:
    """What the records know of the picture behind `traces`. `call` None is the administrator's, who sees all."""
    looks_different = False
    for trace, picture_id in traces.claims:
        row = session.get(PictureRow, picture_id)
        if row is not None and _looks_different(row, trace, traces):
            looks_different = True
        elif row is not None and (found := _attribution_of(session, row, trace, traces, call)):
            return found
    for row in _find_lookalikes(session, traces.fingerprints, call):
        found = _attribution_of(session, row, Trace.LIKENESS, traces, call)
        if found and found.person:  # that something looks alike is nobody's business elsewhere
            return found
    return attribution_from_file(traces, looks_different=looks_different)


def find_reported(session: Session, traces: Traces) -> str | None:
    """The id of the picture behind `traces`. One that a report hides counts as there, a deleted one does not."""
    claimed = [
        row
        for trace, picture_id in traces.claims
        if (row := session.get(PictureRow, picture_id)) and not _looks_different(row, trace, traces)
    ]
    for row in (*claimed, *_find_lookalikes(session, traces.fingerprints, None, deleted=False)):
        shown = queries.find_job(session, row.job_id).state is JobState.DONE
        if shown and (row.deleted_at is None or row.hidden_by is not None):
            return row.id
    return None


def attribution_from_file(traces: Traces, *, looks_different: bool = False) -> Attribution:
    """What the file says, without anybody to confirm it."""
    by, picture_id = traces.claims[0] if traces.claims else (None, None)
    return Attribution(
        known=False,
        by=by,
        picture_id=picture_id,
        software=traces.software,
        signed_by=traces.signed_by,
        tampered=traces.tampered,
        looks_different=looks_different,
    )


def _looks_different(row: PictureRow, trace: Trace, traces: Traces) -> bool:
    """A mark or a text can be copied onto another picture; what is signed and unchanged cannot."""
    if trace is Trace.CREDENTIALS or not row.perceptual_hash or not traces.fingerprints:
        return False
    return (
        least_difference(traces.fingerprints, row.perceptual_hash) > SAME_BITS
        and least_difference(traces.turned, row.perceptual_hash) > SAME_TURNED_BITS
    )


def _attribution_of(
    session: Session, row: PictureRow, trace: Trace, traces: Traces, call: Call | None
) -> Attribution | None:
    """None for what was never shown to anybody."""
    job = queries.find_job(session, row.job_id)
    if job.state is not JobState.DONE:
        return None
    audience = Audience.of_asker(call.person, call.address) if call else None
    near = audience is None or may_see(session, job, audience)
    picture = queries.picture_of(row) if near and row.deleted_at is None else None
    if picture and audience:
        picture = without_hidden_parents(session, picture, audience)
    looks = row.perceptual_hash if traces.fingerprints and trace is not Trace.CREDENTIALS else None
    return Attribution(
        known=True,
        by=trace,
        picture_id=row.id,
        made_at=row.created_at,
        similarity=1 - least_difference(traces.fingerprints, looks) / BITS if looks else None,
        person=job.person if near else None,
        picture=picture,
        deleted=row.deleted_at is not None,
        tampered=traces.tampered,
        signed_by=traces.signed_by,
        software=traces.software,
    )


def _find_lookalikes(
    session: Session, views: Sequence[str], call: Call | None, *, deleted: bool = True
) -> list[PictureRow]:
    """The pictures of the community that look most like it, at most 31 of 256 bits away; of equal ones the first.

    Mirrored ones come after those that look like the picture as it is. Without the `deleted` ones, those that a report
    hides are among them.
    """
    if not views:
        return []
    from studio.db.perceptual_hashes import hashes_of  # numpy, which no front end loads at its start

    home = call.person.home if call else None
    alike = [
        *dict.fromkeys(found for view in views for found in hashes_of(session).find(session, view, home))
    ]
    found: list[PictureRow] = []
    for start in range(0, len(alike), _BATCH):
        shown = _find_shown(session, alike[start : start + _BATCH], views)
        found += [row for row in shown if deleted or row.deleted_at is None or row.hidden_by is not None]
        if len(found) >= _MOST_ALIKE:
            break
    return found[:_MOST_ALIKE]


def _find_shown(session: Session, ids: Sequence[str], views: Sequence[str]) -> Iterator[PictureRow]:
    """In the order of `ids`, without those that are not shown to anybody, or not known by their looks any more."""
    query = select(PictureRow).join(JobRow, JobRow.id == PictureRow.job_id)
    rows = session.scalars(query.where(PictureRow.id.in_(ids), JobRow.state == JobState.DONE))
    by_id = {row.id: row for row in rows}
    for row in filter(None, map(by_id.get, ids)):
        if row.perceptual_hash and least_difference(views, row.perceptual_hash) <= SAME_BITS:
            yield row


SPEC = CommandSpec(
    name="whose",
    summary="Find out who made a picture that you attach.",
    example="/whose",
    build=Whose,
    handle=whose,
    parameters=(
        Parameter(name="image", kind=Kind.FILE, summary="The picture, attached as the file you have."),
    ),
    paints=False,
    rationed=True,
)

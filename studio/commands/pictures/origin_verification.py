"""What anybody may learn about where a file comes from. Neither its owner nor its words are among it."""

from datetime import datetime

from sqlalchemy.orm import Session

from studio.db import queries
from studio.db.tables import PictureRow
from studio.domain.jobs import JobState
from studio.domain.provenance import BITS, SAME_BITS, Origin, Trace, Traces, Verification, likeness

LEAST_SIMILARITY = 1 - SAME_BITS / BITS  # below it, two pictures look different


def verify_origin(traces: Traces, session: Session | None) -> Verification:
    """Without a session, what the file says alone. Looks are compared with the picture that the file names only."""
    by, picture_id = traces.claims[0] if traces.claims else (None, None)
    made_at, similarity = _look_up(session, picture_id, traces.fingerprint)
    return Verification(
        origin=_origin_of(traces, by, recorded=made_at is not None, similarity=similarity),
        by=by,
        picture_id=picture_id,
        recorded=made_at is not None,
        made_at=made_at,
        similarity=similarity,
        generation=traces.generation,
        generator=traces.generator or traces.software,
        signed_by=traces.signed_by,
        tampered=traces.tampered,
    )


def _look_up(
    session: Session | None, picture_id: str | None, fingerprint: str
) -> tuple[datetime | None, float | None]:
    """When a picture that somebody has seen was made, and how alike it and the file look; None if unknown."""
    row = session.get(PictureRow, picture_id) if session and picture_id else None
    if session is None or row is None or queries.find_job(session, row.job_id).state is not JobState.DONE:
        return None, None
    known = fingerprint and row.perceptual_hash
    return row.created_at, likeness(
        fingerprint, row.perceptual_hash
    ) if known and row.perceptual_hash else None


def _origin_of(traces: Traces, by: Trace | None, *, recorded: bool, similarity: float | None) -> Origin:
    alike = similarity is None or similarity >= LEAST_SIMILARITY
    if by is Trace.CREDENTIALS:
        return Origin.HERE
    if by is Trace.MARK and recorded:
        return Origin.HERE if alike else Origin.DOUBTFUL
    if by is Trace.TEXT and recorded and similarity is not None and alike:
        return Origin.HERE
    return Origin.ELSEWHERE if by or traces.generation or traces.software else Origin.UNKNOWN

"""The pictures of jobs, with who starred them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import Session

from studio.db.queries import picture_of
from studio.db.tables import JobSourceRow, PictureRow, StarRow
from studio.domain.pictures import Picture

_BETWEEN_KEYS = "\n"  # in no key: ids of people hold none
_STARRED_BY = (
    select(func.aggregate_strings(StarRow.person_key, _BETWEEN_KEYS))
    .where(StarRow.picture_id == PictureRow.id)
    .scalar_subquery()
)
_SHOWN_PICTURES = (
    select(PictureRow, _STARRED_BY, exists().where(JobSourceRow.picture_id == PictureRow.id))
    .where(
        PictureRow.job_id.in_(bindparam("job_ids", expanding=True)),
        PictureRow.deleted_at.is_(None),
    )
    .order_by(PictureRow.position)
)


def load_shown_pictures(
    session: Session, job_ids: Sequence[str]
) -> tuple[Mapping[str, Sequence[Picture]], Mapping[str, tuple[str, ...]], list[str]]:
    """The pictures that are not deleted, in order, by job; the keys of the people who starred them, by picture; and
    the ids of those that other jobs started from.
    """
    found = defaultdict[str, list[Picture]](list)
    starred_by: dict[str, tuple[str, ...]] = {}
    sources: list[str] = []
    for row, keys, is_source in session.execute(_SHOWN_PICTURES, {"job_ids": job_ids}) if job_ids else ():
        found[row.job_id].append(picture_of(row))
        if keys:
            starred_by[row.id] = tuple(sorted(keys.split(_BETWEEN_KEYS)))
        if is_source:
            sources.append(row.id)
    return found, starred_by, sources

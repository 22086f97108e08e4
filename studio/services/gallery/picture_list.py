"""Pictures that somebody may see, newest first, found by words and filters, one page after the other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import Session

from studio.db.identities.linked_identities import identities
from studio.db.queries import job_of, picture_of, star_counts
from studio.db.sql_dialects import is_postgresql
from studio.db.tables import POSTGRESQL_VECTOR, FolderPictureRow, JobRow, PictureRow, SavedStyleRow, StarRow
from studio.domain.jobs import Job, JobState
from studio.domain.people import Person, Platform
from studio.domain.pictures import Picture
from studio.domain.requests import Operation
from studio.services.visibility import Audience, may_see, visible_rows

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS = 20
_FIRST_READ = 1000  # pictures among which a page is sought before the index is asked
_MOST_LETTERS = 50  # of a word; no index has longer ones that anybody looks for


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFilter:
    """What to look for. `words` all begin a word of the prompt or of the alternative text.

    `mine`: the viewer's own, under all their linked identities; else everybody's. `starred`: that the viewer starred.
    `style` is a preset, or a saved style that the request named. `home` is the community in which they were asked for.
    `since` and `until` are days in UTC, both included. With a `folder` (its id) or `pictures` (their ids)
    everybody's of these; the caller asks whether the viewer may open the folder (`studio.services.gallery.folders`).
    """

    words: str = ""
    mine: bool = True
    operation: Operation | None = None
    model: str = ""
    style: str = ""
    starred: bool = False
    home: tuple[Platform, str] | None = None
    since: date | None = None
    until: date | None = None
    folder: str = ""
    pictures: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether nothing is left out but what others made."""
        return self == PictureFilter(mine=self.mine)


@dataclass(frozen=True, slots=True)
class ListedPicture:
    """`starred`: by the viewer. `own`: of the viewer, under any of their names."""

    picture: Picture
    job: Job
    starred: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list: behind this picture."""

    created_at: datetime
    picture_id: str


def list_homes(session: Session, viewer: Person) -> list[tuple[Platform, str]]:
    """The communities of all that the viewer may have made under their linked identities, the present one first."""
    keys = identities(session, viewer.key)
    found = ((Platform(key.partition(":")[0]), Person.community_of(key)) for key in keys)
    return list(dict.fromkeys([viewer.home, *found]))


def list_pictures(
    session: Session, viewer: Person, wanted: PictureFilter, *, after: Position | None = None, limit: int
) -> list[ListedPicture]:
    """At most `limit` pictures that come after a place, newest first."""
    keys = identities(session, viewer.key)
    audience = Audience.of_person(viewer)
    query = _found(wanted, audience, keys)
    if after is not None:
        # The first comparison alone is enough for an index; the pair decides among pictures of one moment.
        place = tuple_(literal(after.created_at, PictureRow.created_at.type), literal(after.picture_id))
        query = query.where(
            PictureRow.created_at <= after.created_at, tuple_(PictureRow.created_at, PictureRow.id) < place
        )
    query = query.order_by(PictureRow.created_at.desc(), PictureRow.id.desc())
    if wanted.words.strip():
        newest = _find_newest(session, query, wanted.words, limit)
        query = query.where(PictureRow.id.in_(newest) if newest else matches(session, wanted.words))
    rows = [(row, job_of(job)) for row, job in session.execute(query.limit(limit))]
    seen = [(row, job) for row, job in rows if may_see(session, job, audience)]
    found = [row.id for row, _ in seen]
    stars = star_counts(session, found)
    mine = set(
        session.scalars(
            select(StarRow.picture_id).where(StarRow.picture_id.in_(found), StarRow.person_key.in_(keys))
        )
    )
    return [
        ListedPicture(
            picture_of(row, stars=stars.get(row.id, 0)), job, row.id in mine, row.person_key in keys
        )
        for row, job in seen
    ]


def _found(wanted: PictureFilter, audience: Audience, keys: Sequence[str]) -> Select[PictureRow, JobRow]:
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    done = JobRow.state == JobState.DONE
    query = query.where(PictureRow.deleted_at.is_(None))
    if wanted.folder or wanted.pictures:
        query = query.where(done, visible_rows(audience, keys))
    elif wanted.mine:
        query = query.where(done, PictureRow.person_key.in_(keys))
    else:
        # As a CASE it chooses no index: the pictures are walked in their order until a page is full.
        visible = and_(done, visible_rows(audience, keys))
        query = query.where(case((visible, literal(True)), else_=literal(False)))
    for name, value in (
        ("operation", wanted.operation),
        ("model", wanted.model),
    ):
        if value:
            query = query.where(PictureRow.recipe[name].as_string() == str(value))
    if wanted.style:
        query = query.where(_has_style(wanted.style, audience, keys))
    if wanted.home:
        query = query.where(JobRow.platform == wanted.home[0], JobRow.community == wanted.home[1])
    if wanted.pictures:
        query = query.where(PictureRow.id.in_(wanted.pictures))
    if wanted.folder:
        inside = FolderPictureRow.picture_id == PictureRow.id, FolderPictureRow.folder_id == wanted.folder
        query = query.where(exists().where(*inside))
    if wanted.starred:
        mine = exists().where(StarRow.picture_id == PictureRow.id, StarRow.person_key.in_(keys))
        query = query.where(mine)
    if wanted.since is not None:
        query = query.where(PictureRow.created_at >= _start_of(wanted.since))
    if wanted.until is not None and wanted.until < date.max:
        query = query.where(PictureRow.created_at < _start_of(wanted.until + timedelta(days=1)))
    return query


def _has_style(name: str, audience: Audience, keys: Sequence[str]) -> ColumnElement[bool]:
    """A preset, one's own saved style, or one of the community: other people's own names are their own affair."""
    here = SavedStyleRow.platform == audience.home[0], SavedStyleRow.community == audience.home[1]
    shared = exists().where(SavedStyleRow.name == name, SavedStyleRow.shared, *here)
    saved = JobRow.request["saved_style"].as_string() == name
    return or_(
        PictureRow.recipe["style"].as_string() == name,
        and_(saved, or_(PictureRow.person_key.in_(keys), shared)),
    )


def _find_newest(
    session: Session, query: Select[PictureRow, JobRow], typed: str, limit: int
) -> list[str] | None:
    """The ids of a whole page, if it is among the newest pictures of the query; else None.

    A full-text index lists all pictures with a word, of everybody. For a frequent word that is far more than a page.
    """
    words = _words_of(typed)
    prompt = PictureRow.recipe["prompt"].as_string()
    newest = query.with_only_columns(PictureRow.id, prompt, PictureRow.alt_text).limit(_FIRST_READ)
    found = []
    for picture_id, shown, alt_text in session.execute(newest) if words else ():
        if _begins_all(f"{shown or ''} {alt_text or ''}", words):
            found.append(picture_id)
            if len(found) == limit:
                return found
    return None


def _begins_all(text: str, words: Sequence[str]) -> bool:
    """Whether each of the words begins one of the text, as in `matches`."""
    there = _WORD.findall(text.lower())
    return all(any(found.startswith(word) for found in there) for word in words)


def _words_of(typed: str) -> list[str]:
    """What is looked for, in small letters."""
    return [word[:_MOST_LETTERS] for word in _WORD.findall(typed.lower())][:_MOST_WORDS]


def matches(session: Session, typed: str) -> ColumnElement[bool]:
    """A condition that no picture meets where nothing that was typed is a word."""
    words = _words_of(typed)
    if not words:
        return literal(False)
    if is_postgresql(session):
        # Words of letters and digits alone, so nothing in them is an operator.
        query = " & ".join(f"'{word}':*" for word in words)
        return literal_column(POSTGRESQL_VECTOR).op("@@")(
            func.to_tsquery(literal_column("'simple'::regconfig"), query)
        )
    matching = text("SELECT picture_id FROM picture_search WHERE picture_search MATCH :words")
    phrases = "words : (" + " AND ".join(f'"{word}" *' for word in words) + ")"
    return PictureRow.id.in_(matching.bindparams(words=phrases).columns(PictureRow.id))


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)

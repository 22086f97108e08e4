"""What the feed shows of a job, loaded for many jobs at once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.queries.job_view import JobView
from studio.db.cases import find_jobs_awaiting_consent
from studio.db.identities.linked_identities import same_human
from studio.db.queries import job_of, picture_of
from studio.db.queue_estimates import Outlook, outlooks
from studio.db.settings import preferences_of
from studio.db.tables import JobRow, LineageRow, PictureRow, StarRow
from studio.domain.jobs import WAITING, Job, JobState
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, parse_aspect
from studio.domain.settings.preferences import RemixConsent
from studio.services.visibility import Audience, may_see

# Nobody but their person (and moderators) sees what was refused, held, cancelled or failed.
PRIVATE = frozenset({JobState.REFUSED, JobState.HELD, JobState.CANCELLED, JobState.FAILED})

_MOST_CHILDREN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    picture: Picture
    starred_by: tuple[str, ...] = ()  # user ids

    @property
    def number(self) -> int:
        return self.picture.index


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The picture that a job started from. `prompt` is empty for one that was deleted since.

    Of one that may not be seen beside the job's card, `picture_id` and `prompt` are empty, and `maker` too unless it
    is the person's own.
    """

    picture_id: str
    maker: str
    prompt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One job in the feed. `seen` is its place in the queue while it waits. A `secret` one is its person's alone."""

    job: Job
    tiles: tuple[Tile, ...] = ()
    origins: tuple[Origin, ...] = ()
    seen: Outlook = field(default_factory=Outlook)
    asks: bool = False  # waits for the owner of a picture
    lends_uploads: bool = True  # others may paint it again, with what its person brought along
    secret: bool = False

    @property
    def view(self) -> JobView:
        return JobView(
            job=self.job,
            pictures=tuple(tile.picture for tile in self.tiles),
            ahead=self.seen.ahead,
            eta_seconds=self.seen.eta_seconds,
            asks=self.asks,
        )

    @property
    def credits(self) -> tuple[Origin, ...]:
        """The origins whose makers may be named."""
        return tuple(each for each in self.origins if each.maker)

    @property
    def waits(self) -> bool:
        return self.job.state in WAITING

    @property
    def rerolls(self) -> bool:
        """False where a reroll is refused to everybody."""
        request = self.job.request
        return request.operation is not Operation.UPSCALE and bool(request.prompt or request.sources)

    @property
    def hidden(self) -> bool:
        """Finished, and every picture of it deleted."""
        return self.job.state is JobState.DONE and not self.tiles

    def seen_by(self, user_id: str, *, moderator: bool) -> bool:
        if self.hidden:
            return False
        own = self.job.person.user_id == user_id
        return own or (not self.secret and (moderator or self.job.state not in PRIVATE))

    @property
    def shape(self) -> tuple[int, int]:
        """Width to height of the pictures to come, as far as it is known; for the empty canvas."""
        request = self.job.request
        if request.width and request.height:
            return request.width, request.height
        if request.aspect:
            return parse_aspect(request.aspect)
        if self.origins and request.operation is not Operation.EXPAND:
            return self.origins[0].width, self.origins[0].height
        return 1, 1


def load_cards(session: Session, jobs: Sequence[Job]) -> list[Card]:
    """The cards of these jobs, in their order, in a handful of queries."""
    tiles = _tiles(session, [job.id for job in jobs if job.state is JobState.DONE])
    parents = [source.picture_id for job in jobs for source in job.request.sources if source.picture_id]
    origins = _load_origins(session, parents)
    seen = outlooks(session) if any(job.state in WAITING for job in jobs) else {}
    asks = find_jobs_awaiting_consent(session, [job.id for job in jobs if job.state is JobState.HELD])
    return [
        Card(
            job=job,
            tiles=tiles.get(job.id, ()),
            origins=tuple(
                _origin_of(session, *origins[each.picture_id], beside=job)
                for each in job.request.sources
                if each.picture_id in origins
            ),
            seen=seen.get(job.id, Outlook()),
            asks=job.id in asks,
            secret=not may_see(session, job, Audience(home=job.person.home)),
            lends_uploads=_lends_uploads(session, job),
        )
        for job in jobs
    ]


def _origin_of(session: Session, row: PictureRow, origin: Job, *, beside: Job) -> Origin:
    """What a card tells of a picture that its job started from."""
    size = {"width": row.width, "height": row.height}
    if not may_see(session, origin, Audience.of_message(beside)):
        own = same_human(session, origin.person.key, beside.person.key)
        return Origin(picture_id="", maker=beside.person.display_name if own else "", prompt="", **size)
    prompt = "" if row.deleted_at else str(row.recipe["prompt"])
    return Origin(picture_id=row.id, maker=origin.person.display_name, prompt=prompt, **size)


def _lends_uploads(session: Session, job: Job) -> bool:
    brought = any(not source.picture_id for source in job.request.sources)
    return not brought or preferences_of(session, job.person.key).remix is RemixConsent.ANYONE


def load_jobs(session: Session, job_ids: Sequence[str]) -> list[Job]:
    return [job_of(row) for row in session.scalars(select(JobRow).where(JobRow.id.in_(job_ids)))]


def children_of(session: Session, picture_ids: Sequence[str]) -> list[str]:
    """The jobs that painted something from these pictures, the latest ones only."""
    query = select(JobRow.id).join(PictureRow, PictureRow.job_id == JobRow.id)
    query = query.join(LineageRow, LineageRow.child == PictureRow.id)
    found = query.where(LineageRow.parent.in_(picture_ids)).order_by(JobRow.created_at.desc())
    return list(dict.fromkeys(session.scalars(found.limit(_MOST_CHILDREN))))


def _tiles(session: Session, job_ids: Sequence[str]) -> dict[str, tuple[Tile, ...]]:
    if not job_ids:
        return {}
    query = select(PictureRow).where(PictureRow.job_id.in_(job_ids), PictureRow.deleted_at.is_(None))
    rows = list(session.scalars(query.order_by(PictureRow.job_id, PictureRow.position)))
    stars = load_stars(session, [row.id for row in rows])
    tiles = defaultdict[str, list[Tile]](list)
    for row in rows:
        starred_by = stars.get(row.id, ())
        tiles[row.job_id].append(Tile(picture=picture_of(row, stars=len(starred_by)), starred_by=starred_by))
    return {job_id: tuple(each) for job_id, each in tiles.items()}


def load_stars(session: Session, picture_ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """The user ids of the people who starred each picture."""
    if not picture_ids:
        return {}
    stars = defaultdict[str, list[str]](list)
    query = select(StarRow.picture_id, StarRow.person_key).where(StarRow.picture_id.in_(picture_ids))
    for picture_id, person_key in session.execute(query):
        stars[picture_id].append(person_key.rpartition(":")[2])
    return {picture_id: tuple(people) for picture_id, people in stars.items()}


def _load_origins(session: Session, picture_ids: Sequence[str]) -> dict[str, tuple[PictureRow, Job]]:
    """Pictures with the jobs that painted them, by the pictures' ids."""
    if not picture_ids:
        return {}
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    found = session.execute(query.where(PictureRow.id.in_(picture_ids)))
    return {row.id: (row, job_of(job)) for row, job in found}

"""How a job stands, read from the rows in one go."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bots.queries.job_with_message import find_job_with_message
from bots.queries.shown_pictures import load_shown_pictures
from studio.clock import now
from studio.commands.button_ids import Action, Button
from studio.db import queries
from studio.db.cases import find_jobs_awaiting_consent
from studio.db.database import Database
from studio.db.identities.linked_identities import identities, same_human
from studio.db.queue_estimates import outlooks, outlooks_of
from studio.db.sessions.read_memo import remember_reads
from studio.db.settings import preferences_of
from studio.db.tables import JobRow, JobSourceRow, PersonRow, PictureRow, StarRow
from studio.domain.deliveries import MessageRef
from studio.domain.identifiers import split_picture_id
from studio.domain.jobs import HIDDEN, OUTSTANDING, Job, JobState
from studio.domain.people import Person
from studio.domain.pictures import Picture
from studio.domain.requests import Operation, Strength
from studio.domain.settings.preferences import RemixConsent
from studio.errors import NotFoundError
from studio.services.visibility import Audience, find_picture, is_withheld, may_see, without_hidden_parents

LAST_WORDS = timedelta(minutes=2)  # before the end of a place that closes
_NOTHING_MADE = (JobState.HELD, JobState.REFUSED, JobState.CANCELLED, JobState.FAILED)
_MOST_MADE_FROM = 2000  # jobs, among which those are looked for that buttons started


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The job that painted a source, and the source's prompt: empty when it was deleted or may not be seen here.

    `picture_id` is empty where it may not be seen. `size` is its width and height in pixels.
    """

    job: Job
    prompt: str
    own: bool  # by the person who builds on it
    picture_id: str = ""
    size: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """`origins` are the sources that were painted here, in order. `pictures` of a job that is not over are finished.

    `asks`: it waits for the owner of a picture, not for a moderator. `wants_copy`: its person likes to have what
    is finished by direct message as well. `starred_by` has the keys of the people who gave a star, by picture.
    `lends_uploads`: others may paint it again, with what its person brought along. `pressed` are the buttons on its
    pictures from which something is or was made that the readers of its message may know of, each with the id of the
    first job that it started.
    """

    job: Job
    pictures: tuple[Picture, ...] = ()
    starred_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    ahead: int = 0
    eta_seconds: float | None = None  # until it is done, where that is known
    message_ref: MessageRef | None = None
    asks: bool = False
    wants_copy: bool = False
    lends_uploads: bool = True
    pressed: Mapping[Button, str] = field(default_factory=dict)

    @property
    def prompt(self) -> str:
        """The words over its pictures: the painted ones, or with alternatives those that were typed."""
        request = self.job.request
        return request.prompt if request.prompts or not self.pictures else self.pictures[0].recipe.prompt

    @property
    def moves_soon(self) -> bool:
        """Its message will soon be out of the bot's reach; what ends later comes to its person."""
        return self.job.address.closes_within(LAST_WORDS, at=now())

    @property
    def may_reroll(self) -> bool:
        """False where a reroll is refused to everybody."""
        request = self.job.request
        return request.operation is not Operation.UPSCALE and bool(request.prompt or request.sources)

    @property
    def alone(self) -> bool:
        """The message shows one picture, not a grid."""
        return self.job.request.count == 1


def load_job_view(database: Database, job_id: str, *, viewer: Person | None = None) -> JobView:
    """With its message, and what its person prefers. Raises `NotFoundError`."""
    with remember_reads(), database.read() as session:
        job, message_ref = find_job_with_message(session, job_id, viewer=viewer)
        if viewer is not None and is_withheld(session, job, viewer):
            raise NotFoundError("job", id=job_id[:12])
        done = job.state is JobState.DONE
        return replace(
            load_job_views(session, [job])[0],
            message_ref=message_ref,
            wants_copy=done and preferences_of(session, job.person.key).direct_messages,
        )


def load_job_views(session: Session, jobs: Sequence[Job]) -> list[JobView]:
    """As everybody may see them where they were asked for; in their order, in a handful of queries."""
    pictures, starred_by, sources_of_others = load_shown_pictures(
        session, [job.id for job in jobs if _may_have_pictures(job)]
    )
    sources = _sources(session, jobs)
    seen = outlooks_of(session, jobs)
    pressed = _find_pressed(session, jobs, sources_of_others)
    asking = find_jobs_awaiting_consent(session, [job.id for job in jobs if job.state is JobState.HELD])
    views = []
    for job in jobs:
        audience = Audience.of_message(job)
        shown = [
            replace(
                without_hidden_parents(session, picture, audience), stars=len(starred_by.get(picture.id, ()))
            )
            for picture in pictures.get(job.id, ())
        ]
        views.append(
            JobView(
                job=job,
                pictures=tuple(shown),
                starred_by={picture.id: starred_by.get(picture.id, ()) for picture in shown},
                origins=tuple(_origins(session, job, audience, sources)),
                ahead=seen[job.id].ahead if job.id in seen else 0,
                eta_seconds=seen[job.id].eta_seconds if job.id in seen else None,
                asks=job.id in asking,
                lends_uploads=_lends_uploads(session, job),
                pressed=pressed.get(job.id, {}),
            )
        )
    return views


def _find_pressed(
    session: Session, jobs: Sequence[Job], picture_ids: Sequence[str]
) -> Mapping[str, dict[Button, str]]:
    """The buttons whose command was carried out on a picture, and the first job of each, by the pictures' jobs."""
    origins = {job.id: job for job in jobs}
    sources = select(JobSourceRow.job_id, JobSourceRow.picture_id)
    sources = sources.where(JobSourceRow.picture_id.in_(picture_ids)).limit(_MOST_MADE_FROM)
    started_from = {row.job_id: row.picture_id for row in session.execute(sources)} if picture_ids else {}
    variation_of = JobRow.request["variation"].as_string()
    query = select(
        JobRow.id,
        JobRow.command,
        variation_of,
        JobRow.visibility,
        JobRow.address["private"].as_boolean(),
        JobRow.address["channel"].as_string(),
        JobRow.platform,
        JobRow.community,
    )
    query = query.where(JobRow.id.in_(started_from), JobRow.command.in_(("upscale", "vary")))
    query = query.where(JobRow.state.not_in(_NOTHING_MADE)).order_by(JobRow.created_at, JobRow.id)
    found = defaultdict[str, dict[Button, str]](dict)
    for made, command, variation, visibility, private, channel, *home in (
        session.execute(query) if started_from else ()
    ):
        button = _button_for(command, variation, started_from[made])
        if button is None or home != list((origin := origins[button.job_id]).person.home):
            continue
        hidden = visibility in HIDDEN and origin.visibility not in HIDDEN
        elsewhere = bool(private) and channel != origin.address.channel
        if not (hidden or elsewhere):
            found[button.job_id].setdefault(button, made)
    return found


def find_pressed_actions(database: Database, job: Job, picture: str) -> set[Action]:
    """Those of the buttons on one picture that are marked; see `JobView.pressed`."""
    with database.read() as session:
        return {button.action for button in _find_pressed(session, [job], [picture]).get(job.id, {})}


def pressed_button(job: Job) -> Button | None:
    """The button below a picture that asks for what a job was asked for: to upscale it or to vary it."""
    request = job.request
    start = next((source.picture_id for source in request.starts if source.picture_id), "")
    return _button_for(request.operation, request.variation, start)


def _button_for(command: str, variation: str | None, picture_id: str) -> Button | None:
    vary = Action.VARY_SUBTLE if variation == Strength.SUBTLE else Action.VARY
    action, split = {"upscale": Action.UPSCALE, "vary": vary}.get(command), split_picture_id(picture_id)
    return Button(action=action, job_id=split[0], index=split[1]) if action and split else None


def _lends_uploads(session: Session, job: Job) -> bool:
    brought = any(not source.picture_id for source in job.request.sources)
    return not brought or preferences_of(session, job.person.key).remix is RemixConsent.ANYONE


def _may_have_pictures(job: Job) -> bool:
    """The only picture of a job is there once the job is done."""
    return job.state is JobState.DONE or (job.state in OUTSTANDING and job.request.count > 1)


def _sources(session: Session, jobs: Sequence[Job]) -> dict[str, tuple[PictureRow, Job]]:
    """The pictures from which jobs start, with the jobs that painted them, by the pictures' ids."""
    ids = [source.picture_id for job in jobs for source in job.request.sources if source.picture_id]
    query = select(PictureRow, JobRow).join(JobRow, JobRow.id == PictureRow.job_id)
    found = session.execute(query.where(PictureRow.id.in_(ids))) if ids else ()
    return {row.id: (row, queries.job_of(job)) for row, job in found}


def _origins(
    session: Session, job: Job, audience: Audience, sources: Mapping[str, tuple[PictureRow, Job]]
) -> Iterator[Origin]:
    """Of a source that the audience may not see, only that it is the person's own."""
    ids = (source.picture_id or "" for source in job.request.sources)
    for row, origin in (sources[picture_id] for picture_id in ids if picture_id in sources):
        own = same_human(session, origin.person.key, job.person.key)
        seen = may_see(session, origin, audience)
        if seen or own:
            prompt = str(row.recipe.get("prompt", "")) if seen and not row.deleted_at else ""
            shown_id, size = row.id if seen else "", (row.width, row.height)
            yield Origin(job=origin, prompt=prompt, own=own, picture_id=shown_id, size=size)


def job_state(database: Database, job_id: str) -> JobState | None:
    with database.read() as session:
        state = session.scalar(select(JobRow.state).where(JobRow.id == job_id))
        return JobState(state) if state else None


def is_deleted(database: Database, picture_id: str) -> bool:
    with database.read() as session:
        row = session.get(PictureRow, picture_id)
        return row is not None and row.deleted_at is not None


def positions(database: Database, job_ids: list[str]) -> dict[str, int]:
    """How many jobs come before each of these, for those that still wait."""
    with database.read() as session:
        seen = outlooks(session, job_ids)
    return {job_id: seen[job_id].ahead for job_id in job_ids if job_id in seen and seen[job_id].waits}


def has_star(database: Database, picture_id: str, person_key: str) -> bool:
    """Whether the human behind a person gave a star, under whichever of their names."""
    with database.read() as session:
        theirs = StarRow.person_key.in_(identities(session, person_key))
        return (
            session.scalar(select(StarRow.picture_id).where(StarRow.picture_id == picture_id, theirs))
            is not None
        )


def known_name(database: Database, person_key: str) -> str | None:
    """The name under which a person was last seen."""
    with database.read() as session:
        row = session.get(PersonRow, person_key)
        return row.display_name if row else None


def load_picture(
    database: Database, picture_id: str, viewer: Person, *, channel: str | None = None
) -> tuple[Job, Picture]:
    """A picture and its job, for a viewer in a channel. Raises `NotFoundError`."""
    with database.read() as session:
        picture = find_picture(session, picture_id, Audience.of_person(viewer, channel=channel))
        return queries.find_job(session, picture.job_id), picture

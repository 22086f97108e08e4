"""Which job, or which of its pictures, a message of ours shows, and what is meant by it there."""

from asyncio import sleep
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from bots.queries.job_view import JobView, load_job_view
from studio.commands.button_ids import Action, Button
from studio.commands.parameter_values import Kind
from studio.commands.spec import CommandSpec
from studio.db import queries
from studio.db.database import Database
from studio.db.deliveries import find_subject
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.identifiers import is_job_id, split_picture_id
from studio.domain.people import Person, Platform
from studio.errors import BadRequestError

# Where one picture is shown a reaction means that one, and nothing is painted there.
_OF_ONE = frozenset({Action.STAR, Action.REPORT, Action.DELETE, Action.SEND})
# After this time the record of a message is there, or never comes.
_RECORDED_SECONDS = 10.0
_MOST_IN_A_THREAD = 20  # the latest jobs of a person, among which those of a thread are looked for
_PAUSES_SECONDS = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPictures:
    """`index` 0: all of the job's pictures. `first`: by the job's own message, not by a copy or the starboard."""

    job_id: str
    index: int = 0
    first: bool = False

    def numbers(self, job_view: JobView) -> list[int]:
        """Those of the pictures that are there, at least one. Raises `BadRequestError`."""
        found = [picture.index for picture in job_view.pictures if self.index in (0, picture.index)]
        if not found:
            raise BadRequestError("all_deleted" if job_view.job.state.ended else "no_image")
        return found

    def button_for(self, action: Action, number: int) -> Button | None:
        """What a reaction stands for; `number` is that of the picture where all are shown."""
        if self.index == 0:
            return Button(action=action, job_id=self.job_id, index=number)
        return Button(action=action, job_id=self.job_id, index=self.index) if action in _OF_ONE else None


async def find_soon(
    find: Callable[[], Awaitable[ShownPictures | None]], *, age_seconds: float
) -> ShownPictures | None:
    """What a message of ours shows; `find` is asked again while its record may still be on its way.

    A message is there for people a moment before the records know what it shows. `age_seconds` is the message's.
    """
    found = await find()
    for pause_seconds in _PAUSES_SECONDS if age_seconds < _RECORDED_SECONDS else ():
        if found is not None:
            break
        await sleep(pause_seconds)
        found = await find()
    return found


def find_shown_pictures(
    database: Database, platform: Platform, message: str, *, channel: str | None = None
) -> ShownPictures | None:
    """By the records: the message of a job, or of a picture on the starboard.

    Where messages are numbered by channel, name the channel.
    """
    with database.read() as session:
        subject = find_subject(session, platform, message, channel=channel)
    match subject:
        case Subject(kind=DeliveryKind.JOB, id=job_id):
            return ShownPictures(job_id=job_id, first=True)
        case Subject(kind=DeliveryKind.STARBOARD, id=picture_id):
            return parse_filename(picture_id)
        case _:
            return None


def parse_filename(name: str) -> ShownPictures | None:
    """By the id of a job or a picture; None for anything else."""
    if split := split_picture_id(name):
        return ShownPictures(job_id=split[0], index=split[1])
    return ShownPictures(job_id=name) if is_job_id(name) else None


def _find_above(database: Database, root: MessageRef, viewer: Person) -> ShownPictures | None:
    """What the message above a thread shows; where its whole `thread` counts, the viewer's latest job in it."""
    shown = find_shown_pictures(database, viewer.platform, root.message, channel=root.channel)
    if shown is not None or root.thread is None:
        return shown
    with database.read() as session:
        latest = queries.jobs_of(session, [viewer.key], limit=_MOST_IN_A_THREAD)
    there = (
        job for job in latest if (job.address.channel, job.address.thread) == (root.channel, root.thread)
    )
    return next((ShownPictures(job_id=job.id, first=True) for job in there), None)


def find_pictures_above(database: Database, root: MessageRef, viewer: Person) -> ShownPictures | None:
    """The pictures of the job whose message is above a thread. Raises `NotFoundError` for one out of reach."""
    shown = _find_above(database, root, viewer)
    if shown is None or not shown.first:
        return None
    return shown if load_job_view(database, shown.job_id, viewer=viewer).pictures else None


def find_subject_of_thread(
    database: Database, spec: CommandSpec, values: Mapping[str, object], root: MessageRef, viewer: Person
) -> dict[str, object]:
    """In the thread of a job's message, a command without a picture or job means that job, or its first picture.

    `root` is the message above the thread; the result is the value that is missing in `values`.
    """
    wanted = next(
        (parameter for parameter in spec.parameters if parameter.kind in (Kind.PICTURE, Kind.JOB)), None
    )
    if wanted is None or values.keys() & {wanted.name, "image"}:
        return {}
    shown = _find_above(database, root, viewer)
    if shown is None or not shown.first:
        return {}
    if wanted.kind is Kind.JOB:
        return {wanted.name: shown.job_id}
    pictures = load_job_view(database, shown.job_id, viewer=viewer).pictures
    return {wanted.name: pictures[0].id} if pictures else {}

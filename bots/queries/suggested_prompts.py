"""What somebody may like to ask for next: the theme of the day, and their own latest pictures."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from studio.commands.spec import Call
from studio.db import queries
from studio.db.database import Database
from studio.db.gatherings.gathering_rows import open_in_community
from studio.db.identities.linked_identities import identities
from studio.domain.jobs import JobState
from studio.gatherings.kinds import contest
from studio.services.visibility import is_private_gathering, is_unlisted

_MOST_JOBS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSuggestion:
    picture_id: str
    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """`theme` is that of the contest that the community's `/theme` opened last; empty for none."""

    theme: str = ""
    pictures: tuple[PictureSuggestion, ...] = ()


def load_suggestions(database: Database, call: Call, *, most_pictures: int) -> Suggestions:
    """Blocking. Pictures of different prompts, newest first."""
    with database.read() as session:
        return Suggestions(theme=_theme(session, call), pictures=_latest(session, call, most_pictures))


def _theme(session: Session, call: Call) -> str:
    opened = [
        gathering
        for gathering in open_in_community(session, call.address)
        if gathering.kind == contest.NAME
        and gathering.parent_id is not None
        and gathering.state == contest.OPEN
        and not is_private_gathering(gathering)
    ]
    newest = max(opened, key=lambda gathering: gathering.opened_at, default=None)
    return str(newest.rules.get("title", "")) if newest else ""


def _latest(session: Session, call: Call, most: int) -> tuple[PictureSuggestion, ...]:
    keys = identities(session, call.person.key)
    jobs = queries.jobs_of(session, keys, limit=_MOST_JOBS, home=call.person.home, states={JobState.DONE})
    found: dict[str, PictureSuggestion] = {}
    for job in jobs:
        pictures = [] if is_unlisted(job) else queries.pictures_of_job(session, job.id)
        if pictures and job.request.prompt not in found and len(found) < most:
            suggestion = PictureSuggestion(picture_id=pictures[0].id, prompt=job.request.prompt)
            found[job.request.prompt] = suggestion
    return tuple(found.values())

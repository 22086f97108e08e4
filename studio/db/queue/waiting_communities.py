"""The communities of which jobs wait, found without a look at each job.

All direct messages of a platform are one community here, named `DIRECT_MESSAGES`: each is one of its own elsewhere, and
people who write to the bot would take a turn each.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, TextClause, and_, bindparam, or_, text
from sqlalchemy.orm import Session

from studio.db.tables import JobRow
from studio.domain.jobs import WAITING
from studio.domain.people import DIRECT_MESSAGES, Platform

# The states as literals, as in the index `ix_jobs_waiting`: with parameters no database could tell that it holds them.
IS_WAITING = JobRow.state.in_(bindparam(None, sorted(WAITING), expanding=True, literal_execute=True))
_STATES = ", ".join(f"'{state}'" for state in sorted(WAITING))
_PLATFORMS = " UNION ALL ".join(f"SELECT '{platform}' AS platform" for platform in sorted(Platform))
# From each community the index leads to the next one.
_COMMUNITIES = """
    WITH RECURSIVE found(platform, community) AS (
        SELECT every.platform, (
            SELECT min(jobs.community) FROM jobs
            WHERE jobs.state IN ({states}) AND jobs.platform = every.platform {of_queue}
        ) FROM ({platforms}) AS every
        UNION ALL
        SELECT found.platform, (
            SELECT min(jobs.community) FROM jobs
            WHERE jobs.state IN ({states}) AND jobs.platform = found.platform
            AND jobs.community > found.community {of_queue}
        ) FROM found WHERE found.community IS NOT NULL
    )
    SELECT platform, community FROM found WHERE community IS NOT NULL ORDER BY platform, community
"""


def _communities(of_queue: str = "") -> TextClause:
    return text(_COMMUNITIES.format(states=_STATES, platforms=_PLATFORMS, of_queue=of_queue))


_OF_ALL = _communities()
_OF_MODEL = _communities("AND jobs.model = :model")
_OF_COMMON = _communities("AND (jobs.model IS NULL OR jobs.model NOT IN :own)").bindparams(
    bindparam("own", expanding=True)
)


def find_waiting_communities(
    session: Session, *, model: str | None = None, own_queues: Collection[str] = ()
) -> list[tuple[Platform, str]]:
    """Those with a job in the queue of a model. `own_queues` are the models that have one; others share one."""
    if model in own_queues:
        rows = session.execute(_OF_MODEL, {"model": model})
    elif own_queues:
        rows = session.execute(_OF_COMMON, {"own": sorted(own_queues)})
    else:
        rows = session.execute(_OF_ALL)
    return list(dict.fromkeys(queue_home(Platform(platform), community) for platform, community in rows))


def queue_home(platform: Platform, community: str) -> tuple[Platform, str]:
    """Whose queue the jobs of a community are in."""
    return platform, DIRECT_MESSAGES if community.startswith(DIRECT_MESSAGES) else community


def is_home(home: tuple[Platform, str]) -> ColumnElement[bool]:
    """That a job is in the queue of `queue_home`."""
    direct = home[1] == DIRECT_MESSAGES
    own = JobRow.community.startswith(DIRECT_MESSAGES) if direct else JobRow.community == home[1]
    return and_(JobRow.platform == home[0], own)


def in_queue_of(model: str | None, own_queues: Collection[str]) -> list[ColumnElement[bool]]:
    """The same as conditions on the rows of jobs."""
    if model in own_queues:
        return [JobRow.model == model]
    return [or_(JobRow.model.is_(None), JobRow.model.not_in(sorted(own_queues)))] if own_queues else []

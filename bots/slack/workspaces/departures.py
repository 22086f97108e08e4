"""Workspaces and organisations that removed the app: which, when, and whose records are due to be erased."""

from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from bots.slack.db_tables import BOTS, SlackDepartureRow, SlackFileRow
from studio.clock import now
from studio.db.database import Database
from studio.db.sql_dialects import insert_into
from studio.db.tables import JobRow, PersonRow
from studio.domain.people import Platform
from studio.erasure.community_erasure import erase_community
from studio.ports import Ports

_CLAIM_LASTS = timedelta(hours=1)


def departed_community(*, enterprise: str | None, team: str | None) -> str:
    """``T…``, or ``E…:`` for a whole organisation."""
    return team or f"{enterprise}:"


def record_departure(database: Database, community: str) -> None:
    """The time of the first event counts."""
    with database.begin() as session:
        statement = insert_into(session, SlackDepartureRow).values(community=community, left_at=now())
        session.execute(statement.on_conflict_do_nothing())


def cancel_departure(database: Database, *, enterprise: str | None, team: str | None) -> None:
    """The app is installed again: nothing is erased."""
    names = [departed_community(enterprise=enterprise, team=team)]
    if enterprise:
        names.append(f"{enterprise}:")
    with database.begin() as session:
        session.execute(delete(SlackDepartureRow).where(SlackDepartureRow.community.in_(names)))


def erase_departed(ports: Ports, *, after: timedelta) -> int:
    """Erase the records of those that left so long ago. How many people were forgotten.

    A claim keeps two processes apart, and passes after an hour. What is installed by now is left alone. Raises
    `NotAllowedError` while a job is painted.
    """
    erased = 0
    while community := _claim(ports.database, after):
        for team in _teams_of(ports.database, community):
            erased += erase_community(ports, Platform.SLACK, team)
            with ports.database.begin() as session:
                theirs = or_(SlackFileRow.community == team, SlackFileRow.community.endswith(f":{team}"))
                session.execute(
                    delete(SlackFileRow).where(theirs)
                )  # at Slack nothing can be deleted any more
        with ports.database.begin() as session:
            session.execute(delete(SlackDepartureRow).where(SlackDepartureRow.community == community))
    return erased


def _claim(database: Database, after: timedelta) -> str | None:
    free = or_(SlackDepartureRow.claimed_until.is_(None), SlackDepartureRow.claimed_until < now())
    due = (SlackDepartureRow.left_at <= now() - after) & free
    with database.begin() as session:
        query = select(SlackDepartureRow.community).where(due).order_by(SlackDepartureRow.left_at).limit(1)
        community = session.scalar(query)
        if community is None:
            return None
        mine = update(SlackDepartureRow).where(SlackDepartureRow.community == community, free)
        claimed = session.execute(
            mine.values(claimed_until=now() + _CLAIM_LASTS).returning(SlackDepartureRow.community)
        )
        return claimed.scalar()


def _teams_of(database: Database, community: str) -> list[str]:
    """The workspaces of a departure: of an organisation those in which somebody asked for something."""
    with database.read() as session:
        enterprise = community.removesuffix(":")
        of_all = (BOTS.c.enterprise_id == enterprise) & BOTS.c.is_enterprise_install
        installed = set(session.scalars(select(BOTS.c.team_id)))
        if session.scalar(select(BOTS.c.id).where(of_all).limit(1)) is not None:
            return []
        teams = [community]
        if enterprise != community:
            query = select(PersonRow.community).where(PersonRow.platform == Platform.SLACK).distinct()
            teams = [team for team in session.scalars(query) if _has_job_of(session, team, community)]
        return sorted(set(teams) - installed)


def _has_job_of(session: Session, team: str, organisation: str) -> bool:
    here = (JobRow.platform == Platform.SLACK) & (JobRow.community == team)
    query = select(JobRow.address).where(here).order_by(JobRow.created_at.desc()).limit(1)
    address = session.scalar(query)
    return address is not None and str(address["community"]).startswith(organisation)

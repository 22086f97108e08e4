"""Workspaces and organisations that removed the app: which, when, and whose records are due to be erased."""

from datetime import timedelta
from functools import partial

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

    A claim keeps two processes apart, and passes after an hour. What is installed by now, or during the erasure, is
    left alone. Raises `NotAllowedError` while a job is painted.
    """
    erased = 0
    while community := _claim(ports.database, after):
        teams = _teams_of(ports.database, community)
        if teams is None:
            continue  # asked again when the claim has passed
        for team in teams:
            is_gone = partial(_is_gone, ports.database, community, team)
            erased += erase_community(ports, Platform.SLACK, team, is_gone=is_gone)
            if not is_gone():
                continue
            with ports.database.begin() as session:
                theirs = or_(SlackFileRow.community == team, SlackFileRow.community.endswith(f":{team}"))
                session.execute(
                    delete(SlackFileRow).where(theirs)
                )  # at Slack nothing can be deleted any more
        with ports.database.begin() as session:
            mine = (SlackDepartureRow.community == community) & SlackDepartureRow.claimed_until.is_not(None)
            session.execute(delete(SlackDepartureRow).where(mine))  # not a new departure
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


def _is_gone(database: Database, community: str, team: str) -> bool:
    with database.read() as session:
        if session.get(SlackDepartureRow, community) is None:
            return False
    return team in (_teams_of(database, community) or ())


def _teams_of(database: Database, community: str) -> list[str] | None:
    """The workspaces of a departure that are not served any more, of an organisation those with jobs.

    None: a workspace without a job, which may be one of an organisation that has the app.
    """
    with database.read() as session:
        of_all = select(BOTS.c.enterprise_id).where(BOTS.c.is_enterprise_install)
        organisations = set(session.scalars(of_all))
        enterprise = community.removesuffix(":")
        if enterprise in organisations:
            return []
        installed = set(session.scalars(select(BOTS.c.team_id)))
        if enterprise != community:
            query = select(PersonRow.community).where(PersonRow.platform == Platform.SLACK).distinct()
            teams = [team for team in session.scalars(query) if _organisation_of(session, team) == enterprise]
            return sorted(set(teams) - installed)
        if community in installed:
            return []
        organisation = _organisation_of(session, community)
        if organisation is None and organisations:
            return None
        return [] if organisation in organisations else [community]


def _organisation_of(session: Session, team: str) -> str | None:
    """``E…`` by the latest job of a workspace, empty for one of its own; None without a job that tells.

    Those of forgotten people from private places, which have no channel any more, name no organisation.
    """
    here = (JobRow.platform == Platform.SLACK) & (JobRow.community == team)
    telling = JobRow.address["channel"].as_string() != ""
    query = select(JobRow.address).where(here, telling).order_by(JobRow.created_at.desc()).limit(1)
    address = session.scalar(query)
    return None if address is None else str(address["community"]).rpartition(":")[0]

"""The leaderboard and the weekly recap: who is counted, who is named, and once a week only."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from engine.maintenance.weekly_recap import RecapScheduler
from studio.clock import now
from studio.commands.results import LinkOffered
from studio.db import settings
from studio.db.tables import GatheringPartRow, GatheringRow, JobRow
from studio.domain.events import RecapDue
from studio.domain.gatherings import PartState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from studio.recaps.leaderboard import Leaderboard
from studio.recaps.weekly_recap import WeeklyRecap, read_recap
from tests.support.finished_jobs import paint_job
from tests.support.gatherings import Table, tables
from tests.unit.studio.gatherings.test_contest import enter

MONDAY = datetime(2026, 11, 23, 5, tzinfo=UTC)


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


def paint(table: Table, name: str, parent: str = "") -> str:
    """A picture of somebody's, from words or from somebody's picture."""
    values = {"picture": parent} if parent else {"prompt": "a red fox", "count": 1}
    accepted = table.ask(name, "vary" if parent else "imagine", **values)
    return f"{paint_job(table.ports, accepted.job_id)}.1"  # type: ignore[union-attr]


def leaderboard(table: Table) -> list[tuple[str, int]]:
    answer = table.ask("zoe", "hall", show="built-on")
    assert isinstance(answer, Leaderboard)
    return [(place.person.user_id, place.builders) for place in answer.places]


def recap(table: Table) -> WeeklyRecap:
    day = timedelta(days=1)
    with table.ports.database.read() as session:
        return read_recap(session, Platform.WEB, "room", since=now() - day, until=now() + day)


def test_counts_the_others_who_built_on_somebodys_pictures_each_once(table: Table) -> None:
    of_ana, of_bo = paint(table, "ana"), paint(table, "bo")
    for name in ("ana", "bo", "bo", "cy"):
        paint(table, name, of_ana)
    paint(table, "di", of_bo)
    assert leaderboard(table) == [("ana", 2), ("bo", 1)]


def test_linked_identities_are_one_and_nobody_counts_for_themself(table: Table) -> None:
    picture = paint(table, "ana")
    for name in ("bo", "cy", "di"):
        paint(table, name, picture)
    for name, other in (("ana", "bo"), ("cy", "di")):
        offered = table.ask(name, "link")
        assert isinstance(offered, LinkOffered)
        table.ask(other, "link", code=offered.code)
    assert leaderboard(table) == [("ana", 1)]


@pytest.mark.parametrize("why", ["deleted", "forgotten", "asked for it", "private", "hidden"])
def test_leaves_out_who_and_what_is_not_to_be_shown(table: Table, why: str) -> None:
    picture = paint(table, "ana")
    paint(table, "bo", picture)
    assert leaderboard(table) == [("ana", 1)]
    match why:
        case "deleted":
            table.ask("ana", "delete", what=picture)
        case "forgotten":
            table.ask("ana", "forget-me", confirm="yes")
        case "asked for it":
            table.ask("ana", "settings", recap="no")
        case _:
            changed = {"spoiler": True} if why == "hidden" else {"address": _private(table)}
            with table.ports.database.begin() as session:
                session.execute(
                    update(JobRow).where(JobRow.id == picture.partition(".")[0]).values(**changed)
                )
    assert leaderboard(table) == []


def _private(table: Table) -> dict[str, object]:
    with table.ports.database.read() as session:
        row = session.query(JobRow).first()
        assert row is not None
        return {**row.address, "private": True}


def test_the_recap_names_winners_and_the_picture_that_most_built_on(table: Table) -> None:
    contest = table.open("ana", "contest", title="Autumn light", closes="1h", voting="2h")
    for name in ("ana", "bo", "cy"):
        enter(table, contest, name)
    table.clock.pass_by(minutes=61)
    table.sweep()
    for part in table.parts(contest):
        if part.human and not part.human.endswith(":bo"):
            voter = part.human.rpartition(":")[2]
            table.act(voter, "ballot", contest)
            bos = next(other.ordinal for other in table.parts(contest) if other.human.endswith(":bo"))
            table.act(voter, "vote", contest, part=bos)
    table.clock.pass_by(minutes=121)
    table.sweep()
    with table.ports.database.begin() as session:  # the clock of the jobs is the real one
        session.execute(update(GatheringRow).values(closed_at=now()))
    picture = paint(table, "cy")
    for name in ("di", "eve"):
        paint(table, name, picture)
    found = recap(table)
    assert [(won.title, won.person.user_id) for won in found.winners] == [("Autumn light", "bo")]
    assert found.most_built_on is not None
    assert (found.most_built_on.picture.id, found.builders) == (picture, 2)
    assert (found.people, found.new_people) == (5, 5)
    table.ask("bo", "settings", recap="no")
    table.ask("cy", "settings", recap="no")
    assert not recap(table).winners
    assert recap(table).most_built_on is None


def test_two_people_are_not_named(table: Table) -> None:
    picture = paint(table, "ana")
    paint(table, "bo", picture)
    assert recap(table).is_empty


def test_is_announced_once_a_week_where_moderators_want_it(ports: Ports, table: Table) -> None:
    scheduler = RecapScheduler(database=ports.database, events=ports.events, clock=lambda: MONDAY)
    rules, mo = CommunityRules(log_channel="log"), table.person("mo", moderator=True)
    table.ask("mo", "imagine", prompt="a fox")
    with ports.database.begin() as session:
        settings.save_community_rules(session, rules, by=mo)
    assert scheduler.announce_due() == 0
    with ports.database.begin() as session:
        settings.save_community_rules(session, replace(rules, recap_channel="main"), by=mo)
    assert [scheduler.announce_due(), scheduler.announce_due()] == [1, 0]
    due = [event for event in ports.events.published if isinstance(event, RecapDue)]  # type: ignore[attr-defined]
    assert due == [RecapDue(platform=Platform.WEB, community="room", channel="main", week="2026-11-16")]


@pytest.mark.parametrize(("people", "longest"), [(3, 3), (2, 0)])
def test_the_longest_chain_of_telephone_is_told_from_three_turns_on(
    table: Table, people: int, longest: int
) -> None:
    _gathering(table, "telephone", "done", people, rules={})
    assert recap(table).longest_chain == longest


@pytest.mark.parametrize(
    ("people", "state", "murals"), [(3, "full", ["a quiet sea"]), (2, "full", []), (3, "ended", [])]
)
def test_murals_are_told_that_are_full_and_by_three_people(
    table: Table, people: int, state: str, murals: list[str]
) -> None:
    _gathering(table, "mural", state, people, rules={"theme": "a quiet sea"})
    assert recap(table).murals == murals


def _gathering(table: Table, kind: str, state: str, people: int, *, rules: dict[str, str]) -> None:
    """One that has just ended, with a part of each person's."""
    table.open("ana", "pick", job=table.finish_job("ana"))
    with table.ports.database.begin() as session:
        row = session.query(GatheringRow).one()
        row.kind, row.state, row.rules, row.closed_at = kind, state, rules, now()
        for part in session.query(GatheringPartRow).order_by(GatheringPartRow.ordinal):
            part.human = f"web:room:{part.ordinal}"
            part.state = PartState.SET if part.ordinal <= people else PartState.SKIPPED
            part.human = part.human if part.ordinal <= people else None

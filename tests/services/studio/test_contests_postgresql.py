"""Contests, themes, the leaderboard and the recap on both databases, with three people."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from studio.clock import now
from studio.commands.gathering_results import GatheringActed, HallShown
from studio.domain.people import Platform
from studio.recaps.leaderboard import Leaderboard
from studio.recaps.weekly_recap import read_recap
from tests.support.fakes import fake_ports
from tests.support.finished_jobs import paint_job
from tests.support.gatherings import Table, moved_clock

PEOPLE = ("ana", "bo", "cy")


@pytest.fixture
def table(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    ports = fake_ports(database_url)
    yield Table(ports=ports, clock=moved_clock(monkeypatch))
    ports.database.close()


def paint(table: Table, name: str, command: str = "imagine", **values: object) -> str:
    accepted = table.ask(name, command, **values)
    return f"{paint_job(table.ports, accepted.job_id)}.1"  # type: ignore[union-attr]


def vote_for(table: Table, contest: str, winner: str) -> None:
    """Everybody but the winner approves of the winner's entry, on a ballot of their own."""
    (entry,) = [part for part in table.parts(contest) if part.human == f"web:room:{winner}"]
    for name in PEOPLE:
        if name != winner:
            table.act(name, "ballot", contest)
            answer = table.act(name, "vote", contest, part=entry.ordinal)
            assert isinstance(answer, GatheringActed)
            assert answer.code == "voted"


def test_a_contest_of_three_ends_in_the_hall(table: Table) -> None:
    contest = table.open("ana", "contest", title="Autumn light", closes="1h", voting="2h", rules="own")
    for name in PEOPLE:
        picture = paint(table, name, prompt="a red fox", count=1)
        table.ask(name, "enter", picture=picture)
    table.clock.pass_by(minutes=61)
    table.sweep()
    vote_for(table, contest, "bo")
    table.clock.pass_by(minutes=121)
    table.sweep()
    hall = table.ask("cy", "hall")
    assert isinstance(hall, HallShown)
    (place,) = hall.places
    assert place.person is not None
    assert (place.title, place.person.user_id) == ("Autumn light", "bo")


def test_a_theme_opens_a_contest_after_the_other(table: Table) -> None:
    theme = table.open("ana", "theme", theme="Rain | Fog", every="day")
    for title in ("Rain", "Fog"):
        (contest,) = [found for found in table.all_open() if found != theme]
        assert table.gathering(contest).rules["title"] == title
        table.clock.pass_by(hours=19)
        table.sweep()
        table.clock.pass_by(hours=5.1)
        table.sweep()


def test_the_leaderboard_and_the_recap_count_the_same_people(table: Table) -> None:
    picture = paint(table, "ana", prompt="a red fox", count=1)
    for name in ("bo", "cy", "bo"):
        paint(table, name, "vary", picture=picture)
    shown = table.ask("cy", "hall", show="built-on")
    assert isinstance(shown, Leaderboard)
    assert [(place.person.user_id, place.builders) for place in shown.places] == [("ana", 2)]
    since = now() - timedelta(days=1)
    with table.ports.database.read() as session:
        recap = read_recap(session, Platform.WEB, "room", since=since, until=since + timedelta(days=2))
    assert recap.most_built_on is not None
    assert (recap.most_built_on.picture.id, recap.people) == (picture, 3)

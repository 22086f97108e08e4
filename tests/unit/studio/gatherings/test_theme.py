"""Themes: contests that open by themselves at their times, whatever happens to the sweeper, until nobody wants them."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from studio.commands.gathering_results import GatheringOpened
from studio.commands.gatherings.chosen_channel import choose_channel
from studio.commands.spec import Call
from studio.db.gatherings import gathering_rows
from studio.domain.gatherings import Gathering
from studio.domain.people import Address, Platform
from studio.domain.settings.communities import Hosts
from studio.errors import BadParameterError
from studio.errors.gatherings import GatheringRefusedError, Refusal
from studio.gatherings.contests.theme_times import (
    first_opening,
    next_opening,
    parse_time_of_day,
    split_time,
)
from studio.ports import Ports
from tests.support.fakes import someone
from tests.support.gathering_machine import Driver, machine_of
from tests.support.gatherings import Table, tables
from tests.unit.studio.gatherings.test_contest import enter

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def table(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    yield from tables(ports, monkeypatch)


def open_theme(table: Table, host: str = "ana", words: str = "Rain | Fog", **options: object) -> str:
    return table.open(host, "theme", theme=words, **{"every": "day", **options})


def contests(table: Table) -> list[Gathering]:
    """Those that are open."""
    with table.ports.database.read() as session:
        found = gathering_rows.open_in_community(session, table.address)
    return [gathering for gathering in found if gathering.kind == "contest"]


def pass_by(table: Table, *, hours: float) -> None:
    table.clock.pass_by(hours=hours)
    table.sweep()


def test_opens_contests_one_after_another_about_themes_that_take_turns(table: Table) -> None:
    theme, titles = open_theme(table), []
    for _ in range(3):
        (contest,) = contests(table)
        titles.append(contest.rules["title"])
        assert contest.parent_id == theme
        if len(titles) == 1:  # pictures are made by the real clock, before the others open
            enter(table, contest.id, "bo")
        pass_by(table, hours=19)  # to the votes, or a walk-over
        pass_by(table, hours=5.1)
    assert titles == ["Rain", "Fog", "Rain"]


def test_a_sweeper_that_was_down_for_days_opens_one_contest_and_keeps_to_the_times(table: Table) -> None:
    theme = open_theme(table, every="day")
    first = datetime.fromisoformat(str(table.gathering(theme).data["first"]))
    pass_by(table, hours=4 * 24 + 2)
    pass_by(table, hours=0.5)  # what had ended meanwhile is closed by the same sweep or the next
    (contest,) = contests(table)
    assert contest.rules["title"] == "Fog"
    next_at = table.gathering(theme).phase_ends_at
    assert next_at is not None
    assert (next_at - first) % DAY == timedelta(0)


def test_a_contest_that_stands_in_the_way_is_waited_for(table: Table) -> None:
    own = table.open("bo", "contest", title="Mine", closes="1h", voting="1h")
    open_theme(table)
    assert [found.id for found in contests(table)] == [own]
    pass_by(table, hours=1.1)
    pass_by(table, hours=0.3)
    assert [found.rules["title"] for found in contests(table)] == ["Rain"]


def test_takes_no_room_from_what_people_open(table: Table) -> None:
    open_theme(table)
    for number, kind in enumerate(("evolve", "telephone")):
        values = {"words": "a fox"} if kind == "evolve" else {}
        assert table.open(f"p{number}", kind, **values)


def test_a_pause_moves_no_times(table: Table) -> None:
    theme = open_theme(table)
    before = table.gathering(theme).phase_ends_at
    table.act("ana", "pause", theme)
    table.clock.pass_by(hours=3)
    table.act("ana", "resume", theme)
    assert table.gathering(theme).phase_ends_at == before


def test_go_on_now_opens_the_next_contest_at_once(table: Table) -> None:
    theme = open_theme(table)
    table.act("ana", "end", contests(table)[0].id)
    table.clock.pass_by(hours=20)
    table.act("ana", "skip", theme)
    assert [found.rules["title"] for found in contests(table)] == ["Fog"]
    assert not table.gathering(theme).is_over


def test_ends_when_nobody_entered_anything_three_times(table: Table) -> None:
    theme = open_theme(table)
    for _ in range(3):
        assert not table.gathering(theme).is_over
        pass_by(table, hours=19)
        pass_by(table, hours=5.1)
    assert table.gathering(theme).is_over
    assert not contests(table)


def test_ends_with_its_host_with_an_act_of_theirs_and_where_moderators_want_no_gatherings(
    table: Table,
) -> None:
    theme = open_theme(table)
    table.act("bo", "join", theme)
    table.act("bo", "leave", theme)
    assert not table.gathering(theme).is_over
    table.ask("ana", "forget-me", confirm="yes")
    assert table.gathering(theme).is_over
    assert table.gathering(theme).rules["theme"] == "…"
    (contest,) = contests(table)
    table.ask("mo", "gather", moderator=True, do="end", id=contest.id)
    unwanted = open_theme(table, "bo")
    table.ports.desk.govern(  # type: ignore[attr-defined]
        table.person("mo", moderator=True), lambda rules: replace(rules, gatherings=Hosts.OFF)
    )
    pass_by(table, hours=24.1)
    assert table.gathering(unwanted).is_over


@pytest.mark.parametrize("values", [{"at": "25:00"}, {"at": "soon"}, {"words": " | "}])
def test_refuses_what_is_no_time_and_no_theme(table: Table, values: dict[str, str]) -> None:
    with pytest.raises(BadParameterError):
        open_theme(table, **values)


def test_moderators_open_one_in_another_channel(table: Table) -> None:
    table.ask("bo", "imagine", prompt="a red fox")  # from a public channel that is known by that
    opened = table.ask("mo", "theme", moderator=True, theme="Rain", every="day", channel="<#4711>")
    assert isinstance(opened, GatheringOpened)
    assert opened.channel == "4711"
    (contest,) = contests(table)
    theme = table.gathering(opened.gathering_id)
    places = {(found.address.channel, found.address.private) for found in (theme, contest)}
    assert places == {("4711", True)}  # nothing is known of it
    assert "channel" not in theme.rules
    table.ask("mo", "gather", moderator=True, do="end", id=opened.gathering_id)
    elsewhere = replace(table, address=replace(table.address, channel="4712"))
    known = elsewhere.ask("mo", "theme", moderator=True, theme="Rain", every="day", channel="main")
    assert isinstance(known, GatheringOpened)
    assert not table.gathering(known.gathering_id).address.private


def test_nobody_else_opens_one_in_another_channel(table: Table) -> None:
    with pytest.raises(GatheringRefusedError) as refused:
        open_theme(table, channel="4711")
    assert refused.value.reason == Refusal.MODERATORS_ONLY
    with pytest.raises(BadParameterError):
        table.ask("mo", "theme", moderator=True, theme="Rain", channel="the big one")


@pytest.mark.parametrize(
    ("platform", "channel", "is_one"),
    [
        (Platform.DISCORD, "<#1234567890>", True),
        (Platform.DISCORD, "general", False),
        (Platform.SLACK, "<#C0GENERAL|general>", True),
        (Platform.SLACK, "1234", False),
    ],
)
def test_a_channel_is_named_as_its_platform_does(
    table: Table, platform: Platform, channel: str, is_one: bool
) -> None:
    address = Address(platform=platform, community="77", channel="1")
    person = replace(someone("mo", moderator=True, community="77"), platform=platform)
    call = Call(person=person, address=address, request_key="theme")
    with nullcontext() if is_one else pytest.raises(BadParameterError):
        found = choose_channel(table.ports.database, call, channel)
        assert found.address.channel in ("1234567890", "C0GENERAL")


def test_waits_for_the_time_of_day(table: Table) -> None:
    theme = open_theme(table, at="00:00", every="week")
    assert not contests(table)
    ends_at = table.gathering(theme).phase_ends_at
    assert ends_at is not None
    assert (ends_at.hour, ends_at.minute, ends_at.second) == (0, 0, 0)


def test_times_are_on_a_grid() -> None:
    assert parse_time_of_day("9.05") == time(9, 5)
    assert parse_time_of_day("24:00") is None
    assert first_opening(NOON, time(9)) == NOON.replace(hour=9) + DAY
    assert first_opening(NOON, time(12)) == NOON
    assert next_opening(NOON, WEEK, after=NOON) == NOON + WEEK
    assert next_opening(NOON, WEEK, after=NOON + 15 * DAY) == NOON + 3 * WEEK
    assert next_opening(NOON, WEEK, after=NOON - DAY) == NOON
    entries, voting = split_time(DAY)
    assert entries == timedelta(hours=18)
    assert entries + voting < DAY


TestHistories = machine_of(Driver(open=open_theme))

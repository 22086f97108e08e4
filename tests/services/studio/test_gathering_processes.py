"""Gatherings under the hands of many people and several processes, and when a process is killed in a phase."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from studio.db.tables import BallotRow, JobRow
from studio.domain.gatherings import PartState
from studio.domain.jobs import JobState
from studio.ports import Ports
from tests.support.fakes import fake_ports
from tests.support.gatherings import Table, moved_clock
from tests.support.postcard_kind import with_postcards

HALF = 50  # of a hundred people, in each of two processes
PROCESS = [sys.executable, "-m", "tests.support.gathering_process"]


@pytest.fixture
def table(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    with_postcards(monkeypatch)
    ports = fake_ports(database_url)
    yield Table(ports=ports, clock=moved_clock(monkeypatch))
    ports.database.close()


def url_of(ports: Ports) -> str:
    return ports.database.url.render_as_string(hide_password=False)


def press_in_two_processes(table: Table, repository: Path, *buttons: str) -> list[int]:
    """How many presses of a hundred counted, for each button."""
    processes = [
        subprocess.Popen(
            [*PROCESS, "press", url_of(table.ports), str(first), str(HALF), *buttons],
            cwd=repository,
            stdout=subprocess.PIPE,
            text=True,
        )
        for first in (0, HALF)
    ]
    answers = [list(map(json.loads, process.communicate()[0].splitlines())) for process in processes]
    assert [len(answer["seconds"]) for answer in answers[0] + answers[1]] == [HALF] * 2 * len(buttons)
    return [first["counted"] + second["counted"] for first, second in zip(*answers, strict=True)]


@pytest.mark.thorough("postgresql")
def test_of_a_hundred_presses_at_once_one_claims_a_part_and_all_votes_count(
    table: Table, repository: Path
) -> None:
    cards = table.open("ana", "postcards", words="greetings")
    vote = table.open("ana", "pick", job=table.finish_job("ana"), lasts="10m")
    counted = press_in_two_processes(table, repository, f"{cards}:take:1", f"{vote}:vote:2")
    assert counted == [1, 2 * HALF]
    first, *others = table.parts(cards)
    assert (first.state, first.human is not None) == (PartState.CLAIMED, True)
    assert {part.state for part in others} == {PartState.FREE}
    with table.ports.database.read() as session:
        assert len(set(session.scalars(select(BallotRow.human)))) == 2 * HALF


def kill_at(table: Table, repository: Path, gathering_id: str, stage: str) -> None:
    process = subprocess.Popen(
        [*PROCESS, "die", url_of(table.ports), gathering_id, stage],
        cwd=repository,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.mark.thorough("sqlite-sweeper in its transaction", "postgresql-sweeper before its events")
@pytest.mark.parametrize("stage", ["sweeper in its transaction", "sweeper before its events"])
def test_a_sweeper_that_is_killed_changes_no_result(table: Table, repository: Path, stage: str) -> None:
    """The phase of this gathering is over by the real clock already: nothing was painted."""
    cards = table.open("ana", "postcards", words="greetings")
    table.clock.pass_by(days=-8)
    earlier = table.open_elsewhere("ana", "postcards", words="earlier")
    kill_at(table, repository, earlier, stage)
    table.clock.pass_by(days=8)
    table.sweep()
    assert (table.gathering(earlier).state, table.gathering(cards).state) == ("closed", "painting")


@pytest.mark.thorough("sqlite")
def test_a_bot_that_is_killed_in_its_transaction_has_claimed_nothing(table: Table, repository: Path) -> None:
    cards = table.open("ana", "postcards", words="greetings")
    kill_at(table, repository, cards, "bot in its transaction")
    table.act("bo", "take", cards, part=1)
    assert table.parts(cards)[0].human == "web:room:bo"


@pytest.mark.thorough("postgresql")
def test_a_bot_that_is_killed_before_its_job_leaves_the_turn_to_its_person(
    table: Table, repository: Path
) -> None:
    cards = table.open("ana", "postcards", words="greetings")
    kill_at(table, repository, cards, "bot before its job")
    assert (table.parts(cards)[0].state, table.jobs(cards)) == (PartState.CLAIMED, [])
    table.act("p1", "paint", cards, part=1, words="a harbour")
    table.finish_jobs(cards)
    assert table.parts(cards)[0].state is PartState.SET
    with table.ports.database.read() as session:
        assert session.scalars(select(JobRow.state)).all() == [JobState.DONE]

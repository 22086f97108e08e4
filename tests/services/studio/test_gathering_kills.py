"""A bot and a sweeper are killed in each phase of each kind, and nothing of its result changes."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from studio.commands.results import Accepted
from studio.db.gatherings import gathering_rows
from studio.db.tables import BallotRow, GatheringMemberRow, JobRow, PictureRow
from studio.domain.gatherings import PartState
from studio.gatherings.registry import KINDS
from tests.support.fakes import fake_ports
from tests.support.finished_jobs import paint_job
from tests.support.gatherings import Table, moved_clock
from tests.support.killed_processes import AFTER_COMMIT, IN_TRANSACTION, KilledProcesses


@dataclass
class Play:
    """One gathering. With `processes`, each act and each sweep is first begun by one that is killed."""

    table: Table
    processes: KilledProcesses | None = None
    id: str = ""
    states: list[str] = field(default_factory=list)  # as they followed each other

    def open(self, command: str, **values: object) -> None:
        self.id = self.table.open("ana", command, **values)
        self._note_state()

    def act(self, name: str, verb: str, **values: object) -> None:
        if self.processes:
            before = self.snapshot()
            self.processes.act(IN_TRANSACTION, name, {"do": verb, "id": self.id, **values})
            assert self.snapshot() == before
        self.table.act(name, verb, self.id, **values)
        self._note_state()

    def pass_by(self, **length: float) -> None:
        """Something is due then."""
        self.table.clock.pass_by(**length)
        if self.processes:
            before = self.snapshot()
            self.processes.sweep(IN_TRANSACTION)
            assert self.snapshot() == before
            self.processes.sweep(AFTER_COMMIT)
            assert self.snapshot() != before
        self.table.sweep()
        self._note_state()

    def paint(self) -> None:
        self.table.finish_jobs(self.id)
        self._note_state()

    def picture_of(self, name: str) -> str:
        accepted = self.table.ask(name, "imagine", prompt="a red fox", count=1)
        assert isinstance(accepted, Accepted)
        picture = f"{paint_job(self.table.ports, accepted.job_id)}.1"
        with self.table.ports.database.begin() as session:
            session.get_one(PictureRow, picture).created_at += self.table.clock.ahead
        return picture

    def turn(self) -> str:
        """The name of whoever has to act."""
        waits = (PartState.OFFERED, PartState.CLAIMED, PartState.CHOOSING)
        part = next(part for part in self.table.parts(self.id) if part.state in waits)
        return (part.human or "").rpartition(":")[2]

    def snapshot(self) -> object:
        """Everything that its result consists of, in whatever order people's lots put it."""
        with self.table.ports.database.read() as session:
            gathering = gathering_rows.find_gathering(session, self.id)
            found = gathering_rows.open_in_community(session, self.table.address)
            jobs = session.scalars(select(JobRow.state).where(JobRow.gathering == self.id)).all()
            rows = [
                session.scalar(select(func.count()).select_from(table).where(table.gathering == self.id))
                for table in (BallotRow, GatheringMemberRow)
            ]
        parts = Counter(
            (part.state, part.round, part.picture is not None) for part in self.table.parts(self.id)
        )
        clock = gathering.phase_ends_at and gathering.phase_ends_at - gathering.opened_at
        seconds = round(clock.total_seconds() / 30) if clock else None  # of both plays, which take some time
        numbers = {name: value for name, value in gathering.data.items() if isinstance(value, int)}
        kinds = sorted(other.kind for other in found)
        return (gathering.state, gathering.round, numbers, seconds), parts, jobs, rows, kinds

    def _note_state(self) -> None:
        state = self.table.gathering(self.id).state
        if not self.states or self.states[-1] != state:
            self.states.append(state)


def play_tile_vote(play: Play) -> None:
    play.open("pick", job=play.table.finish_job("ana"), lasts="10m")
    play.act("bo", "vote", part=2)
    play.pass_by(minutes=11)
    play.paint()


def play_evolution(play: Play) -> None:
    play.open("evolve", words="a lighthouse", rounds=2, children=3, vote="10m", quorum=1)
    play.paint()
    play.act("bo", "vote", part=1)
    play.pass_by(minutes=11)
    play.paint()
    for _ in ("extended", "resting"):
        play.pass_by(minutes=11)
    play.act("bo", "vote", part=4)
    play.pass_by(minutes=11)


def play_telephone(play: Play) -> None:
    play.open("telephone", players=3)
    for name in ("bo", "cy"):
        play.act(name, "join")
    play.pass_by(seconds=91)  # an offer lapses
    for number in range(3):
        name = play.turn()
        play.act(name, "turn")
        play.act(name, "write", words="a red fox")
        play.paint()
        if number:
            play.act(name, "second")
        else:
            play.pass_by(seconds=61)  # without a choice
    for _ in range(2):
        play.pass_by(seconds=11)
    first, *_ = play.table.parts(play.id)[1:]
    voter = next(name for name in ("ana", "bo", "cy") if name != (first.human or "").rpartition(":")[2])
    play.act(voter, "vote", part=first.ordinal)
    play.pass_by(minutes=3)


def play_contest(play: Play) -> None:
    play.open("contest", title="Autumn light", opens="10m", closes="1h", voting="2h")
    play.pass_by(minutes=11)
    for name in ("bo", "cy"):
        play.act(name, "enter", picture=play.picture_of(name))
    play.pass_by(minutes=61)
    play.act("di", "ballot", part=1)
    play.act("di", "vote", part=1)
    play.pass_by(minutes=121)


def play_mural(play: Play) -> None:
    play.open("mural", theme="a quiet sea", size="2x2", cooldown="1m")
    play.paint()
    play.act("ana", "first", part=1)
    for name, part in (("bo", 2), ("cy", 3), ("di", 4)):
        play.act(name, "paint", part=part, words="a boat")
        play.paint()
        play.pass_by(minutes=11)  # without a choice


def play_theme(play: Play) -> None:
    play.open("theme", theme="Autumn light", every="day")
    for _ in range(3):  # contests that nobody enters
        play.pass_by(hours=18, minutes=1)
        play.pass_by(hours=6)


PLAYS: Mapping[str, Callable[[Play], None]] = {
    "tile_vote": play_tile_vote,
    "evolution": play_evolution,
    "telephone": play_telephone,
    "contest": play_contest,
    "mural": play_mural,
    "theme": play_theme,
}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    ports = fake_ports(f"sqlite:///{tmp_path / 'studio.sqlite3'}")
    yield Table(ports=ports, clock=moved_clock(monkeypatch))
    ports.database.close()


def test_every_kind_is_killed() -> None:
    assert PLAYS.keys() == KINDS.keys()


@pytest.mark.thorough("contest", "tile_vote")
@pytest.mark.parametrize("kind", PLAYS)
def test_kills_in_each_phase_change_no_result(table: Table, repository: Path, kind: str) -> None:
    undisturbed = Play(table)
    PLAYS[kind](undisturbed)
    elsewhere = replace(table, address=replace(table.address, community="elsewhere"))
    processes = KilledProcesses(elsewhere, repository)
    disturbed = Play(elsewhere, processes)
    try:
        PLAYS[kind](disturbed)
    finally:
        processes.close()
    assert set(KINDS[kind].phases) <= set(disturbed.states)
    assert disturbed.states == undisturbed.states
    assert disturbed.snapshot() == undisturbed.snapshot()
    assert table.gathering(disturbed.id).is_over

"""Random histories of a gathering of any kind: what holds after each step, and that each of them ends.

A kind brings a `Driver`: how one is opened, and what may be filled into its verbs. `machine_of` makes the test case.
"""

import atexit
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.commands.results import LinkOffered
from studio.db import queries
from studio.db.gatherings.gathering_rows import find_gathering
from studio.db.gatherings.part_rows import parts_of
from studio.db.identities.linked_identities import human_of, humans_of
from studio.db.settings import save_community_rules
from studio.db.tables import BallotRow, GatheringRow, JobRow, LedgerRow
from studio.domain.gatherings import OPEN_TURNS, WITH_JOB, Gathering, Part, PartState
from studio.domain.jobs import WAITING, JobState
from studio.domain.people import Address, Person
from studio.domain.settings.communities import CommunityRules
from studio.errors import BadRequestError, RequestRefusedError
from studio.gatherings import periodic_tasks
from studio.gatherings.people import take_out_of_all
from studio.gatherings.registry import find_kind
from studio.ports import Allowance, Ports
from studio.services import held_job_decisions
from studio.services.visibility import Audience, may_see, may_see_gathering
from tests.support.fakes import FakeGate, fake_ports, someone, somewhere
from tests.support.finished_jobs import paint_jobs
from tests.support.gatherings import Table, moved_clock

_MANY = 100
HISTORIES = int(os.environ.get("GATHERING_HISTORIES", "100"))
STEPS = 6
PEOPLE = ("ana", "bo", "cy", "di", "eve")  # Ana is the host
_MINUTES = (1, 6, 61, 24 * 60, 8 * 24 * 60, -30)  # also a clock that goes back
_ACTS = st.tuples(st.sampled_from(PEOPLE), st.integers(0, 99), st.integers(1, 99))
_WITH_PICTURE = frozenset({"add", "enter"})
_ENDS = (JobState.DONE, JobState.DONE, JobState.DONE, JobState.HELD, JobState.FAILED, JobState.REFUSED)
_REFUSED = (RequestRefusedError, BadRequestError)


def _no_values(_gathering: Gathering, _parts: list[Part], _number: int) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Driver:
    """`open` opens a gathering for a person and answers with its id. `values` are those for a verb, by its name: from
    the gathering as it is and a number at random. Verbs without an entry get ``part`` and ``words`` at random.
    `prepare` is called before, with something that undoes it at the end.
    """

    open: Callable[[Table, str], str]
    values: Mapping[str, Callable[[Gathering, list[Part], int], Mapping[str, Any]]] = field(
        default_factory=dict
    )
    prepare: Callable[[pytest.MonkeyPatch], None] = lambda _monkeypatch: None


@cache
def _shared_ports() -> Ports:
    """In memory where the machine has a file system there, since nothing has to outlast the process."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    ports = fake_ports(f"sqlite:///{folder / 'studio.sqlite3'}")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(ports.database.close)
    return ports


@dataclass(kw_only=True)
class _Opened:
    """A gathering that has just been opened, and the database with it and nothing else."""

    id: str
    at: datetime
    pictures: Mapping[str, str]
    database: sqlite3.Connection
    histories: int = 0


_COPIES = 50  # of one opened gathering; then the next is opened, as its id, order and noise are drawn by lot
_opened: dict[Driver, _Opened] = {}


@cache
def _empty() -> sqlite3.Connection:
    """The shared database before the first gathering."""
    return _read_file(_shared_ports())


def _read_file(ports: Ports) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False)
    with ports.database.engine.connect() as connection:
        connection.connection.driver_connection.backup(copy)  # type: ignore[union-attr]
    return copy


def _write_file(ports: Ports, content: sqlite3.Connection) -> None:
    with ports.database.engine.connect() as connection:
        content.backup(connection.connection.driver_connection)  # type: ignore[arg-type]


def _open_gathering(driver: Driver, table: Table) -> _Opened:
    """A gathering of the driver's in a database without any other, and a picture of each person's that was made since.

    The clock stands at its opening.
    """
    opened = _opened.get(driver)
    if opened is None or opened.histories == _COPIES:
        _write_file(table.ports, _empty())
        gathering_id = driver.open(table, PEOPLE[0])
        pictures = {name: f"{table.finish_job(name, count=1)}.1" for name in PEOPLE}
        copy = _read_file(table.ports)
        if opened is not None:
            opened.database.close()
        opened = _opened[driver] = _Opened(id=gathering_id, at=now(), pictures=pictures, database=copy)
    else:
        _write_file(table.ports, opened.database)
    opened.histories += 1
    table.clock.ahead = opened.at - now()
    return opened


class GatheringMachine(RuleBasedStateMachine):
    """In a private channel, so that nothing of it may be seen from anywhere else."""

    driver: Driver
    verbs: set[str]  # of the kind
    succeeded: set[str]  # those, in any history

    def __init__(self) -> None:
        super().__init__()
        self._monkeypatch = pytest.MonkeyPatch()
        self.driver.prepare(self._monkeypatch)
        secret = replace(somewhere(), channel="secret", private=True)
        self.table = Table(ports=_shared_ports(), clock=moved_clock(self._monkeypatch), address=secret)
        self.banned: set[str] = set()
        self.linked: set[str] = set()  # with Eve
        self.id = ""
        self.pictures: Mapping[str, str] = {}
        self.ends_by_itself = True
        self._steps = 0

    @initialize(acts=st.lists(_ACTS, min_size=2, max_size=5))
    def open(self, acts: list[tuple[str, int, int]]) -> None:
        opened = _open_gathering(self.driver, self.table)
        self.id, self.pictures = opened.id, opened.pictures
        self.ends_by_itself = acts[0][2] % 4 == 0
        self._carry_out(acts)

    def _read(self) -> tuple[Gathering, list[Part]]:
        with self.table.ports.database.read() as session:
            return find_gathering(session, self.id), parts_of(session, self.id)

    # ---- what people do

    @rule(acts=st.lists(_ACTS, min_size=1, max_size=3))
    def act(self, acts: list[tuple[str, int, int]]) -> None:
        self._carry_out(acts)

    def _carry_out(self, acts: list[tuple[str, int, int]]) -> None:
        gathering, parts = self._read()
        self.verbs |= find_kind(gathering.kind).verbs.keys()
        verbs = ("join", "leave", *(4 * sorted(find_kind(gathering.kind).verbs)))
        if gathering.is_over:
            acts = acts[:1]  # it is refused
        for name, verb, number in acts:
            if name not in self.banned:
                self._act(gathering, parts, name, verbs[verb % len(verbs)], number)

    def _act(self, gathering: Gathering, parts: list[Part], name: str, verb: str, number: int) -> None:
        values: Mapping[str, Any] = {"part": number % (len(parts) + 1), "words": f"words {number}"}
        if verb in self.driver.values:
            values = self.driver.values[verb](gathering, parts, number)
        if verb in _WITH_PICTURE:
            whose = name if number % 4 else PEOPLE[number % len(PEOPLE)]
            values = {**values, "picture": self.pictures[whose]}
        with suppress(*_REFUSED):
            self.table.act(name, verb, self.id, **values)
            self.succeeded.add(verb)

    @rule(first=_ACTS, second=_ACTS)
    def act_at_once(self, first: tuple[str, int, int], second: tuple[str, int, int]) -> None:
        """What a second person does comes between the reading and the writing of the first, in another session."""
        gate = cast("FakeGate", self.table.ports.gate)
        asked = gate.allowance

        def interrupted(person: Person, address: Address | None = None) -> Allowance:
            self._monkeypatch.setattr(gate, "allowance", asked)
            self._carry_out([second])
            return asked(person, address)

        self._monkeypatch.setattr(gate, "allowance", interrupted)
        self._carry_out([first])
        self._monkeypatch.setattr(gate, "allowance", asked)

    @rule(
        verb=st.sampled_from(("pause", "resume", "resume", "skip", "remove", "end")),
        part=st.integers(1, 6),
        mo=st.booleans(),
    )
    def govern(self, verb: str, part: int, mo: bool) -> None:
        with suppress(*_REFUSED):
            self.table.ask("mo" if mo else "ana", "gather", moderator=mo, do=verb, id=self.id, part=part)

    @rule(what=st.sampled_from(("interrupt", "interrupt", "pause", "pause", "resume")))
    def close_its_place(self, what: str) -> None:
        """Its channel is closed, or moderators pause or resume the whole community."""
        if what == "interrupt":
            periodic_tasks.interrupt(self.table.ports.database, self.table.ports.events, self.id)
            return
        rules = CommunityRules(paused=what == "pause")
        with self.table.ports.database.begin() as session:
            save_community_rules(session, rules, by=self.table.person("mo"))

    # ---- what happens

    @rule(state=st.sampled_from(_ENDS), which=st.integers(0, 9))
    def finish_a_job(self, state: JobState, which: int) -> None:
        waiting = self.table.jobs(self.id, *WAITING)
        if waiting:
            self.table.finish(waiting[which % len(waiting)], state)

    @rule(deliver=st.booleans())
    def decide_on_a_held_job(self, deliver: bool) -> None:
        held = self.table.jobs(self.id, JobState.HELD)
        if not held:
            return
        with self.table.ports.database.begin() as session:
            if deliver and held_job_decisions.has_pictures(session, held[0]):
                held_job_decisions.deliver(session, held[0])
            else:
                held_job_decisions.stop(session, held[0], JobState.REFUSED, error_code="policy")

    @rule(which=st.integers(0, 9))
    def delete_a_picture(self, which: int) -> None:
        shown = [part for part in self.table.parts(self.id) if part.picture]
        if shown:
            with suppress(*_REFUSED):
                self.table.ask("mo", "delete", moderator=True, what=shown[which % len(shown)].picture)

    @rule(what=st.sampled_from(("ban", "ban", "ban", "ban", "forget")), name=st.sampled_from(PEOPLE))
    def change_a_person(self, what: str, name: str) -> None:
        if what == "forget":
            self.table.ask(name, "forget-me", confirm="yes")
            self.linked = set() if name == "eve" else self.linked - {name}
            return
        self.banned.add(name)
        with self.table.ports.database.begin() as session:
            take_out_of_all(session, [human_of(session, self.table.person(name).key)])

    @rule(name=st.sampled_from(PEOPLE[1:4]), number=st.integers(1, 99))
    def link_two_who_voted(self, name: str, number: int) -> None:
        """One human is behind two names, who may both have voted, for the same part or for two."""
        if name in self.linked:
            return
        gathering, parts = self._read()
        if "vote" in find_kind(gathering.kind).verbs:
            self._act(gathering, parts, name, "vote", number)
            self._act(gathering, parts, "eve", "vote", number + 1)
        offered = self.table.ask(name, "link")
        assert isinstance(offered, LinkOffered)
        with suppress(*_REFUSED):
            self.table.ask("eve", "link", code=offered.code)
            self.linked.add(name)

    @rule(minutes=st.sampled_from(_MINUTES))
    def time_passes(self, minutes: int) -> None:
        self.table.clock.pass_by(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        self.table.sweep()

    # ---- what holds

    @invariant()
    def all_holds(self) -> None:
        """After every fourth step and at the end, as the steps are cheaper than looking at everything."""
        self._steps += 1
        if self.id and self._steps % 4 == 0:
            self._check()

    def _check(self) -> None:
        with self.table.ports.database.read() as session:
            gathering, parts = find_gathering(session, self.id), parts_of(session, self.id)
            _require_owners(session, parts, is_over=gathering.is_over)
            _require_one_ballot_each(session, self.id, several=find_kind(gathering.kind).several_choices)
            _require_balance(session, self.id)

    def teardown(self) -> None:
        """Every gathering ends when people do nothing; three of four are ended by a moderator before, to save time."""
        try:
            if self.id:
                with self.table.ports.database.read() as session:
                    _require_privacy(session, find_gathering(session, self.id))
                if not self.ends_by_itself:
                    with suppress(*_REFUSED):
                        self.table.ask("mo", "gather", moderator=True, do="end", id=self.id)
                self._end()
                self._check()
        finally:
            self._monkeypatch.undo()

    def _end(self) -> None:
        is_over, waiting = self._look()
        for _ in range(60):
            if is_over:
                return
            self.table.sweep()
            is_over, waiting = self._look()
            paint_jobs(self.table.ports, waiting)
            self.table.clock.pass_by(days=15, hours=7)  # no whole days: a daily theme would be late each time
        raise AssertionError(f"it never ends: {self.table.gathering(self.id)}")

    def _look(self) -> tuple[bool, Sequence[str]]:
        """Whether it is over, and the jobs that wait."""
        values = {"gathering_id": self.id}
        with self.table.ports.database.read() as session:
            is_over = session.scalars(_CLOSED_AT, values).one() is not None
            return is_over, session.scalars(_WAITING, values).all()


def _require_owners(session: Session, parts: list[Part], *, is_over: bool) -> None:
    """A part that somebody acts on has one owner, whose job it is; nobody waits in a gathering that is over."""
    waiting = OPEN_TURNS | {PartState.WANTED}
    for part in parts:
        if part.state in waiting | WITH_JOB:
            assert part.human, part
        if part.state is PartState.FREE:
            assert (part.human, part.job, part.text) == (None, None, ""), part
        assert not (is_over and part.state in waiting), part
    jobs = [part.job for part in parts if part.job]
    assert len(set(jobs)) == len(jobs)
    owned = [
        part
        for part in parts
        if part.job and part.human and part.state in _ACTED_ON and _FORGOTTEN not in part.human
    ]
    rows = session.execute(_PAINTERS, {"ids": [part.job for part in owned]}) if owned else ()
    painters = {row[0]: row[1] for row in rows}
    humans = humans_of(session, {*painters.values(), *(part.human for part in owned if part.human)})
    for part in owned:
        assert humans[painters[part.job or ""]] == humans[part.human or ""], part


_FORGOTTEN = ":forgotten-"  # in the keys of those who were
_ACTED_ON = WITH_JOB | {PartState.CHOOSING}
# Built once: they are asked several times in each history.
_PAINTERS = select(JobRow.id, JobRow.person_key).where(JobRow.id.in_(bindparam("ids", expanding=True)))
_CLOSED_AT = select(GatheringRow.closed_at).where(GatheringRow.id == bindparam("gathering_id"))
_WAITING = select(JobRow.id).where(
    JobRow.gathering == bindparam("gathering_id"), JobRow.state.in_(sorted(WAITING))
)
_BALLOTS = select(BallotRow.round, BallotRow.human, BallotRow.choice).where(
    BallotRow.gathering == bindparam("gathering_id")
)
_RETURNED = select(LedgerRow.job_id).where(LedgerRow.entry_key.endswith(":back"))
_PAID = (
    select(JobRow.id, JobRow.state, JobRow.cost, func.sum(LedgerRow.amount))
    .outerjoin(LedgerRow, LedgerRow.job_id == JobRow.id)
    .where(JobRow.gathering == bindparam("gathering_id"))
    .group_by(JobRow.id)
)


def _require_one_ballot_each(session: Session, gathering_id: str, *, several: bool) -> None:
    ballots = session.execute(_BALLOTS, {"gathering_id": gathering_id}).all()
    humans = humans_of(session, {ballot.human for ballot in ballots}) if ballots else {}
    votes = [(ballot.round, humans[ballot.human], ballot.choice if several else 0) for ballot in ballots]
    assert len(set(votes)) == len(votes)


def _require_balance(session: Session, gathering_id: str) -> None:
    """What is reserved for a job is spent at its end, or given back; also later, when nothing came of its part."""
    returned = set(session.scalars(_RETURNED))
    for job_id, state, cost, paid in session.execute(_PAID, {"gathering_id": gathering_id}):
        unpaid = job_id in returned or state in (JobState.FAILED, JobState.REFUSED, JobState.CANCELLED)
        assert (paid or 0) == (0 if unpaid else -cost), (state, cost)


def _require_privacy(session: Session, gathering: Gathering) -> None:
    """Nothing of it is seen from another channel by somebody who does not take part."""
    zoe = someone("zoe", community=gathering.address.community)
    stranger = Audience(home=zoe.home, channel="main", person_key=zoe.key)
    assert not may_see_gathering(session, gathering, stranger)
    jobs = session.scalars(select(JobRow).where(JobRow.gathering == gathering.id))
    alike = {(job.person_key, job.visibility, job.community): job for job in jobs}
    assert not any(may_see(session, queries.job_of(job), stranger) for job in alike.values())


def machine_of(driver: Driver) -> type:
    """The test case of a kind; `GATHERING_HISTORIES` says how many histories."""
    machine = type("Machine", (GatheringMachine,), {"driver": driver, "succeeded": set(), "verbs": set()})

    class Case(machine.TestCase):  # type: ignore[name-defined, misc]
        def runTest(self) -> None:  # noqa: N802
            """All verbs of the kind succeed in some of many histories: what is always refused is not tried."""
            super().runTest()
            never = machine.verbs - machine.succeeded  # type: ignore[attr-defined]
            assert HISTORIES < _MANY or not never

    case: type = Case
    case.settings = hypothesis.settings(  # type: ignore[attr-defined]
        max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None
    )
    case.pytestmark = [pytest.mark.histories]  # type: ignore[attr-defined]
    return case

"""A kind of gathering, and `Turn`: one transaction in which a gathering moves, and nobody else moves it.

A kind is data and a few functions. The functions get a `Turn`; they never wait, never sleep and touch no platform.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from studio.db import job_transitions, sql_dialects
from studio.db.gatherings import ballot_rows, gathering_rows, part_rows, sponsors
from studio.db.identities.linked_identities import human_of
from studio.db.tables import GatheringRow, JobRow, OutboxRow
from studio.domain.gatherings import ENDED, OPEN_TURNS, PART_MOVES, Gathering, Part, PartState
from studio.domain.jobs import JobVisibility
from studio.errors.gatherings import GatheringMovedError
from studio.gatherings.kind_description import (
    Act,
    Opening,
    Option,
    Order,
    Outcome,
    Phase,
    Who,
    no_last_call,
    no_order,
    nothing,
)
from studio.ports import Ports

Rules = Mapping[str, object]
_LIVE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`states`: in which it may be done. `votes`: fair votes hold for it (`studio.gatherings.fair_votes`).

    `shows`: a button with `Action.GATHER_SHOW` does it before it shows the panel of the verb to its person.
    """

    handle: Callable[["Turn", Act], Outcome]
    states: frozenset[str]
    who: Who = Who.ANYBODY
    votes: bool = False
    shows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatheringKind:
    """One kind of gathering.

    `name` is stored, at most 16 characters, and `command` opens one. `begin` fills a new gathering: its parts and its
    first clock; it raises a `ChatelierError` for options that make no sense. `phase_ended` is called when the clock
    of a phase ran out or was skipped, and must move on or set another clock. `part_changed` is called after a part
    moved by itself (its job ended, its deadline passed, its picture was deleted), with the part as it was and as it
    is. `order` makes the job of a part, outside of any transaction. `member_joined` may refuse it, `resumed` is called
    when clocks go on, `closing` at the end. `last_call` may give an offered or claimed part more time once its
    deadline has passed; None loses it.

    After a job with several pictures its person chooses for `choosing`; None: the first is taken. `lost` is the state
    of a part that nobody finished: free again, or skipped. A claimed part lasts `claiming`, or by the gathering's
    rules `turn_lasts`. `live`, or turns of less than ten minutes: held parts wait ten minutes for a moderator instead
    of twelve hours. `visibility` is that of the jobs. `own_votes`: people may vote for their own parts.
    `several_choices`: a ballot approves of any number of parts. `sponsored`: its host may set credits aside for the
    pictures of all.
    """

    name: str
    command: str
    summary: str
    example: str
    phases: Mapping[str, Phase]
    first: str
    begin: Callable[["Turn", Opening], None]
    phase_ended: Callable[["Turn"], None]
    options: tuple[Option, ...] = ()
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    part_changed: Callable[["Turn", Part, Part], None] = nothing
    member_joined: Callable[["Turn", Act], None] = nothing
    member_left: Callable[["Turn", str], None] = nothing
    resumed: Callable[["Turn"], None] = nothing
    closing: Callable[["Turn"], None] = nothing
    last_call: Callable[["Turn", Part], timedelta | None] = no_last_call
    order: Callable[[Ports, Gathering, Part], Order] = no_order
    choosing: timedelta | None = None
    claiming: timedelta = timedelta(minutes=5)
    turn_lasts: Callable[[Rules], timedelta] | None = None
    lost: PartState = PartState.FREE
    live: bool = False
    visibility: JobVisibility = JobVisibility.IN_GATHERING
    own_votes: bool = False
    sponsored: bool = True
    several_choices: bool = False

    def claim_lasts(self, rules: Rules) -> timedelta:
        return self.turn_lasts(rules) if self.turn_lasts else self.claiming

    def grace(self, rules: Rules) -> timedelta:
        """How long a held part waits for a moderator."""
        is_live = self.live or (self.turn_lasts is not None and self.turn_lasts(rules) < _LIVE)
        return _LIVE if is_live else timedelta(hours=12)

    def is_over(self, state: str) -> bool:
        return state in self.phases and self.phases[state].is_over

    def hides_votes(self, state: str) -> bool:
        return state in self.phases and self.phases[state].hides_votes


@dataclass(slots=True)
class Turn:
    """`at` is now, by the database's clock. After the commit `events` are sent, and parts submitted if it `wants`."""

    session: Session
    kind: GatheringKind
    row: GatheringRow
    at: datetime
    events: list[OutboxRow] = field(default_factory=list)
    wants: bool = False
    changed: bool = False
    _remarks: int = 0
    _parts: list[Part] | None = None  # as read or changed last; None: to be read

    @classmethod
    def begin(cls, session: Session, gathering_id: str, find_kind: Callable[[str], GatheringKind]) -> "Turn":
        """Lock a gathering, and before it the jobs that may be stopped with their parts.

        Raises `NotFoundError`, also for a kind that this version does not know.
        """
        job_transitions.lock_jobs(session, part_rows.WAITS_FOR_MODERATOR, gathering_id=gathering_id)
        row = gathering_rows.lock_gathering(session, gathering_id)
        return cls(session=session, kind=find_kind(row.kind), row=row, at=sql_dialects.database_now(session))

    @property
    def gathering(self) -> Gathering:
        return gathering_rows.gathering_of(self.row)

    # ---- the gathering

    def move(self, state: str, *, lasts: timedelta | None = None, **values: Any) -> None:
        """Into another state of its kind, with a clock of its own or none. Raises `GatheringMovedError`."""
        old = self.row.state
        if state not in (old, ENDED) and state not in self.kind.phases[old].follows:
            raise ValueError(f"a {self.kind.name} does not go from {old} to {state}")
        closed_at = self.at if state == ENDED or self.kind.is_over(state) else None
        ends_at = self.at + lasts if lasts is not None and closed_at is None else None
        self.write(state=state, phase_ends_at=ends_at, closed_at=closed_at, before=None, **values)
        if closed_at is not None:
            self._close()

    def set_clock(self, lasts: timedelta | None) -> None:
        """The present phase lasts so long from now on."""
        self.write(phase_ends_at=None if lasts is None else self.at + lasts)

    def begin_round(self) -> int:
        self.write(round=self.row.round + 1)
        return self.row.round

    def write_data(self, **data: object) -> None:
        """Write values into what the kind keeps. They are no person's key: that would outlast the person."""
        self.write(data={**self.row.data, **data})

    def end(self) -> None:
        """By its host, a moderator, or because nobody went on."""
        if self.row.closed_at is None:
            self.write(state=ENDED, before=None, phase_ends_at=None, seconds_left=None, closed_at=self.at)
            self._close()

    def _close(self) -> None:
        """Nobody has to do anything any more; the sponsor gets back what is left. Jobs that go on stay."""
        sponsors.give_back(self.session, self.row.id, self.row.host, at=self.at)
        self.kind.closing(self)
        self.reveal()
        for part in self.parts():
            if part.state in OPEN_TURNS | {PartState.WANTED}:
                picture = part.picture if part.state is PartState.CHOOSING else None
                self.write_part(
                    part,
                    state=PartState.SET if picture else PartState.SKIPPED,
                    deadline=None,
                    seconds_left=None,
                )

    def write(self, **values: Any) -> None:
        if not gathering_rows.move(self.session, self.row, at=self.at, **values):
            raise GatheringMovedError
        self.changed = True

    # ---- its parts

    def parts(self, *states: PartState, round_number: int | None = None) -> list[Part]:
        """In order; all, or those in these states and in this round."""
        if self._parts is None:
            self._parts = part_rows.parts_of(self.session, self.row.id)
        found = [part for part in self._parts if round_number in (None, part.round)]
        return [part for part in found if not states or part.state in states]

    def part(self, ordinal: int) -> Part | None:
        return next((part for part in self.parts() if part.ordinal == ordinal), None)

    def human_of(self, person_key: str) -> str:
        return human_of(self.session, person_key)

    def add_part(self, **values: Any) -> Part:
        """A new part with the next number, in the present round unless `values` say otherwise."""
        ordinal = max((part.ordinal for part in self.parts()), default=0) + 1
        values = {"round": self.row.round, **values}
        part = Part(gathering=self.row.id, ordinal=ordinal, **values)
        part_rows.add_part(self.session, part, at=self.at)
        if self._parts is not None:
            self._parts.append(replace(part, changed_at=self.at))
        self.wants = self.wants or part.state is PartState.WANTED
        self.changed = True
        return part

    def change_part(
        self, part: Part, state: PartState, *, lasts: timedelta | None = None, **values: Any
    ) -> Part:
        """Move a part into another state, with a clock or none, and return it as it is then.

        Raises `GatheringMovedError` when it is not any more as it was read.
        """
        if state is not part.state and state not in PART_MOVES[part.state]:
            raise ValueError(f"a part does not go from {part.state} to {state}")
        if state is PartState.FREE:
            values = {**part_rows.NOBODYS, **values}
        deadline = None if lasts is None else self.at + lasts
        self.write_part(part, state=state, deadline=deadline, seconds_left=None, **values)
        self.wants = self.wants or state is PartState.WANTED
        return self.part(part.ordinal) or replace(part, state=state)

    def claim(self, part: Part, *, human: str, person_key: str, lasts: timedelta | None = None) -> Part:
        """Give a free or offered part to one person."""
        whose = {"human": human, "person_key": person_key, "claimed_at": self.at}
        lasts = lasts or self.kind.claim_lasts(self.row.rules)
        return self.change_part(part, PartState.CLAIMED, lasts=lasts, **whose)

    def want(self, part: Part, *, human: str, person_key: str, **values: Any) -> Part:
        """Have a job submitted for a part, in the name of a person."""
        return self.change_part(part, PartState.WANTED, human=human, person_key=person_key, **values)

    def write_part_data(self, part: Part, **data: object) -> None:
        self.write_part(part, data={**part.data, **data})

    def write_part(self, part: Part, **values: Any) -> None:
        if not part_rows.change_part(self.session, part, at=self.at, **values):
            raise GatheringMovedError
        if self._parts is not None:
            self._parts = part_rows.after_change(self._parts, part.ordinal, values, at=self.at)
        self.changed = True

    # ---- votes

    def votes(self) -> Mapping[int, int]:
        """How many humans chose each part in the present round."""
        return ballot_rows.count_votes(self.session, self.row.id, self.row.round)

    def voters(self) -> Mapping[str, str]:
        """Who voted in the present round: by human, the key of their identity."""
        return ballot_rows.voters_of(self.session, self.row.id, self.row.round)

    def members(self) -> Mapping[str, str]:
        """Who joined: by human, the key of their identity."""
        return ballot_rows.members_of(self.session, self.row.id)

    # ---- what others see

    def reveal(self, parts: Sequence[Part] | None = None) -> None:
        """From now on the jobs of these parts, or all, are there for everybody who may see the gathering."""
        jobs = (JobRow.gathering == self.row.id) & (JobRow.visibility == JobVisibility.UNLISTED)
        if parts is not None:
            jobs &= JobRow.id.in_([part.job for part in parts if part.job])
        self.session.execute(update(JobRow).where(jobs).values(visibility=JobVisibility.IN_GATHERING))
        self.changed = True

    def remark(
        self,
        code: str,
        *,
        person: str | None = None,
        private: bool = False,
        or_in_thread: bool = False,
        **values: str | int,
    ) -> None:
        """Say something in the gathering's thread, or to one person privately if they take direct messages."""
        self._remarks += 1
        number = int(self.at.timestamp() * 1000) % 10**9 * 10 + self._remarks % 10
        to = {"person": person, "private": private, "or_in_thread": or_in_thread, "number": number}
        self.events.append(gathering_rows.write_remark(self.session, self.row, code, values, **to))

    def finish(self) -> list[OutboxRow]:
        """The events to send after the commit. Call it last."""
        if self.changed:
            self.events.append(gathering_rows.write_changed(self.session, self.row))
        return self.events

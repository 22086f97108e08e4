"""Shared games: a gathering, its parts, and the moves that a part may make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from studio.domain.jobs import JobVisibility
from studio.domain.people import Address

# States of every kind, beside its own.
PAUSED = "paused"  # by its host or a moderator; clocks stand still
INTERRUPTED = "interrupted"  # its channel or thread was closed; clocks stand still
ENDED = "ended"  # by its host or a moderator, or because nobody went on
STOPPED = frozenset({PAUSED, INTERRUPTED})


class PartState(StrEnum):
    """Of a cell, a child, a turn or an entry: of whatever one person at a time owns in a gathering."""

    FREE = "free"
    OFFERED = "offered"  # to one person, until its deadline
    CLAIMED = "claimed"  # by one person, until its deadline
    WANTED = "wanted"  # a job is to be submitted for its person, by whichever process is next
    GENERATING = "generating"
    CHOOSING = "choosing"  # its person chooses among several pictures, until its deadline
    HELD = "held"  # its job waits for a moderator, until its deadline
    SET = "set"
    SKIPPED = "skipped"
    REMOVED = "removed"  # its picture was deleted or taken down, or it was withdrawn


PART_MOVES: Mapping[PartState, frozenset[PartState]] = {
    PartState.FREE: frozenset(set(PartState) - {PartState.FREE, PartState.CHOOSING, PartState.HELD}),
    PartState.OFFERED: frozenset(
        {PartState.CLAIMED, PartState.FREE, PartState.OFFERED, PartState.SKIPPED, PartState.REMOVED}
    ),
    PartState.CLAIMED: frozenset(set(PartState) - {PartState.CHOOSING}),  # claimed again: a new deadline
    PartState.WANTED: frozenset(
        {PartState.GENERATING, PartState.HELD, PartState.FREE, PartState.SKIPPED, PartState.REMOVED}
    ),
    PartState.GENERATING: frozenset(set(PartState) - {PartState.GENERATING, PartState.OFFERED}),
    PartState.CHOOSING: frozenset(
        {PartState.SET, PartState.FREE, PartState.SKIPPED, PartState.REMOVED, PartState.CLAIMED}
    ),
    PartState.HELD: frozenset(set(PartState) - {PartState.HELD, PartState.OFFERED}),
    PartState.SET: frozenset({PartState.FREE, PartState.REMOVED, PartState.SKIPPED}),
    PartState.SKIPPED: frozenset({PartState.FREE, PartState.OFFERED, PartState.WANTED, PartState.REMOVED}),
    PartState.REMOVED: frozenset({PartState.FREE, PartState.WANTED, PartState.SET}),
}
# In these, somebody has to act, so a clock runs.
OPEN_TURNS = frozenset({PartState.OFFERED, PartState.CLAIMED, PartState.CHOOSING})
WITH_JOB = frozenset({PartState.GENERATING, PartState.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """One shared game, as read from its row.

    `rules` are the options that it was opened with, `data` what its kind keeps. `state` is one of its kind's, or
    `PAUSED`, `INTERRUPTED` or `ENDED`; `before` the one in which it was stopped. `seconds_left` of its phase's clock
    are kept while it is stopped. `host` is a person's key.
    """

    id: str
    kind: str
    address: Address
    host: str
    state: str
    opened_at: datetime
    rules: Mapping[str, object] = field(default_factory=dict)
    data: Mapping[str, object] = field(default_factory=dict)
    before: str | None = None
    round: int = 1
    phase_ends_at: datetime | None = None
    seconds_left: float | None = None
    closed_at: datetime | None = None
    parent_id: str | None = None

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    @property
    def is_stopped(self) -> bool:
        return self.state in STOPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a gathering, as read from its row; parts are numbered from 1.

    `human` stands for all linked identities of its owner, `person_key` for the one that acted. `text` are the words
    that were accepted. `attempts` counts the words that were refused. `showings` counts on how many ballots it was.
    """

    gathering: str
    ordinal: int
    state: PartState
    round: int = 1
    person_key: str | None = None
    human: str | None = None
    job: str | None = None
    picture: str | None = None
    text: str = ""
    data: Mapping[str, object] = field(default_factory=dict)
    claimed_at: datetime | None = None
    deadline: datetime | None = None
    attempts: int = 0
    showings: int = 0
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """By whom a job is asked for, as a part of which gathering; `text` becomes the part's words with the job."""

    gathering: str
    ordinal: int
    human: str
    text: str = ""
    visibility: JobVisibility = JobVisibility.IN_GATHERING


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPress:
    """What a button of a gathering means: a verb of its kind, and what it was about when it was shown.

    `round` tells a late press from one of now; `part` 0: the whole.
    """

    gathering: str
    verb: str
    round: int = 0
    part: int = 0

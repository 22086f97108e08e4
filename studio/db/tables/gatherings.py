"""Shared games: gatherings with their parts, the people who joined, and ballots."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import REASSIGNED, Base


class GatheringRow(Base):
    """Locked while anything in it changes. `address` has no token; `channel` and `thread` are its own.

    `phase_ends_at` is when its phase ends, by the database's clock; while it is stopped, when it is given up.
    """

    __tablename__ = "gatherings"
    __table_args__ = (
        Index("ix_gatherings_closed_at_phase_ends_at", "closed_at", "phase_ends_at"),
        Index("ix_gatherings_platform_community_closed_at", "platform", "community", "closed_at"),
    )

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(64))
    thread: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[dict[str, Any]]
    host: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    rules: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    before: Mapped[str | None] = mapped_column(String(16))  # the state in which it was stopped
    round: Mapped[int]
    phase_ends_at: Mapped[datetime | None]
    seconds_left: Mapped[float | None]  # of the phase, while it is stopped
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("gatherings.id"))


class GatheringPartRow(Base):
    """A cell, a child, a turn or an entry. `ordinal` counts from 1."""

    __tablename__ = "gathering_parts"
    __table_args__ = (Index("ix_gathering_parts_state_deadline", "state", "deadline"),)

    gathering: Mapped[str] = mapped_column(ForeignKey("gatherings.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    person_key: Mapped[str | None] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    human: Mapped[str | None] = mapped_column(String(200), index=True, info=REASSIGNED)
    job: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    picture: Mapped[str | None] = mapped_column(ForeignKey("pictures.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]]
    claimed_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    seconds_left: Mapped[float | None]  # of its clock, while the gathering is stopped
    attempts: Mapped[int]
    showings: Mapped[int]
    changed_at: Mapped[datetime]


class GatheringMemberRow(Base):
    """Somebody who joined. `left_at`: and left again."""

    __tablename__ = "gathering_members"

    gathering: Mapped[str] = mapped_column(ForeignKey("gatherings.id"), primary_key=True)
    human: Mapped[str] = mapped_column(String(200), primary_key=True, info=REASSIGNED)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]


class BallotRow(Base):
    """What a human chose in a round: the ordinal of a part."""

    __tablename__ = "ballots"
    __table_args__ = (Index("ix_ballots_human", "human"),)

    gathering: Mapped[str] = mapped_column(ForeignKey("gatherings.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    human: Mapped[str] = mapped_column(String(200), primary_key=True, info=REASSIGNED)
    choice: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    created_at: Mapped[datetime]

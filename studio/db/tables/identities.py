"""The tables of people who say themselves who they are: names, where they came from, and sessions that ended."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import SEPARATE, Base


class NameRow(Base):
    """Who has, or once had, a name where people choose their names themselves. `digest` is that of the folded name.

    A name belongs to one person for ever. Several have one only where they had it before that was so; an empty
    `person_key` is somebody who was forgotten.
    """

    __tablename__ = "names"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_key: Mapped[str] = mapped_column(String(200), primary_key=True, index=True, info=SEPARATE)
    claimed_at: Mapped[datetime]


class OriginRow(Base):
    """From where somebody came in: a keyed digest of a network or of an invite, such as ``address:0f3a…``.

    `arrived`: they came in from there, and were not only seen there later. `excused`: a moderator said that a ban
    on others from there does not concern this person.
    """

    __tablename__ = "origins"

    person_key: Mapped[str] = mapped_column(String(200), primary_key=True, info=SEPARATE)
    origin: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)
    arrived: Mapped[bool] = mapped_column(default=False)
    excused: Mapped[bool] = mapped_column(default=False)


class EndedSessionRow(Base):
    """A browser session that its person ended. `id` is the SHA-256 of the session's own id."""

    __tablename__ = "ended_sessions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended_at: Mapped[datetime] = mapped_column(index=True)

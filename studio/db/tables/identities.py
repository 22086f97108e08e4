"""The tables of people who say themselves who they are: names, origins, ended sessions, and ways to sign in again."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, SEPARATE, Base


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


class SignInRow(Base):
    """What proves in another browser that somebody is a certain person of the web front end.

    `subject` is the proof: ``discord:<user>``, ``slack:<team>:<user>``, ``passkey:<credential>``, or
    ``recovery:<digest>`` and ``device:<digest>`` of a code. `label` is shown to its owner. `invite` and `moderator` are
    those of the session that made it: after a change of the invite word, the new one has to be typed. `public_key` and
    `sign_count` belong to a passkey. A row with `expires_at` is used once, until then.
    """

    __tablename__ = "sign_ins"

    subject: Mapped[str] = mapped_column(String(500), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), index=True, info=DELETED)
    label: Mapped[str] = mapped_column(String(100))
    invite: Mapped[str] = mapped_column(String(64))
    moderator: Mapped[bool]
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]

"""People and communities, with what they have chosen."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, REASSIGNED, SEPARATE, Base


class PersonRow(Base):
    """One identity. Locked while a job of theirs is accepted, so that limits and credits are exact."""

    __tablename__ = "people"

    key: Mapped[str] = mapped_column(String(200), primary_key=True, info=SEPARATE)
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(100))
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]  # None: not since this is written down
    human: Mapped[str] = mapped_column(
        String(200), index=True, info=SEPARATE
    )  # the same for linked identities; else the key


class PreferencesRow(Base):
    __tablename__ = "preferences"

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    data: Mapped[dict[str, Any]]


class CommunityRow(Base):
    __tablename__ = "communities"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[dict[str, Any]]
    changed_by: Mapped[str] = mapped_column(String(200), info=REASSIGNED)
    changed_at: Mapped[datetime]


class LinkCodeRow(Base):
    """A code that one identity was given, to be typed by the other."""

    __tablename__ = "link_codes"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=DELETED)
    expires_at: Mapped[datetime]

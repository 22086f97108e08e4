"""Events for front ends, the messages that show their subjects, and written digests and recaps."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import Base, RowNumber


class OutboxRow(Base):
    """Durable events, written with the change they tell of, sent after the commit.

    `created_at` of a paced one lies ahead: it is due then.
    `check_at` is when to look whether the end of a job was shown after `attempts` publications; None: not (any more).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_published_at", "published_at"),
        Index("ix_outbox_check_at", "check_at"),
    )

    id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    check_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")


class DeliveryRow(Base):
    """The one message that shows a subject on its platform, so that any process of the front end can edit it.

    `subject` is the id of a job, a case or a picture, by `kind` (`studio.domain.deliveries.DeliveryKind`).
    An empty `message` is being sent by the process that claimed it, until `claimed_until`; without a claim there was
    no place to send it to. `final` once the message showed the end of its subject, or once no place was left.
    """

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_message", "message"),)  # a reaction knows only its message

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    subject: Mapped[str] = mapped_column(String(16), primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(64))
    message: Mapped[str] = mapped_column(String(64))
    thread: Mapped[str | None] = mapped_column(String(64))  # the message in whose thread it stands
    claimed_until: Mapped[datetime | None]
    final: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class DigestRow(Base):
    """The digest of a week was written for a community. `week` is its Monday, 2026-11-16."""

    __tablename__ = "digests"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    week: Mapped[str] = mapped_column(String(10), primary_key=True)
    written_at: Mapped[datetime]


class RecapRow(Base):
    """The recap of a week was announced in a community. `week` is its Monday, 2026-11-16."""

    __tablename__ = "recaps"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    week: Mapped[str] = mapped_column(String(10), primary_key=True)
    written_at: Mapped[datetime]

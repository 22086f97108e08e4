"""Cases, notices and bans."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, REASSIGNED, SEPARATE, Base


class BanRow(Base):
    __tablename__ = "bans"

    person_key: Mapped[str] = mapped_column(String(200), primary_key=True, info=SEPARATE)
    until: Mapped[datetime | None]  # None: for good
    reason: Mapped[str] = mapped_column(Text, default="")
    banned_by: Mapped[str] = mapped_column(String(200), info=SEPARATE)
    created_at: Mapped[datetime]


class CaseRow(Base):
    """What a moderator, or the person asked, has to decide."""

    __tablename__ = "cases"
    __table_args__ = (
        Index("ix_cases_platform_community_state", "platform", "community", "state"),
        Index("ix_cases_subject", "subject"),
    )

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    case_key: Mapped[str] = mapped_column(String(220), unique=True)  # the same matter is filed once
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200), info=SEPARATE)
    filed_by: Mapped[str | None] = mapped_column(String(200), info=REASSIGNED)
    addressee: Mapped[str | None] = mapped_column(String(200), info=REASSIGNED)
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    picture_id: Mapped[str | None] = mapped_column(String(16))  # not a key: a refused picture has no row
    rule: Mapped[str] = mapped_column(String(64), default="")
    category: Mapped[str] = mapped_column(String(64), default="")
    evidence: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text, default="")
    weight: Mapped[float] = mapped_column(default=1.0)
    opened_at: Mapped[datetime]
    claimed_by: Mapped[str | None] = mapped_column(String(200), info=REASSIGNED)
    claimed_until: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(String(200), info=REASSIGNED)
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")


class EvidenceRow(Base):
    """The encrypted words of a held request or a frozen account, or material for the authorities.

    Only moderation reads it: see `moderation.records.evidence`.
    """

    __tablename__ = "evidence"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    subject: Mapped[str] = mapped_column(String(200), index=True, info=SEPARATE)
    job_id: Mapped[str | None] = mapped_column(String(12))
    content: Mapped[bytes] = mapped_column(LargeBinary)  # encrypted, as are the files
    files: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]  # None: stays until it is released
    legal_hold: Mapped[str] = mapped_column(Text, default="")  # why it must not be erased


class NoticeRow(Base):
    """What the instance tells one person."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), index=True, info=DELETED)
    text: Mapped[str] = mapped_column(Text)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    job_id: Mapped[str | None] = mapped_column(String(12), index=True)  # what was built on somebody's picture
    written_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None] = mapped_column(index=True)

"""The tables. Times are aware UTC; JSON columns hold what `studio.runtime.serialization` writes."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Index, Integer, MetaData, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in and out, also on SQLite, which keeps no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


JsonData = JSON().with_variant(postgresql.JSONB(), "postgresql")
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime(), dict[str, Any]: JsonData}


class PersonRow(Base):
    """One identity. Locked while a job of theirs is accepted, so that limits and credits are exact."""

    __tablename__ = "people"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(String(64))
    display_name: Mapped[str] = mapped_column(String(100))
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]  # None: not since this is written down
    human: Mapped[str] = mapped_column(
        String(200), index=True
    )  # the same for linked identities; else the key


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_lease_until", "state", "lease_until"),
        Index("ix_jobs_ended_at", "ended_at"),
        Index("ix_jobs_person_key_state", "person_key", "state"),
        Index("ix_jobs_platform_community_created_at", "platform", "community", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    request_key: Mapped[str] = mapped_column(String(200), unique=True)  # one click, one job
    command: Mapped[str] = mapped_column(String(32))
    request: Mapped[dict[str, Any]]
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"))
    person: Mapped[dict[str, Any]]
    address: Mapped[dict[str, Any]]
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    model: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    cost: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    queued_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_text: Mapped[str | None] = mapped_column(Text)
    grid_key: Mapped[str | None] = mapped_column(String(120))
    painting_seconds: Mapped[float | None]  # what the model took, without waiting and without what follows
    refused_rule: Mapped[str] = mapped_column(String(64), default="")
    refused_category: Mapped[str] = mapped_column(String(64), default="")
    policy_version: Mapped[str] = mapped_column(String(12), default="")
    cleared: Mapped[bool] = mapped_column(default=False)
    spoiler: Mapped[bool] = mapped_column(default=False)


class PictureRow(Base):
    __tablename__ = "pictures"
    __table_args__ = (Index("ix_pictures_job_id_position", "job_id", "position", unique=True),)

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    position: Mapped[int]  # counts from 1
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"))
    recipe: Mapped[dict[str, Any]]
    storage_key: Mapped[str] = mapped_column(String(120), index=True)
    master_key: Mapped[str | None] = mapped_column(String(120))  # unsigned; None: the same file
    thumbnail_key: Mapped[str] = mapped_column(String(120))
    # None: the picture is no larger than the size before, or was stored when these were not made yet.
    thumbnail_640_key: Mapped[str | None] = mapped_column(String(120))
    thumbnail_1280_key: Mapped[str | None] = mapped_column(String(120))
    perceptual_hash: Mapped[str | None] = mapped_column(String(64))  # PDQ, 64 hexadecimal digits
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]
    verdict: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class LineageRow(Base):
    """`child` was made from `parent` by `person_key`."""

    __tablename__ = "lineage"

    child: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    parent: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True, index=True)
    operation: Mapped[str] = mapped_column(String(16))
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"))


class StarRow(Base):
    __tablename__ = "stars"

    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True)
    created_at: Mapped[datetime]


class LedgerRow(Base):
    """Append-only. `entry_key` makes each entry happen once, e.g. ``<job>:reserve``."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ix_ledger_person_key_period", "person_key", "period"),
        Index("ix_ledger_account_period", "account", "period"),
    )

    entry_key: Mapped[str] = mapped_column(String(220), primary_key=True)
    account: Mapped[str] = mapped_column(String(220))  # whose credits: a human's key, or a pool's
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"))
    period: Mapped[str] = mapped_column(String(7))  # the month that the credits belong to, 2026-11
    kind: Mapped[str] = mapped_column(String(16))  # grant, reserve, capture, release, gift, passed, parted
    amount: Mapped[int]
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    created_at: Mapped[datetime]


class BanRow(Base):
    __tablename__ = "bans"

    person_key: Mapped[str] = mapped_column(String(200), primary_key=True)
    until: Mapped[datetime | None]  # None: for good
    reason: Mapped[str] = mapped_column(Text, default="")
    banned_by: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]


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
    subject: Mapped[str] = mapped_column(String(200))
    filed_by: Mapped[str | None] = mapped_column(String(200))
    addressee: Mapped[str | None] = mapped_column(String(200))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    picture_id: Mapped[str | None] = mapped_column(String(16))  # not a key: a refused picture has no row
    rule: Mapped[str] = mapped_column(String(64), default="")
    category: Mapped[str] = mapped_column(String(64), default="")
    evidence: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[str] = mapped_column(Text, default="")
    weight: Mapped[float] = mapped_column(default=1.0)
    opened_at: Mapped[datetime]
    claimed_by: Mapped[str | None] = mapped_column(String(200))
    claimed_until: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")


class NoticeRow(Base):
    """What the instance tells one person."""

    __tablename__ = "notices"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), index=True)
    text: Mapped[str] = mapped_column(Text)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    job_id: Mapped[str | None] = mapped_column(String(12), index=True)  # what was built on somebody's picture
    written_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class PreferencesRow(Base):
    __tablename__ = "preferences"

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True)
    data: Mapped[dict[str, Any]]


class CommunityRow(Base):
    __tablename__ = "communities"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    data: Mapped[dict[str, Any]]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class LinkCodeRow(Base):
    """A code that one identity was given, to be typed by the other."""

    __tablename__ = "link_codes"

    code: Mapped[str] = mapped_column(String(16), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"))
    expires_at: Mapped[datetime]


class DigestRow(Base):
    """The digest of a week was written for a community. `week` is its Monday, 2026-11-16."""

    __tablename__ = "digests"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    week: Mapped[str] = mapped_column(String(10), primary_key=True)
    written_at: Mapped[datetime]

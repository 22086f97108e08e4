"""Jobs, pictures with their lineage and stars, and the ledger of credits with its sums."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, REASSIGNED, SEPARATE, Base

_IS_WAITING = text("state IN ('accepted', 'queued')")


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_lease_until", "state", "lease_until"),
        Index("ix_jobs_ended_at", "ended_at"),
        Index(
            "ix_jobs_state_priority_created_at", "state", "priority", "created_at"
        ),  # who comes before whom
        Index("ix_jobs_person_key_state_created_at", "person_key", "state", "created_at"),
        Index("ix_jobs_person_key_created_at", "person_key", "created_at"),
        Index("ix_jobs_platform_community_created_at", "platform", "community", "created_at"),
        Index(  # each community's queue, with all that is read of those that wait
            "ix_jobs_waiting",
            "platform",
            "community",
            "priority",
            "created_at",
            "id",
            "model",
            "command",
            "cost",
            "state",
            "queued_at",
            sqlite_where=_IS_WAITING,
            postgresql_where=_IS_WAITING,
        ),
    )

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    request_key: Mapped[str] = mapped_column(String(200), unique=True)  # one click, one job
    command: Mapped[str] = mapped_column(String(32))
    request: Mapped[dict[str, Any]]
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
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
    worker: Mapped[str | None] = mapped_column(String(100))  # that took it last, also after its end
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    # Its person has enough with the pictures that are finished; the others are not painted.
    enough_requested: Mapped[bool] = mapped_column(default=False, server_default=false())
    error_code: Mapped[str | None] = mapped_column(String(32))
    error_text: Mapped[str | None] = mapped_column(Text)
    # The numbered grid that earlier versions made of a job's pictures; its file is deleted with one of them.
    grid_key: Mapped[str | None] = mapped_column(String(120), index=True)
    painting_seconds: Mapped[float | None]  # what the model took, without waiting and without what follows
    refused_rule: Mapped[str] = mapped_column(String(64), default="")
    refused_category: Mapped[str] = mapped_column(String(64), default="")
    policy_version: Mapped[str] = mapped_column(String(12), default="")
    cleared: Mapped[bool] = mapped_column(default=False)
    spoiler: Mapped[bool] = mapped_column(default=False)
    # The gathering that it is a part of, by id, and the part's number. Without foreign keys: parts refer to jobs.
    gathering: Mapped[str | None] = mapped_column(String(12), index=True)
    part: Mapped[int | None]
    visibility: Mapped[str] = mapped_column(String(16), default="listed", server_default="listed")


class JobSourceRow(Base):
    """A file that a job's request starts from, by its place among the sources; written by a trigger of `jobs`.

    `part` is the field of `studio.domain.requests.Source` that names it. `picture_id`: of a picture painted here, else
    it is an upload.
    """

    __tablename__ = "job_sources"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # counts from 0
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    file_key: Mapped[str] = mapped_column(Text, index=True)
    picture_id: Mapped[str | None] = mapped_column(Text, index=True)


class UploadRow(Base):
    """A file that somebody attached to requests, once for each person; written by triggers of `job_sources`.

    `size_bytes` is that of the file and of the masks made of it. `used_at` is when a job to which that person attached
    it was last asked for. The last row of a file stays while any job names it.
    """

    __tablename__ = "uploads"

    file_key: Mapped[str] = mapped_column(Text, primary_key=True)
    person_key: Mapped[str] = mapped_column(
        ForeignKey("people.key"), primary_key=True, index=True, info=REASSIGNED
    )
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime] = mapped_column(index=True)
    deleted_at: Mapped[datetime | None]  # nobody's quota counts it any more, though jobs may name it


class PictureRow(Base):
    __tablename__ = "pictures"
    __table_args__ = (
        Index("ix_pictures_job_id_position", "job_id", "position", unique=True),
        Index("ix_pictures_person_key_created_at_id", "person_key", "created_at", "id"),
        Index("ix_pictures_created_at", "created_at"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    position: Mapped[int]  # counts from 1
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    recipe: Mapped[dict[str, Any]]
    storage_key: Mapped[str] = mapped_column(String(120), index=True)
    master_key: Mapped[str | None] = mapped_column(String(120), index=True)  # unsigned; None: the same file
    thumbnail_key: Mapped[str] = mapped_column(String(120), index=True)
    # None: the picture is no larger than the size before, or was stored when these were not made yet.
    thumbnail_640_key: Mapped[str | None] = mapped_column(String(120), index=True)
    thumbnail_1280_key: Mapped[str | None] = mapped_column(String(120), index=True)
    perceptual_hash: Mapped[str | None] = mapped_column(String(64))  # PDQ, 64 hexadecimal digits
    width: Mapped[int]
    height: Mapped[int]
    size_bytes: Mapped[int]  # of all its files: signed copy, original and thumbnails
    verdict: Mapped[dict[str, Any]]
    alt_text: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)  # of what a model saw in it
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
    # The case of an urgent report that hides it: deleted to everybody, and there again if a moderator says so.
    hidden_by: Mapped[str | None] = mapped_column(String(12), index=True)
    # Taken down by a moderator: until then its owner may appeal and its files stay. By the decision on which report.
    appeal_until: Mapped[datetime | None] = mapped_column(index=True)
    taken_down_by: Mapped[str | None] = mapped_column(String(12))


class LineageRow(Base):
    """`child` was made from `parent` by `person_key`."""

    __tablename__ = "lineage"

    child: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    parent: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True, index=True)
    operation: Mapped[str] = mapped_column(String(16))
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)


class StarRow(Base):
    __tablename__ = "stars"

    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    created_at: Mapped[datetime]


class ShareRow(Base):
    """A public link to a picture, until its owner takes it back. `token` is all that a visitor has to know."""

    __tablename__ = "shares"

    token: Mapped[str] = mapped_column(String(32), primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), unique=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), index=True, info=DELETED)
    created_at: Mapped[datetime]


class LedgerRow(Base):
    """Append-only. `entry_key` makes each entry happen once, e.g. ``<job>:reserve``."""

    __tablename__ = "ledger"
    __table_args__ = (
        Index("ix_ledger_person_key_period", "person_key", "period"),
        Index("ix_ledger_account_period", "account", "period"),
    )

    entry_key: Mapped[str] = mapped_column(String(220), primary_key=True)
    # Whose credits: a human's key, or a pool's.
    account: Mapped[str] = mapped_column(String(220), info=SEPARATE)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=REASSIGNED)
    period: Mapped[str] = mapped_column(String(7))  # the month that the credits belong to, 2026-11
    kind: Mapped[str] = mapped_column(String(16))  # grant, reserve, capture, release, gift, passed, parted
    amount: Mapped[int]
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"), index=True)
    created_at: Mapped[datetime]


class BalanceRow(Base):
    """The sum of an account's entries of one kind in one month; written by triggers of `ledger`. No row means 0."""

    __tablename__ = "balances"

    account: Mapped[str] = mapped_column(String(220), primary_key=True, info=SEPARATE)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    amount: Mapped[int]


class CommunityTurnRow(Base):
    """What a community had of the workers beside others, in pictures since the beginning; `studio.db.queue` counts.

    `began` is where its latest job began, `had` where it ended. A community that was away does not make up for it.
    """

    __tablename__ = "community_turns"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    began: Mapped[int] = mapped_column(BigInteger)
    had: Mapped[int] = mapped_column(BigInteger)


class StorageUseRow(Base):
    """What the files of a person or a community take; written by triggers of `pictures` and `uploads`.

    `owner` is a person's key, or what `studio.db.running_sums.storage_use.community_owner` makes. `pictures` counts
    those, and no uploads.
    """

    __tablename__ = "storage_use"

    owner: Mapped[str] = mapped_column(String(220), primary_key=True, info=SEPARATE)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    pictures: Mapped[int]

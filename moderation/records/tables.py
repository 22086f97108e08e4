"""The tables of moderation, beside those of the studio."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables import SEPARATE, Base, JsonData


class AuditRow(Base):
    """One entry of the chain. `actor`, `subject`, `details` and `salt` go when a person asks; the rest stays."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # 1, 2, 3 …
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str | None] = mapped_column(String(200), index=True, info=SEPARATE)
    subject: Mapped[str | None] = mapped_column(String(200), index=True, info=SEPARATE)
    details: Mapped[dict[str, Any] | None] = mapped_column(JsonData)
    salt: Mapped[str | None] = mapped_column(String(32))
    content_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    entry_hash: Mapped[str] = mapped_column(String(64))


class StrikeRow(Base):
    """One strike against a person. Its weight decays with time; an overturned one counts no more."""

    __tablename__ = "strikes"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    person_key: Mapped[str] = mapped_column(String(200), index=True, info=SEPARATE)
    rule: Mapped[str] = mapped_column(String(64))
    category: Mapped[str] = mapped_column(String(64))
    weight: Mapped[float]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    job_id: Mapped[str | None] = mapped_column(String(12), index=True)
    at: Mapped[datetime]
    overturned_at: Mapped[datetime | None]


class ArtistOptOutRow(Base):
    """An artist who asked that a community imitates their style no longer. `name` is folded, as prompts are read."""

    __tablename__ = "artist_opt_outs"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    written: Mapped[str] = mapped_column(String(80))  # the name as the artist wrote it
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    at: Mapped[datetime]


EVERYWHERE = "*"  # in place of a platform and a community: in all of the installation


class BlockedPictureRow(Base):
    """A picture that a moderator blocked, by its PDQ fingerprint, in one community or everywhere."""

    __tablename__ = "blocked_pictures"

    platform: Mapped[str] = mapped_column(String(16), primary_key=True)
    community: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)  # 256 bits, hexadecimal
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    blocked_by: Mapped[str] = mapped_column(String(200), info=SEPARATE)
    at: Mapped[datetime]


class OutsideReportRow(Base):
    """A report of somebody without a name here. The code of its receipt is known by its digest only."""

    __tablename__ = "outside_reports"

    code_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)  # None: not made here
    reason: Mapped[str] = mapped_column(String(16))
    contact: Mapped[str] = mapped_column(String(200), default="")  # where the reporter wants the answer
    words: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    reporter: Mapped[str] = mapped_column(
        String(100), default="", server_default=text("''")
    )  # the name they sign with
    # That they believe what they say.
    good_faith: Mapped[bool] = mapped_column(default=False, server_default=false())
    # In which the reporter reads.
    language: Mapped[str] = mapped_column(String(16), default="en", server_default=text("'en'"))
    received_at: Mapped[datetime]
    decide_by: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]  # when they were told the decision by mail, or that they cannot be

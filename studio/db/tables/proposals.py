"""Prompts that were proposed to somebody."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, Base


class ProposalRow(Base):
    """`data` is the command that waits for one of the `prompts`, as its kind of command reads it."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), index=True, info=DELETED)
    command: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    prompts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)

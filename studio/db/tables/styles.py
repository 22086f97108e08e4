"""Styles that people saved under a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, Base


class SavedStyleRow(Base):
    """`platform` and `community` are where it was saved, and where everybody may use it if it is `shared`."""

    __tablename__ = "saved_styles"
    __table_args__ = (Index(None, "platform", "community"),)

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    shared: Mapped[bool]
    data: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]

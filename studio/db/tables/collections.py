"""Pictures that people collect for a blend."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, Base


class CollectedRow(Base):
    """A picture in somebody's tray: one that was made here, by its id, or an upload of theirs, by its storage key."""

    __tablename__ = "collected_pictures"

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    source: Mapped[dict[str, Any]]  # of an upload; empty for a picture that was made here
    added_at: Mapped[datetime]

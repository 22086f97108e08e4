"""Pictures that people collect: for a blend, and in folders."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from studio.db.tables.columns import DELETED, Base


class CollectedRow(Base):
    """A picture in somebody's tray: one that was made here, by its id, or an upload of theirs, by its storage key."""

    __tablename__ = "collected_pictures"

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    item: Mapped[str] = mapped_column(String(120), primary_key=True)
    source: Mapped[dict[str, Any]]  # of an upload; empty for a picture that was made here
    added_at: Mapped[datetime]


class FolderRow(Base):
    """A person's folder of pictures. `platform` and `community` are where everybody may open it if it is `shared`."""

    __tablename__ = "folders"
    __table_args__ = (UniqueConstraint("person_key", "name"), Index(None, "platform", "community"))

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), info=DELETED)
    name: Mapped[str] = mapped_column(String(60))
    platform: Mapped[str] = mapped_column(String(16))
    community: Mapped[str] = mapped_column(String(64))
    shared: Mapped[bool]
    created_at: Mapped[datetime]


class FolderPictureRow(Base):
    """A picture in a folder. Of one person's folders it is in one at most."""

    __tablename__ = "folder_pictures"
    __table_args__ = (Index(None, "folder_id"), Index(None, "picture_id"))

    person_key: Mapped[str] = mapped_column(ForeignKey("people.key"), primary_key=True, info=DELETED)
    picture_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    folder_id: Mapped[str] = mapped_column(String(12))
    added_at: Mapped[datetime]

"""Measures the files of pictures and uploads that were recorded before all of them counted in quotas."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.dml import ReturningUpdate

from studio.db.database import Database
from studio.db.tables import JobSourceRow, PictureRow, UploadRow
from studio.services.file_references import HAS_FILES

_AT_ONCE = 100
_FILES = (
    PictureRow.storage_key,
    PictureRow.master_key,
    PictureRow.thumbnail_key,
    PictureRow.thumbnail_640_key,
    PictureRow.thumbnail_1280_key,
)

SizeOf = Callable[[str], int | None]  # in bytes, by key; None: there is no such file


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`last`: the id of the last picture that was looked at; empty where there was none."""

    last: str
    looked_at: int
    corrected: int


class FileSizes:
    """Each size is written in a transaction of its own, which locks what one person and one community take.

    Stopping and repeating it does no harm, nor do two at once. All methods raise `DatabaseUnavailableError`, and what
    `size_of` raises.
    """

    def __init__(self, database: Database, size_of: SizeOf) -> None:
        self._database = database
        self._size_of = size_of

    def measure_pictures(self, *, after: str = "") -> Measured:
        """The next hundred, by id. One of which a file is missing keeps its size."""
        query = select(PictureRow.id, PictureRow.size_bytes, *_FILES).where(PictureRow.id > after, HAS_FILES)
        with self._database.read() as session:
            pictures = session.execute(query.order_by(PictureRow.id).limit(_AT_ONCE)).all()
        corrected = 0
        for picture_id, recorded, *keys in pictures:
            size = self._sum(keys)
            if size is not None and size != recorded:
                row = (PictureRow.id == picture_id) & (PictureRow.size_bytes == recorded)
                corrected += self._write(
                    update(PictureRow).where(row).values(size_bytes=size).returning(PictureRow.id)
                )
        last = pictures[-1][0] if pictures else ""
        return Measured(last=last, looked_at=len(pictures), corrected=corrected)

    def measure_uploads(self) -> int:
        """How many of those without a size got one, with the masks made of them."""
        unknown = (UploadRow.size_bytes == 0) & UploadRow.deleted_at.is_(None)
        uploads = select(UploadRow.file_key, UploadRow.person_key).where(unknown)
        with self._database.read() as session:
            files = {(key, person): _with_masks(session, key) for key, person in session.execute(uploads)}
        corrected = 0
        for (key, person), keys in files.items():
            if size := self._sum(keys):
                row = (UploadRow.file_key == key) & (UploadRow.person_key == person) & unknown
                corrected += self._write(
                    update(UploadRow).where(row).values(size_bytes=size).returning(UploadRow.file_key)
                )
        return corrected

    def _sum(self, keys: Iterable[str | None]) -> int | None:
        sizes = [self._size_of(key) for key in {key for key in keys if key}]
        return None if None in sizes else sum(filter(None, sizes))

    def _write(self, statement: ReturningUpdate[Any]) -> int:
        with self._database.begin() as session:
            return len(session.scalars(statement, execution_options={"synchronize_session": False}).all())


def _with_masks(session: Session, file_key: str) -> set[str]:
    of_source = aliased(JobSourceRow)
    same = (of_source.job_id == JobSourceRow.job_id) & (of_source.position == JobSourceRow.position)
    files = select(JobSourceRow.file_key).join(of_source, same).where(of_source.file_key == file_key)
    return {file_key, *session.scalars(files)}

"""What all tables share: names of keys, and columns for times, JSON and row numbers."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Erasure(StrEnum):
    """What becomes of a row that names a person in a column, once that person is forgotten.

    Every column that may hold a person's key says so with ``info=DELETED``, ``info=REASSIGNED`` or ``info=SEPARATE``;
    `studio.services.personal_data` finds a person's rows by it.
    """

    DELETED = "deleted"
    REASSIGNED = "reassigned"  # to a somebody with a random key, because others need the row
    SEPARATE = "separate"  # code of its own decides, such as for what is kept while the person is judged


ERASURE = "erasure"
DELETED: dict[Any, Any] = {ERASURE: Erasure.DELETED}
REASSIGNED: dict[Any, Any] = {ERASURE: Erasure.REASSIGNED}
SEPARATE: dict[Any, Any] = {ERASURE: Erasure.SEPARATE}


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

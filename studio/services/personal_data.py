"""Where the database keeps something of a person: by the columns that name people, in all tables that are loaded."""

from collections.abc import Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from studio.db.tables import ERASURE, Base, Erasure, JobRow, PictureRow


def person_columns(*erasures: Erasure) -> list[InstrumentedAttribute[str]]:
    """The columns that may hold a person's key and have one of these fates. Referred tables come first."""
    order = [table.name for table in Base.metadata.sorted_tables]
    mappers = sorted(Base.registry.mappers, key=lambda mapper: order.index(mapper.class_.__tablename__))
    attributes = [attribute for mapper in mappers for attribute in mapper.column_attrs]
    return [
        attribute.class_attribute
        for attribute in attributes
        if attribute.columns[0].info.get(ERASURE) in erasures
    ]


def jobs_of(keys: Sequence[str]) -> Select[JobRow]:
    """The jobs of some identities, in the order of their ids."""
    return select(JobRow).where(JobRow.person_key.in_(keys)).order_by(JobRow.id)


def pictures_of(keys: Sequence[str]) -> Select[PictureRow]:
    """The pictures of some identities that were not deleted."""
    there = PictureRow.deleted_at.is_(None) | PictureRow.hidden_by.is_not(None)
    return select(PictureRow).where(PictureRow.person_key.in_(keys), there)

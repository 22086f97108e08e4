"""What the pictures of people and communities take in the storage."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.db.tables import StorageUseRow
from studio.domain.people import Platform


def community_owner(platform: Platform, community: str) -> str:
    """The owner in `storage_use` that stands for a community."""
    return f"community:{platform}:{community}"


def stored_bytes(session: Session, owners: Sequence[str]) -> int:
    """Of all of these together: of the identities of one human, or of one community."""
    query = select(func.coalesce(func.sum(StorageUseRow.size_bytes), 0))
    return int(session.scalar(query.where(StorageUseRow.owner.in_(owners))) or 0)

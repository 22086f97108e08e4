"""Whether there is room for more pictures: on the disk, and in the share of a person and of their community."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from studio.db.identities.linked_identities import identities
from studio.db.running_sums.storage_use import community_owner, stored_bytes
from studio.domain.people import Person
from studio.errors import StorageError, StorageQuotaError
from studio.ports import Ports

_MIB = 1024**2


def require_free_disk(ports: Ports) -> None:
    """Raises `StorageError` while a disk is nearly full: what was accepted before still has room to end.

    The disks are those of pictures, of a SQLite database and of the home folder, in which are secrets, evidence and a
    Redis of one's own. A bucket, and servers on other machines, do not tell; there nothing is refused.
    """
    known = (
        ports.store.free_bytes(),
        ports.database.free_bytes(),
        *map(_free_bytes, ports.rules.watched_folders),
    )
    free = [room for room in known if room is not None]
    if free and min(free) < ports.rules.min_free_disk_bytes:
        raise StorageError(reason="nearly_full")


def _free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def require_quota(ports: Ports, session: Session, person: Person) -> None:
    """Raises `StorageQuotaError` for a person or a community whose pictures take what they may."""
    rules = ports.rules
    if rules.person_storage_bytes is not None:
        _require(session, "person", identities(session, person.key), rules.person_storage_bytes)
    if rules.community_storage_bytes is not None:
        community = [community_owner(person.platform, person.community)]
        _require(session, "community", community, rules.community_storage_bytes)


def _require(session: Session, scope: str, owners: Sequence[str], limit_bytes: int) -> None:
    used_bytes = stored_bytes(session, owners)
    if used_bytes >= limit_bytes:
        raise StorageQuotaError(
            scope=scope, used_mib=round(used_bytes / _MIB), limit_mib=round(limit_bytes / _MIB)
        )

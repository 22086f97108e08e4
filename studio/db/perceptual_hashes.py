"""The perceptual hashes of all pictures in memory, to find look-alikes without reading the table each time.

A process packs them into one array at its first search, and adds what is new before each later one. A million hashes
take 60 MB, some seconds to read, and about 30 ms to compare.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine, Row, select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.tables import JobRow, PictureRow
from studio.domain.people import Platform
from studio.domain.provenance import BITS, SAME_BITS

# A picture is recorded a moment after the time that its row tells, by a worker whose clock may be behind.
_LATE = timedelta(minutes=10)
_BATCH = 5000
_DIGITS = BITS // 4
_ENTRY = np.dtype(
    [("bits", np.uint64, BITS // 64), ("id", "S16"), ("created_us", np.int64), ("home", np.int32)]
)

_Home = tuple[str, str]  # platform, community
_Found = Row[str, str | None, datetime, str, str]


class PerceptualHashes:
    """Those of one database, as of the last search. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: NDArray[Any] = np.empty(0, _ENTRY)
        self._homes: dict[_Home, int] = {}
        self._read_at: datetime | None = None
        self._recent: frozenset[str] = frozenset()  # those known already that the next search reads again

    def find(self, session: Session, fingerprint: str, home: tuple[Platform, str] | None) -> list[str]:
        """The ids of pictures at most 31 of 256 bits away, the likest first and of equal ones the first.

        `home`: those of one community only. Deleted, held and forgotten ones are among them: look at the rows.
        """
        with self._lock:
            self._add_new(session)
            entries = self._entries
            code = None if home is None else self._homes.get((str(home[0]), home[1]), -1)
        bits = np.bitwise_count(entries["bits"] ^ _pack([fingerprint])).sum(axis=1, dtype=np.uint16)
        close = bits <= SAME_BITS
        if code is not None:
            close &= entries["home"] == code
        alike = np.flatnonzero(close)
        order = np.lexsort((entries["id"][alike], entries["created_us"][alike], bits[alike]))
        return [picture_id.decode() for picture_id in entries["id"][alike[order]]]

    def _add_new(self, session: Session) -> None:
        at = now()
        columns = (PictureRow.id, PictureRow.perceptual_hash, PictureRow.created_at)
        query = select(*columns, JobRow.platform, JobRow.community).join(
            JobRow, JobRow.id == PictureRow.job_id
        )
        query = query.where(PictureRow.perceptual_hash.is_not(None))
        if self._read_at is not None:
            query = query.where(PictureRow.created_at >= self._read_at - _LATE)
        parts, recent = [self._entries], set[str]()
        for batch in session.execute(query).partitions(_BATCH):
            recent.update(row.id for row in batch if row.created_at >= at - _LATE)
            parts.append(self._entries_of([row for row in batch if row.id not in self._recent]))
        self._entries = np.concatenate(parts)
        self._read_at, self._recent = at, frozenset(recent)

    def _entries_of(self, rows: Sequence[_Found]) -> NDArray[Any]:
        rows = [row for row in rows if len(row.perceptual_hash or "") == _DIGITS]
        entries = np.empty(len(rows), _ENTRY)
        entries["bits"] = _pack([row.perceptual_hash or "" for row in rows])
        entries["id"] = [row.id.encode() for row in rows]
        entries["created_us"] = [int(row.created_at.timestamp() * 1e6) for row in rows]
        entries["home"] = [
            self._homes.setdefault((row.platform, row.community), len(self._homes)) for row in rows
        ]
        return entries


def hashes_of(session: Session) -> PerceptualHashes:
    """Those of the session's database in this process."""
    return _OF_DATABASE.setdefault(session.get_bind().engine, PerceptualHashes())


def _pack(hashes: Sequence[str]) -> NDArray[np.uint64]:
    """Shape (hashes, 4), from 64 hexadecimal digits each."""
    return np.frombuffer(bytes.fromhex("".join(hashes)), np.uint64).reshape(-1, BITS // 64)


_OF_DATABASE: WeakKeyDictionary[Engine, PerceptualHashes] = WeakKeyDictionary()

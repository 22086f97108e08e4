"""Pictures that are copies of one on the community's block list."""

import threading
from pathlib import Path

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from moderation.vision.hash_lists import read_list
from moderation.vision.pdq import SAME_BITS, USABLE_QUALITY, distance
from studio.domain.verdicts import Ruling


class Blocked:
    """The list is a text file of PDQ hashes, 64 hexadecimal digits a line; # begins a remark.

    A changed file counts from the next picture on. A missing file is an empty list.
    """

    name = "blocked"

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._read_at: tuple[int, int] | None = None
        self._hashes: tuple[int, ...] = ()

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises ValueError for a file with a line that is no hash, OSError for one that cannot be read."""
        known = self._current()
        if not known:
            return None
        views = [view.bits for view in subject.hashes if view.quality >= USABLE_QUALITY]
        for bits in known:
            if any(distance(bits, view) <= SAME_BITS for view in views):
                return Finding(
                    ruling=Ruling.REFUSE, rule=self.name, category=Category.PICTURE, evidence=f"{bits:064x}"
                )
        return None

    def _current(self) -> tuple[int, ...]:
        with self._lock:
            if self._path is None or not self._path.exists():
                return ()
            status = self._path.stat()
            if (seen := (status.st_mtime_ns, status.st_size)) != self._read_at:
                self._hashes, self._read_at = tuple(read_list(self._path.read_text("utf-8"))), seen
            return self._hashes

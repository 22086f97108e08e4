"""Pictures that are copies of one on a list of the operator's: blocked ones, or known abuse of children."""

import hashlib
import threading
from pathlib import Path

from moderation.policy.categories import Category
from moderation.policy.findings import Finding
from moderation.rules.image.subject import ImageSubject
from moderation.vision.hash_lists import HashKind, ListedHash, read_list
from moderation.vision.pdq import SAME_BITS, USABLE_QUALITY, distance
from studio.domain.verdicts import Ruling

_EXACT = (HashKind.MD5, HashKind.SHA1, HashKind.SHA256)


class Blocked:
    """The list is a text file of hashes, see `moderation.vision.hash_lists`.

    PDQ hashes find what looks the same, the others the very file that somebody brings along. A changed file counts
    from the next picture on. A missing file is an empty list.
    """

    def __init__(
        self, path: Path | None, *, name: str = "blocked", category: Category = Category.PICTURE
    ) -> None:
        self.name = name
        self._category = category
        self._path = path
        self._lock = threading.Lock()
        self._read_at: tuple[int, int] | None = None
        self._pdq: tuple[int, ...] = ()
        self._exact: dict[HashKind, frozenset[int]] = {}

    def judge(self, subject: ImageSubject) -> Finding | None:
        """Raises ValueError for a file with a line that is no hash, OSError for one that cannot be read."""
        pdq, exact = self._current()
        found = _find_file(exact, subject.original) if subject.original else None
        views = [view.bits for view in subject.hashes if view.quality >= USABLE_QUALITY] if pdq else []
        for bits in pdq if found is None else ():
            if any(distance(bits, view) <= SAME_BITS for view in views):
                found = ListedHash(bits=bits)
                break
        if found is None:
            return None
        evidence = found.digits if found.kind is HashKind.PDQ else f"{found.kind}:{found.digits}"
        return Finding(ruling=Ruling.REFUSE, rule=self.name, category=self._category, evidence=evidence)

    def _current(self) -> tuple[tuple[int, ...], dict[HashKind, frozenset[int]]]:
        with self._lock:
            if self._path is None or not self._path.exists():
                return (), {}
            status = self._path.stat()
            if (seen := (status.st_mtime_ns, status.st_size)) != self._read_at:
                keys = tuple(read_list(self._path.read_text("utf-8")))
                self._pdq = tuple(bits for kind, bits in keys if kind is HashKind.PDQ)
                by_kind = {kind: frozenset(bits for other, bits in keys if other is kind) for kind in _EXACT}
                self._exact = {kind: bits for kind, bits in by_kind.items() if bits}
                self._read_at = seen
            return self._pdq, self._exact


def _find_file(exact: dict[HashKind, frozenset[int]], data: bytes) -> ListedHash | None:
    """The hash on the list that the file has."""
    for kind, listed in exact.items():
        bits = int(hashlib.new(kind, data, usedforsecurity=False).hexdigest(), 16)
        if bits in listed:
            return ListedHash(bits=bits, kind=kind)
    return None

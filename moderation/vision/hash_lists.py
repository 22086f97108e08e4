"""Lists of hashes of pictures: our own text files, and what other communities and ThreatExchange hand on as CSV.

Our own file holds one hash a line, in hexadecimal digits; # begins a remark. 64 digits are a PDQ hash, which also finds
copies that look the same, 40 are SHA-1 and 32 are MD5, which find the same file only. ``sha256:``, ``sha1:``, ``md5:``
and ``pdq:`` before the digits name the kind. See `rules/image/blocked_everywhere.py`.
"""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from moderation.vision.pdq import USABLE_QUALITY
from studio.errors import BadParameterError

_LARGEST_CSV_BYTES = 256 * 2**20


class HashKind(StrEnum):
    PDQ = "pdq"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"


_DIGITS = {HashKind.PDQ: 64, HashKind.MD5: 32, HashKind.SHA1: 40, HashKind.SHA256: 64}
_BY_DIGITS = {32: HashKind.MD5, 40: HashKind.SHA1, 64: HashKind.PDQ}
_ENTRY = re.compile(r"(?:(pdq|md5|sha1|sha256):)?([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})")
# How columns and types are called; ThreatExchange writes HASH_SHA256.
_NAMES = {
    HashKind.PDQ: re.compile(r"(?:hash_)?pdq(?:_hash)?"),
    HashKind.MD5: re.compile(r"(?:hash_)?md5(?:_hash)?"),
    HashKind.SHA1: re.compile(r"(?:hash_)?sha-?1(?:_hash)?"),
    HashKind.SHA256: re.compile(r"(?:hash_)?sha-?256(?:_hash)?"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHash:
    bits: int
    kind: HashKind = HashKind.PDQ
    remark: str = ""

    @property
    def digits(self) -> str:
        return f"{self.bits:0{_DIGITS[self.kind]}x}"

    @property
    def key(self) -> tuple[HashKind, int]:
        return self.kind, self.bits

    @property
    def line(self) -> str:
        prefix = "sha256:" if self.kind is HashKind.SHA256 else ""
        return prefix + self.digits + (f"  # {self.remark}" if self.remark else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`skipped` hold no hash of a known kind, or one of a picture with too little detail to be told from others."""

    added: int
    known: int
    skipped: int


def read_list(text: str) -> dict[tuple[HashKind, int], ListedHash]:
    """In order, each once. Raises ValueError with the number of the first line that is no hash."""
    hashes: dict[tuple[HashKind, int], ListedHash] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry, _, remark = line.partition("#")
        entry = entry.strip().lower()
        if not entry:
            continue
        found = _read_entry(entry, remark.strip())
        if found is None:
            raise ValueError(f"line {number} is no hash of 64, 40 or 32 hexadecimal digits")
        hashes.setdefault(found.key, found)
    return hashes


def _read_entry(entry: str, remark: str) -> ListedHash | None:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return None
    kind = HashKind(match[1]) if match[1] else _BY_DIGITS[len(match[2])]
    if len(match[2]) != _DIGITS[kind]:
        return None
    return ListedHash(bits=int(match[2], 16), kind=kind, remark=remark)


def add_from_csv(path: Path, table: Path, *, remark: str) -> Imported:
    """Add the hashes of a CSV to a list.

    Raises `BadParameterError`, ValueError or OSError, and changes nothing then.
    """
    hashes = read_list(path.read_text("utf-8")) if path.exists() else {}
    before, cells, usable = len(hashes), 0, 0
    for found in hashes_in_csv(table):
        cells += 1
        if found is not None:
            usable += 1
            entry = ListedHash(bits=found.bits, kind=found.kind, remark=remark)
            hashes.setdefault(entry.key, entry)
    added = len(hashes) - before
    write_list(path, hashes.values())
    return Imported(added=added, known=usable - added, skipped=cells - usable)


def hashes_in_csv(table: Path) -> Iterator[ListedHash | None]:
    """For each row its hashes; None for each that cannot be used. A column must say which kind it is.

    Understood are columns named ``pdq``, ``md5``, ``sha1`` or ``sha256`` (also ``pdq_hash`` …), one named ``hash``,
    ``indicator``, ``signal`` or ``value`` beside a ``type`` that says the kind in each row, and a file of one column
    of PDQ, SHA-1 or MD5 hashes without names. Raises `BadParameterError`.
    """
    if table.stat().st_size > _LARGEST_CSV_BYTES:
        raise BadParameterError("file", "list_too_large")
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        try:
            first = next(rows, [])
            if len(first) == 1 and (found := _read_entry(first[0].strip().lower(), "")):
                yield found
                for row in rows:
                    if any(row):
                        yield _read_entry(row[0].strip().lower(), "")
                return
            columns = _Columns.from_names([column.strip().lower() for column in first])
            for row in rows:
                if any(row):
                    yield from columns.read(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadParameterError("file", "not_csv") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Places in a row: of hashes with their kind, None where the row says it at the place `type`."""

    hashes: tuple[tuple[int, HashKind | None], ...]
    type: int | None = None
    quality: int | None = None

    @classmethod
    def from_names(cls, names: list[str]) -> "_Columns":
        places: Mapping[str, int] = {name: place for place, name in reversed(list(enumerate(names)))}

        def first_of(*wanted: str) -> int | None:
            return next((places[name] for name in wanted if name in places), None)

        quality = first_of("quality", "pdq_quality")
        own = [(place, kind) for place, name in enumerate(names) if (kind := _kind_named(name))]
        if own:
            return cls(hashes=tuple(own), quality=quality)
        type_place, value = (
            first_of("type", "indicator_type", "signal_type"),
            first_of("hash", "indicator", "signal", "value", "signal_str"),
        )
        if type_place is None or value is None:
            raise BadParameterError("file", "not_pdq")
        return cls(hashes=((value, None),), type=type_place, quality=quality)

    def read(self, row: list[str]) -> Iterator[ListedHash | None]:
        for place, kind in self.hashes:
            if place < len(row) and not row[place].strip() and len(self.hashes) > 1:
                continue  # a row may have hashes of some of the kinds only
            yield self._hash(row, place, kind)

    def _hash(self, row: list[str], place: int, kind: HashKind | None) -> ListedHash | None:
        places = [place for place in (place, self.type, self.quality) if place is not None]
        if max(places) >= len(row):
            return None
        if kind is None and self.type is not None:
            kind = _kind_named(row[self.type].strip().lower())
        if kind is None:
            return None
        digits = row[place].strip().lower()
        unclear = kind is HashKind.PDQ and self.quality is not None and not _usable(row[self.quality])
        return None if unclear else _read_entry(f"{kind}:{digits}", "")


def _kind_named(name: str) -> HashKind | None:
    return next((kind for kind, names in _NAMES.items() if names.fullmatch(name)), None)


def _usable(quality: str) -> bool:
    """An empty cell says nothing against it."""
    try:
        return not quality.strip() or float(quality) >= USABLE_QUALITY
    except ValueError:
        return False


def remove(path: Path, prefix: str) -> int:
    """Take out every hash that begins so. Raises `BadParameterError` for fewer than eight digits."""
    prefix = prefix.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{8,64}", prefix):
        raise BadParameterError("hash", "hash_too_short")
    hashes = read_list(path.read_text("utf-8"))
    remaining = [entry for entry in hashes.values() if not entry.digits.startswith(prefix)]
    write_list(path, remaining)
    return len(hashes) - len(remaining)


def write_list(path: Path, hashes: Iterable[ListedHash]) -> None:
    """Whole or not at all: a process that reads meanwhile sees the old list or the new one."""
    lines = "".join(entry.line + "\n" for entry in hashes)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write("# Hashes of pictures that nobody may see or bring along.\n" + lines)
    Path(file.name).replace(path)

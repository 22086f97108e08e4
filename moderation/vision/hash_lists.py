"""Lists of PDQ hashes: our own text files, and what other communities and ThreatExchange hand on as CSV.

Our own file holds one hash of 64 hexadecimal digits a line; # begins a remark. See `rules/image/blocked.py`.
"""

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moderation.vision.pdq import USABLE_QUALITY
from studio.errors import BadParameterError

_HASH = re.compile(r"[0-9a-f]{64}")
_LARGEST_CSV_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedHash:
    bits: int
    remark: str = ""

    @property
    def line(self) -> str:
        return f"{self.bits:064x}" + (f"  # {self.remark}" if self.remark else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """`skipped` rows hold another kind of hash, or one of a picture with too little detail to be told from others."""

    added: int
    known: int
    skipped: int


def read_list(text: str) -> dict[int, ListedHash]:
    """By bits, in order, each once. Raises ValueError with the number of the first line that is no hash."""
    hashes: dict[int, ListedHash] = {}
    for number, line in enumerate(text.splitlines(), 1):
        entry, _, remark = line.partition("#")
        entry = entry.strip().lower()
        if entry and not _HASH.fullmatch(entry):
            raise ValueError(f"line {number} is no PDQ hash of 64 hexadecimal digits")
        if entry:
            hashes.setdefault(int(entry, 16), ListedHash(bits=int(entry, 16), remark=remark.strip()))
    return hashes


def add_from_csv(path: Path, table: Path, *, remark: str) -> Imported:
    """Add the PDQ hashes of a CSV to a list.

    Raises `BadParameterError`, ValueError or OSError, and changes nothing then.
    """
    hashes = read_list(path.read_text("utf-8")) if path.exists() else {}
    before, rows, usable = len(hashes), 0, 0
    for bits in hashes_in_csv(table):
        rows += 1
        if bits is not None:
            usable += 1
            hashes.setdefault(bits, ListedHash(bits=bits, remark=remark))
    added = len(hashes) - before
    write_list(path, hashes.values())
    return Imported(added=added, known=usable - added, skipped=rows - usable)


def hashes_in_csv(table: Path) -> Iterator[int | None]:
    """For each row its PDQ hash, or None. Other hashes have 64 digits too, so a column must say which kind it is.

    Understood are a column named ``pdq`` or ``pdq_hash``, one named ``hash``, ``indicator``, ``signal`` or ``value``
    beside a ``type`` that says PDQ in each row, and a file of one column without names. Raises `BadParameterError`.
    """
    if table.stat().st_size > _LARGEST_CSV_BYTES:
        raise BadParameterError("file", "list_too_large")
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        try:
            first = next(rows, [])
            if len(first) == 1 and _HASH.fullmatch(first[0].strip().lower()):
                yield int(first[0], 16)
                columns = _Columns(hash=0)
            else:
                columns = _Columns.from_names([column.strip().lower() for column in first])
            for row in rows:
                if any(row):
                    yield columns.pdq(row)
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadParameterError("file", "not_csv") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Places in a row."""

    hash: int
    kind: int | None = None
    quality: int | None = None

    @classmethod
    def from_names(cls, names: list[str]) -> "_Columns":
        places: Mapping[str, int] = {name: place for place, name in reversed(list(enumerate(names)))}

        def first_of(*wanted: str) -> int | None:
            return next((places[name] for name in wanted if name in places), None)

        quality = first_of("quality", "pdq_quality")
        if (own := first_of("pdq", "pdq_hash", "hash_pdq")) is not None:
            return cls(hash=own, quality=quality)
        kind, value = (
            first_of("type", "indicator_type", "signal_type"),
            first_of("hash", "indicator", "signal", "value", "signal_str"),
        )
        if kind is None or value is None:
            raise BadParameterError("file", "not_pdq")
        return cls(hash=value, kind=kind, quality=quality)

    def pdq(self, row: list[str]) -> int | None:
        places = [place for place in (self.hash, self.kind, self.quality) if place is not None]
        if max(places) >= len(row) or (self.kind is not None and "pdq" not in row[self.kind].lower()):
            return None
        digits = row[self.hash].strip().lower()
        if not _HASH.fullmatch(digits) or (self.quality is not None and not _usable(row[self.quality])):
            return None
        return int(digits, 16)


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
    remaining = [entry for entry in hashes.values() if not f"{entry.bits:064x}".startswith(prefix)]
    write_list(path, remaining)
    return len(hashes) - len(remaining)


def write_list(path: Path, hashes: Iterable[ListedHash]) -> None:
    """Whole or not at all: a process that reads meanwhile sees the old list or the new one."""
    lines = "".join(entry.line + "\n" for entry in hashes)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write("# PDQ hashes of pictures that nobody may see or bring along.\n" + lines)
    Path(file.name).replace(path)

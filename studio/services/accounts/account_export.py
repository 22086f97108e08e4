"""Everything that is kept of a person as a ZIP: what `account_erasure` would delete, found by the same columns."""

import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.clock import now
from studio.db.identities import linked_identities
from studio.db.tables import ERASURE, Base, CaseRow, Erasure, JobRow, PersonRow, PictureRow
from studio.domain.cases import CaseKind
from studio.domain.jobs import JobState
from studio.domain.people import Person
from studio.errors import NotFoundError
from studio.ports import Ports
from studio.services import file_references, personal_data

_SOMEBODY_ELSE = "somebody else"  # data, which the readme of the archive explains
_NOT_THEIRS = (
    "token",
    "lease_owner",
    "worker",
    "salt",
    "code",
)  # secrets of the instance, and its own bookkeeping
_OF_REPORTERS = ("words", "evidence", "note")  # of a case that somebody else filed
# What was kept for the authorities, and who looked at it, is not for the person whom it is about.
_WITHHELD = frozenset({"evidence", "audit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an archive holds. `left_out` files were gone, or did not fit."""

    identities: int
    records: int
    files: int
    left_out: int = 0


def write_export(
    ports: Ports,
    person: Person,
    out: BinaryIO,
    *,
    readme: Callable[[Sequence[str]], str],
    most_bytes: int | None = None,
) -> Exported:
    """Write the archive, with as many files as fit into `most_bytes`. Raises `StorageError`.

    `readme` says what it holds, for the person whose names it is given.
    """
    with ports.database.read() as session:
        keys = linked_identities.identities(session, person.key)
        records = find_records(session, keys)
        files = _files_of(session, keys)
    written = left_out = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", readme(keys))
        for table, rows in records.items():
            archive.writestr(f"records/{table}.json", json.dumps(rows, indent=1, ensure_ascii=False))
        for name, key in files.items():
            data = _load(ports.store.get, key)
            if data is None or (most_bytes is not None and out.tell() + len(data) > most_bytes):
                left_out += 1
                continue
            archive.writestr(zipfile.ZipInfo(name, date_time=now().timetuple()[:6]), data)
            written += 1
    return Exported(
        identities=len(keys),
        records=sum(map(len, records.values())),
        files=written,
        left_out=left_out,
    )


def count_export(session: Session, person: Person) -> Exported:
    """What an archive would hold."""
    keys = linked_identities.identities(session, person.key)
    records = find_records(session, keys)
    return Exported(
        identities=len(keys), records=sum(map(len, records.values())), files=len(_files_of(session, keys))
    )


def find_records(session: Session, keys: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows that name a person in a column that `account_erasure` knows, by table, as JSON data."""
    columns: dict[Any, list[InstrumentedAttribute[str]]] = {}
    for column in personal_data.person_columns(*Erasure):
        columns.setdefault(column.class_, []).append(column)
    found: dict[str, list[dict[str, Any]]] = {}
    for table, named in columns.items():
        if table.__tablename__ in _WITHHELD:
            continue
        rows = session.scalars(select(table).where(or_(*(column.in_(keys) for column in named)))).all()
        if rows:
            found[table.__tablename__] = [_row_data(row, keys) for row in rows]
    return found


def _row_data(row: Base, keys: Sequence[str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for attribute in inspect(type(row)).column_attrs:
        value = getattr(row, attribute.key)
        if attribute.key.startswith(_NOT_THEIRS):
            continue
        if ERASURE in attribute.columns[0].info and value not in (None, *keys):
            value = _SOMEBODY_ELSE
        data[attribute.key] = _plain(value)
    if isinstance(row, CaseRow):
        del data["case_key"]  # holds the reporter's key
        if row.filed_by not in keys and (row.filed_by or row.kind == CaseKind.REPORT):
            data |= dict.fromkeys(_OF_REPORTERS, "")
    if isinstance(row, PersonRow):
        data["human"] = row.human if row.human in keys else _SOMEBODY_ELSE
    return data


def _plain(value: Any) -> Any:
    """As JSON, without the tokens with which messages can be edited for a while."""
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return f"{len(value)} bytes"
        case Mapping():
            return {
                name: _plain(item) for name, item in value.items() if not str(name).startswith(_NOT_THEIRS)
            }
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _files_of(session: Session, keys: Sequence[str]) -> dict[str, str]:
    """Storage keys by their names in the archive: pictures that people may see, then uploads."""
    delivered = (
        select(PictureRow)
        .join(JobRow, JobRow.id == PictureRow.job_id)
        .where(
            PictureRow.person_key.in_(keys), PictureRow.deleted_at.is_(None), JobRow.state == JobState.DONE
        )
    )
    files = {f"pictures/{row.id}.png": row.storage_key for row in session.scalars(delivered)}
    uploads = sorted(file_references.of_own_uploads(session.scalars(personal_data.jobs_of(keys))))
    return files | {f"uploads/{number}.png": key for number, key in enumerate(uploads, start=1)}


def _load(get: Callable[[str], bytes], key: str) -> bytes | None:
    try:
        return get(key)
    except NotFoundError:
        return None

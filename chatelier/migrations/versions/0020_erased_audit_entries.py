"""An `erase` entry stands for every entry of the audit chain that earlier versions emptied without naming it."""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_audit = sa.table(
    "audit",
    sa.column("number", sa.Integer),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("action", sa.String),
    sa.column("actor", sa.String),
    sa.column("subject", sa.String),
    sa.column("details", _JSON),
    sa.column("salt", sa.String),
    sa.column("content_hash", sa.String),
    sa.column("previous_hash", sa.String),
    sa.column("entry_hash", sa.String),
)


def upgrade() -> None:
    connection = op.get_bind()
    empty = sa.select(_audit.c.number).where(_audit.c.salt.is_(None)).order_by(_audit.c.number)
    numbers = connection.scalars(empty).all()
    if not numbers:
        return
    newest = sa.select(_audit.c.number, _audit.c.entry_hash).order_by(_audit.c.number.desc()).limit(1)
    last = connection.execute(newest).one()
    entry: dict[str, Any] = {
        "number": last.number + 1,
        "at": datetime.now(UTC),
        "action": "erase",
        "actor": "house",
        "subject": "",
        "details": {"entries": len(numbers), "ranges": _ranges(numbers), "by": "an earlier version"},
        "salt": secrets.token_hex(16),
        "previous_hash": last.entry_hash,
    }
    entry["content_hash"] = _digest([entry[name] for name in ("salt", "actor", "subject", "details")])
    chained = [entry["number"], entry["at"].isoformat(), "erase", entry["content_hash"], last.entry_hash]
    entry["entry_hash"] = _digest(chained)
    connection.execute(sa.insert(_audit).values(entry))


def downgrade() -> None:
    """The entry stays: the chain is append-only, and earlier versions read it as any other."""


def _ranges(numbers: Any) -> list[list[int]]:
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ranges


def _digest(parts: list[Any]) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

"""The records of moderation: evidence that today's key decrypts, and urgent reports that wait too long.

After a lost or another key nobody can read the evidence.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url, select
from sqlalchemy.orm import Session

from chatelier.doctor.findings import Finding, bad, good, note
from chatelier.migrations import HEAD
from chatelier.runtime import db_schema
from chatelier.settings import Loaded
from chatelier.wiring.moderation import EVIDENCE_KEY_FILE, evidence_cipher
from studio.clock import now
from studio.db.cases import find_urgent
from studio.db.database import Database
from studio.domain.cases import INTIMATE_WITHIN
from studio.errors import ConfigurationError, DatabaseUnavailableError

if TYPE_CHECKING:
    from moderation.records.encryption import EvidenceCipher

_MOST = 500  # of the newest; their files are not decrypted
_FIX = (
    "Set CHATELIER_MODERATION__EVIDENCE_KEY to the key it was encrypted with, or put the former file evidence-key back"
    " into the home folder. Without it, it is lost: `chatelier evidence release ID` deletes it."
)

_DECIDE = (
    "Ask the moderators there to decide them: they come first in /cases. Laws ask for it within 48 hours."
)


def evidence(loaded: Loaded) -> Iterator[Finding]:
    """Nothing is said where none is kept."""
    with reading_records(loaded) as session:
        if session is not None:
            yield from _judge(session, loaded)


def urgent_reports(loaded: Loaded) -> Iterator[Finding]:
    """Reports that have to be decided within 48 hours, where less than half of the time is left."""
    with reading_records(loaded) as session:
        late = find_urgent(session, before=now() - INTIMATE_WITHIN / 2) if session is not None else []
    if not late:
        return
    over = sum(case.opened_at < now() - INTIMATE_WITHIN for case in late)
    where = ", ".join(sorted({f"{case.platform} {case.community}" for case in late})[:5])
    count = len(late)
    if over:
        yield bad(
            "urgent reports",
            "{count} wait for a moderator, {over} for more than 48 hours: {where}",
            _DECIDE,
            count=count,
            over=over,
            where=where,
        )
        return
    yield note(
        "urgent reports",
        "{count} wait for a moderator for more than a day: {where}",
        _DECIDE,
        count=count,
        where=where,
    )


@contextmanager
def reading_records(loaded: Loaded) -> Iterator[Session | None]:
    """None where the database cannot be asked, which is another finding."""
    url = make_url(loaded.settings.database)
    if url.get_backend_name() == "sqlite" and not (url.database and Path(url.database).exists()):
        yield None
        return
    database = Database(url.render_as_string(hide_password=False))
    with ExitStack() as stack:
        stack.callback(database.close)
        try:
            current = db_schema.revision(database) == HEAD
            session = stack.enter_context(database.read()) if current else None
        except DatabaseUnavailableError:
            session = None
        yield session


def _judge(session: Session, loaded: Loaded) -> Iterator[Finding]:
    from studio.db.tables import EvidenceRow

    newest = select(EvidenceRow.id).order_by(EvidenceRow.created_at.desc(), EvidenceRow.id).limit(_MOST)
    ids = session.scalars(newest).all()
    if not ids:
        return
    settings = loaded.settings
    if settings.moderation.evidence_key is None and not (settings.home / EVIDENCE_KEY_FILE).exists():
        yield bad("evidence", "{count} kept, and the key is not there", _FIX, count=len(ids))
        return
    unreadable = list(_find_unreadable(session, evidence_cipher(settings), ids))
    if unreadable:
        lost, examples = len(unreadable), ", ".join(unreadable[:5])
        yield bad(
            "evidence",
            "{lost} of {count} cannot be decrypted: {examples}",
            _FIX,
            lost=lost,
            count=len(ids),
            examples=examples,
        )
    else:
        yield good("evidence", "{count} kept, and today's key decrypts each", count=len(ids))


def _find_unreadable(session: Session, cipher: "EvidenceCipher", ids: Sequence[str]) -> Iterator[str]:
    from moderation.records.evidence import decrypt, find

    for evidence_id in ids:
        row = find(session, evidence_id)
        try:
            decrypt(cipher, row, with_files=False)
        except ConfigurationError:
            yield evidence_id
        session.expunge(row)  # files may be large

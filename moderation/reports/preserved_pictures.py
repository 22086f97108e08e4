"""The reported picture of a sexualised child is preserved for the authorities, in a transaction of its own.

That it fails undoes neither the report nor the hiding; who claims or decides the case makes it try again.
"""

import logging
from collections.abc import Callable

from sqlalchemy.orm import Session

from moderation.records.encryption import EvidenceCipher
from moderation.records.evidence import EvidenceDraft, EvidenceKind, has_evidence, save_evidence
from moderation.reports.outside_reports import CHILD_RULE
from studio.db.database import Database
from studio.db.identities.people import find_person
from studio.db.job_transitions import lock_jobs
from studio.db.tables import CaseRow, JobRow, PictureRow
from studio.domain.cases import CaseKind, CaseState
from studio.errors import ChatelierError

log = logging.getLogger(__name__)


def preserve(
    database: Database, cipher: EvidenceCipher | None, case_id: str, read_file: Callable[[str], bytes]
) -> None:
    """Nothing for any other case, one that is closed, and one whose picture is preserved already."""
    if cipher is None:
        return
    with database.read() as session:
        if _find_unpreserved(session, case_id) is None:
            return
    try:
        with database.begin() as session:
            _preserve(session, cipher, case_id, read_file)
    except (ChatelierError, OSError) as error:
        log.error("reported picture not preserved: case=%s error=%s", case_id, type(error).__name__)


def _find_unpreserved(session: Session, case_id: str) -> CaseRow | None:
    row = session.get(CaseRow, case_id)
    if row is None or row.state != CaseState.OPEN or (row.kind, row.rule) != (CaseKind.REPORT, CHILD_RULE):
        return None
    return None if has_evidence(session, case_id) else row


def _preserve(
    session: Session, cipher: EvidenceCipher, case_id: str, read_file: Callable[[str], bytes]
) -> None:
    picture_id = session.get_one(CaseRow, case_id).picture_id
    row = session.get_one(PictureRow, picture_id)
    lock_jobs(session, JobRow.id == row.job_id)  # of two at once, the second finds what the first preserved
    case = _find_unpreserved(session, case_id)
    if case is None:
        return
    draft = EvidenceDraft(
        cipher=cipher,
        kind=EvidenceKind.MATERIAL,
        words=(str(row.recipe.get("prompt", "")),),
        facts={"reported": case.words, "picture": row.id, "pdq": row.perceptual_hash or ""},
        files={"picture.png": read_file(row.storage_key)},
    )
    save_evidence(session, draft, find_person(session, case.subject), job_id=case.job_id, case_id=case.id)

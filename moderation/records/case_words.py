"""The encrypted words of cases: of held requests, of appeals against their rejection, and of frozen accounts.

The job of a held request is kept without its words (`job_creation.WORDS`) until a moderator lets it through. Those of a
rejected one stay encrypted for as long as its owner may appeal.
"""

import json
import logging
import re
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.orm import Session

from moderation.policy.evidence_phrases import EVIDENCE_PHRASES
from moderation.records import audit_log
from moderation.records.encryption import EvidenceCipher
from moderation.records.evidence import (
    WORDS_LAST,
    EvidenceKind,
    decrypt,
    describe_accounts,
    erase_words,
    is_readable,
    read_words,
    words_of,
)
from studio.clock import now
from studio.commands.submission.job_creation import WORDS
from studio.db.gatherings.part_rows import give_words
from studio.db.identities.linked_identities import same_human
from studio.db.tables import CaseRow, EvidenceRow, JobRow
from studio.domain.cases import Case, CaseDetails, CaseKind, CaseState
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import CORE, FORGOTTEN, JobState
from studio.domain.people import Person
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import Ruling, SealedWords, Verdict
from studio.errors import ConfigurationError, NotAllowedError
from studio.ports import Admission
from studio.serialization import from_data, to_data

log = logging.getLogger(__name__)
APPEAL_WITHIN = timedelta(days=30)  # of a rejected request
_SCORE = re.compile(r"[\d.]+")
_FOUND = "found"  # the fact of a manifest that has what the rule found
_MAY_GO_ON = (JobState.HELD, JobState.REFUSED)
_REVIEWED = (CaseKind.HOLD, CaseKind.APPEAL)
_OF_HOLDS = (EvidenceRow.kind == EvidenceKind.WORDS) & EvidenceRow.case_id.in_(
    select(CaseRow.id).where(CaseRow.kind == CaseKind.HOLD)
)


def seal_words(
    session: Session, cipher: EvidenceCipher | None, admission: Admission, verdict: Verdict
) -> Verdict:
    """The verdict on a held request with its words encrypted, and with what a rule found where that may quote them.

    Any other stays as it is. Without a cipher the job keeps its words.
    """
    if cipher is None or verdict.ruling is not Ruling.HOLD or not admission.job_id:
        return verdict
    data = to_data(admission.request)
    request = {name: data[name] for name in WORDS if data.get(name)}
    if not request:
        return verdict
    evidence_id, at = new_job_id(), now()
    quoted = bool(verdict.evidence) and _may_quote(verdict)
    manifest = {
        "evidence": evidence_id,
        **describe_accounts(session, admission.person.key, EvidenceKind.WORDS, at),
        "job": admission.job_id,
        "words": list(words_of(admission.request)),
        "facts": {_FOUND: verdict.evidence} if quoted else {},
        "files": [],
        "request": request,
        "part": admission.part_words,
    }
    content = cipher.encrypt(json.dumps(manifest).encode(), bound_to=evidence_id)
    sealed = SealedWords(id=evidence_id, content=content, expires_at=at + WORDS_LAST)
    return replace(verdict, evidence="" if quoted else verdict.evidence, sealed=sealed)


def _may_quote(verdict: Verdict) -> bool:
    """Whether what a rule found is more than a fixed phrase or a score, and so may be words of the request."""
    if verdict.evidence.partition(" · ")[0] in EVIDENCE_PHRASES:
        return False
    return not _SCORE.fullmatch(verdict.evidence.removeprefix(f"{verdict.category}: "))


def with_words(session: Session, cases: Collection[Case]) -> set[str]:
    """The ids of those of the cases, open ones, that have encrypted words."""
    suspended = [case.id for case in cases if case.kind is CaseKind.SUSPENSION]
    reviewed = {case.id: case.job_id for case in cases if _is_reviewed(case)}
    frozen = set(session.scalars(select(EvidenceRow.case_id).where(EvidenceRow.case_id.in_(suspended))))
    jobs = set(session.scalars(_of_jobs(reviewed.values()).with_only_columns(EvidenceRow.job_id)))
    return {case_id for case_id in frozen if case_id} | {
        case_id for case_id, job_id in reviewed.items() if job_id in jobs
    }


def read_case_words(
    session: Session, cipher: EvidenceCipher, details: CaseDetails, *, by: str
) -> CaseDetails:
    """The case with its words, for the moderator who claimed it; each reading is an entry of the audit chain.

    A case whose words cannot be read is claimed nevertheless: it can be decided against.
    """
    try:
        if _is_reviewed(details.case):
            return _read_held(session, cipher, details, by=by)
        return replace(details, refused_words=read_words(session, cipher, details.case.id, by=by))
    except ConfigurationError as error:
        log.error("evidence not readable: case=%s error=%s", details.case.id, type(error).__name__)
        return replace(details, unreadable=True)


def _read_held(session: Session, cipher: EvidenceCipher, details: CaseDetails, *, by: str) -> CaseDetails:
    case, job = details.case, details.job
    row = _find_held(session, case)
    if row is None or job is None:
        return details
    manifest = decrypt(cipher, row, with_files=False).manifest
    request = from_data(PaintRequest, {**to_data(job.request), **manifest["request"]})
    audit_log.append(
        session,
        "read words",
        actor=by,
        subject=row.subject,
        details={"case": case.id, "evidence": row.id},
    )
    return replace(
        details,
        case=replace(case, evidence=manifest["facts"].get(_FOUND, case.evidence)),
        job=replace(job, request=request),
        prompts=(request.prompt, *details.prompts[1:]),
    )


def has_read(session: Session, cipher: EvidenceCipher | None, case: Case, moderator: Person) -> bool:
    """Nobody is suspended for words that the moderator did not see."""
    if not with_words(session, [case]):
        return True
    if cipher is not None and not is_readable(session, cipher, case.id):
        return False
    return case.claimed_by is not None and same_human(session, case.claimed_by, moderator.key)


def restore_words(session: Session, cipher: EvidenceCipher | None, case: Case) -> None:
    """The job of a case gets its words back, because it is let through. Raises `NotAllowedError` without the key.

    One that ended meanwhile, or whose person was forgotten, stays without them. Its lock is held.
    """
    row = _find_held(session, case)
    if row is None or row.job_id is None:
        return
    job = session.get_one(JobRow, row.job_id, populate_existing=True)
    if job.state not in _MAY_GO_ON or job.request_key.startswith(FORGOTTEN):
        return
    try:
        if cipher is None:
            raise ConfigurationError("no key")
        manifest: dict[str, Any] = dict(decrypt(cipher, row, with_files=False).manifest)
    except ConfigurationError as error:
        log.error("evidence not readable: case=%s error=%s", case.id, type(error).__name__)
        raise NotAllowedError("words_unreadable") from error
    job.request = {**job.request, **manifest["request"]}
    session.flush()
    if words := manifest.get("part"):
        give_words(session, job.id, words)


def settle_words(session: Session, case: Case, *, lets_through: bool) -> None:
    """What happens to the words of a case that was decided; a legal hold keeps them."""
    if case.kind is CaseKind.HOLD and not lets_through:
        until = {"expires_at": now() + APPEAL_WITHIN}
        session.execute(update(EvidenceRow).where(_OF_HOLDS, EvidenceRow.case_id == case.id).values(until))
        return
    erase_words(session, case.id)
    if case.kind is CaseKind.APPEAL:
        gone = _OF_HOLDS & (EvidenceRow.job_id == case.job_id) & (EvidenceRow.legal_hold == "")
        session.execute(delete(EvidenceRow).where(gone))


def erase_rejected(session: Session, subject: ColumnElement[bool]) -> None:
    """The words of rejected requests of people; `subject` is a condition on the rows of cases."""
    closed = select(CaseRow.id).where(
        subject, CaseRow.kind == CaseKind.HOLD, CaseRow.state == CaseState.CLOSED
    )
    gone = (EvidenceRow.kind == EvidenceKind.WORDS) & EvidenceRow.case_id.in_(closed)
    session.execute(delete(EvidenceRow).where(gone, EvidenceRow.legal_hold == ""))


def end_appeal(session: Session, job_id: str) -> bool:
    """Nobody can appeal for a rejected request any more whose words go. False: somebody did, and it waits."""
    waits = (CaseRow.kind == CaseKind.APPEAL) & (CaseRow.state == CaseState.OPEN)
    if session.scalars(select(CaseRow.id).where(waits, CaseRow.job_id == job_id)).first() is not None:
        return False
    refused = (JobRow.id == job_id) & (JobRow.state == JobState.REFUSED)
    session.execute(update(JobRow).where(refused).values(error_code=CORE))
    return True


def _is_reviewed(case: Case) -> bool:
    """Whether it is about the words of a request."""
    return case.kind in _REVIEWED and case.picture_id is None


def _find_held(session: Session, case: Case) -> EvidenceRow | None:
    """The latest: under a legal hold there may be those of an earlier decision too."""
    query = _of_jobs([case.job_id]).order_by(EvidenceRow.created_at.desc(), EvidenceRow.id)
    return session.scalars(query).first() if _is_reviewed(case) else None


def _of_jobs(job_ids: Collection[str | None]) -> Select[EvidenceRow]:
    return select(EvidenceRow).where(_OF_HOLDS, EvidenceRow.job_id.in_([job for job in job_ids if job]))

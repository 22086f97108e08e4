"""What is kept, encrypted, of the worst refusals: the words of a frozen account, and material for the authorities.

Words wait for the moderator of their case. They go when the case is decided, when they expire, or when a legal hold on
them ends. Material is a picture with its hashes, times and accounts. It stays until an administrator releases it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from moderation.records import audit_log
from moderation.records.encryption import EvidenceCipher
from studio.clock import now
from studio.db import queries
from studio.db.identities.linked_identities import identities
from studio.db.tables import EvidenceRow
from studio.domain.identifiers import new_job_id
from studio.domain.people import Person
from studio.domain.requests import PaintRequest
from studio.domain.verdicts import EVIDENCE_OF_WORDS, Verdict
from studio.errors import ConfigurationError, NotFoundError
from studio.ports import Admission, Inspection
from studio.services.visibility import Audience, may_see

WORDS_LAST = timedelta(days=90)  # unreviewed; the freeze ends with them
OPERATOR = "operator"  # who acts in the audit log when an administrator does, on the command line


class EvidenceKind(StrEnum):
    WORDS = EVIDENCE_OF_WORDS
    MATERIAL = "material"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDraft:
    """Evidence before it is kept. `files` are the picture as it came and as it was judged, by file name."""

    cipher: EvidenceCipher
    kind: EvidenceKind
    words: tuple[str, ...] = field(default=(), repr=False)
    facts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Decrypted. `manifest` has what was kept beside the files: words, hashes, times and accounts."""

    manifest: Mapping[str, Any] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


def draft_of_words(
    session: Session, cipher: EvidenceCipher | None, admission: Admission
) -> EvidenceDraft | None:
    """The request's own words, and those of the ancestors that may be seen by the person where the case will be."""
    if cipher is None:
        return None
    person = admission.person
    origins = [source.picture_id for source in admission.request.sources if source.picture_id]
    seen = [
        picture.recipe.prompt
        for picture in queries.family(session, origins)
        if may_see(session, queries.find_job(session, picture.job_id), Audience.of_person(person))
    ]
    words = words_of(admission.request, tuple(reversed(seen)))
    return EvidenceDraft(cipher=cipher, kind=EvidenceKind.WORDS, words=words)


def draft_of_picture(
    cipher: EvidenceCipher | None, inspection: Inspection, verdict: Verdict
) -> EvidenceDraft | None:
    """The picture as it was judged, and the file as it came where somebody brought it along."""
    if cipher is None:
        return None
    facts = {
        "picture": inspection.kind,
        "rule": verdict.rule,
        "category": verdict.category,
        "found": verdict.evidence,
        "pdq": verdict.fingerprint,
    }
    files = {"original": inspection.original, "judged.png": inspection.png}
    return EvidenceDraft(
        cipher=cipher,
        kind=EvidenceKind.MATERIAL,
        words=words_of(inspection.request) if inspection.request else (),
        facts=facts,
        files={name: data for name, data in files.items() if data},
    )


def words_of(request: PaintRequest, lineage: tuple[str, ...] = ()) -> tuple[str, ...]:
    """All words of a request, its own first, then those of the pictures that it starts from, nearest first."""
    own = (request.prompt, *request.prompts, request.negative_prompt, request.style or "")
    return tuple(dict.fromkeys(text for text in (*own, *reversed(lineage)) if text))


def save_evidence(
    session: Session, draft: EvidenceDraft, subject: Person, *, job_id: str | None, case_id: str | None
) -> EvidenceRow:
    """Encrypt and add it. The accounts are all identities of the subject at this time."""
    at, evidence_id = now(), new_job_id()
    manifest = {
        "evidence": evidence_id,
        **describe_accounts(session, subject.key, draft.kind, at),
        "job": job_id,
        "case": case_id,
        "words": list(draft.words),
        "facts": dict(draft.facts),
        "files": [_describe(name, data) for name, data in draft.files.items()],
    }
    row = EvidenceRow(
        id=evidence_id,
        kind=draft.kind,
        case_id=case_id,
        subject=subject.key,
        job_id=job_id,
        content=draft.cipher.encrypt(json.dumps(manifest).encode(), bound_to=evidence_id),
        files=draft.cipher.encrypt(b"".join(draft.files.values()), bound_to=f"{evidence_id}:files")
        if draft.files
        else None,
        created_at=at,
        expires_at=at + WORDS_LAST if draft.kind is EvidenceKind.WORDS else None,
        legal_hold="",
    )
    session.add(row)
    session.flush()
    return row


def describe_accounts(session: Session, key: str, kind: EvidenceKind, at: datetime) -> dict[str, Any]:
    """The part of a manifest that says of whom something is kept, and since when."""
    return {
        "kind": kind,
        "kept_at": at.isoformat(),
        "account": key,
        "linked_accounts": sorted(identities(session, key)),
    }


def _describe(name: str, data: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "bytes": len(data),
        "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        "sha1": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def find(session: Session, evidence_id: str) -> EvidenceRow:
    """Raises `NotFoundError`."""
    row = session.get(EvidenceRow, evidence_id)
    if row is None:
        raise NotFoundError("evidence", id=evidence_id[:12])
    return row


def list_evidence(session: Session) -> list[EvidenceRow]:
    return list(session.scalars(select(EvidenceRow).order_by(EvidenceRow.created_at, EvidenceRow.id)))


def has_evidence(session: Session, case_id: str) -> bool:
    return session.scalars(_of_case(case_id).with_only_columns(EvidenceRow.id)).first() is not None


def read_words(session: Session, cipher: EvidenceCipher, case_id: str, *, by: str) -> tuple[str, ...]:
    """The words of a case, for a moderator; each reading is an entry of the audit log.

    Of a file without words, what the rule found. Raises `ConfigurationError` where the key is another.
    """
    rows = session.scalars(_of_case(case_id)).all()
    words: list[str] = []
    for row in rows:
        manifest = decrypt(cipher, row, with_files=False).manifest
        words += manifest["words"] or [f"{name}: {value}" for name, value in manifest["facts"].items()]
    for row in rows:
        details = {"case": case_id, "evidence": row.id}
        audit_log.append(session, "read words", actor=by, subject=row.subject, details=details)
    return tuple(words)


def is_readable(session: Session, cipher: EvidenceCipher, case_id: str) -> bool:
    """Whether the evidence of a case can be decrypted with this key."""
    try:
        for row in session.scalars(_of_case(case_id)):
            decrypt(cipher, row, with_files=False)
    except ConfigurationError:
        return False
    return True


def decrypt(cipher: EvidenceCipher, row: EvidenceRow, *, with_files: bool = True) -> Evidence:
    """Raises `ConfigurationError` where the key is another."""
    manifest = json.loads(cipher.decrypt(row.content, bound_to=row.id))
    files: dict[str, bytes] = {}
    if with_files and row.files is not None:
        data = cipher.decrypt(row.files, bound_to=f"{row.id}:files")
        start = 0
        for file in manifest["files"]:
            files[file["name"]] = data[start : start + file["bytes"]]
            start += file["bytes"]
    return Evidence(manifest=manifest, files=files)


def export(session: Session, cipher: EvidenceCipher, evidence_id: str) -> Evidence:
    """For a report to the authorities. Raises `NotFoundError` and `ConfigurationError`."""
    row = find(session, evidence_id)
    found = decrypt(cipher, row)
    _record(session, "export evidence", row)
    return found


def set_legal_hold(session: Session, evidence_id: str, *, reason: str) -> None:
    """Without a reason the hold ends, and words go when their time is over. Raises `NotFoundError`."""
    row = find(session, evidence_id)
    row.legal_hold = reason
    _record(session, "hold evidence" if reason else "end hold", row)


def release(session: Session, evidence_id: str) -> None:
    """Delete it, whatever holds it. Raises `NotFoundError`."""
    row = find(session, evidence_id)
    session.delete(row)
    session.flush()
    _record(session, "release evidence", row)


def erase_words(session: Session, case_id: str) -> None:
    """Of a case that was reviewed; a legal hold keeps them."""
    reviewed = (EvidenceRow.case_id == case_id) & (EvidenceRow.kind == EvidenceKind.WORDS)
    session.execute(delete(EvidenceRow).where(reviewed, EvidenceRow.legal_hold == ""))


def release_unfounded(session: Session, case_ids: Collection[str]) -> None:
    """Material of reports that a moderator found unfounded; a legal hold keeps it."""
    unfounded = EvidenceRow.case_id.in_(case_ids) & (EvidenceRow.legal_hold == "")
    for row in session.scalars(select(EvidenceRow).where(unfounded)).all():
        session.delete(row)
    session.flush()


def find_expired(session: Session, *, at: datetime) -> list[EvidenceRow]:
    """Words that nobody reviewed in time, and those whose legal hold ended after their time."""
    over = (EvidenceRow.expires_at < at) & (EvidenceRow.legal_hold == "")
    return list(session.scalars(select(EvidenceRow).where(over).order_by(EvidenceRow.id)))


def _of_case(case_id: str) -> Select[EvidenceRow]:
    return select(EvidenceRow).where(EvidenceRow.case_id == case_id).order_by(EvidenceRow.created_at)


def _record(session: Session, action: str, row: EvidenceRow) -> None:
    audit_log.append(
        session,
        action,
        actor=OPERATOR,
        subject=row.subject,
        details={"evidence": row.id, "case": row.case_id},
    )

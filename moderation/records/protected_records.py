"""Which jobs, and whose records, moderation still needs when old ones are deleted."""

from sqlalchemy import select

from moderation.records.tables import StrikeRow
from studio.db.tables import EvidenceRow
from studio.erasure.ended_jobs import Protection

_OF_EVIDENCE = select(EvidenceRow.job_id).where(EvidenceRow.job_id.is_not(None))
_OF_STRIKES = select(StrikeRow.job_id).where(StrikeRow.job_id.is_not(None))

# Jobs of which evidence is kept or a strike counts; people of whom something is under a legal hold.
PROTECTED = Protection(
    jobs=_OF_EVIDENCE.union(_OF_STRIKES),
    people=select(EvidenceRow.subject).where(EvidenceRow.legal_hold != ""),
)

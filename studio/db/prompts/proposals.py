"""Proposed prompts, kept for a day."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from studio.clock import now
from studio.db.database import Database
from studio.db.tables import ProposalRow
from studio.domain.identifiers import new_job_id
from studio.domain.prompts.proposal import Proposal
from studio.errors import NotFoundError

_KEPT = timedelta(days=1)


def save_proposal(
    session: Session, person_key: str, command: str, data: Mapping[str, Any], prompts: Sequence[str]
) -> Proposal:
    row = ProposalRow(
        id=new_job_id(),
        person_key=person_key,
        command=command,
        data=dict(data),
        prompts={"prompts": list(prompts)},
        created_at=now(),
    )
    session.add(row)
    session.flush()
    return _proposal_of(row)


def find_proposal(session: Session, proposal_id: str) -> Proposal:
    """Raises `NotFoundError`."""
    row = session.get(ProposalRow, proposal_id)
    if row is None or row.created_at < now() - _KEPT:
        raise NotFoundError("proposal")
    return _proposal_of(row)


def delete_old_proposals(database: Database) -> None:
    """Of everybody. Run by the maintenance worker each hour; two at once do no harm."""
    with database.begin() as session:
        session.execute(delete(ProposalRow).where(ProposalRow.created_at < now() - _KEPT))


def _proposal_of(row: ProposalRow) -> Proposal:
    return Proposal(
        id=row.id,
        person_key=row.person_key,
        command=row.command,
        data=row.data,
        prompts=tuple(row.prompts["prompts"]),
    )

"""Strikes: what a person did against the rules, weighted, forgotten by half every thirty days."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from moderation.policy.categories import Category
from moderation.records.evidence import EvidenceDraft
from moderation.records.tables import StrikeRow
from studio.clock import now
from studio.db.identities.linked_identities import identities
from studio.domain.verdicts import Ruling, Verdict

HALF_LIFE = timedelta(days=30)
FORGOTTEN = timedelta(days=300)  # a thousandth is left
_COUNTING = select(StrikeRow).where(
    StrikeRow.person_key.in_(bindparam("keys", expanding=True)),
    StrikeRow.overturned_at.is_(None),
    StrikeRow.at > bindparam("since"),
)
SEVERE = 4.0
# What one refused request weighs. A slip of the tongue costs little; four in a row earn a warning.
_REFUSED = 0.25
_HARMLESS = frozenset(
    {
        Category.UNCHECKED,
        Category.FOREIGN,
        Category.FACE,
        Category.NEWCOMER,
        Category.LANGUAGE,
        Category.COMMUNITY,
        Category.PERSON,
        Category.ARTIST,
        Category.TRADEMARK,
        Category.SPAM,
        Category.POLITICAL,
        Category.HEALTH,
    }
)


def strike_weight(verdict: Verdict) -> float:
    """Of a request that the rules refuse. A hold weighs nothing, also where nobody reviews holds: it is a doubt."""
    if verdict.ruling is not Ruling.REFUSE:
        return 0.0
    if verdict.category == Category.MINORS:
        return SEVERE
    return 0.0 if verdict.category in {*_HARMLESS} else _REFUSED


def strike_sum(session: Session, person_key: str, *, at: datetime | None = None) -> float:
    """The sum of what is left of a human's strikes, over all their identities."""
    at = at or now()
    values = {"keys": identities(session, person_key), "since": at - FORGOTTEN}
    left = [row.weight * 2.0 ** -((at - row.at) / HALF_LIFE) for row in session.scalars(_COUNTING, values)]
    return float(sum(left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A rule that a request or a picture broke, and what that weighs; `job_id` is the job that did.

    `evidence` is what a moderator has to see before they confirm what follows.
    """

    rule: str
    category: str
    weight: float
    job_id: str | None = None
    evidence: EvidenceDraft | None = None


def strike(
    session: Session, person_key: str, violation: Violation, *, case_id: str | None = None
) -> StrikeRow:
    row = StrikeRow(
        person_key=person_key,
        rule=violation.rule,
        category=violation.category,
        weight=violation.weight,
        case_id=case_id,
        job_id=violation.job_id,
        at=now(),
    )
    session.add(row)
    session.flush()
    return row


def overturn(session: Session, *, case_id: str, job_id: str | None) -> int:
    """Take back what a case or its job weighed. How many strikes that were."""
    wanted = StrikeRow.case_id == case_id
    if job_id is not None:
        wanted |= StrikeRow.job_id == job_id
    rows = session.scalars(select(StrikeRow).where(wanted, StrikeRow.overturned_at.is_(None))).all()
    for row in rows:
        row.overturned_at = now()
    session.flush()
    return len(rows)

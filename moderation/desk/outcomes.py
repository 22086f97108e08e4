"""What follows from a decision, as one transaction: jobs move, and people hear of it."""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from studio import releases
from studio.cases import Case, CaseKind, Decision
from studio.db.tables import JobRow, OutboxRow
from studio.jobs import JobState

_REJECTED = "A moderator did not let this through. Nothing was charged."
_DELIVERING = frozenset({Decision.APPROVE, Decision.SPOILER, Decision.OVERTURN})


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What is left to do after the commit."""

    events: list[OutboxRow] = field(default_factory=list)
    enqueue: list[tuple[str, int, str | None]] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        self.events += other.events
        self.enqueue += other.enqueue
        self.cancel += other.cancel


def follow(session: Session, case: Case) -> Outcome:
    """Move the job of a decided case."""
    outcome = Outcome()
    if case.job_id is None or case.decision is None or case.kind not in (CaseKind.HOLD, CaseKind.APPEAL):
        return outcome
    row = session.get_one(JobRow, case.job_id)
    if case.decision in _DELIVERING:
        spoiler = case.decision is Decision.SPOILER
        if releases.pictures_of(session, row.id):
            outcome.events += releases.deliver(session, row.id, spoiler=spoiler)
        elif moved := releases.paint(session, row.id):
            row.spoiler = spoiler
            outcome.events += moved
            outcome.enqueue.append((row.id, row.priority, row.model))
    elif case.kind is CaseKind.HOLD:
        outcome.events += releases.stop(
            session, row.id, JobState.REFUSED, error_code="policy", error_text=_REJECTED
        )
    return outcome

"""The desk itself: who may decide what, and that it happens once."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation import audit, bans
from moderation.desk.dossiers import read_dossier
from moderation.desk.outcomes import Outcome, follow
from studio import releases
from studio.cases import DECISIONS, Case, Decision, Dossier
from studio.clock import now
from studio.db import cases, choices, moves, outbox
from studio.db.database import Database
from studio.db.humans import identities, same_human
from studio.db.tables import CaseRow, JobRow
from studio.errors import BadParameter, CaseTaken, NotAllowed, QueueUnavailable
from studio.jobs import WAITING, JobState
from studio.people import Person
from studio.ports import Events, Queue

_OWN = "This case is about you or came from you: somebody else has to judge it."
_BANNED = "A moderator stopped this. Nothing was charged."


class HouseDesk:
    """Implements `studio.ports.Desk`. Safe for many threads."""

    def __init__(self, *, database: Database, queue: Queue, events: Events) -> None:
        self._database = database
        self._queue = queue
        self._events = events

    def claim(self, moderator: Person, case_id: str) -> Dossier:
        with self._database.begin() as session:
            case = self._case(session, moderator, case_id)
            if not cases.claim(session, case_id, by=moderator.key, at=now()):
                raise CaseTaken(closed=case.decision is not None)
            row = _row(session, case_id)
            events = [cases.changed(session, row)]
            dossier = read_dossier(session, cases.case_of(row))
            audit.append(
                session, "claim", actor=moderator.key, subject=case.subject, details={"case": case_id}
            )
        outbox.send(self._database, self._events, events)
        return dossier

    def read(self, case_id: str) -> Dossier:
        with self._database.read() as session:
            return read_dossier(session, cases.find_case(session, case_id))

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        with self._database.begin() as session:
            case = self._case(session, moderator, case_id)
            if decision not in DECISIONS[case.kind]:
                allowed = ", ".join(sorted(DECISIONS[case.kind]))
                raise BadParameter("decision", f"of this case must be one of: {allowed}.")
            if not cases.close(session, case_id, decision, by=moderator.key, at=now(), note=note):
                raise CaseTaken(closed=_row(session, case_id).decision is not None)
            row = _row(session, case_id)
            case = cases.case_of(row)
            outcome = follow(session, case)
            outcome.events.append(cases.changed(session, row))
            details = {"case": case_id, "decision": decision}
            audit.append(session, "decide", actor=moderator.key, subject=case.subject, details=details)
        self._carry_out(outcome)
        return case

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        _require_moderator(moderator)
        if who == moderator.key:
            raise NotAllowed("You cannot ban yourself.")
        outcome = Outcome()
        with self._database.begin() as session:
            for key in identities(session, who):
                outcome.add(stop_jobs(session, key))
                bans.ban(session, key, by=moderator.key, reason=reason, until=until)
        self._carry_out(outcome)

    def unban(self, moderator: Person, who: str) -> bool:
        _require_moderator(moderator)
        with self._database.begin() as session:
            keys = identities(session, who)
            return sum(bans.unban(session, key, by=moderator.key) for key in keys) > 0

    def pause(self, moderator: Person, *, paused: bool) -> None:
        _require_moderator(moderator)
        outcome = Outcome()
        with self._database.begin() as session:
            rules = choices.community_rules(session, moderator.platform, moderator.community)
            choices.keep_community_rules(session, replace(rules, paused=paused), by=moderator)
            here = (JobRow.platform == moderator.platform) & (JobRow.community == moderator.community)
            wanted = [JobState.PAINTING] if paused else sorted(WAITING)
            found = list(session.scalars(select(JobRow).where(here, JobRow.state.in_(wanted))))
            if paused:
                outcome.cancel += [row.id for row in found]
            else:
                outcome.enqueue += [(row.id, row.priority, row.model) for row in found]
            audit.append(session, "pause" if paused else "resume", actor=moderator.key)
        self._carry_out(outcome)

    def _case(self, session: Session, moderator: Person, case_id: str) -> Case:
        """Raises `NotFound`, and `NotAllowed` for one's own case or one that somebody else was asked."""
        _require_moderator(moderator)
        case = cases.find_case(session, case_id, viewer=moderator)
        concerned = [key for key in (case.subject, case.filed_by) if key]
        if case.addressee or any(same_human(session, key, moderator.key) for key in concerned):
            raise NotAllowed(_OWN)
        return case

    def _carry_out(self, outcome: Outcome) -> None:
        """After the commit: tell faces and workers. What fails here, the sweeper repeats."""
        outbox.send(self._database, self._events, outcome.events)
        for job_id in outcome.cancel:
            self._queue.cancel(job_id)
        for job_id, priority, model in outcome.enqueue:
            try:
                self._queue.enqueue(job_id, priority=priority, model=model)
            except QueueUnavailable:
                return


def stop_jobs(session: Session, person_key: str) -> Outcome:
    """Everything of theirs that waits ends now, what is being painted ends within a step."""
    outcome = Outcome()
    wanted = JobRow.state.in_(sorted(WAITING | {JobState.HELD, JobState.PAINTING}))
    for row in session.scalars(select(JobRow).where(JobRow.person_key == person_key, wanted)):
        if row.state == JobState.PAINTING:
            moves.request_cancel(session, row.id)
            outcome.cancel.append(row.id)
        else:
            outcome.events += releases.stop(
                session, row.id, JobState.CANCELLED, error_code="banned", error_text=_BANNED
            )
    return outcome


def _row(session: Session, case_id: str) -> CaseRow:
    row = session.get_one(CaseRow, case_id)
    session.refresh(row)
    return row


def _require_moderator(person: Person) -> None:
    if not person.moderates:
        raise NotAllowed("Only moderators can do that.")

"""The desk itself: who may decide what, and that it happens once."""

import logging
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from moderation.cases.case_details import CommunityRecords, read_details, require_moderator
from moderation.cases.decisions import DELIVERING, answer_alike, follow, lift
from moderation.cases.record_erasure import erase_records
from moderation.cases.sanctions import EXCLUDING, Sanction, exclude, hold, notify
from moderation.cases.side_effects import DecisionEffects, SideEffects
from moderation.cases.strikes import overturn, strike_sum
from moderation.metrics import CASES
from moderation.policy.community_overrides import describe_policy, require_stricter
from moderation.policy.policy import Policy, default_policy
from moderation.records import audit_log, bans
from moderation.records.case_words import has_read, read_case_words, restore_words, settle_words
from moderation.records.encryption import EvidenceCipher
from moderation.reports.hidden_pictures import hide, is_hidden, jobs_of
from moderation.reports.member_reports import hide_reported
from moderation.reports.outside_reports import file_case, may_hide, read_status, write_receipt
from moderation.reports.preserved_pictures import preserve
from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import cases, outbox, settings
from studio.db.database import Database
from studio.db.identities.linked_identities import identities, same_human
from studio.db.job_transitions import lock_jobs
from studio.db.newcomers import newcomer_origins
from studio.db.sql_dialects import lock_names
from studio.db.tables import CaseRow, JobRow
from studio.domain.cases import (
    DECISIONS,
    Case,
    CaseDetails,
    CaseKind,
    CaseState,
    Decision,
    NoticeKind,
    OutsideReport,
    ReportStatus,
)
from studio.domain.jobs import WAITING, JobState
from studio.domain.people import Person
from studio.domain.settings.communities import CommunityRules
from studio.domain.settings.policy_overrides import ChangeRules, PolicyDescription
from studio.errors import BadParameterError, CaseTakenError, NotAllowedError
from studio.services import message_refresh

log = logging.getLogger(__name__)
_MAY_PAINT = to_stored(coded("notice.ban_lifted"))


class CaseService(CommunityRecords):
    """Implements `studio.ports.Desk`. Safe for many threads."""

    def __init__(
        self,
        *,
        database: Database,
        side_effects: SideEffects,
        policy: Policy | None = None,
        cipher: EvidenceCipher | None = None,
    ) -> None:
        """`policy` is the operator's, over which communities may be stricter; `cipher` reads the evidence of cases."""
        super().__init__(database)
        self._cipher = cipher
        self._side_effects = side_effects
        self._policy = policy or default_policy()

    def claim(self, moderator: Person, case_id: str) -> CaseDetails:
        self._preserve(case_id)
        with self._database.begin() as session:
            case = self._case(session, moderator, case_id)
            if not cases.claim(session, case_id, by=moderator.key, at=now()):
                raise CaseTakenError(closed=case.decision is not None)
            row = _row(session, case_id)
            events = [cases.write_case_changed(session, row)]
            details = read_details(session, cases.case_of(row))
            audit_log.append(
                session, "claim", actor=moderator.key, subject=case.subject, details={"case": case_id}
            )
            if details.has_evidence and self._cipher is not None:
                details = read_case_words(session, self._cipher, details, by=moderator.key)
        self._side_effects.run(DecisionEffects(events=events))
        return details

    def read(self, case_id: str) -> CaseDetails:
        with self._database.read() as session:
            return read_details(session, cases.find_case(session, case_id))

    def decide(self, moderator: Person, case_id: str, decision: Decision, *, note: str = "") -> Case:
        self._preserve(case_id)  # what is rejected loses its files
        with self._database.begin() as session:
            case = self._case(session, moderator, case_id)
            if case.state is CaseState.CLOSED and decision is Decision.OVERTURN:
                case, outcome = _take_back(session, moderator, case)
            else:
                if decision in EXCLUDING and not has_read(session, self._cipher, case, moderator):
                    raise NotAllowedError("claim_first")
                case, outcome = self._decide(session, moderator, case, decision, note)
        CASES.labels(case.kind, decision).inc()
        self._side_effects.run(outcome)
        return case

    def _decide(
        self, session: Session, moderator: Person, case: Case, decision: Decision, note: str
    ) -> tuple[Case, DecisionEffects]:
        if decision not in DECISIONS[case.kind]:
            raise BadParameterError("decision", "not_a_decision", choices=tuple(sorted(DECISIONS[case.kind])))
        hold(session, case.subject, job_id=case.job_id, all_jobs=decision in EXCLUDING)
        lock_jobs(session, JobRow.id.in_(jobs_of(session, case)))
        row = cases.close(session, case.id, decision, by=moderator.key, at=now(), note=note)
        if row is None:
            raise CaseTakenError(closed=_row(session, case.id).decision is not None)
        case = cases.case_of(row)
        if decision in DELIVERING:
            restore_words(session, self._cipher, case)
        changed = cases.write_case_changed(session, row)
        outcome = answer_alike(session, case)
        outcome.events.append(changed)
        outcome.add(follow(session, case))
        settle_words(session, case, lets_through=decision in DELIVERING)
        details = {"case": case.id, "decision": decision}
        audit_log.append(session, "decide", actor=moderator.key, subject=case.subject, details=details)
        return case, outcome

    def receive_report(self, report: OutsideReport) -> str:
        outcome = DecisionEffects()
        with self._database.begin() as session:
            case_id = None
            if report.picture_id is not None:
                case, outcome.events, unjudged = file_case(session, report)
                case_id = case.id
                if unjudged and report.reason.is_urgent and report.hides and may_hide(session):
                    outcome.events += hide(session, case)
            code = write_receipt(session, report, case_id)
        if case_id is not None:
            self._preserve(case_id)
        self._side_effects.run(outcome)
        return code

    def hide_reported(self, case_id: str) -> bool:
        with self._database.begin() as session:
            events = hide_reported(session, case_id)
            hidden = is_hidden(session, case_id)
        self._side_effects.run(DecisionEffects(events=events))
        return hidden

    def read_report(self, code: str) -> ReportStatus | None:
        with self._database.read() as session:
            return read_status(session, code)

    def _preserve(self, case_id: str) -> None:
        preserve(self._database, self._cipher, case_id, self._side_effects.read_file)

    def ban(self, moderator: Person, who: str, *, until: datetime | None, reason: str) -> None:
        require_moderator(moderator)
        with self._database.begin() as session:
            if same_human(session, who, moderator.key):
                raise NotAllowedError("ban_oneself")
            hold(session, who, all_jobs=True)
            kind = NoticeKind.SUSPENSION if until else NoticeKind.BAN
            sanction = Sanction(by=moderator.key, until=until, reason=reason, kind=kind)
            outcome = exclude(session, who, sanction)
        self._side_effects.run(outcome)

    def unban(self, moderator: Person, who: str) -> bool:
        require_moderator(moderator)
        with self._database.begin() as session:
            if same_human(session, who, moderator.key):
                raise NotAllowedError("unban_oneself")
            hold(session, who)
            inherited = newcomer_origins.find_inherited_bans(session, who, at=now())
            newcomer_origins.excuse_from_bans(session, who)
            found = bans.holding(session, who)
            theirs = [row for row in found if not bans.may_lift(row, moderator.key)]
            if found and found == theirs:
                raise NotAllowedError("banned_elsewhere")
            outcome = DecisionEffects()
            if (found or inherited) and not theirs:
                outcome = notify(session, who, NoticeKind.LIFTED, _MAY_PAINT)
            lifted = [bans.unban(session, key, by=moderator.key) for key in sorted(identities(session, who))]
        self._side_effects.run(outcome)
        return any(lifted) or bool(inherited)

    def govern(self, moderator: Person, change: ChangeRules) -> CommunityRules:
        require_moderator(moderator)
        with self._database.begin() as session:
            lock_names(session, f"rules:{moderator.platform}:{moderator.community}")  # or one change is lost
            former, rules = self._try(session, moderator, change)
            settings.save_community_rules(session, rules, by=moderator)
            details = {"changed": _changed_fields(former, rules)}
            audit_log.append(session, "govern", actor=moderator.key, details=details)
        if rules.paused != former.paused:
            self._pause(moderator, paused=rules.paused)
        return rules

    def try_rules(self, moderator: Person, change: ChangeRules) -> CommunityRules:
        require_moderator(moderator)
        with self._database.read() as session:
            return self._try(session, moderator, change)[1]

    def _try(
        self, session: Session, moderator: Person, change: ChangeRules
    ) -> tuple[CommunityRules, CommunityRules]:
        former = settings.community_rules(session, moderator.platform, moderator.community)
        rules = change(former)
        require_stricter(self._policy, former, rules)
        return former, rules

    def describe_policy(self, moderator: Person) -> PolicyDescription:
        require_moderator(moderator)
        return describe_policy(self._policy)

    def forget(self, person: Person) -> bool:
        with self._database.begin() as session:
            hold(session, person.key)
            keys = identities(session, person.key)
            filed = outbox.pace(message_refresh.of_cases(session, CaseRow.filed_by.in_(keys)))
            erase_records(session, keys)
            judged = strike_sum(session, person.key) > 0
        self._side_effects.run(DecisionEffects(events=filed))
        return judged

    def _pause(self, moderator: Person, *, paused: bool) -> None:
        """After the rules were committed: a job that is taken up from now on sees them itself."""
        wanted = [JobState.PAINTING] if paused else sorted(WAITING)
        here = (JobRow.platform == moderator.platform) & (JobRow.community == moderator.community)
        outcome = DecisionEffects()
        with self._database.read() as session:
            query = select(JobRow).where(here, JobRow.state.in_(wanted))
            for row in session.scalars(query.order_by(JobRow.priority, JobRow.created_at)):
                if paused:
                    outcome.aside.append(row.id)
                else:
                    outcome.send(row)
        self._side_effects.run(outcome)

    def _case(self, session: Session, moderator: Person, case_id: str) -> Case:
        """Raises `NotFoundError`, and `NotAllowedError` for one's own case or one that somebody else was asked."""
        require_moderator(moderator)
        case = cases.find_case(session, case_id, viewer=moderator)
        concerned = [key for key in (case.subject, case.filed_by) if key]
        if case.addressee or any(same_human(session, key, moderator.key) for key in concerned):
            raise NotAllowedError("own_case")
        return case


def _row(session: Session, case_id: str) -> CaseRow:
    row = session.get_one(CaseRow, case_id)
    session.refresh(row)
    return row


def _take_back(session: Session, moderator: Person, case: Case) -> tuple[Case, DecisionEffects]:
    """The strikes of a case that was decided, and a suspension that it led to. Nothing else of it changes.

    Raises `CaseTakenError` where there are none.
    """
    hold(session, case.subject)
    row = _row(session, case.id)
    # The refusal that is appealed was a strike without a case.
    appealed = case.job_id if case.kind is CaseKind.APPEAL else None
    if not overturn(session, case_id=case.id, job_id=appealed):
        raise CaseTakenError(closed=True)
    former = cases.case_of(row)
    row.decision, row.decided_by, row.decided_at = Decision.OVERTURN, moderator.key, now()
    case = cases.case_of(row)
    outcome = DecisionEffects(events=[cases.write_case_changed(session, row)])
    text = to_stored(coded("notice.strike_taken_back"))
    outcome.add(notify(session, case.subject, NoticeKind.LIFTED, text, case_id=case.id))
    outcome.add(lift(session, case, former=former))
    details = {"case": case.id}
    audit_log.append(session, "take back", actor=moderator.key, subject=case.subject, details=details)
    return case, outcome


def _changed_fields(former: CommunityRules, rules: CommunityRules) -> list[str]:
    """The names of the rules that are not what they were."""
    return [rule.name for rule in fields(rules) if getattr(former, rule.name) != getattr(rules, rule.name)]

"""What strikes lead to: a warning, timeouts, a suspension, a ban. A human sees every suspension."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from moderation.cases.side_effects import DecisionEffects
from moderation.cases.strikes import SEVERE, Violation, strike, strike_sum
from moderation.metrics import STRIKES
from moderation.policy.evidence_phrases import SUM_OF_STRIKES
from moderation.records import bans
from moderation.records.audit_log import HOUSE
from moderation.records.evidence import EvidenceKind, save_evidence
from moderation.records.tables import StrikeRow
from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.db import cases, credit_ledger, job_transitions
from studio.db.identities.linked_identities import human_of, identities
from studio.db.identities.people import lock_person
from studio.db.tables import BanRow, CaseRow, JobRow
from studio.domain.cases import Case, CaseKind, CaseState, Decision, NewCase, NewNotice, NoticeKind
from studio.domain.jobs import GOING_ON, JobState
from studio.domain.people import Person
from studio.errors.refusals import ASK_A_MODERATOR
from studio.gatherings.people import take_out_of_all
from studio.services import held_job_decisions

EXCLUDING = frozenset({Decision.SUSPEND, Decision.BAN})  # stops all of a human's jobs
_STOPPED = to_stored(coded("stopped.by_moderator"))
_STOPPED_BY_RULES = to_stored(coded("stopped.by_rules"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SanctionStep:
    """From this sum of strikes on. `lasts` None is for good, which only a human makes final."""

    strike_sum: float
    name: str
    lasts: timedelta | None = None
    opens_case: bool = False


SANCTION_STEPS = (
    SanctionStep(strike_sum=1.0, name="warning"),
    SanctionStep(strike_sum=2.0, name="timeout", lasts=timedelta(hours=1)),
    SanctionStep(strike_sum=3.0, name="timeout", lasts=timedelta(days=1)),
    SanctionStep(strike_sum=SEVERE, name="suspension", lasts=timedelta(days=7), opens_case=True),
    SanctionStep(strike_sum=2 * SEVERE, name="ban", opens_case=True),
)
# The core of the rules: nothing more is painted until a human has looked.
_FREEZE = SanctionStep(strike_sum=0.0, name="suspension", opens_case=True)
# Where nobody moderates no human will look, so what the rules impose there ends by itself.
_COOLING_OFF = timedelta(hours=1)
_LONGEST_COOLING_OFF = timedelta(days=1)
_TEMPORARY = ("timeout: ", "cooling-off: ")  # how the reasons of timeouts begin


def punish(
    session: Session, person: Person, violation: Violation, *, moderated: bool = True
) -> DecisionEffects:
    """Note a strike for a refused request, and take the sanction that it leads to, if any.

    Where the place is not `moderated`, a step is a cooling-off of a day at most, and so it is without evidence that a
    moderator could see. Belongs into a transaction that touches nothing else before it; run the outcome's side effects
    after the commit.
    """
    lock_person(session, person)
    hold(session, person.key)
    before = round(
        strike_sum(session, person.key), 2
    )  # or a second's decay would hide a step that was reached
    row = strike(session, person.key, violation)
    after = before + violation.weight
    reached = [step for step in SANCTION_STEPS if before < step.strike_sum <= after]
    step = _FREEZE if violation.weight >= SEVERE else (reached[-1] if reached else None)
    STRIKES.labels(violation.category, step.name if step else "none").inc()
    outcome = DecisionEffects()
    if step is None:
        return outcome
    if step.name == "warning":
        return notify(session, person.key, NoticeKind.WARNING, warning(violation.category))
    if step.opens_case and violation.evidence is None:
        moderated = False
    step = step if moderated else _cooling_off(step)
    case_id = _open_case(session, person, step, row, outcome) if step.opens_case else None
    if violation.evidence is not None and (case_id or violation.evidence.kind is EvidenceKind.MATERIAL):
        save_evidence(session, violation.evidence, person, job_id=violation.job_id, case_id=case_id)
    outcome.add(_exclude(session, person, step, row, moderated=moderated))
    return outcome


def _cooling_off(step: SanctionStep) -> SanctionStep:
    lasts = _COOLING_OFF if step is _FREEZE else min(step.lasts or _LONGEST_COOLING_OFF, _LONGEST_COOLING_OFF)
    return replace(step, name="cooling-off", lasts=lasts, opens_case=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """`until` None: for good."""

    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """Who bans somebody, until when (None: for good), why, and which notice says so to them.

    `job_id` is the refused job that led to it, about which they may tell the moderator of their case something.
    """

    by: str
    until: datetime | None
    reason: str
    kind: NoticeKind
    job_id: str | None = None


def find_exclusion(session: Session, person: Person, *, moderated: bool) -> Exclusion | None:
    """Whether a human may not paint at the moment, under any of their names.

    Where the place is not `moderated`, what the rules imposed there lasts as long as a cooling-off at most, also when
    somebody moderated then, or an earlier version imposed it for good.
    """
    found = bans.bans_in_force(session, person)
    ends = [row.until if moderated or not _by_house(row, person) else _cooling_off_end(row) for row in found]
    lasting = [until for until in ends if until is not None]
    if len(lasting) < len(ends):
        return Exclusion(until=None)
    latest = max(lasting, default=None)
    return Exclusion(until=latest) if latest is not None and latest > now() else None


def _by_house(row: BanRow, person: Person) -> bool:
    """Whether the rules imposed a ban where the person is."""
    home, _, by = row.banned_by.rpartition(":")  # older ones are by the rules alone
    return by == HOUSE and home in ("", f"{person.platform}:{person.community}")


def _cooling_off_end(row: BanRow) -> datetime:
    latest = row.created_at + _LONGEST_COOLING_OFF
    return min(row.until or latest, latest)


def hold(session: Session, person_key: str, *, job_id: str | None = None, all_jobs: bool = False) -> None:
    """Let nothing else happen to a human until the commit: to their account, and to one job or all that go on.

    `linked_identities.lock_identities` says in which order rows are held.
    """
    credit_ledger.lock(session, human_of(session, person_key))
    wanted = JobRow.id == job_id
    if all_jobs:
        wanted |= _going_on(identities(session, person_key))
    job_transitions.lock_jobs(session, wanted)


def _going_on(keys: tuple[str, ...]) -> ColumnElement[bool]:
    return JobRow.person_key.in_(keys) & JobRow.state.in_(sorted(GOING_ON))


def stop_jobs(session: Session, keys: tuple[str, ...], *, why: str = _STOPPED) -> DecisionEffects:
    """Everything of theirs that waits ends now, what is being painted ends within a step."""
    outcome = DecisionEffects()
    for row in session.scalars(select(JobRow).where(_going_on(keys)).order_by(JobRow.id)):
        if row.state == JobState.PAINTING:
            job_transitions.request_cancel(session, row.id)
            outcome.cancel.append(row.id)
        else:
            outcome.events += held_job_decisions.stop(
                session, row.id, JobState.CANCELLED, error_code="banned", error_text=why
            )
    return outcome


def exclude(
    session: Session, person_key: str, sanction: Sanction, *, moderated: bool = True
) -> DecisionEffects:
    """Stop a human's jobs and ban them under all their names. Bans come last: they lock the audit chain.

    Their open turns in gatherings go back, and their ballots of running rounds do not count.
    """
    keys = identities(session, person_key)
    taken_out = take_out_of_all(session, [human_of(session, person_key)])
    outcome = stop_jobs(session, keys, why=_STOPPED if moderated else _STOPPED_BY_RULES)
    outcome.events += taken_out
    text = exclusion_notice(sanction.until, moderated=moderated, job_id=sanction.job_id)
    outcome.add(notify(session, person_key, sanction.kind, text))
    for key in sorted(keys):  # in one order for everybody, or two moderators could wait for each other
        bans.ban(session, key, by=sanction.by, reason=sanction.reason, until=sanction.until)
    return outcome


def notify(
    session: Session, person_key: str, kind: NoticeKind, text: str, *, case_id: str | None = None
) -> DecisionEffects:
    """A word for a human, on all their identities."""
    written = [
        cases.write_notice(session, NewNotice(kind, key, text, case_id=case_id))
        for key in identities(session, person_key)
    ]
    return DecisionEffects(events=[row for row in written if row is not None])


def warning(category: str) -> str:
    if not category:
        return to_stored(coded("notice.warning"))
    return to_stored(coded("notice.warning_about", category=category))


def exclusion_notice(until: datetime | None, *, moderated: bool = True, job_id: str | None = None) -> str:
    appeal = (coded("advice.tell_the_moderator", job=job_id),) if job_id else ()
    if until is None:
        return to_stored(coded("notice.banned"), ASK_A_MODERATOR, *appeal)
    more = ASK_A_MODERATOR if moderated else coded("advice.ends_by_itself")
    return to_stored(coded("banned.until", until=until), more, *appeal)


def _open_case(
    session: Session, person: Person, step: SanctionStep, row: StrikeRow, outcome: DecisionEffects
) -> str:
    """The job's row is written after it, so the case is linked to it by its key: see `link_refused_job`."""
    case, opened = cases.open_case(
        session,
        NewCase(
            kind=CaseKind.SUSPENSION,
            case_key=cases.suspension_key(row.number, row.job_id),
            subject=person,
            job_id=row.job_id if row.job_id and session.get(JobRow, row.job_id) else None,
            rule=row.rule,
            category=row.category,
            evidence=f"{step.name} · {SUM_OF_STRIKES} · {strike_sum(session, person.key):.2f}",
        ),
    )
    outcome.events += opened
    row.case_id = case.id
    session.flush()
    return case.id


def _exclude(
    session: Session, person: Person, step: SanctionStep, row: StrikeRow, *, moderated: bool
) -> DecisionEffects:
    until = now() + step.lasts if step.lasts else None
    outcome = DecisionEffects()
    if not outlasts(session, person.key, until):
        sanction = Sanction(
            by=Person.key_of(person.platform, person.community, HOUSE),
            until=until,
            reason=f"{step.name}: {row.category}",
            kind=NoticeKind.BAN if step.name == "ban" else NoticeKind.SUSPENSION,
            job_id=row.job_id if step.opens_case else None,
        )
        outcome.add(exclude(session, person.key, sanction, moderated=moderated))
    return outcome


def lift_timeouts(session: Session, person_key: str, *, by: str, case_id: str) -> DecisionEffects:
    """End timeouts that the remaining strikes no longer lead to. Suspensions and bans are decided by their own case."""
    left = round(strike_sum(session, person_key), 2)
    if any(step.name == "timeout" and step.strike_sum <= left for step in SANCTION_STEPS):
        return DecisionEffects()
    timeouts = [row for row in bans.holding(session, person_key) if row.reason.startswith(_TEMPORARY)]
    lifted = [
        bans.unban(session, row.person_key, by=by) for row in sorted(timeouts, key=lambda row: row.person_key)
    ]
    if not any(lifted):
        return DecisionEffects()
    text = to_stored(coded("notice.timeout_lifted"))
    return notify(session, person_key, NoticeKind.LIFTED, text, case_id=case_id)


def imposed_by_house(session: Session, case: Case) -> list[BanRow]:
    """Bans that the rules imposed on the human of a suspension; none while another one of theirs waits."""
    waiting = (CaseRow.kind == CaseKind.SUSPENSION) & (CaseRow.state == CaseState.OPEN)
    theirs = CaseRow.subject.in_(identities(session, case.subject)) & (CaseRow.id != case.id)
    if session.scalars(select(CaseRow.id).where(waiting, theirs)).first() is not None:
        return []
    found = bans.holding(session, case.subject)
    return [row for row in found if row.banned_by.rpartition(":")[2] == HOUSE]


def imposed_by(session: Session, case: Case) -> list[BanRow]:
    """Bans that the decision on a case imposed, unless a later one of the same moderator did."""
    theirs = CaseRow.subject.in_(identities(session, case.subject)) & (CaseRow.id != case.id)
    later = CaseRow.decision.in_(EXCLUDING) & (CaseRow.decided_at > case.decided_at)
    same = (CaseRow.decided_by == case.decided_by) & (CaseRow.category == case.category)
    if session.scalars(select(CaseRow.id).where(theirs, later, same)).first() is not None:
        return []
    found = bans.holding(session, case.subject)
    return [row for row in found if (row.banned_by, row.reason) == (case.decided_by, case.category)]


def outlasts(session: Session, person_key: str, until: datetime | None) -> bool:
    """Whether a ban that is there already holds as long."""
    ban = bans.find_ban(session, person_key)
    return ban is not None and (ban.until is None or (until is not None and ban.until >= until))

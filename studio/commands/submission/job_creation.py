"""The rows that an accepted, held or refused request leaves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.commands.spec import Call
from studio.db import credit_ledger, queries
from studio.db.cases import open_case, write_notice
from studio.db.gatherings.sponsors import sponsor_account
from studio.db.newcomers.newcomer_shares import lock_shares
from studio.db.tables import EvidenceRow, JobRow, NoticeRow, OutboxRow
from studio.domain.cases import CaseKind, NewCase, NewNotice, NoticeKind
from studio.domain.jobs import CORE, UNHEARD, Job, JobState, JobVisibility
from studio.domain.people import Address, Person, Platform
from studio.domain.requests import PaintRequest
from studio.domain.settings.channels import ChannelRules
from studio.domain.settings.communities import CommunityRules
from studio.domain.verdicts import EVIDENCE_OF_WORDS, SealedWords, Verdict
from studio.errors import TooManyJobsError
from studio.ports import Allowance
from studio.serialization import to_data

# The fields of a request that say what somebody wants to see.
WORDS = ("prompt", "prompts", "negative_prompt", "style", "saved_style", "mural_cell")


def new_job(
    call: Call,
    command: str,
    request: PaintRequest,
    *,
    job_id: str,
    policy_version: str,
    here: ChannelRules,
) -> JobRow:
    """`here` is what holds in the channel."""
    address = replace(_address(call), age_restricted=here.age_restricted)
    return JobRow(
        id=job_id,
        request_key=call.request_key,
        command=command,
        request=to_data(request),
        person_key=call.person.key,
        person=to_data(call.person),
        address=to_data(address),
        platform=call.person.platform,
        community=call.person.community,
        model=request.model,
        state=JobState.ACCEPTED,
        priority=0,
        cost=request.cost,
        attempts=0,
        cancel_requested=False,
        enough_requested=False,
        created_at=now(),
        refused_rule="",
        refused_category="",
        policy_version=policy_version,
        cleared=False,
        spoiler=here.covers,
        gathering=call.claim.gathering if call.claim else None,
        part=call.claim.ordinal if call.claim else None,
        visibility=_visibility(call),
    )


def _visibility(call: Call) -> JobVisibility:
    """In direct messages nobody else reads anyway."""
    if call.claim:
        return call.claim.visibility
    return JobVisibility.PRIVATE if call.private and not call.address.is_direct else JobVisibility.LISTED


def _address(call: Call) -> Address:
    """Of a private job without the message that acknowledged it, which is seen by its person alone."""
    if _visibility(call) is not JobVisibility.PRIVATE:
        return call.address
    return replace(call.address, message=None, token=None, token_expires_at=None)


def add_within(
    session: Session,
    row: JobRow,
    allowance: Allowance,
    rules: CommunityRules,
    *,
    outstanding: int,
    first_seen_at: datetime,
) -> None:
    """Add a job and set its credits aside. The person's account is held, also against a request of a linked identity.

    `outstanding` counts the jobs of all their identities. Raises `TooManyJobsError` and `OutOfCreditsError`.
    """
    if outstanding >= allowance.max_outstanding_jobs:
        raise TooManyJobsError(limit=allowance.max_outstanding_jobs)
    shares = lock_shares(
        session, row.person_key, allowance.newcomers, first_seen_at=first_seen_at, at=row.created_at
    )
    for share in shares:
        share.require_job(allowance.max_outstanding_jobs)
    limited = grant(session, row, allowance)
    row.priority = min(9, outstanding)
    session.add(row)
    session.flush()
    monthly = allowance.monthly_credits
    shared = [common.credits_of(monthly) for common in shares] if monthly is not None else ()
    credit_ledger.reserve(
        session, row, limited=limited, pool=_paying_pool(session, row, rules), shared=shared
    )


def grant(session: Session, row: JobRow, allowance: Allowance) -> bool:
    """The credits of the month in which a job was asked for. False: there they never run out."""
    if allowance.monthly_credits is None:
        return False
    credit_ledger.grant_monthly(session, row.person_key, credits=allowance.monthly_credits, at=row.created_at)
    return True


def _paying_pool(session: Session, row: JobRow, rules: CommunityRules) -> str | None:
    """The first account beside the person's own that has enough: the channel's pool, then the gathering's sponsor."""
    sponsor = sponsor_account(row.gathering) if row.gathering else None
    accounts = [account for account in (_pool(session, row, rules), sponsor) if account]
    credit_ledger.lock(session, *accounts)
    enough = (
        account
        for account in accounts
        if credit_ledger.balance_of(session, account, at=row.created_at) >= row.cost
    )
    return next(enough, None)


def _pool(session: Session, row: JobRow, rules: CommunityRules) -> str | None:
    """The account of the thread or channel that the job was asked for in, if moderators gave it one."""
    for place in queries.job_of(row).address.places:
        if place in rules.pools:
            pool = credit_ledger.pool_account(Platform(row.platform), row.community, place)
            credits = rules.pools[place]
            credit_ledger.grant_pool(session, pool, row.person_key, credits=credits, at=row.created_at)
            return pool
    return None


def refuse(row: JobRow, verdict: Verdict) -> None:
    """A new job that the policy refuses."""
    row.state = JobState.REFUSED
    row.ended_at = row.created_at
    row.cost = 0
    refusal = verdict.refusal(quoting=False)
    row.error_code, row.error_text = refusal.code, to_stored(*refusal.texts)
    record_refusal(row, verdict)


def record_refusal(row: JobRow, verdict: Verdict) -> None:
    """What is refused is kept without its words and images where the rule says that nobody shall see them."""
    row.refused_rule, row.refused_category = verdict.rule, verdict.category
    if not verdict.appealable:
        row.error_code = CORE
        row.request = without_words(row.request, "sources")
    elif not verdict.heard:
        row.error_code = UNHEARD


def without_words(request: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """The stored request without its words, and without `more` fields."""
    return {name: value for name, value in request.items() if name not in (*WORDS, *more)}


def warn(session: Session, person: Person, verdict: Verdict) -> list[OutboxRow]:
    """A notice to a person who asks for what the policy allows with a warning; once a day for each category."""
    text = to_stored(coded("notice.touches_on", category=verdict.category))
    return _notify_daily(session, person, NoticeKind.WARNING, text)


def offer_help(session: Session, person: Person, verdict: Verdict) -> list[OutboxRow]:
    """A notice with the help that the verdict on a held request names, once a day."""
    return _notify_daily(session, person, NoticeKind.HINT, to_stored(*verdict.help)) if verdict.help else []


def _notify_daily(session: Session, person: Person, kind: NoticeKind, text: str) -> list[OutboxRow]:
    recent = select(NoticeRow.id).where(
        NoticeRow.person_key == person.key,
        NoticeRow.text == text,
        NoticeRow.written_at > now() - timedelta(days=1),
    )
    if session.scalars(recent).first():
        return []
    written = write_notice(session, NewNotice(kind, person.key, text))
    return [written] if written else []


def open_hold(
    session: Session, job: Job, verdict: Verdict, *, picture_id: str | None = None
) -> list[OutboxRow]:
    """Put a held prompt, or a held picture, on the moderators' desk, with the words that the job is kept without."""
    case, events = open_case(
        session,
        NewCase(
            kind=CaseKind.HOLD,
            case_key=f"hold:{picture_id or job.id}",
            subject=job.person,
            job_id=job.id,
            picture_id=picture_id,
            rule=verdict.rule,
            category=verdict.category,
            evidence=verdict.evidence,
        ),
    )
    if verdict.sealed is not None:
        _add_sealed_words(session, case.id, job, verdict.sealed)
    return events


def _add_sealed_words(session: Session, case_id: str, job: Job, words: SealedWords) -> None:
    evidence = EvidenceRow(
        id=words.id,
        kind=EVIDENCE_OF_WORDS,
        case_id=case_id,
        subject=job.person.key,
        job_id=job.id,
        content=words.content,
        files=None,
        created_at=now(),
        expires_at=words.expires_at,
        legal_hold="",
    )
    session.add(evidence)
    session.flush()

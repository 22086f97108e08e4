"""/credits: what one has painted this month, and what is left; or some of it for somebody else."""

from dataclasses import dataclass

from studio.clock import now
from studio.coded_text import coded, to_stored
from studio.commands.parameter_values import Kind, Parameter
from studio.commands.results import Balance, CreditsGiven
from studio.commands.spec import Call, CommandSpec
from studio.db import credit_ledger, outbox
from studio.db.cases import write_notice
from studio.db.identities.linked_identities import human_of, same_human
from studio.db.identities.people import find_sighting, lock_person
from studio.db.newcomers.newcomer_shares import lock_shares
from studio.domain.cases import NewNotice, NoticeKind
from studio.domain.identifiers import job_id_of
from studio.errors import BadParameterError, NotAllowedError
from studio.ports import Ports

_MOST = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Credits:
    to: str | None = None
    amount: int | None = None


def credits(ports: Ports, call: Call, command: Credits) -> Balance | CreditsGiven:
    if command.to is None and command.amount is None:
        return _balance(ports, call)
    if command.to is None or command.amount is None:
        missing = "to" if command.to is None else "amount"
        raise BadParameterError(missing, "missing", example=SPEC.example)
    return _give(ports, call, command.to, command.amount)


def _balance(ports: Ports, call: Call) -> Balance:
    monthly = ports.gate.allowance(call.person).monthly_credits
    with ports.database.read() as session:
        used = credit_ledger.used_credits(session, call.person.key, at=now())
        gifts = credit_ledger.gifts(session, call.person.key, at=now())
    return Balance(used=used, monthly=monthly, gifts=gifts)


def _give(ports: Ports, call: Call, to: str, amount: int) -> CreditsGiven:
    """Once for each request. Raises `OutOfCreditsError`, `BadParameterError` and `NotAllowedError`."""
    allowance = ports.gate.allowance(call.person)
    monthly = allowance.monthly_credits
    if monthly is None:
        raise BadParameterError("amount", "credits_unlimited")
    if not to.startswith(f"{call.person.platform}:{call.person.community}:"):
        raise NotAllowedError("give_here_only")
    at = now()
    with ports.database.begin() as session:
        first_seen_at = lock_person(session, call.person)
        receiver = find_sighting(session, to)
        if same_human(session, to, call.person.key):
            raise BadParameterError("to", "credits_to_oneself")
        credit_ledger.lock(session, *(human_of(session, key) for key in (call.person.key, to)))
        shares = lock_shares(
            session, call.person.key, allowance.newcomers, first_seen_at=first_seen_at, at=at, of_few=True
        )
        credit_ledger.grant_monthly(session, call.person.key, credits=monthly, at=at)
        before = credit_ledger.balance(session, call.person.key, at=at)
        gift = credit_ledger.Gift(
            key=f"gift:{call.request_key}", giver=call.person.key, receiver=to, amount=amount
        )
        shared = [share.credits_of(monthly) for share in shares]
        left = credit_ledger.give(session, gift, at=at, shared=shared)
        events = []
        if left < before:
            text = to_stored(coded("notice.gift", name=call.person.display_name, count=amount))
            notice = NewNotice(NoticeKind.GIFT, to, text, id=job_id_of(gift.key))
            events = [write_notice(session, notice)]
    outbox.send(ports.database, ports.events, [event for event in events if event is not None])
    return CreditsGiven(seen=receiver, amount=amount, left=left)


SPEC = CommandSpec(
    name="credits",
    summary="Show what you used this month and what is left, or give credits to somebody.",
    example="/credits @bo 20",
    build=Credits,
    handle=credits,
    parameters=(
        Parameter(name="to", kind=Kind.PERSON, summary="Who gets some of your credits.", positional=True),
        Parameter(
            name="amount",
            kind=Kind.INTEGER,
            summary="How many.",
            minimum=1,
            maximum=_MOST,
            positional=True,
        ),
    ),
    paints=False,
)

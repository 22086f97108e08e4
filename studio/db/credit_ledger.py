"""Credits as an append-only ledger: reserve, then capture or release, each exactly once per job.

An account belongs to a human, over all their linked identities, or to the pool of a channel. Its balance in a month
is the sum of that month's entries, which triggers keep in `balances`: grants, releases and gifts received are positive,
reservations and gifts made negative; a capture of 0 only marks that the reservation was used. A gift from a newcomer
who shares with others is `passed` to its receiver: it is in the balance, and adds nothing to what newcomers share.
Credits belong to the month of their entry and so end with it. `entry_key` is the primary key, so a repeated entry
changes nothing. A job that is painted after it was refused is reserved once more, so its reservations and their ends
are numbered.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.db.identities import linked_identities
from studio.db.identities.linked_identities import human_of
from studio.db.sql_dialects import lock_names
from studio.db.tables import BalanceRow, JobRow, LedgerRow
from studio.domain.identifiers import new_job_id
from studio.domain.jobs import EndedJob
from studio.domain.people import Platform
from studio.domain.settings.communities import SharedCredits
from studio.errors import OutOfCreditsError

_SETTLED = ("capture", "release")
_SPENDING = ("reserve", *_SETTLED)
_SUM = select(func.coalesce(func.sum(BalanceRow.amount), 0)).where(
    BalanceRow.account == bindparam("account"), BalanceRow.period == bindparam("period")
)
_OF_JOB = select(LedgerRow).where(LedgerRow.job_id == bindparam("job_id"))


def period_of(at: datetime) -> str:
    """The month, e.g. ``2026-11``."""
    return f"{at:%Y-%m}"


def pool_account(platform: Platform, community: str, channel: str) -> str:
    """The account of a channel that moderators gave credits of its own."""
    return f"pool:{platform}:{community}:{channel}"


def balance(session: Session, person_key: str, *, at: datetime) -> int:
    """What is left of the month's credits of the human behind the person."""
    return balance_of(session, human_of(session, person_key), at=at)


def balance_of(session: Session, account: str, *, at: datetime) -> int:
    return _sum(session, account, at)


def used_credits(session: Session, person_key: str, *, at: datetime) -> int:
    """Credits of this month that were spent or are set aside for jobs not yet over; not those of pools."""
    return -_sum(session, human_of(session, person_key), at, kinds=_SPENDING)


def gifts(session: Session, person_key: str, *, at: datetime) -> int:
    """Credits of this month that were received, less those given away."""
    return _sum(session, human_of(session, person_key), at, kinds=("gift", "passed"))


def net_spending(person_key: InstrumentedAttribute[str]) -> Select[int]:
    """The query of what one identity spent, set aside or gave away in a month, less gifts that are not `passed` ones.

    Below 0 where more was given to them than they used. Credits of pools do not count. The month is its parameter
    `period`.
    """
    amount = func.coalesce(-func.sum(LedgerRow.amount), 0)
    return select(amount).where(
        LedgerRow.person_key == person_key,
        LedgerRow.period == bindparam("period"),
        LedgerRow.kind.in_((*_SPENDING, "gift")),
        LedgerRow.account.not_like("pool:%"),
    )


def lock(session: Session, *accounts: str) -> None:
    """Hold accounts until the commit, so that none is overdrawn."""
    lock_names(session, *accounts)


def grant_monthly(session: Session, person_key: str, *, credits: int, at: datetime) -> None:
    """Grant a human the month's credits, once; a human who rose to more during the month gets the difference."""
    account = human_of(session, person_key)
    _grant(session, account, person_key, credits, at)


def grant_pool(session: Session, pool: str, person_key: str, *, credits: int, at: datetime) -> None:
    """The same for the pool of a channel, by the first who draws on it."""
    _grant(session, pool, person_key, credits, at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """Credits from one person to another, by their keys; `key` is the gift's own."""

    key: str
    giver: str
    receiver: str
    amount: int


def give(session: Session, gift: Gift, *, at: datetime, shared: Sequence[SharedCredits] = ()) -> int:
    """Move credits between humans, once per key, and say what the giver has left. Raises `OutOfCreditsError`.

    What a newcomer gives counts as spent in what they share (`shared`), also when another newcomer receives it.
    """
    source, target = human_of(session, gift.giver), human_of(session, gift.receiver)
    lock(session, source, target)
    key, amount, received = f"{gift.key}:given", gift.amount, "passed" if shared else "gift"
    if session.get(LedgerRow, key) is None:
        _require(session, source, amount, shared, at)
        enter(session, LedgerEntry(key, source, gift.giver, "gift", -amount), at=at)
        key = f"{gift.key}:received"
        enter(session, LedgerEntry(key, target, gift.receiver, received, amount), at=at)
    return balance_of(session, source, at=at)


def merge(session: Session, into: str, other: str, *, person_key: str, at: datetime) -> None:
    """Two humans turned out to be one: of what both were granted this month, the smaller share goes back."""
    lock(session, into, other)
    for account in (into, other):
        _undo_parted_grants(session, account, person_key, at)
    twice = min(_sum(session, account, at, kinds=("grant",)) for account in (into, other))
    left = balance_of(session, into, at=at) + balance_of(session, other, at=at)
    if (back := min(twice, left)) > 0:
        enter(session, LedgerEntry(f"link:{new_job_id()}", into, person_key, "grant", -back), at=at)


def unlink(session: Session, person_key: str, *, at: datetime) -> bool:
    """The identity stands alone again, and the credits stay with the others. False: it was alone."""
    account = linked_identities.unlink(session, person_key)
    if account is not None:
        _part(session, person_key, account, at=at)
    return account is not None


def leave_names(session: Session, *, at: datetime) -> None:
    """Accounts of people who were forgotten lose their names when their month is over.

    This month's keep theirs, or forgetting would be the way to fresh credits.
    """
    gone = LedgerRow.person_key.contains(":forgotten-") & LedgerRow.account.not_like("pool:%")
    over = (LedgerRow.period < period_of(at)) & (LedgerRow.account != LedgerRow.person_key)
    entry_key = func.replace(LedgerRow.entry_key, LedgerRow.account, LedgerRow.person_key)
    values = {"account": LedgerRow.person_key, "entry_key": entry_key}
    session.execute(
        update(LedgerRow).where(gone, over).values(values), execution_options={"synchronize_session": False}
    )


def reserve(
    session: Session,
    job: JobRow,
    *,
    limited: bool,
    pool: str | None = None,
    shared: Sequence[SharedCredits] = (),
) -> None:
    """Set the cost of a new job aside: in the pool if it has enough, else in the human's own account.

    With `limited`, raises `OutOfCreditsError` when the balance, or what a newcomer shares, is too small.
    """
    at = job.created_at
    own = human_of(session, job.person_key)
    lock(session, own, *([pool] if pool else []))
    account = pool if pool and balance_of(session, pool, at=at) >= job.cost else own
    if account == own and limited:
        _require(session, own, job.cost, shared, at)
    _add_reservation(session, job, account, job.cost)


def reserve_what_is_left(session: Session, job: JobRow) -> None:
    """Set the job's cost aside, or as much of it as the human has left: the instance pays the rest.

    Where nobody was granted anything, credits are only counted, and the whole cost is.
    """
    own = human_of(session, job.person_key)
    lock(session, own)
    granted = _sum(session, own, job.created_at, kinds=("grant",))
    left = max(0, balance_of(session, own, at=job.created_at))
    number, reserved = _reservation(session, job)
    if reserved is None:  # once for each time that the job is on its way
        _add_reservation(session, job, own, min(job.cost, left) if granted else job.cost, number=number)


def capture(session: Session, job: JobRow | EndedJob, *, painted: int, at: datetime) -> None:
    """Spend the reservation, at most what the painted pictures cost; the rest comes back."""
    asked_for = max(1, int(job.request.get("count", 1)))
    missing = max(0, asked_for - painted)
    _settle(session, job, "capture", job.cost - missing * (job.cost // asked_for), at)


def release(session: Session, job: JobRow | EndedJob, *, at: datetime) -> None:
    """Give the whole reservation back."""
    _settle(session, job, "release", 0, at)


def _require(
    session: Session, account: str, needed: int, shared: Sequence[SharedCredits], at: datetime
) -> None:
    """Raises `OutOfCreditsError`."""
    if (left := balance_of(session, account, at=at)) < needed:
        raise OutOfCreditsError(needed=needed, balance=left, at=at)
    for share in shared:
        share.require(needed, at=at)


def _grant(session: Session, account: str, person_key: str, credits: int, at: datetime) -> None:
    lock(session, account)
    period = period_of(at)
    granted = _sum(session, account, at, kinds=("grant",))
    if credits > granted:
        key = f"grant:{period}:{account}"
        if session.get(LedgerRow, key) is not None:
            key = f"{key}:{new_job_id()}"
        enter(session, LedgerEntry(key, account, person_key, "grant", credits - granted), at=at)


def _part(session: Session, person_key: str, account: str, *, at: datetime) -> None:
    """What the human was granted this month counts as granted to it too, or parting would be the way to more."""
    lock(session, account, person_key)
    if (granted := _sum(session, account, at, kinds=("grant",))) > 0:
        _enter_twice(session, person_key, person_key, granted, at)


def _undo_parted_grants(session: Session, account: str, person_key: str, at: datetime) -> None:
    """What only counted as granted, because the identity had parted from others, does so no more."""
    if (apart := -_sum(session, account, at, kinds=("parted",))) > 0:
        _enter_twice(session, account, person_key, -apart, at)


def _enter_twice(session: Session, account: str, person_key: str, amount: int, at: datetime) -> None:
    """Granted, and gone: the balance stays what it is."""
    key = f"parted:{new_job_id()}"
    enter(session, LedgerEntry(f"{key}:grant", account, person_key, "grant", amount), at=at)
    enter(session, LedgerEntry(key, account, person_key, "parted", -amount), at=at)


def _add_reservation(session: Session, job: JobRow, account: str, amount: int, *, number: int = 0) -> None:
    """`number` others of the job are closed."""
    key = f"{job.id}:reserve{_nth(number)}"
    entry = LedgerEntry(key, account, job.person_key, "reserve", -amount, job_id=job.id)
    _add(session, entry, period=period_of(job.created_at), at=job.created_at)


def _settle(session: Session, job: JobRow | EndedJob, kind: str, spent: int, at: datetime) -> None:
    """Close the reservation in the account and the month in which it was made."""
    number, reserved = _reservation(session, job)
    if reserved is not None:
        key, amount = f"{job.id}:{kind}{_nth(number)}", max(0, -reserved.amount - spent)
        entry = LedgerEntry(key, reserved.account, job.person_key, kind, amount, job_id=job.id)
        _add(session, entry, period=reserved.period, at=at)


def _reservation(session: Session, job: JobRow | EndedJob) -> tuple[int, LedgerRow | None]:
    """How many reservations of the job are closed, and the one that is open, if any."""
    entries = session.scalars(_OF_JOB, {"job_id": job.id}).all()
    number = sum(entry.kind in _SETTLED for entry in entries)
    key = f"{job.id}:reserve{_nth(number)}"
    return number, next((entry for entry in entries if entry.entry_key == key), None)


def _nth(number: int) -> str:
    """The first needs no number."""
    return f":{number + 1}" if number else ""


def _sum(session: Session, account: str, at: datetime, *, kinds: Sequence[str] = ()) -> int:
    query = _SUM.where(BalanceRow.kind.in_(kinds)) if kinds else _SUM
    return int(session.scalar(query, {"account": account, "period": period_of(at)}) or 0)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """`amount` is what the account has more by it."""

    entry_key: str
    account: str
    person_key: str
    kind: str
    amount: int
    job_id: str | None = None


def enter(session: Session, entry: LedgerEntry, *, at: datetime) -> None:
    """Once for each key."""
    if session.get(LedgerRow, entry.entry_key) is None:
        _add(session, entry, period=period_of(at), at=at)


def _add(session: Session, entry: LedgerEntry, *, period: str, at: datetime) -> None:
    session.add(LedgerRow(**asdict(entry), period=period, created_at=at))
    session.flush()

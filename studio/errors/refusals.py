"""What the person may not do, or not now."""

from datetime import date, datetime, timedelta

from studio.coded_text import CodedText, coded
from studio.errors.chatelier_error import ChatelierError

ASK_A_MODERATOR = coded("advice.ask_a_moderator")


class RequestRefusedError(ChatelierError):
    code = "refused"


class PolicyRefusalError(RequestRefusedError):
    """A rule of the policy says no. `category` may be shown to the person; `rule` is for moderators.

    `remedy` says which setting or moderator could change it. `job_id` names the refused job, against which the person
    may appeal; None: it cannot be appealed. `doubtful`: the category is not named.
    """

    code = "policy"

    def __init__(
        self,
        *,
        rule: str,
        category: str,
        remedy: tuple[CodedText, ...] = (),
        job_id: str | None = None,
        doubtful: bool = False,
    ) -> None:
        if doubtful:
            super().__init__("doubtful", advice=remedy)
        else:
            super().__init__(advice=remedy, category=category)
        self.rule = rule
        self.category = category
        self.job_id = job_id


class BannedError(RequestRefusedError):
    """`until` None: for good. `advice` says what the person can do about it."""

    code = "banned"

    def __init__(
        self, *, until: datetime | None = None, advice: tuple[CodedText, ...] = (ASK_A_MODERATOR,)
    ) -> None:
        if until is None:
            super().__init__("for_good", advice=advice)
        else:
            super().__init__("until", advice=advice, until=until)
        self.until = until


# Limits of which the sentence names the cause; of the others it says that the person asked for a lot.
_NAMED_LIMITS = frozenset({"address", "invite", "community", "everybody", "refused", "uploads"})


class RateLimitedError(RequestRefusedError):
    """`scope` says whose limit was reached: the person's own by default, else community, everybody or such."""

    code = "rate"

    def __init__(self, *, retry_after_seconds: float, scope: str = "person") -> None:
        wait = timedelta(seconds=max(1, round(retry_after_seconds)))
        super().__init__(scope if scope in _NAMED_LIMITS else "", wait=wait)
        self.retry_after_seconds = retry_after_seconds
        self.scope = scope


def _own_from(until: datetime | None) -> tuple[CodedText, ...]:
    return (coded("advice.own_from", until=until),) if until else ()


class TooManyJobsError(RequestRefusedError):
    """`scope`, address or invite, says whose newcomers share the limit, `until` when the person does so no more."""

    code = "concurrency"

    def __init__(self, *, limit: int, scope: str = "person", until: datetime | None = None) -> None:
        advice = coded("advice.let_one_finish")
        super().__init__(scope, advice=(advice, *_own_from(until)), count=limit)
        self.limit = limit
        self.scope = scope


class OutOfCreditsError(RequestRefusedError):
    code = "credits"

    def __init__(
        self,
        *,
        needed: int,
        balance: int,
        at: datetime,
        scope: str = "person",
        until: datetime | None = None,
    ) -> None:
        """`at` is when they were wanted: they belong to its month. `scope` and `until` as in `TooManyJobsError`."""
        renewed: date = (at.replace(day=1) + timedelta(days=31)).replace(day=1).date()
        wait = coded("advice.wait_for_credits", renewed=renewed)
        advice = (wait,) if scope == "person" else _own_from(until)
        super().__init__(scope, advice=advice, count=needed, balance=balance)
        self.needed = needed
        self.balance = balance
        self.scope = scope


class StorageQuotaError(RequestRefusedError):
    """`scope`, person or community, says whose pictures take all that they may; sizes are in MiB."""

    code = "storage_quota"

    def __init__(self, *, scope: str, used_mib: int, limit_mib: int) -> None:
        super().__init__(scope, used=used_mib, limit=limit_mib)
        self.scope = scope


class NotAllowedError(RequestRefusedError):
    """Without a reason: only the person who made it, or a moderator, can do that."""

    code = "not_allowed"


class ConsentNeededError(RequestRefusedError):
    """An upload shows a face, and nobody has said yet that the people in it agreed."""

    code = "consent"


class CaseTakenError(RequestRefusedError):
    code = "case_taken"

    def __init__(self, *, closed: bool) -> None:
        super().__init__("closed" if closed else "claimed")
        self.closed = closed


class WrongChannelError(RequestRefusedError):
    """The community paints in other channels; `channels` are the platform's ids."""

    code = "elsewhere"

    def __init__(self, *, channels: tuple[str, ...]) -> None:
        super().__init__()
        self.channels = channels


class CommunityPausedError(RequestRefusedError):
    code = "paused"

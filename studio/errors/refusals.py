"""What the person may not do, or not now."""

from datetime import datetime, timedelta

from studio.errors.chatelier_error import ChatelierError
from studio.plurals import count_of


class RequestRefusedError(ChatelierError):
    code = "refused"


class PolicyRefusalError(RequestRefusedError):
    """A rule of the policy says no. `category` may be shown to the person; `rule` is for moderators.

    `remedy` says which setting or moderator could change it. `job_id` names the refused job, against which the person
    may appeal; None: it cannot be appealed. `sentence` is that of an earlier refusal, to be said again.
    """

    code = "policy"

    def __init__(
        self, *, rule: str, category: str, remedy: str = "", job_id: str | None = None, sentence: str = ""
    ) -> None:
        made = f"The rules here do not allow this ({category}). Please try something else. {remedy}".rstrip()
        super().__init__(sentence or made)
        self.rule = rule
        self.category = category
        self.job_id = job_id


class BannedError(RequestRefusedError):
    code = "banned"

    def __init__(
        self, *, until: datetime | None = None, more: str = "A moderator can tell you more."
    ) -> None:
        """`more` says what the person can do about it."""
        end = f" until {until:%Y-%m-%d %H:%M} UTC" if until else ""
        super().__init__(f"You cannot paint here{end}. {more}")
        self.until = until


_TOO_FAST = {
    "address": "People who are new here and come from your network share what they may ask for.",
    "invite": "People who are new here ask for a lot at once.",
    "community": "People here ask for a lot at once.",
    "everybody": "Many people ask at once.",
    "refused": "Several of your requests were refused.",
    "uploads": "You uploaded many images.",
}


class RateLimitedError(RequestRefusedError):
    """`scope` says whose limit was reached: the person's own by default, else community or everybody."""

    code = "rate"

    def __init__(self, *, retry_after_seconds: float, scope: str = "person") -> None:
        wait_seconds = max(1, round(retry_after_seconds))
        wait = f"{wait_seconds} s" if wait_seconds < 120 else f"{round(wait_seconds / 60)} min"
        start = _TOO_FAST.get(scope, "That is a lot at once.")
        super().__init__(f"{start} Please try again in {wait}.")
        self.retry_after_seconds = retry_after_seconds
        self.scope = scope


_SHARING = {
    "address": "People who are new here and come from your network share",
    "invite": "People who are new here and came in with the same invite word share",
}


def _own_from(until: datetime | None) -> str:
    return f"You have your own from {until:%Y-%m-%d %H:%M} UTC on." if until else ""


class TooManyJobsError(RequestRefusedError):
    """`scope`, address or invite, says whose newcomers share the limit, `until` when the person does so no more."""

    code = "concurrency"

    def __init__(self, *, limit: int, scope: str = "person", until: datetime | None = None) -> None:
        jobs = f"You already have {count_of(limit, 'job')} waiting."
        if scope in _SHARING:
            jobs = f"{_SHARING[scope]} {count_of(limit, 'job')} at once, and none is free."
        super().__init__(f"{jobs} Let one finish or cancel one, then try again. {_own_from(until)}".rstrip())
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
        renewed = (at.replace(day=1) + timedelta(days=31)).replace(day=1)
        sentence = (
            f"This needs {count_of(needed, 'credit')} and you have {balance}. Ask for fewer pictures, or wait for the"
            f" new month's credits on 1 {renewed:%B}."
        )
        if scope in _SHARING:
            sentence = (
                f"This needs {count_of(needed, 'credit')}. {_SHARING[scope]} their credits, and"
                f" {balance} {'is' if balance == 1 else 'are'} left for you. {_own_from(until)}"
            )
        super().__init__(sentence.rstrip())
        self.needed = needed
        self.balance = balance
        self.scope = scope


class NotAllowedError(RequestRefusedError):
    code = "not_allowed"

    def __init__(self, reason: str = "Only the person who made this, or a moderator, can do that.") -> None:
        super().__init__(reason)


class ConsentNeededError(RequestRefusedError):
    """An upload shows a face, and nobody has said yet that the people in it agreed."""

    code = "consent"

    def __init__(self) -> None:
        super().__init__(
            "This image shows a face. If everybody in it agreed to be painted, send the same image again"
            " within 15 minutes; otherwise please choose another one."
        )


class CaseTakenError(RequestRefusedError):
    code = "case_taken"

    def __init__(self, *, closed: bool) -> None:
        reason = "was decided already" if closed else "was taken by another moderator"
        super().__init__(f"This case {reason}. Please take another one.")
        self.closed = closed


class WrongChannelError(RequestRefusedError):
    """The community paints in other channels; `channels` are the platform's ids."""

    code = "elsewhere"

    def __init__(self, *, channels: tuple[str, ...]) -> None:
        super().__init__("Pictures are painted in other channels here. Please ask there.")
        self.channels = channels


class CommunityPausedError(RequestRefusedError):
    code = "paused"

    def __init__(self) -> None:
        super().__init__("A moderator has paused the studio. Please try again later.")

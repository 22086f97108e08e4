"""What a gathering does not allow, or not any more."""

from enum import StrEnum

from studio.errors.refusals import RequestRefusedError


class Refusal(StrEnum):
    """Why something cannot be done in a gathering; the front ends have a sentence for each."""

    OVER = "over"
    STOPPED = "stopped"  # paused or interrupted
    LATE = "late"  # it was about an earlier round, or another state
    MEMBERS_ONLY = "members"
    HOST_ONLY = "host"
    MODERATORS_ONLY = "moderators"
    OFF = "off"  # nobody opens any here
    TIER = "tier"  # one's tier opens none here
    DIRECT = "direct"  # not in direct messages
    SAME_KIND = "same_kind"  # one of this kind is open in the channel
    TOO_MANY = "too_many"  # as many as a community may have
    OWN_PART = "own_part"  # nobody votes for their own
    GUEST = "guest"
    NEWCOMER = "newcomer"
    JOINED_LATER = "joined_later"  # came to the community after the gathering was opened
    TAKEN = "taken"  # the part is somebody else's
    GONE = "gone"  # the part was removed
    TRIED_OFTEN = "tried_often"  # three times refused
    UNKNOWN = "unknown"  # there is no such thing to do


class GatheringRefusedError(RequestRefusedError):
    """`reason` is a `Refusal`, or a code of the gathering's `kind`; `values` fill its sentence."""

    code = "gathering"

    def __init__(self, reason: str, *, kind: str = "", **values: str | int) -> None:
        super().__init__(str(reason), advice=(), **values)
        self.kind = kind
        self.gathering_id = ""  # of the one that was acted in, for a way back to it


class GatheringMovedError(RequestRefusedError):
    """Somebody else was quicker."""

    code = "gathering_moved"

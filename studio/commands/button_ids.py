"""Buttons that work for ever: all state is in the id."""

from dataclasses import dataclass
from enum import StrEnum

from studio.domain.identifiers import is_job_id, picture_id

VERSION = "c1"
MAX_LENGTH = 100  # Discord's custom_id
NO_TARGET = "0" * 12  # stands where a job's id does, on buttons that are about none


class Action(StrEnum):
    VARY = "vary"
    VARY_SUBTLE = "subtle"
    UPSCALE = "upscale"
    REROLL = "reroll"
    REMIX = "remix"
    EDIT = "edit"
    EXPAND = "expand"
    BLEND = "blend"
    STAR = "star"
    ALT = "alt"
    SHOW = "show"
    CANCEL = "cancel"
    DELETE = "delete"
    REPORT = "report"
    APPEAL = "appeal"
    WHO = "who"  # who made it, and from what
    MORE = "more"  # opens a private panel for one picture
    SEND = "send"  # sends the job's pictures to the person by direct message
    SETTINGS = "settings"  # opens the form of the person's settings; about no job
    # On a case, whose id stands where a job's does.
    CLAIM = "claim"
    REVEAL = "reveal"  # shows its pictures as they are
    APPROVE = "approve"
    SPOILER = "spoiler"
    REJECT = "reject"
    WARN = "warn"
    SUSPEND = "suspend"
    BAN = "ban"
    BLOCK = "block"
    OVERTURN = "overturn"
    CONSENT = "consent"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An action on a job or a case (`index` 0), or on one of a job's pictures (`index` from 1)."""

    action: Action
    job_id: str
    index: int = 0

    def __str__(self) -> str:
        return f"{VERSION}:{self.action}:{self.job_id}:{self.index}"

    @property
    def picture_id(self) -> str | None:
        return picture_id(self.job_id, self.index) if self.index else None


def parse_button(text: str) -> Button | None:
    """Read an id back. Foreign, forged or damaged ids give None."""
    parts = text.split(":")
    if len(text) > MAX_LENGTH or len(parts) != 4 or parts[0] != VERSION:
        return None
    _, action, job_id, index = parts
    if action not in set(Action) or not is_job_id(job_id) or index not in "0123456789" or len(index) != 1:
        return None
    return Button(action=Action(action), job_id=job_id, index=int(index))

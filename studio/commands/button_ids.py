"""Buttons that work for ever: all state is in the id."""

import re
from dataclasses import dataclass
from enum import StrEnum

from studio.domain.identifiers import MOST_PICTURES, is_job_id, picture_id

VERSION = "c1"
MAX_LENGTH = 100  # Discord's custom_id
NO_TARGET = "0" * 12  # stands where a job's id does, on buttons that are about none


class Action(StrEnum):
    VARY = "vary"
    VARY_SUBTLE = "subtle"
    UPSCALE = "upscale"
    REROLL = "reroll"
    REMIX = "remix"
    REWRITE = "rewrite"  # the prompt, by a change that is said; the new one is shown first
    PROPOSED = "proposed"  # a prompt that was proposed; the proposal's id stands where a job's does
    EDIT = "edit"
    EXPAND = "expand"
    BLEND = "blend"
    FULL_SIZE = "fullsize"  # of a draft
    REFERENCE = "reference"  # opens the form of /imagine, with the picture beside its words
    STAR = "star"
    ALT = "alt"
    DESCRIBE = "describe"  # what a model sees in it
    SHARE = "share"
    PUBLISH = "publish"  # a private job
    COLLECT = "collect"  # into the tray of pictures for a blend
    BLEND_TRAY = "blendtray"  # about no job
    EMPTY_TRAY = "emptytray"
    PICK = "pick"  # a vote of everybody on which picture of a job is upscaled
    CONTEST = "contest"  # opens the form of a new one; about no job
    ENTER = "enter"  # into the contest that is open in the channel
    HALL = "hall"  # a page of the winners of contests; about no job, `index` is the page
    LEADERBOARD = "leaderboard"  # whose pictures others built on most; about no job
    SHOW = "show"
    CANCEL = "cancel"
    ENOUGH = "enough"  # ends a job with the pictures that are finished
    DELETE = "delete"
    REPORT = "report"
    APPEAL = "appeal"
    WHO = "who"  # who made it, and from what
    MORE = "more"  # opens a private panel for one picture
    SEND = "send"  # sends the job's pictures to the person by direct message
    SETTINGS = "settings"  # opens the form of the person's settings; about no job
    LOCKDOWN = "lockdown"  # holds newcomers and pauses uploads for an hour; about no job
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
    # On a gathering, whose id stands where a job's does; the id says what is done and about which part.
    GATHER = "gather"
    GATHER_ASK = "gatherask"  # opens a form
    GATHER_SHOW = "gathershow"  # shows something to the person alone


OF_GATHERINGS = frozenset({Action.GATHER, Action.GATHER_ASK, Action.GATHER_SHOW})
_INDEX = re.compile("|".join(map(str, range(MOST_PICTURES + 1))))
_GATHERING = re.compile(r"[a-z_]{1,16}:\d{1,4}:\d{1,4}")  # a verb, a round, a part


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """An action on a job or a case (`index` 0), or on one of a job's pictures (`index` from 1).

    On a gathering, `verb` is what its kind calls the action; with the round and the part that it was shown for.
    """

    action: Action
    job_id: str
    index: int = 0
    verb: str = ""
    round: int = 0
    part: int = 0

    def __str__(self) -> str:
        start = f"{VERSION}:{self.action}:{self.job_id}:{self.index}"
        return f"{start}:{self.verb}:{self.round}:{self.part}" if self.verb else start

    @property
    def picture_id(self) -> str | None:
        return picture_id(self.job_id, self.index) if self.index else None


def parse_button(text: str) -> Button | None:
    """Read an id back. Foreign, forged or damaged ids give None."""
    parts = text.split(":")
    if len(text) > MAX_LENGTH or len(parts) not in (4, 7) or parts[0] != VERSION:
        return None
    _, action, job_id, index, *rest = parts
    if action not in set(Action) or not is_job_id(job_id) or not _INDEX.fullmatch(index):
        return None
    if (action in OF_GATHERINGS) is not bool(rest) or (rest and not _GATHERING.fullmatch(":".join(rest))):
        return None
    verb, round_number, part = rest or ("", "0", "0")
    return Button(
        action=Action(action),
        job_id=job_id,
        index=int(index),
        verb=verb,
        round=int(round_number),
        part=int(part),
    )


def gather_values(button: Button) -> dict[str, object]:
    """What a button on a gathering stands for, as values of the command `gather`."""
    return {"do": button.verb, "id": button.job_id, "round": button.round, "part": button.part}


def form_subject(button: Button) -> str:
    """What a form of a gathering is about, within the form's id."""
    return f"{button.job_id}.{button.verb}.{button.round}.{button.part}"


def parse_form_subject(text: str) -> Button | None:
    """Read `form_subject` back; None for anything else."""
    job_id, *rest = text.split(".")
    if not is_job_id(job_id) or not _GATHERING.fullmatch(":".join(rest)):
        return None
    verb, round_number, part = rest
    return Button(action=Action.GATHER, job_id=job_id, verb=verb, round=int(round_number), part=int(part))

"""What a browser gets for a command's answer: a sentence, a dialog to open, or a page to go to."""

from dataclasses import dataclass
from typing import Any

from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.errors import explain, pointer
from bots.presentation.message import Message, Note, Paragraph
from bots.presentation.spans import plain_text
from bots.texts import errors
from bots.texts.translation import translate
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    CaseDecided,
    CaseOpened,
    Community,
    DeskCases,
    Family,
    GatheringOpened,
    GatheringsListed,
    History,
    InQueue,
    JobsStopped,
    LinkOffered,
    PicturesDeleted,
    PictureShown,
    SettingsChanged,
    StarChanged,
)
from studio.domain.cases import CaseKind
from studio.domain.identifiers import split_picture_id
from studio.errors import ChatelierError, PolicyRefusalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`data` goes to the browser that asked; `job_id` is the card that changed, if any."""

    data: dict[str, Any]
    job_id: str | None = None

    @property
    def went_well(self) -> bool:
        return bool(self.data["ok"])


def reply_to(answer: Answer) -> Reply:
    if path := _dialog_of(answer):
        return Reply(data={"ok": True, "open": path})
    match answer:
        case GatheringOpened():
            return Reply(data={"ok": True, "open": f"/gatherings/{answer.gathering_id}"})
        case GatheringsListed():
            return Reply(data={"ok": True, "open": "/gatherings"})
        case Accepted():
            return Reply(data={"ok": True, "job": answer.job_id}, job_id=answer.job_id)
        case DeskCases():
            return Reply(data={"ok": True, "go": "/desk"})
        case CaseOpened(details=details):
            return Reply(data={"ok": True, "go": f"/desk#case-{details.case.id}"})
    reply = Reply(data={"ok": True, "text": text_of(compose_answer(answer))}, job_id=_job_of(answer))
    match answer:
        case CaseDecided(case=case) if case.kind is CaseKind.CONSENT:
            reply.data["open"] = "/mine/messages"
        case Attribution() | LinkOffered():  # stays until the person closes it, with a button that copies
            reply.data.update(keep=True, copy=_to_copy(answer))
    return reply


def reply_to_error(error: ChatelierError) -> Reply:
    """Of a refusal also the job, whose card has a button to appeal."""
    data: dict[str, Any] = {"ok": False, "text": plain_text(explain(error)), "code": error.code}
    if pointed := pointer(error):
        data["point"] = pointed
    return Reply(data=data, job_id=error.job_id if isinstance(error, PolicyRefusalError) else None)


def reply_to_fault(fault: str) -> Reply:
    return Reply(data={"ok": False, "text": translate(errors.FAULT, fault=fault), "code": "fault"})


def text_of(message: Message | None) -> str:
    """What a message says, without what it shows and offers."""
    parts = message.parts if message else ()
    return " ".join(plain_text(part.spans) for part in parts if isinstance(part, Paragraph | Note))


def _dialog_of(answer: Answer) -> str:
    """The path of the dialog that shows it; empty where a sentence does."""
    match answer:
        case PictureShown(job=job):
            return f"/jobs/{job.id}"
        case InQueue():
            return "/mine/queue"
        case History():
            return "/mine/history"
        case Family():
            return f"/view/{answer.picture_id}"
        case SettingsChanged():
            return "/settings"
        case Community(former_name=typed):
            return f"/rules?typed={typed}" if typed else "/rules"
        case _:
            return ""


def _to_copy(answer: Attribution | LinkOffered) -> str:
    return f"/link {answer.code}" if isinstance(answer, LinkOffered) else answer.picture_id or ""


def _job_of(answer: Answer) -> str | None:
    """The job whose card changed."""
    match answer:
        case JobsStopped():
            return answer.job_id
        case CaseDecided(case=case):
            return case.job_id
        case PicturesDeleted(picture_ids=(first, *_)) | StarChanged(picture_id=first):
            split = split_picture_id(first)
            return split[0] if split else None
        case _:
            return None

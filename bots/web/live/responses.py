"""What a browser is reply of a command's answer: a sentence, a sheet to open, or a page to go to."""

from dataclasses import dataclass
from typing import Any

from bots.texts.answers import Formatter, lines_of
from bots.texts.attributions import attribution
from bots.texts.lists import balance
from bots.web.texts import texts
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    CaseDecided,
    CaseOpened,
    Community,
    DeskCases,
    Family,
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

VOICE = Formatter(
    text=str,
    person=lambda person: f"@{person.display_name}",
    channel=lambda channel: f"#{channel}",
    role=str,
    moment=lambda at: f"{at:%Y-%m-%d %H:%M} UTC",
    code=str,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`data` goes to the browser that asked; `job_id` is the card that changed, if any."""

    data: dict[str, Any]
    job_id: str | None = None

    @property
    def went_well(self) -> bool:
        return bool(self.data["ok"])


def reply_to(answer: Answer) -> Reply:
    match answer:
        case PictureShown() | InQueue() | History() | Family() | SettingsChanged() | Community():
            return Reply(data={"ok": True, "open": _sheet_of(answer)})
        case DeskCases():
            return Reply(data={"ok": True, "go": "/desk"})
        case CaseOpened(details=details):
            return Reply(data={"ok": True, "go": f"/desk#case-{details.case.id}"})
        case CaseDecided(case=case):
            reply = _say(" ".join(lines_of(answer, VOICE)), case.job_id)
            if case.kind is CaseKind.CONSENT:
                reply.data["open"] = "/mine/messages"
            return reply
        case Accepted() | JobsStopped() | PicturesDeleted() | StarChanged():
            return _of_a_job(answer)
        case Balance():
            return _say(balance(answer))
        case Attribution() | LinkOffered():
            return _to_copy(answer)
        case _:
            return _say(" ".join(lines_of(answer, VOICE)))


def _of_a_job(answer: Accepted | JobsStopped | PicturesDeleted | StarChanged) -> Reply:
    match answer:
        case Accepted():
            return Reply(data={"ok": True, "job": answer.job_id}, job_id=answer.job_id)
        case JobsStopped():
            return _say(texts.stopped(at_once=answer.at_once), answer.job_id)
        case PicturesDeleted():
            return _say(texts.deleted(len(answer.picture_ids)), _job_of(answer.picture_ids[0]))
        case StarChanged():
            return _say(texts.starred(given=answer.given), _job_of(answer.picture_id))


def _say(text: str, job_id: str | None = None) -> Reply:
    return Reply(data={"ok": True, "text": text}, job_id=job_id)


def _to_copy(answer: Attribution | LinkOffered) -> Reply:
    """Stays until the person closes it, with a button that copies what they need of it."""
    match answer:
        case Attribution():
            text, copy = " ".join(attribution(answer)), answer.picture_id or ""
        case LinkOffered():
            text, copy = " ".join(lines_of(answer, VOICE)), f"/link {answer.code}"
    return Reply(data={"ok": True, "text": text, "keep": True, "copy": copy})


def _sheet_of(answer: PictureShown | InQueue | History | Family | SettingsChanged | Community) -> str:
    """The path of the sheet that shows it."""
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
        case Community(former_name=former_name):
            return f"/rules?typed={former_name}" if former_name else "/rules"


def _job_of(picture_id: str) -> str | None:
    split = split_picture_id(picture_id)
    return split[0] if split else None

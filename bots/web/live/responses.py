"""What a browser gets for a command's answer: a sentence, a dialog to open, or a page to go to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bots.presentation.compose.answers import compose_answer
from bots.presentation.compose.errors import compose_error, compose_fault, pointer
from bots.presentation.message import Message, Note, Paragraph
from bots.presentation.spans import plain_text
from bots.web.addresses import lineage_path, picture_path
from studio.commands.gathering_results import (
    GatheringActed,
    GatheringOpened,
    GatheringsListed,
    HallShown,
    Tray,
)
from studio.commands.gatherings.hall import BUILT_ON
from studio.commands.results import (
    Accepted,
    Answer,
    Attribution,
    CaseDecided,
    CaseOpened,
    Community,
    DeskCases,
    Family,
    HelpShown,
    History,
    InQueue,
    JobPublished,
    JobsStopped,
    LinkOffered,
    PicturesDeleted,
    PictureShared,
    PictureShown,
    SettingsChanged,
    StarChanged,
)
from studio.domain.cases import CaseKind, PersonShown
from studio.domain.identifiers import split_picture_id
from studio.domain.pictures import PictureDescribed
from studio.domain.prompts.proposal import PromptsProposed
from studio.domain.settings.preferences import Preferences
from studio.errors import ChatelierError, PolicyRefusalError
from studio.recaps.leaderboard import Leaderboard
from studio.services.accounts.account_export import Exported


@dataclass(frozen=True, slots=True)
class AnswerDialog:
    """A dialog that asks `command` again and shows its answer.

    `path` has some of the command's parameters; `subject` takes them from an answer. `values` are the others.
    """

    path: str
    command: str
    values: Mapping[str, object] = field(default_factory=dict)
    subject: Callable[[Any], Mapping[str, object]] = lambda _: {}

    def open(self, answer: Answer) -> dict[str, str]:
        return {"open": self.path.format(**self.subject(answer))}


# A `person` of a path is the id of a user.
ANSWER_DIALOGS: Mapping[type, AnswerDialog] = {
    InQueue: AnswerDialog("/mine/queue", "queue"),
    History: AnswerDialog("/mine/history", "history"),
    Tray: AnswerDialog("/mine/tray", "collect"),
    GatheringsListed: AnswerDialog("/gatherings", "gather"),
    HallShown: AnswerDialog("/hall/{page}", "hall", subject=lambda answer: {"page": answer.page}),
    Leaderboard: AnswerDialog("/leaderboard", "hall", {"show": BUILT_ON}),
    PersonShown: AnswerDialog(
        "/people/{person}",
        "person",
        subject=lambda answer: {"person": answer.file.sighting.person.user_id},
    ),
}

# The card, dialog or page that shows an answer; every other one is a sentence.
_SHOWN_AT: Mapping[type, Callable[[Any], dict[str, str]]] = {
    **{answer: dialog.open for answer, dialog in ANSWER_DIALOGS.items()},
    Accepted: lambda answer: {"job": answer.job_id},
    PictureShown: lambda answer: {"open": f"/jobs/{answer.job.id}"},
    PromptsProposed: lambda answer: {"open": f"/proposals/{answer.proposal.id}"},
    Family: lambda answer: (
        {"go": lineage_path(answer.picture_id)}
        if len(answer.relatives) > 1
        else {"open": picture_path(answer.picture_id)}
    ),
    SettingsChanged: lambda _: {"open": "/settings"},
    Community: lambda answer: {
        "open": f"/rules?typed={answer.former_name}" if answer.former_name else "/rules"
    },
    GatheringOpened: lambda answer: {"open": f"/gatherings/{answer.gathering_id}"},
    HelpShown: lambda _: {"open": "/help"},
    Exported: lambda _: {"go": "/export-me"},
    DeskCases: lambda _: {"go": "/desk"},
    CaseOpened: lambda answer: {"go": f"/desk#case-{answer.details.case.id}"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`data` goes to the browser that asked; `job_id` is the card that changed, `preferences` are those that did."""

    data: dict[str, Any]
    job_id: str | None = None
    preferences: Preferences | None = None

    @property
    def went_well(self) -> bool:
        return bool(self.data["ok"])


def reply_to(answer: Answer) -> Reply:
    show = _SHOWN_AT.get(type(answer))
    data = show(answer) if show else {"text": text_of(compose_answer(answer)), **_besides(answer)}
    preferences = answer.preferences if isinstance(answer, SettingsChanged) else None
    return Reply(data={"ok": True, **data}, job_id=_job_of(answer), preferences=preferences)


def reply_to_error(error: ChatelierError) -> Reply:
    """Of a refusal also the job, whose card has a button to appeal."""
    data: dict[str, Any] = {"ok": False, "text": compose_error(error).summary, "code": error.code}
    if pointed := pointer(error):
        data["point"] = pointed
    return Reply(data=data, job_id=error.job_id if isinstance(error, PolicyRefusalError) else None)


def reply_to_fault(fault: str) -> Reply:
    return Reply(data={"ok": False, "text": compose_fault(fault).summary, "code": "fault"})


def text_of(message: Message | None) -> str:
    """What a message says, without what it shows and offers."""
    parts = message.parts if message else ()
    return " ".join(plain_text(part.spans) for part in parts if isinstance(part, Paragraph | Note))


def _besides(answer: Answer) -> dict[str, Any]:
    """What goes with a sentence. One to `keep` stays until the person closes it, with a button that copies `copy`."""
    match answer:
        case CaseDecided(case=case) if case.kind is CaseKind.CONSENT:
            return {"open": "/mine/messages"}
        case LinkOffered():
            return {"keep": True, "copy": f"/link {answer.code}"}
        case PictureDescribed():
            return {"keep": True, "copy": answer.text}
        case PictureShared(url=url) if url:
            return {"keep": True, "copy": url}
        case Attribution():
            return {"keep": True, "copy": answer.picture_id or ""}
        case StarChanged():
            return {"pressed": answer.given}
        case GatheringActed(gathering=gathering):
            return {"gathering": gathering.id}
        case _:
            return {}


def _job_of(answer: Answer) -> str | None:
    """The job whose card changed."""
    match answer:
        case Accepted() | JobsStopped() | JobPublished():
            return answer.job_id
        case CaseDecided(case=case):
            return case.job_id
        case PicturesDeleted(picture_ids=(first, *_)) | StarChanged(picture_id=first):
            split = split_picture_id(first)
            return split[0] if split else None
        case _:
            return None

"""Where wishes become commands of the studio, and answers become what the browser is told."""

import logging
import secrets
import traceback
from dataclasses import dataclass
from typing import Any

from bots.attributions import attribution
from bots.listings import balance
from bots.web import words
from bots.web.visitors import ROOM_ADDRESS, Passes, Visitor
from bots.web.wishes import Ask, Press, Say, Wish
from studio.buttons import parse_button
from studio.catalog import perform, press
from studio.commands.answers import (
    Accepted,
    Answer,
    Attribution,
    Balance,
    Deleted,
    Family,
    History,
    InQueue,
    Shown,
    Starred,
    Stopped,
)
from studio.commands.spec import Call, Kind
from studio.errors import BadRequest, ChatelierError
from studio.identifiers import split_picture_id
from studio.phrase import parse_phrase
from studio.ports import Ports
from studio.provenance import Traces
from studio.requests import Source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`tell` goes to the browser that asked; `job_id` is the card that changed, if any."""

    tell: dict[str, Any]
    job_id: str | None = None

    @property
    def went_well(self) -> bool:
        return bool(self.tell["ok"])


class Desk:
    """Serves one wish after the other; called from threads."""

    def __init__(self, ports: Ports, passes: Passes) -> None:
        self._ports = ports
        self._passes = passes

    def serve(self, visitor: Visitor, wish: Wish) -> Reply:
        """Never raises: what goes wrong becomes one sentence for the person."""
        try:
            reply = self._follow(visitor, wish)
        except ChatelierError as error:
            reply = Reply(tell={"ok": False, "text": words.sentence_of(error), "code": error.code})
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            reply = Reply(tell={"ok": False, "text": words.broke(log_fault(error)), "code": "fault"})
        reply.tell.update(type="answer", id=wish.id)
        return reply

    def _follow(self, visitor: Visitor, wish: Wish) -> Reply:
        call = Call(
            person=visitor.person, address=ROOM_ADDRESS, request_key=f"web:{visitor.user_id}:{wish.id}"
        )
        match wish:
            case Say():
                return self._say(call, visitor, wish)
            case Press():
                return self._press(call, wish)
            case Ask():
                return _reply(perform(self._ports, call, wish.command, dict(wish.values)))

    def _say(self, call: Call, visitor: Visitor, wish: Say) -> Reply:
        if wish.text.strip().lower().partition(" ")[0] == "/help":
            return Reply(tell={"ok": True, "open": "/help"})
        spec, values = parse_phrase(wish.text)
        pictures = [each for each in (wish.image, *wish.more) if each]
        for place, ticket in zip(spec.images or ("image",), pictures, strict=False):
            parameter = spec.parameter(place)
            looked = parameter is not None and parameter.kind is Kind.FILE
            values[place] = self._redeem_look(visitor, ticket) if looked else self._redeem(visitor, ticket)
        if wish.mask:
            values["mask"] = self._redeem(visitor, wish.mask)
        return _reply(perform(self._ports, call, spec.name, values))

    def _press(self, call: Call, wish: Press) -> Reply:
        button = parse_button(wish.button)
        if button is None:
            raise BadRequest(words.BUTTON_UNKNOWN)
        return _reply(press(self._ports, call, button))

    def _redeem(self, visitor: Visitor, ticket: str) -> Source:
        source = self._passes.redeem(visitor, ticket)
        if source is None:
            raise BadRequest(words.TICKET_EXPIRED)
        return source

    def _redeem_look(self, visitor: Visitor, ticket: str) -> Traces:
        traces = self._passes.redeem_look(visitor, ticket)
        if traces is None:
            raise BadRequest(words.TICKET_EXPIRED)
        return traces


def _reply(answer: Answer) -> Reply:
    match answer:
        case Accepted():
            return Reply(tell={"ok": True, "job": answer.job_id}, job_id=answer.job_id)
        case Stopped():
            return _told(words.stopped(at_once=answer.at_once), answer.job_id)
        case Deleted():
            return _told(words.deleted(len(answer.picture_ids)), _job_of(answer.picture_ids[0]))
        case Starred():
            return _told(words.starred(given=answer.given), _job_of(answer.picture_id))
        case Balance():
            return _told(balance(answer))
        case Attribution():
            return _told(" ".join(attribution(answer)))
        case Shown() | InQueue() | History() | Family():
            return Reply(tell={"ok": True, "open": _sheet_of(answer)})


def _told(text: str, job_id: str | None = None) -> Reply:
    return Reply(tell={"ok": True, "text": text}, job_id=job_id)


def _sheet_of(answer: Shown | InQueue | History | Family) -> str:
    """The path of the sheet that shows it."""
    match answer:
        case Shown(job=job):
            return f"/jobs/{job.id}"
        case InQueue():
            return "/mine/queue"
        case History():
            return "/mine/history"
        case Family():
            return f"/view/{answer.picture_id}"


def _job_of(picture_id: str) -> str | None:
    split = split_picture_id(picture_id)
    return split[0] if split else None


def log_fault(error: BaseException) -> str:
    """Log where it broke, under an id that the person is told; its message may hold a prompt and stays out."""
    fault_id = secrets.token_hex(4)
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("fault %s: %s\n%s", fault_id, type(error).__name__, frames)
    return fault_id

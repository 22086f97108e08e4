"""Turns client messages into commands of the studio, and their answers into what the browser gets."""

from typing import Any

from bots.runtime.error_reports import report_error
from bots.texts import chat
from bots.web.access.sessions import COMMUNITY, ROOM_ADDRESS, SessionStore, WebUser
from bots.web.live.protocol import Ask, ClientMessage, Press, Say
from bots.web.live.responses import Reply, reply_to
from bots.web.texts import texts
from studio.commands.button_ids import parse_button
from studio.commands.command_line import parse_phrase
from studio.commands.registry import execute, execute_button, find_command
from studio.commands.spec import Call, CommandSpec, Kind
from studio.db.identities.people import find_named
from studio.domain.people import Platform
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.errors import BadRequestError, ChatelierError, PolicyRefusalError
from studio.ports import Ports


class CommandHandler:
    """Called from threads, for one message of a browser after the other."""

    def __init__(self, ports: Ports, session_store: SessionStore) -> None:
        self._ports = ports
        self._session_store = session_store

    def serve(self, user: WebUser, message: ClientMessage) -> Reply:
        """Never raises: what goes wrong becomes one sentence for the person."""
        try:
            reply = self._execute(user, message)
        except PolicyRefusalError as error:  # the refused job has a card, with a way to appeal
            reply = _failed(error, job_id=error.job_id)
        except ChatelierError as error:
            reply = _failed(error)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            reply = Reply(data={"ok": False, "text": texts.broke(report_error(error)), "code": "fault"})
        reply.data.update(type="answer", id=message.id)
        return reply

    def _execute(self, user: WebUser, message: ClientMessage) -> Reply:
        call = Call(person=user.person, address=ROOM_ADDRESS, request_key=f"web:{user.user_id}:{message.id}")
        match message:
            case Say():
                return self._say(call, user, message)
            case Press():
                return self._press(call, message)
            case Ask():
                values = self._named(find_command(message.command), dict(message.values))
                return reply_to(execute(self._ports, call, message.command, values))

    def _say(self, call: Call, user: WebUser, message: Say) -> Reply:
        if message.text.strip().lower().partition(" ")[0] == "/help":
            return Reply(data={"ok": True, "open": "/help"})
        spec, values = parse_phrase(message.text)
        pictures = [each for each in (message.image, *message.more) if each]
        for place, ticket in zip(spec.images or ("image",), pictures, strict=False):
            parameter = spec.parameter(place)
            examined = parameter is not None and parameter.kind is Kind.FILE
            values[place] = self._redeem_examined(user, ticket) if examined else self._redeem(user, ticket)
        if message.mask:
            values["mask"] = self._redeem(user, message.mask)
        return reply_to(execute(self._ports, call, spec.name, self._named(spec, values)))

    def _press(self, call: Call, message: Press) -> Reply:
        button = parse_button(message.button)
        if button is None:
            raise BadRequestError(texts.BUTTON_UNKNOWN)
        return reply_to(execute_button(self._ports, call, button))

    def _named(self, spec: CommandSpec, values: dict[str, object]) -> dict[str, object]:
        """People are called by their names here; the studio knows them by their keys."""
        for parameter in spec.parameters:
            name = str(values.get(parameter.name) or "").strip().removeprefix("@")
            if parameter.kind is Kind.PERSON and name:
                with self._ports.database.read() as session:
                    values[parameter.name] = find_named(session, Platform.WEB, COMMUNITY, name).key
        return values

    def _redeem(self, user: WebUser, ticket: str) -> Source:
        source = self._session_store.redeem(user, ticket)
        if source is None:
            raise BadRequestError(texts.TICKET_EXPIRED)
        return source

    def _redeem_examined(self, user: WebUser, ticket: str) -> Traces:
        traces = self._session_store.redeem_examined(user, ticket)
        if traces is None:
            raise BadRequestError(texts.TICKET_EXPIRED)
        return traces


def _failed(error: ChatelierError, *, job_id: str | None = None) -> Reply:
    data: dict[str, Any] = {"ok": False, "text": texts.sentence_of(error), "code": error.code}
    if point := chat.pointer(error):
        data["point"] = point
    return Reply(data=data, job_id=job_id)

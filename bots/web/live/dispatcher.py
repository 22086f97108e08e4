"""Turns client messages into commands of the studio, and their answers into what the browser gets."""

from collections.abc import Mapping

from bots.presentation import interaction_router
from bots.presentation.form_model import command_of
from bots.process.error_reports import report_error
from bots.web.access.session_cookies import COMMUNITY, SessionStore, WebUser
from bots.web.addresses import dialog_path
from bots.web.live.protocol import Ask, ClientMessage, Press, Say
from bots.web.live.responses import Reply, reply_to, reply_to_error, reply_to_fault
from studio.commands.command_line import parse_phrase
from studio.commands.parameter_values import Kind
from studio.commands.registry import execute, find_command
from studio.commands.spec import Call, CommandSpec
from studio.db.identities.people import find_named
from studio.domain.people import Platform
from studio.domain.provenance import Traces
from studio.domain.requests import Source
from studio.errors import BadRequestError, ChatelierError
from studio.ports import Ports


class Dispatcher:
    """Called from threads, for one message of a browser after the other."""

    def __init__(self, ports: Ports, session_store: SessionStore) -> None:
        self._ports = ports
        self._session_store = session_store

    def serve(self, user: WebUser, message: ClientMessage) -> Reply:
        """Never raises: what goes wrong becomes a sentence for the person."""
        try:
            reply = self._execute(user, message)
        except ChatelierError as error:
            reply = reply_to_error(error)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            reply = reply_to_fault(report_error(error))
        reply.data.update(type="answer", id=message.id)
        return reply

    def _execute(self, user: WebUser, message: ClientMessage) -> Reply:
        call = user.call(f"web:{user.user_id}:{message.id}")
        match message:
            case Say():
                return self._run_line(call, user, message)
            case Press():
                return self._press(call, message)
            case Ask():
                return self._ask(call, user, message)

    def _ask(self, call: Call, user: WebUser, message: Ask) -> Reply:
        """A filled form names in its own fields what it is about."""
        files = {
            name: [self._redeem(user, ticket) for ticket in tickets]
            for name, tickets in message.files.items()
        }
        values = command_of(message.command, {}, {**message.values, **files})
        return self._run(call, message.command, values)

    def _run(self, call: Call, command: str, values: Mapping[str, object]) -> Reply:
        named = self._resolve_people(find_command(command), dict(values))
        return reply_to(execute(self._ports, call, command, named))

    def _run_line(self, call: Call, user: WebUser, message: Say) -> Reply:
        spec, values = parse_phrase(message.text)
        pictures = [ticket for ticket in (message.image, *message.more) if ticket]
        for place, ticket in zip(spec.images or ("image",), pictures, strict=False):
            parameter = spec.parameter(place)
            examined = parameter is not None and parameter.kind is Kind.FILE
            values[place] = self._redeem(user, ticket, examined=examined)
        if message.mask:
            values["mask"] = self._redeem(user, message.mask)
        return self._run(call, spec.name, values)

    def _press(self, call: Call, message: Press) -> Reply:
        """A button that opens a dialog on the pages may be pressed all the same."""
        button = interaction_router.parse_press(message.button)
        match interaction_router.route_button(button):
            case interaction_router.Run(command=command, values=values):
                return self._run(call, command, values)
            case interaction_router.Ask() | interaction_router.Panel() | interaction_router.Choose():
                return Reply(
                    data={"ok": True, "open": dialog_path(button.action, button.job_id, button.index)}
                )
            case _:
                raise BadRequestError("button_unknown")

    def _resolve_people(self, spec: CommandSpec, values: dict[str, object]) -> dict[str, object]:
        """People are called by their names here; the studio knows them by their keys."""
        for parameter in spec.parameters:
            name = str(values.get(parameter.name) or "").strip().removeprefix("@")
            if parameter.kind is Kind.PERSON and name:
                with self._ports.database.read() as session:
                    values[parameter.name] = find_named(session, Platform.WEB, COMMUNITY, name).key
        return values

    def _redeem(self, user: WebUser, ticket: str, *, examined: bool = False) -> Source | Traces:
        store = self._session_store
        found = store.redeem_examined(user, ticket) if examined else store.redeem(user, ticket)
        if found is None:
            raise BadRequestError("attachment_gone")
        return found

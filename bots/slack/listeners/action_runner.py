"""What a press, a menu entry or a reaction leads to, carried out."""

from functools import partial

from bots.delivery.chat_delivery import ChatDelivery
from bots.presentation.compose.answers import compose_sent
from bots.presentation.compose.cases import compose_case_pictures
from bots.presentation.interaction_router import Ask, Choose, Panel, Reveal, Run, Send, Step
from bots.presentation.subject_lookup import load_choice, load_panel
from bots.process.thread_pools import Pool
from bots.queries.job_view import load_job_view
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.dispatcher import Dispatcher, Reply
from bots.slack.listeners.modals import Modals
from studio.commands.registry import execute
from studio.commands.spec import Call


class ActionRunner(SlackComponent):
    def __init__(
        self,
        context: SlackContext,
        dispatcher: Dispatcher,
        modals: Modals,
        delivery: ChatDelivery,
    ) -> None:
        super().__init__(context)
        self._dispatcher = dispatcher
        self._modals = modals
        self._delivery = delivery

    async def take(self, request: SlackRequest, step: Step, *, quietly: bool = False) -> None:
        """Never raises. `quietly` says nothing when all went well."""
        if isinstance(step, Ask):
            await self._modals.ask(request, step)
        else:
            await self._dispatcher.serve(request, partial(self.carry_out, request, step), quietly=quietly)

    async def carry_out(self, request: SlackRequest, step: Step, call: Call) -> Reply:
        """Of every step but `Ask`. Raises `ChatelierError`, `SlackUnavailableError` and `SlackApiRefusedError`."""
        run, database = self._pools.run, self._ports.database
        match step:
            case Run():
                return await run(Pool.COMMANDS, execute, self._ports, call, step.command, dict(step.values))
            case Choose():
                return await run(Pool.COMMANDS, load_choice, database, step, call.person)
            case Panel():
                return await run(
                    Pool.COMMANDS,
                    load_panel,
                    self._ports,
                    step,
                    call.person,
                    channel=request.channel,
                    pixelated=True,
                )
            case Send():
                job_view = await run(Pool.COMMANDS, load_job_view, database, step.job_id, viewer=call.person)
                sent = await self._delivery.personal.send_copy(job_view, call.person)
                return compose_sent(sent=sent)
            case Reveal():
                details = await self._delivery.case_for(call.person, step.case_id)
                await self._dispatcher.reply(request, compose_case_pictures(details), subject=details.case.id)
                return None
            case Ask():
                raise TypeError("a form is opened before anything is looked up")

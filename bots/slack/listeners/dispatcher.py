"""Serves every request once: carries it out and answers, and says what went wrong."""

import logging
from collections.abc import Awaitable, Callable
from functools import partial

from bots.delivery.deliveries import find_message
from bots.delivery.errors import DeliveryInProgressError
from bots.interactions.error_messages import message_of
from bots.interactions.request_dedup import RequestDedup
from bots.interactions.step_runner import Reply, Result, StepRunner
from bots.presentation.compose.answers import compose_private, compose_spans
from bots.presentation.compose.cases import compose_sentence
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, SlackError
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.messages.ephemeral_replies import EphemeralReplies
from bots.slack.messages.message_sender import Draft
from bots.slack.messages.private_images import PrivateImages
from bots.slack.texts import texts
from bots.slack.workspaces.members import Members
from bots.texts.translation import translate
from studio.commands.results import Accepted, SettingsChanged
from studio.commands.spec import Call
from studio.domain.deliveries import DeliveryKind
from studio.errors import ChatelierError

Work = Callable[[Call], Awaitable[Result]]

_REMEMBERED = 5000

log = logging.getLogger(__name__)


class Dispatcher(SlackComponent):
    def __init__(self, context: SlackContext, people: Members, runner: StepRunner) -> None:
        super().__init__(context)
        self.context, self.people, self.runner = context, people, runner
        self.home = HomeTab(context, people)
        self._replies = EphemeralReplies(context)
        self.images = PrivateImages(context)
        self.requests = RequestDedup(remembered=_REMEMBERED)

    async def serve(self, request: SlackRequest, work: Work, *, quietly: bool = False) -> None:
        """Do the work and answer; never raises. `quietly` says nothing when all went well.

        A request that Slack delivers again is passed over: a job would be made once in any case, but a star
        would be taken back, and a sentence said twice.
        """
        if not self.requests.is_new(request.key):
            return
        try:
            call = await self.people.call_of(request)
            answer = await work(call)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self.refuse(request, error)
        else:
            await self.answer(request, call, answer, quietly=quietly)

    async def refuse(self, request: SlackRequest, error: Exception) -> None:
        """Say what went wrong; a refusal that may be appealed has a button for that."""
        await self.people.adopt_language(request)
        match error:
            case NotInstalledError():
                message = compose_sentence(translate(texts.NOT_INSTALLED))
            case SlackError():
                log.warning("request not served: %s", error)
                message = compose_sentence(translate(texts.NOT_OPENED))
            case _:
                message = message_of(error)
        await self._replies.send(request, Draft(message=message))
        await self._show_home(request)

    async def answer(
        self, request: SlackRequest, call: Call, result: Result, *, quietly: bool = False
    ) -> None:
        """Never raises: a job that was accepted is safe, and its events bring the answer later.

        Settings that were changed on the Home tab are shown there.
        """
        try:
            if not (request.at_home and isinstance(result, SettingsChanged)):
                show = partial(self.reply, request)
                await self.runner.answer(result, call, show, quietly=quietly)
            if isinstance(result, Accepted):
                await self._explain_place(request, result)
        except (SlackError, DeliveryInProgressError, ChatelierError) as error:
            log.warning("response postponed: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the job is safe
            report_error(error)
        await self._show_home(request)

    async def _show_home(self, request: SlackRequest) -> None:
        """Where somebody acts on the Home tab: what it lists has changed."""
        if request.at_home:
            await self.home.show(request)

    async def reply(self, request: SlackRequest, reply: Reply) -> None:
        """To the person alone. Files at Slack are recorded for its subject, and gone after an hour."""
        subject = reply.subject or request.user
        draft = await self.images.draft(request, reply.message, lambda _: subject, made=reply.made)
        await self._replies.send(request, draft)

    async def _explain_place(self, request: SlackRequest, answer: Accepted) -> None:
        """Where the job's message is, if the person may not expect it there."""
        if answer.private:
            await self.reply(request, Reply(message=compose_private(answer)))
            return
        if answer.repeated or request.channel is None:
            return
        database, job_id = self._ports.database, answer.job_id
        shown = await self._pools.run(Pool.DATABASE, find_message, database, DeliveryKind.JOB, job_id)
        if shown and shown.channel != request.channel:
            bot_user = (await self._workspaces.of(request.community)).identity.bot_user
            message = compose_spans(texts.not_here(bot_user, request.channel))
            await self.reply(request, Reply(message=message))

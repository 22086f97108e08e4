"""The counter: every visit is served once, carried out by the studio, and answered."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bots.delivery.case_messages import CaseMessages
from bots.delivery.errors import DeliveryInProgressError
from bots.delivery.job_messages import JobMessages
from bots.delivery.job_view import load_job_view
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import NotInstalledError, SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.request import SlackRequest
from bots.slack.blocks.case_blocks import appeal_under
from bots.slack.blocks.job_blocks import JobBlocks, said, section
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.messages.case_delivery import SlackCaseDelivery
from bots.slack.messages.ephemeral_replies import EphemeralReplies
from bots.slack.messages.job_delivery import SlackJobDelivery
from bots.slack.messages.responses import post_of
from bots.slack.texts import texts
from bots.slack.workspaces.members import People
from bots.texts import cases as case_texts
from bots.texts import chat
from studio.commands.results import Accepted, Answer, CaseOpened, Community, PictureShown, ReportFiled
from studio.commands.spec import Call
from studio.errors import ChatelierError, PolicyRefusalError
from studio.runtime.bounded_dict import BoundedDict

Work = Callable[[Call], Awaitable[Answer | str]]

_REMEMBERED = 5000

log = logging.getLogger(__name__)


class Dispatcher(SlackComponent):
    def __init__(
        self,
        context: SlackContext,
        people: People,
        ephemeral_replies: EphemeralReplies,
        board: JobMessages,
        delivery: SlackJobDelivery,
        case_messages: CaseMessages,
        desk: SlackCaseDelivery,
    ) -> None:
        super().__init__(context)
        self._people = people
        self._ephemeral_replies = ephemeral_replies
        self._board = board
        self._delivery = delivery
        self._case_messages = case_messages
        self._desk = desk
        self._served: BoundedDict[str, None] = BoundedDict(_REMEMBERED)

    async def serve(self, request: SlackRequest, work: Work, *, quietly: bool = False) -> None:
        """Do the work and answer; never raises. `quietly` says nothing when all went well.

        A visit that Slack tells of again is passed over: a job would be made once in any case, but a star
        would be taken back, and a sentence said twice.
        """
        if not self.is_new(request):
            return
        try:
            call = await self._people.call_of(request)
            answer = await work(call)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self.refuse(request, error)
        else:
            await self.answer(request, call, answer, quietly=quietly)

    def is_new(self, request: SlackRequest) -> bool:
        if request.key in self._served:
            return False
        self._served[request.key] = None
        return True

    async def refuse(self, request: SlackRequest, error: Exception) -> None:
        """Say what went wrong; a refusal that may be appealed has a button for that."""
        match error:
            case ChatelierError():
                post = said(texts.sentence_of(error))
                if isinstance(error, PolicyRefusalError) and error.job_id:
                    post = appeal_under(post, error.job_id)
            case NotInstalledError():
                post = said(texts.NOT_INSTALLED)
            case SlackUnavailableError() | SlackApiRefusedError():
                log.warning("modal not opened: %s", error)
                post = said(texts.NOT_OPENED)
            case _:
                post = said(chat.broke(report_error(error)))
        await self._ephemeral_replies.tell(request, post)

    async def answer(
        self, request: SlackRequest, call: Call, answer: Answer | str, *, quietly: bool = False
    ) -> None:
        """Never raises: a job that was accepted is safe, and its events bring the answer later."""
        try:
            await self._answer(request, call, answer, quietly=quietly and not isinstance(answer, ReportFiled))
        except (
            SlackUnavailableError,
            SlackApiRefusedError,
            DeliveryInProgressError,
            ChatelierError,
        ) as error:
            log.warning("response postponed: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the job is safe
            report_error(error)

    async def tell(self, request: SlackRequest, post: JobBlocks) -> None:
        await self._ephemeral_replies.tell(request, post)

    async def _answer(
        self, request: SlackRequest, call: Call, answer: Answer | str, *, quietly: bool
    ) -> None:
        match answer:
            case Accepted():
                await self._pin(request, answer)
            case PictureShown():
                await self._show(request, call, answer)
            case CaseOpened():
                workspace = await self._workspaces.of(request.community)
                sheet = await self._desk.sheet_of(answer.details, workspace, passing=True)
                await self.tell(request, replace(sheet, blocks=(section(case_texts.YOURS), *sheet.blocks)))
            case _ if not quietly and (post := post_of(answer)):
                await self.tell(request, post)
        if isinstance(answer, Community) and answer.rules.desk_channel:
            await self._case_messages.lay_open_cases(call.person)

    async def _pin(self, request: SlackRequest, answer: Accepted) -> None:
        await self._board.pin(answer.job_id)
        if answer.repeated or request.channel is None:
            return
        job_view = await self._pools.run(Pool.DATABASE, load_job_view, self._ports.database, answer.job_id)
        if job_view.message_ref and job_view.message_ref.channel != request.channel:
            bot_user = (await self._workspaces.of(request.community)).identity.bot_user
            await self.tell(request, said(texts.not_here(bot_user, request.channel)))

    async def _show(self, request: SlackRequest, call: Call, answer: PictureShown) -> None:
        """The job once more, for one person's eyes, whatever it is hidden from others for."""
        job_view = await self._pools.run(
            Pool.COMMANDS, load_job_view, self._ports.database, answer.job.id, viewer=call.person
        )
        workspace = await self._workspaces.of(request.community)
        await self.tell(request, await self._delivery.post_of(job_view, workspace, hidden=False))

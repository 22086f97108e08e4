"""The counter: every visit is served once, carried out by the studio, and answered."""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import aiohttp

from bots import words as house
from bots.backroom import Backroom
from bots.board import Board
from bots.faults import log_fault
from bots.listings import lines_of
from bots.slack import words
from bots.slack.bearer import SlackBearer
from bots.slack.escaping import mrkdwn
from bots.slack.line import NotInstalled, SlackAway, SlackRefuses, respond
from bots.slack.people import People
from bots.slack.posts import Post, section
from bots.slack.visits import Visit
from bots.slack.workspaces import Workspaces
from bots.standings import load_standing
from studio.commands.answers import (
    Accepted,
    Answer,
    Balance,
    Deleted,
    Family,
    History,
    InQueue,
    Shown,
    Starred,
    Stopped,
)
from studio.commands.spec import Call
from studio.errors import ChatelierError
from studio.ports import Ports

Work = Callable[[Call], Awaitable[Answer | str]]

_REMEMBERED = 5000

log = logging.getLogger(__name__)


class Counter:
    def __init__(
        self,
        ports: Ports,
        backroom: Backroom,
        workspaces: Workspaces,
        session: aiohttp.ClientSession,
        people: People,
        board: Board,
        bearer: SlackBearer,
    ) -> None:
        self._ports = ports
        self._backroom = backroom
        self._workspaces = workspaces
        self._session = session
        self._people = people
        self._board = board
        self._bearer = bearer
        self._served: OrderedDict[str, None] = OrderedDict()

    async def serve(self, visit: Visit, work: Work, *, quietly: bool = False) -> None:
        """Do the work and answer; never raises. `quietly` says nothing when all went well.

        A visit that Slack tells of again is passed over: a job would be made once in any case, but a star
        would be taken back, and a sentence said twice.
        """
        if not self.is_new(visit):
            return
        try:
            call = await self._people.call_of(visit)
            answer = await work(call)
        except ChatelierError as error:
            await self.tell(visit, words.sentence_of(error))
        except NotInstalled:
            await self.tell(visit, words.NOT_INSTALLED)
        except (SlackAway, SlackRefuses) as error:
            log.warning("slack did not take a form: %s", error)
            await self.tell(visit, words.NOT_OPENED)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            await self.tell(visit, house.broke(log_fault(error)))
        else:
            await self.answer(visit, call, answer, quietly=quietly)

    def is_new(self, visit: Visit) -> bool:
        if visit.key in self._served:
            return False
        self._served[visit.key] = None
        while len(self._served) > _REMEMBERED:
            self._served.popitem(last=False)
        return True

    async def answer(self, visit: Visit, call: Call, answer: Answer | str, *, quietly: bool = False) -> None:
        """Never raises: a job that was accepted is safe, and its events bring the answer later."""
        try:
            if isinstance(answer, Accepted):
                await self._pin(visit, answer)
            elif isinstance(answer, Shown):
                await self._show(visit, call, answer)
            elif not quietly and (sentence := _sentence(answer)):
                await self.tell(visit, sentence)
        except (SlackAway, SlackRefuses, ChatelierError) as error:
            log.warning("an answer has to wait: %s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the job is safe
            log_fault(error)

    async def tell(self, visit: Visit, sentence: str, post: Post | None = None) -> None:
        """A private answer: through the interaction, else in the channel for one pair of eyes, else by DM."""
        message = (post or Post(text=sentence, blocks=(section(sentence),))).arguments()
        try:
            if visit.response_url:
                try:
                    await respond(
                        self._session,
                        visit.response_url,
                        response_type="ephemeral",
                        replace_original=False,
                        **message,
                    )
                    return
                except (SlackAway, SlackRefuses):
                    log.info("an interaction takes no more answers")
            line = (await self._workspaces.of(visit.community)).line
            if visit.channel and not visit.in_private:
                try:
                    await line.call(
                        "chat.postEphemeral",
                        channel=visit.channel,
                        user=visit.user,
                        thread_ts=visit.thread,
                        **message,
                    )
                    return
                except SlackRefuses as error:
                    log.info("a channel takes no private answer: %s", error.code)
            where = visit.channel if visit.in_private else visit.user
            await line.call("chat.postMessage", channel=where, thread_ts=visit.thread, **message)
        except (SlackAway, SlackRefuses) as error:
            log.warning("a sentence was not taken: %s", error)

    async def _pin(self, visit: Visit, answer: Accepted) -> None:
        await self._board.pin(answer.job_id)
        if answer.repeated or visit.channel is None:
            return
        standing = await self._backroom.run("mail", load_standing, self._ports.database, answer.job_id)
        if standing.slip and standing.slip.channel != visit.channel:
            bot_user = (await self._workspaces.of(visit.community)).identity.bot_user
            await self.tell(visit, words.not_here(bot_user, visit.channel))

    async def _show(self, visit: Visit, call: Call, answer: Shown) -> None:
        """The job once more, for one person's eyes."""
        standing = await self._backroom.run(
            "desk", load_standing, self._ports.database, answer.job.id, viewer=call.person
        )
        workspace = await self._workspaces.of(visit.community)
        await self.tell(visit, "", await self._bearer.post_of(standing, workspace))


def _sentence(answer: Answer | str) -> str:
    match answer:
        case Stopped():
            return house.stopped(at_once=answer.at_once)
        case Deleted():
            return house.deleted(len(answer.picture_ids))
        case Starred():
            return house.starred(given=answer.given, stars=answer.stars)
        case str():
            return answer
        case InQueue() | History() | Balance() | Family():
            return "\n".join(map(mrkdwn, lines_of(answer)))
        case _:
            return ""

"""Every interaction is acknowledged, carried out, and answered once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import discord

from bots.discord.context import DiscordContext, Operation
from bots.discord.guilds.home_server import link_to_home
from bots.discord.guilds.members import call_of, may_show
from bots.discord.messages.answers import Answers, send_private
from bots.interactions.error_messages import message_of
from bots.interactions.request_dedup import RequestDedup
from bots.interactions.step_runner import Result, StepRunner
from bots.presentation.interaction_router import Run
from bots.presentation.message import Message
from bots.process.thread_pools import Pool
from studio.commands.registry import check, find_command
from studio.commands.results import Accepted, Answer
from studio.commands.spec import Call
from studio.db.sessions.read_memo import remember_reads

_ALREADY_ACKNOWLEDGED = 40060
_LOOK_UP_SECONDS = 0.5
_MOST_LOOK_UPS = 6  # at once, of a pool with three threads: the others would only be acknowledged late

log = logging.getLogger(__name__)


class Dispatcher:
    def __init__(self, context: DiscordContext, answers: Answers, runner: StepRunner) -> None:
        self.context, self.answers, self.runner = context, answers, runner
        self.clicks = RequestDedup()
        self._look_ups = asyncio.Semaphore(_MOST_LOOK_UPS)

    async def run(
        self,
        interaction: discord.Interaction,
        run: Run,
        *,
        key: str | None = None,
        complete: Callable[[Call], Awaitable[Run]] | None = None,
    ) -> None:
        """Carry out a command. What is wrong with it is said privately, also where everybody sees its job.

        `complete` makes the command anew with what takes longer to find, such as uploads; until then
        `PENDING_UPLOAD` stands for each of them.
        """

        async def operation(call: Call) -> Answer:
            return await self.runner.run(await complete(call) if complete else run, call)

        with remember_reads():
            if wrong := await self._find_mistake(interaction, run):
                await send_private(interaction, wrong)
            else:
                await self.serve(interaction, operation, public=run.public, key=key)

    async def _find_mistake(self, interaction: discord.Interaction, run: Run) -> Message | None:
        """What is wrong with a public command. The first answer may not take long, so in doubt nothing is."""
        if not run.public:
            return None
        call = call_of(interaction, self.context.settings)
        try:
            find_command(run.command).read(run.values)
            if not self._look_ups.locked():
                look_up = partial(check, self.context.ports, call, run.command, run.values)
                async with self._look_ups, asyncio.timeout(_LOOK_UP_SECONDS):
                    await self.context.pools.run(Pool.DATABASE, look_up)
        except TimeoutError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            return message_of(error)
        return None

    async def serve(
        self, interaction: discord.Interaction, operation: Operation, *, public: bool, key: str | None = None
    ) -> None:
        """Acknowledge, do the work, answer. `public` when a job comes of it, which everybody may see, unless a foreign
        server keeps what apps from elsewhere say to the person.

        `key` is the request key of a click that may be one of two.
        """
        needs_id, public = public, public and may_show(interaction)
        acknowledged, message_id = await self._acknowledge(interaction, public=public, needs_id=needs_id)
        if not acknowledged:
            return
        call = call_of(interaction, self.context.settings, answer_id=message_id)
        if key is not None:
            call = replace(call, request_key=key)
        answer: Result = None
        try:
            await self._link(call)
            answer = await operation(call)
            await self.answers.give(interaction, call, answer, public=public)
        except discord.HTTPException as error:
            log.warning("response not sent: status=%s", error.status)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            if isinstance(answer, Accepted):
                # The job is safe, and its events bring the answer later.
                log.warning(
                    "response postponed: the job's events will deliver it", extra={"job_id": answer.job_id}
                )
            else:
                await self.answers.refuse(interaction, call, message_of(error), public=public)

    async def _link(self, call: Call) -> None:
        home = self.context.settings.home_server
        if home is not None and call.person.is_alone:
            await self.context.pools.run(
                Pool.DATABASE, link_to_home, self.context.ports.database, call.person, home
            )

    async def _acknowledge(
        self, interaction: discord.Interaction, *, public: bool, needs_id: bool
    ) -> tuple[bool, int | None]:
        """Whether to go on, and the id of the message that will hold the answer; a job `needs_id`.

        There is nobody left to answer when it is too late, or when another process was quicker.
        """
        try:
            response = await interaction.response.defer(ephemeral=not public, thinking=True)
        except discord.HTTPException as error:
            # Our own first try may have arrived although its answer was lost. A job is made once in any case.
            if error.code == _ALREADY_ACKNOWLEDGED and needs_id:
                return await self._find_acknowledgement(interaction)
            log.warning("interaction not acknowledged: code=%s", error.code)
            return False, None
        message_id = response.message_id if response else None
        if message_id is None and needs_id:
            _, message_id = await self._find_acknowledgement(interaction)
        return True, message_id

    async def _find_acknowledgement(self, interaction: discord.Interaction) -> tuple[bool, int | None]:
        try:
            return True, (await interaction.original_response()).id
        except (discord.HTTPException, discord.ClientException):
            return False, None


class Handler:
    """What all handlers of interactions and reactions work with."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._context = dispatcher.context
        self._answers = dispatcher.answers
        self._runner = dispatcher.runner

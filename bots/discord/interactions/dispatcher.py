"""The counter: every interaction is acknowledged, carried out by the studio, and answered once."""

import logging
from dataclasses import replace

import discord

from bots.delivery.job_view import load_job_view
from bots.discord.context import DiscordClient, Operation
from bots.discord.guilds.dm_context import in_home_community
from bots.discord.guilds.members import call_of
from bots.discord.interactions.click_dedup import ClickDedup
from bots.discord.messages.components import appeal_button, choice_of_tiles
from bots.discord.messages.responses import Responses
from bots.discord.settings import DiscordSettings
from bots.discord.texts import texts
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.texts import chat
from studio.commands.button_ids import Action, Button
from studio.commands.registry import execute_button
from studio.commands.results import Accepted, Answer
from studio.commands.spec import Call
from studio.errors import BadRequestError, ChatelierError, PolicyRefusalError
from studio.ports import Ports

_ALREADY_ACKNOWLEDGED = 40060
_SAME_CLICK_SECONDS = 2.0
# What needs to know which picture is meant when the message shows several.
_OF_ONE_PICTURE = frozenset(
    {Action.REMIX, Action.EDIT, Action.EXPAND, Action.STAR, Action.UPSCALE, Action.REPORT}
)
_PUBLIC = frozenset({Action.VARY, Action.VARY_SUBTLE, Action.UPSCALE, Action.REROLL, Action.EXPAND})

log = logging.getLogger(__name__)


class Dispatcher:
    def __init__(
        self,
        bot: DiscordClient,
        ports: Ports,
        pools: ThreadPools,
        answers: Responses,
        settings: DiscordSettings,
    ) -> None:
        self._bot = bot
        self._ports = ports
        self._pools = pools
        self._answers = answers
        self._settings = settings
        self._clicks = ClickDedup(moment_seconds=_SAME_CLICK_SECONDS)

    async def serve(
        self, interaction: discord.Interaction, work: Operation, *, public: bool, key: str | None = None
    ) -> None:
        """Acknowledge, do the work, answer. `public` when a job comes of it, which everybody may see.

        `key` is the request key of a click that may be one of two.
        """
        acknowledged, message_id = await self._acknowledge(interaction, public=public)
        if not acknowledged:
            return
        call = call_of(interaction, self._settings, answer_id=message_id)
        if key is not None:
            call = replace(call, request_key=key)
        answer: Answer | str | None = None
        try:
            answer = await work(call)
            await self._answers.give(interaction, call, answer)
        except discord.HTTPException as error:
            log.warning("response not sent: status=%s", error.status)
        except Exception as error:  # noqa: BLE001 - whatever broke, the person gets a sentence
            if isinstance(answer, Accepted):
                # The job is safe, and its events bring the answer later.
                log.warning(
                    "response postponed: the job's events will deliver it", extra={"job_id": answer.job_id}
                )
            else:
                await self._answers.refuse(
                    interaction, call, _sentence(error), public=public, view=_appeal(error)
                )

    async def handle_button(self, interaction: discord.Interaction, button: Button | None) -> None:
        """A button under a picture or a job."""
        if button is None:
            await send_private(interaction, chat.BUTTON_UNKNOWN)
        elif button.index == 0 and button.action in _OF_ONE_PICTURE:
            await self._ask_which(interaction, button)
        elif button.action is Action.REMIX:
            await self._bot.modals.ask_for_words(interaction, button)
        elif button.action is Action.EDIT:
            await self._bot.modals.show_cells(interaction, button)
        elif button.action in (Action.APPEAL, Action.REPORT):
            await self._bot.modals.ask_for_reason(interaction, button)
        else:
            paints = button.action in _PUBLIC

            async def work(call: Call) -> Answer:
                call = await in_home_community(self._bot, call, button.job_id, paints=paints)
                return await self._pools.run(Pool.COMMANDS, execute_button, self._ports, call, button)

            where = interaction.message.id if interaction.message else 0
            fresh = f"discord:{interaction.id}"
            key = self._clicks.key_of(where, interaction.user.id, str(button), fresh=fresh)
            await self.serve(interaction, work, public=paints, key=key)

    async def _ask_which(self, interaction: discord.Interaction, button: Button) -> None:
        async def work(call: Call) -> str:
            call = await in_home_community(self._bot, call, button.job_id, paints=False)
            job_view = await self._pools.run(
                Pool.COMMANDS, load_job_view, self._ports.database, button.job_id, viewer=call.person
            )
            indices = [picture.index for picture in job_view.pictures]
            if not indices:
                raise BadRequestError(chat.ALL_DELETED)
            await interaction.edit_original_response(
                content=chat.WHICH_PICTURE, view=choice_of_tiles(button.action, button.job_id, indices)
            )
            return ""

        await self.serve(interaction, work, public=False)

    async def _acknowledge(
        self, interaction: discord.Interaction, *, public: bool
    ) -> tuple[bool, int | None]:
        """Whether to go on, and the id of the message that will hold the answer.

        There is nobody left to answer when it is too late, or when another process was quicker.
        """
        try:
            response = await interaction.response.defer(ephemeral=not public, thinking=True)
        except discord.HTTPException as error:
            # Our own first try may have arrived although its answer was lost. A job is made once in any case.
            if error.code == _ALREADY_ACKNOWLEDGED and public:
                return await self._acknowledged_before(interaction)
            log.warning("interaction not acknowledged: code=%s", error.code)
            return False, None
        message_id = response.message_id if response else None
        if message_id is None and public:
            _, message_id = await self._acknowledged_before(interaction)
        return True, message_id

    async def _acknowledged_before(self, interaction: discord.Interaction) -> tuple[bool, int | None]:
        try:
            return True, (await interaction.original_response()).id
        except (discord.HTTPException, discord.ClientException):
            return False, None


def _sentence(error: Exception) -> str:
    if isinstance(error, ChatelierError):
        return texts.sentence_of(error)
    return chat.broke(report_error(error))


def _appeal(error: Exception) -> discord.ui.View | None:
    """The button of a refusal against which the person may appeal."""
    job_id = error.job_id if isinstance(error, PolicyRefusalError) else None
    return appeal_button(job_id) if job_id else None


async def send_private(interaction: discord.Interaction, sentence: str) -> None:
    """A first and only answer, seen by the person alone."""
    try:
        await interaction.response.send_message(sentence, ephemeral=True)
    except discord.HTTPException as error:
        log.warning("ephemeral message not sent: code=%s", error.code)

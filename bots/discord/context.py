"""What the callbacks of discord.py and the services of the Discord front end reach through the client.

`bot.py` builds the services; every other module depends on this one only, so that no import goes in a circle.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import discord

from bots.delivery.case_messages import CaseMessages
from bots.delivery.job_messages import JobMessages
from bots.delivery.job_view import JobView
from bots.discord.guilds.uploads import Downloads
from bots.discord.settings import DiscordSettings
from bots.runtime.pending_uploads import PendingUploads
from bots.runtime.thread_pools import ThreadPools
from studio.commands.button_ids import Button
from studio.commands.results import Answer
from studio.commands.spec import Call
from studio.ports import Ports

Operation = Callable[[Call], Awaitable[Answer | str]]


class InteractionDispatcher(Protocol):
    """Acknowledges interactions, runs their operation and answers once; see `interactions/dispatcher.py`."""

    async def serve(
        self, interaction: discord.Interaction, work: Operation, *, public: bool, key: str | None = None
    ) -> None: ...

    async def handle_button(self, interaction: discord.Interaction, button: Button | None) -> None: ...


class ModalOpener(Protocol):
    """Opens modals and the steps before them; see `interactions/modals.py`."""

    async def ask_for_words(self, interaction: discord.Interaction, button: Button) -> None: ...

    async def ask_for_reason(self, interaction: discord.Interaction, button: Button) -> None: ...

    async def show_cells(self, interaction: discord.Interaction, button: Button) -> None: ...

    async def ask_for_edit(
        self, interaction: discord.Interaction, what: str, cells: Sequence[str]
    ) -> None: ...

    async def send_overlay(
        self, interaction: discord.Interaction, key: str, what: str, prompt: str
    ) -> None: ...

    async def submitted(self, interaction: discord.Interaction) -> None: ...


class CaseRevealer(Protocol):
    """Shows a case's pictures to a moderator; see `messages/case_delivery.py`."""

    async def reveal(self, interaction: discord.Interaction, case_id: str) -> None: ...


class PictureSender(Protocol):
    """Sends finished pictures by direct message; see `messages/job_delivery.py`."""

    async def send_home(self, job_view: JobView, user_id: str) -> bool: ...


class DiscordClient(discord.AutoShardedClient):
    """The client with the services that callbacks use."""

    ports: Ports
    settings: DiscordSettings
    pools: ThreadPools
    downloads: Downloads
    pending_uploads: PendingUploads
    job_messages: JobMessages
    case_messages: CaseMessages
    delivery: PictureSender
    case_delivery: CaseRevealer
    dispatcher: InteractionDispatcher
    modals: ModalOpener

    def serves(self, community: str) -> bool:
        """Whether this process receives the events of a server (its id) or of direct messages."""
        raise NotImplementedError

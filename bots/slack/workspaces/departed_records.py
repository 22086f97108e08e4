"""Erases the records of workspaces that removed the app, some days later."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.workspaces.departures import erase_departed
from studio.errors import DatabaseUnavailableError, NotAllowedError, StorageError

_FIRST_SECONDS = 60.0
_EVERY_SECONDS = 3600.0

log = logging.getLogger(__name__)


class DepartedRecords(SlackComponent):
    def __init__(self, context: SlackContext) -> None:
        super().__init__(context)
        self._erasing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Call it on the running event loop."""
        self._erasing = asyncio.create_task(self._erase_forever())

    def stop(self) -> None:
        """What was begun is finished by the next process, once the claim has passed."""
        if self._erasing:
            self._erasing.cancel()

    async def _erase_forever(self) -> None:
        await asyncio.sleep(_FIRST_SECONDS)
        while True:
            try:
                await self.erase()
            except (DatabaseUnavailableError, StorageError, NotAllowedError) as error:
                log.info("erasure of departed workspaces postponed: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - the next round comes whatever happened in this one
                report_error(error)
            await asyncio.sleep(_EVERY_SECONDS)

    async def erase(self) -> int:
        """How many people were forgotten. Raises as `erase_departed`, and `DatabaseUnavailableError`."""
        after = timedelta(days=self._settings.erase_after_days)
        erased = await self._pools.run(Pool.COMMANDS, partial(erase_departed, self._ports, after=after))
        if erased:
            log.info("records of departed workspaces erased: people=%d", erased)
        return erased

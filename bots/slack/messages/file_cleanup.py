"""Deletes files at Slack that no message shows any more, and retries what fails."""

import asyncio
import logging

from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.files import file_records
from bots.slack.files.file_records import Unwanted
from studio.errors import DatabaseUnavailableError

_SWEEP_SECONDS = 15.0
_MOST_OF_ONE = 8  # a workspace's in one sweep: Slack allows some fifty deletions a minute
_GONE = frozenset({"file_deleted", "file_not_found"})
_NEVER = frozenset({"cant_delete_file", "delete_not_allowed"})

log = logging.getLogger(__name__)


class FileCleanup(SlackComponent):
    def __init__(self, context: SlackContext) -> None:
        super().__init__(context)
        self._sweeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Call it on the running event loop."""
        self._sweeping = asyncio.create_task(self._sweep_forever())

    def stop(self) -> None:
        """What was not deleted yet stays recorded."""
        if self._sweeping:
            self._sweeping.cancel()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            try:
                await self.sweep()
            except DatabaseUnavailableError:
                log.info("file cleanup postponed: database unavailable")
            except Exception as error:  # noqa: BLE001 - the next sweep comes whatever happened in this one
                report_error(error)

    async def sweep(self) -> None:
        """Delete what is due. Raises `DatabaseUnavailableError`."""
        await self._pools.run(Pool.DATABASE, file_records.discard_links, self._ports.database)
        for unwanted in await self._pools.run(
            Pool.DATABASE, file_records.take_unwanted, self._ports.database, most_of_one=_MOST_OF_ONE
        ):
            await self._delete(unwanted)

    async def _delete(self, unwanted: Unwanted) -> None:
        try:
            client = (await self._workspaces.of(unwanted.community)).client
            await client.call("files.delete", patient=False, file=unwanted.id)
        except SlackUnavailableError:
            await self._put_off(unwanted)
            return
        except SlackApiRefusedError as error:
            if error.code not in _GONE | _NEVER:
                await self._put_off(unwanted)
                return
            if error.code in _NEVER:
                log.warning("file not deleted: Slack refused file=%s code=%s", unwanted.id, error.code)
        await self._pools.run(Pool.DATABASE, file_records.forget, self._ports.database, unwanted.id)

    async def _put_off(self, unwanted: Unwanted) -> None:
        if not await self._pools.run(Pool.DATABASE, file_records.put_off, self._ports.database, unwanted):
            log.warning("file not deleted: no attempts left file=%s", unwanted.id)

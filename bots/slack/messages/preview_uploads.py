"""Glimpses of what is being painted: small private files, few enough that answers always find room."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

from bots.delivery.attachments import Attachment, decoded
from bots.delivery.job_view import JobView, job_state
from bots.runtime.thread_pools import Pool, ThreadPools
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.context import Workspace
from bots.slack.files import file_records
from bots.slack.texts import texts
from bots.texts import chat
from studio.db.database import Database
from studio.domain.events import JobProgress
from studio.domain.jobs import Job
from studio.errors import ChatelierError
from studio.runtime.bounded_dict import BoundedDict
from studio.runtime.clock import now

_MOST_A_MINUTE = 12  # in a workspace; each is three uploads' calls and, later, a deletion
_LAST_SECONDS = 4.0  # a job that is done by then shows its pictures instead
_LINGERS_SECONDS = 15.0  # another process may still name it in an edit
_KEPT_JOBS = 1000

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What this process knows of a job that is being painted. Times are of the monotonic clock."""

    since: float
    asked_at: float = float("-inf")
    file_id: str | None = None
    shown: str | None = None


class PreviewUploads:
    """The first one comes `first_seconds` after painting began, the next not before `every_seconds`.

    Nobody has inspected what they show; they go where the job's message is, and nowhere if it is to be hidden.
    """

    def __init__(
        self,
        database: Database,
        pools: ThreadPools,
        *,
        first_seconds: float,
        every_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._pools = pools
        self._first_seconds = first_seconds
        self._every_seconds = every_seconds
        self._clock = clock
        self._seen: BoundedDict[str, _Seen] = BoundedDict(_KEPT_JOBS)
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, workspace: Workspace, job_view: JobView, progress: JobProgress) -> str | None:
        """The file to show now. One that is due is uploaded on the side, so that no answer waits for it."""
        job = job_view.job
        if job.spoiler:
            return None
        seen = self._seen.setdefault(job.id, _Seen(since=self._clock()))
        self._seen.move_to_end(job.id)
        if progress.preview and self._is_due(workspace, job, seen, progress):
            seen.asked_at = self._clock()
            if preview := decoded(progress.preview):
                task = asyncio.create_task(self._renew(workspace, job, preview, seen))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        return seen.file_id

    async def shown(self, workspace: Workspace, job: Job, file_id: str) -> None:
        """The job's message shows it by now, so the one before may go. Raises `DatabaseUnavailableError`."""
        seen = self._seen.get(job.id)
        if seen and seen.shown != file_id:
            seen.shown = file_id
            await workspace.image_uploads.keep_only(job.id, file_id, after_seconds=_LINGERS_SECONDS)

    async def refused(self, workspace: Workspace, job: Job) -> None:
        """Slack does not take it: on with words alone, until the next. Raises `DatabaseUnavailableError`."""
        if seen := self._seen.get(job.id):
            seen.file_id = seen.shown = None
        await workspace.image_uploads.keep_only(job.id, None)

    def end(self, job: Job) -> None:
        """The job is painted no more."""
        self._seen.pop(job.id, None)

    async def finish(self, *, seconds: float) -> None:
        """Let the uploads that are under way come to their end."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    def _is_due(self, workspace: Workspace, job: Job, seen: _Seen, progress: JobProgress) -> bool:
        at = self._clock()
        if at - seen.since < self._first_seconds or at - seen.asked_at < self._every_seconds:
            return False
        if progress.seconds_left is not None and progress.seconds_left < _LAST_SECONDS:
            return False
        if workspace.line.is_strained:
            return False
        recent = self._recent[job.address.community]
        while recent and at - recent[0] > 60:
            recent.popleft()
        if len(recent) >= _MOST_A_MINUTE:
            return False
        recent.append(at)
        return True

    async def _renew(self, workspace: Workspace, job: Job, preview: Attachment, seen: _Seen) -> None:
        try:
            latest = await self._pools.run(Pool.DATABASE, file_records.newest, self._database, job.id)
            if latest and (now() - latest[1]).total_seconds() < self._every_seconds:
                seen.file_id = latest[0]  # another process of the face was quicker
                return
            text = chat.unfinished(job.request.prompt, longest=texts.LONGEST_ALTERNATIVE)
            file_id = await workspace.image_uploads.hang(job.id, preview, text, patient=False)
            state = await self._pools.run(Pool.DATABASE, job_state, self._database, job.id)
            if state is None or state.ended:
                await workspace.image_uploads.discard(file_id)  # too late: its end is shown, or about to be
            else:
                seen.file_id = file_id
        except (SlackUnavailableError, SlackApiRefusedError, ChatelierError) as error:
            log.debug("preview not uploaded: %s", type(error).__name__)

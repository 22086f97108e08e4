"""Previews of unfinished pictures: small private files, few enough to leave room for answers."""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from bots.delivery.attachments import Attachment
from bots.delivery.transport import OutgoingMessage
from bots.presentation.message import FileKind, Image, Images, Message, Progress
from bots.process.thread_pools import Pool
from bots.queries.job_view import job_state
from bots.slack.api.client import SlackError
from bots.slack.context import SlackComponent, SlackContext, Workspace
from bots.slack.files import file_records
from studio.bounded_dict import BoundedDict
from studio.clock import now
from studio.errors import ChatelierError

_MOST_A_MINUTE = 12  # in a workspace; each is three uploads' calls and, later, a deletion
_LAST_SECONDS = 4.0  # a job that is done by then shows its pictures instead
_LINGERS_SECONDS = 15.0  # another process may still name it in an edit
_KEPT_JOBS = 1000

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What this process knows of a job in progress. Times are of the monotonic clock."""

    since: float
    asked_at: float = float("-inf")
    image: Image | None = None
    file_id: str | None = None
    shown: str | None = None


class PreviewUploads(SlackComponent):
    """The first one comes `first_seconds` after painting began, the next not before `every_seconds`.

    Nobody has inspected what they show; they go where the job's message is, and nowhere if it is to be hidden.
    """

    def __init__(self, context: SlackContext, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(context)
        self._first_seconds = context.settings.preview_first_seconds
        self._every_seconds = context.settings.preview_every_seconds
        self._clock = clock
        self._seen: BoundedDict[str, _Seen] = BoundedDict(_KEPT_JOBS)
        self._recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()

    def current(self, workspace: Workspace, outgoing: OutgoingMessage) -> tuple[Message, dict[str, str]]:
        """The message with the preview to show now, and the id of its file by the image's name.

        One that is due is uploaded on the side, so that no answer waits for it. Until the next one it stays.
        """
        message, subject = outgoing.message, outgoing.subject.id
        image, progress = _preview_of(message)
        if image:
            seen = self._seen.setdefault(subject, _Seen(since=self._clock()))
            seen.image = image
            self._seen.move_to_end(subject)
            preview = outgoing.files.get(image.name)
            if preview and self._is_due(workspace, outgoing.place.community, seen, progress):
                self._begin(workspace, subject, preview, seen)
        current = self._seen.get(subject)
        if current is None or current.file_id is None or current.image is None:
            return message, {}
        shown = (
            message if image else replace(message, parts=(Images(images=(current.image,)), *message.parts))
        )
        return shown, {current.image.name: current.file_id}

    def _begin(self, workspace: Workspace, subject: str, preview: Attachment, seen: _Seen) -> None:
        seen.asked_at = self._clock()
        task = asyncio.create_task(self._renew(workspace, subject, preview, seen))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def mark_shown(
        self, workspace: Workspace, subject: str, file_id: str, *, stay: frozenset[str] = frozenset()
    ) -> None:
        """The message shows it by now, so the one before may go. Raises `DatabaseUnavailableError`.

        `stay` are the files of its finished pictures.
        """
        seen = self._seen.get(subject)
        if seen and seen.shown != file_id:
            seen.shown = file_id
            await workspace.image_uploads.replace_files(
                subject, {file_id, *stay}, after_seconds=_LINGERS_SECONDS
            )

    async def mark_refused(
        self, workspace: Workspace, subject: str, *, stay: frozenset[str] = frozenset()
    ) -> None:
        """Slack refused it: the message goes on without it, until the next. Raises `DatabaseUnavailableError`."""
        if seen := self._seen.get(subject):
            seen.file_id = seen.shown = None
        await workspace.image_uploads.replace_files(subject, stay)

    def end(self, subject: str) -> None:
        """The job has ended."""
        self._seen.pop(subject, None)

    async def finish(self, *, seconds: float) -> None:
        """Wait for the uploads that are under way."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    def _is_due(self, workspace: Workspace, community: str, seen: _Seen, progress: Progress | None) -> bool:
        at = self._clock()
        if at - seen.since < self._first_seconds or at - seen.asked_at < self._every_seconds:
            return False
        if progress and progress.seconds_left is not None and progress.seconds_left < _LAST_SECONDS:
            return False
        if workspace.client.is_strained:
            return False
        recent = self._recent[community]
        while recent and at - recent[0] > 60:
            recent.popleft()
        if len(recent) >= _MOST_A_MINUTE:
            return False
        recent.append(at)
        return True

    async def _renew(self, workspace: Workspace, job_id: str, preview: Attachment, seen: _Seen) -> None:
        image = seen.image
        if image is None:
            return
        try:
            latest = await self._pools.run(Pool.DATABASE, file_records.newest, self._ports.database, job_id)
            if latest and (now() - latest[1]).total_seconds() < self._every_seconds:
                seen.file_id = latest[0]  # another process of the front end was quicker
                return
            files = await workspace.image_uploads.upload_all(
                job_id, [image], {image.name: preview}, patient=False
            )
            file_id = files[image.name]
            state = await self._pools.run(Pool.DATABASE, job_state, self._ports.database, job_id)
            if state is None or state.ended:
                await workspace.image_uploads.discard(file_id)  # too late: its end is shown, or about to be
            else:
                seen.file_id = file_id
        except (SlackError, ChatelierError) as error:
            log.debug("preview not uploaded: %s", type(error).__name__)


def _preview_of(message: Message) -> tuple[Image | None, Progress | None]:
    """None for an image that is to be hidden, as Slack hides none."""
    shown = [part for part in message.parts if isinstance(part, Images) and not part.spoiler]
    previews = [image for part in shown for image in part.images if image.kind is FileKind.PREVIEW]
    progress = [part for part in message.parts if isinstance(part, Progress)]
    return next(iter(previews), None), next(iter(progress), None)

"""What happens to the message of a job between its beginning and its end: progress, queue positions, deletions."""

import logging
from dataclasses import replace
from functools import partial

from bots.delivery.attachments import decode_preview
from bots.delivery.message_publisher import MessagePublisher, PublishedMessage
from bots.delivery.subjects.draft import Draft, prepare
from bots.delivery.subjects.jobs import JobDrafts
from bots.delivery.transport import DeliveryContext
from bots.presentation.compose.job_message import PREVIEW
from bots.process.thread_pools import Pool
from bots.queries.job_view import LAST_WORDS, JobView, is_deleted, job_state, positions, pressed_button
from bots.texts.languages.readers import reading_in
from studio.clock import now
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.domain.events import JobProgress
from studio.domain.jobs import OUTSTANDING, WAITING, JobState
from studio.errors import NotFoundError

_POSITIONS_EVERY_SECONDS = 5.0
_PICTURES_EVERY_SECONDS = 5.0  # while pictures are there, each edit sends them
_MOST_POSITIONS = 10  # at a time: a long queue must not use up the requests that answers need

log = logging.getLogger(__name__)


class JobUpdates:
    """Methods raise as those of `MessagePublisher`."""

    def __init__(self, context: DeliveryContext, publisher: MessagePublisher, drafts: JobDrafts) -> None:
        self._ports = context.ports
        self._pools = context.pools
        self._transport = context.transport
        self._publisher = publisher
        self._drafts = drafts

    async def picture_changed(self, job_id: str, picture_id: str) -> None:
        """A star may wait for its time, a deletion may not."""
        if not await self._pools.run(Pool.DATABASE, is_deleted, self._ports.database, picture_id):
            await self._publisher.freshen(DeliveryKind.JOB, job_id)
        elif not self._is_gone(job_id, picture_id):
            await self._publisher.show(DeliveryKind.JOB, job_id)

    async def picture_finished(self, job_id: str) -> None:
        """While others of its job are being painted. Several within a few seconds become one edit."""
        await self._publisher.freshen(DeliveryKind.JOB, job_id, least_seconds=_PICTURES_EVERY_SECONDS)

    async def show_pressed(self, job_id: str) -> None:
        """Below the picture that a new job starts from, the button that was pressed for it is marked.

        The message is edited for the first job of a button alone, whichever process that job comes to. A mark that
        cannot be shown waits for the next edit. Never raises.
        """
        try:
            await self._mark_pressed(job_id)
        except Exception as error:  # noqa: BLE001 - a mark is not worth that the event comes again
            log.warning("button not marked: %s", type(error).__name__, extra={"job_id": job_id})

    async def _mark_pressed(self, job_id: str) -> None:
        job_view = _view(self._publisher.message(DeliveryKind.JOB, job_id))
        button = pressed_button(job_view.job) if job_view else None
        if button is None:
            return
        shown = self._publisher.message(DeliveryKind.JOB, button.job_id).shown
        if shown and shown.job_view and button in shown.job_view.pressed:
            return
        draft = await self._publisher.read(DeliveryKind.JOB, button.job_id)
        is_here = draft.subject.platform is self._transport.platform and draft.final
        is_first = draft.job_view is not None and draft.job_view.pressed.get(button) == job_id
        if is_here and is_first and draft.ref and draft.ref.message:
            least_seconds = _PICTURES_EVERY_SECONDS
            await self._publisher.freshen(DeliveryKind.JOB, button.job_id, least_seconds=least_seconds)

    def _is_gone(self, job_id: str, picture_id: str) -> bool:
        """Of several that were deleted at once the first edit shows the end."""
        shown = self._publisher.message(DeliveryKind.JOB, job_id).shown
        job_view = shown.job_view if shown else None
        if job_view is None or job_view.job.state is not JobState.DONE:
            return False
        return all(picture.id != picture_id for picture in job_view.pictures)

    async def show_progress(self, progress: JobProgress) -> None:
        """Show a step, unless the message was touched a moment ago or is being edited right now."""
        message = self._publisher.message(DeliveryKind.JOB, progress.job_id)
        if message.lock.locked():
            return
        async with message.lock:
            ended = await self._step(progress, message)
        if ended:
            # The end may have been shown by another process between our reading and our edit.
            await self._publisher.show(DeliveryKind.JOB, progress.job_id)

    async def announce_moves(self) -> None:
        """Once, below jobs whose messages will soon be out of reach: where what they become is found."""
        for job_id, message in self._publisher.messages(DeliveryKind.JOB):
            job_view = _view(message)
            expires_at = job_view.job.address.token_expires_at if job_view else None
            if job_view is None or expires_at is None or not job_view.moves_soon:
                continue
            left_seconds = (expires_at - now()).total_seconds()
            is_new = message.rested_seconds > LAST_WORDS.total_seconds() - left_seconds
            if left_seconds > 0 and is_new and job_view.job.state in OUTSTANDING:
                await self._publisher.show(DeliveryKind.JOB, job_id)

    async def show_positions(self) -> None:
        """Queue positions that changed, those first that were shown longest ago."""
        messages = dict(self._publisher.messages(DeliveryKind.JOB))
        shown = {job_id: _view(message) for job_id, message in messages.items() if self._is_due(message)}
        waiting = {
            job_id: job_view
            for job_id, job_view in shown.items()
            if job_view is not None and job_view.job.state in WAITING
        }
        if not waiting:
            return
        places = await self._pools.run(Pool.DATABASE, positions, self._ports.database, list(waiting))
        moved = [job_id for job_id, ahead in places.items() if waiting[job_id].ahead != ahead]
        moved.sort(key=lambda job_id: messages[job_id].touched_at)
        for job_id in moved[:_MOST_POSITIONS]:
            if not messages[job_id].lock.locked():
                await self._publisher.show(DeliveryKind.JOB, job_id)

    def _is_due(self, message: PublishedMessage) -> bool:
        """Whether the message has shown its place in the queue for long enough."""
        calm_seconds = self._transport.rest_seconds(message.ref) if message.ref else 0.0
        return message.rested_seconds > max(_POSITIONS_EVERY_SECONDS, calm_seconds)

    async def _step(self, progress: JobProgress, message: PublishedMessage) -> bool:
        """Show one step; True when the job has ended meanwhile."""
        draft = await self._draft_in_progress(progress, message)
        if draft is None or message.ref is None:  # it is over, or its message is not there yet
            return False
        if not self._may_touch(draft, message.ref, message):
            return False
        message.mark_touched()
        await self._try_edit(draft, message.ref, progress)
        message.mark_touched()
        state = await self._pools.run(Pool.DATABASE, job_state, self._ports.database, progress.job_id)
        return state is not None and state.ended

    async def _draft_in_progress(self, progress: JobProgress, message: PublishedMessage) -> Draft | None:
        """The draft of a job that is being painted; None for one that has ended or is shown by another process."""
        job_view = _view(message)
        shows_all = job_view is not None and len(job_view.pictures) >= progress.finished
        if job_view is None or job_view.job.state is JobState.HELD or not shows_all:
            try:
                job_view = (await self._publisher.read(DeliveryKind.JOB, progress.job_id)).job_view
            except NotFoundError:
                return None
        if message.draft is None or job_view is None or job_view.job.state.ended:
            return None
        if not self._transport.serves(job_view.job.address.community):
            return None
        if job_view.job.state is not JobState.PAINTING:
            painting = replace(job_view, job=replace(job_view.job, state=JobState.PAINTING))
            message.draft = replace(message.draft, job_view=painting)
        return message.draft

    def _may_touch(self, draft: Draft, ref: MessageRef, message: PublishedMessage) -> bool:
        if draft.job_view and draft.job_view.pictures and message.rested_seconds < _PICTURES_EVERY_SECONDS:
            return False
        age_seconds = (now() - draft.since).total_seconds()
        return self._transport.may_touch(
            ref, draft.places[0], age_seconds=age_seconds, since_seconds=message.rested_seconds
        )

    async def _try_edit(self, draft: Draft, ref: MessageRef, progress: JobProgress) -> None:
        preview = decode_preview(progress.preview) if progress.preview else None
        if preview is None:
            progress = replace(progress, preview=None)
        place = draft.places[0]
        with_files = partial(
            prepare,
            self._ports,
            self._drafts.with_progress(draft, progress),
            place,
            limit_bytes=self._transport.limit_bytes(draft.subject, place),
            made={PREVIEW: preview} if preview else {},
        )
        with reading_in(draft.language):
            await self._transport.try_edit(ref, await self._pools.run(Pool.FILES, with_files))


def _view(message: PublishedMessage) -> JobView | None:
    return message.draft.job_view if message.draft else None

"""Carries what the board shows to Slack: one message for each job, in its channel and thread."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from bots.delivery.attachments import Attachment, job_attachment
from bots.delivery.case_images import pixelate
from bots.delivery.claims import SendClaims
from bots.delivery.deliveries import Claim, find_message
from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.job_view import JobView
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.progress_throttle import ProgressThrottle
from bots.slack.blocks.job_blocks import JobBlocks, compose, compose_progress, section
from bots.slack.context import SlackComponent, SlackContext, Workspace
from bots.slack.messages.message_recovery import find_orphan, find_orphan_at_home, mark_of
from bots.slack.messages.message_sender import CLOSED, GONE, file_of, patience, send, send_to_person, show
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.texts import texts
from studio.domain.deliveries import MessageRef, Subject
from studio.domain.events import JobProgress
from studio.domain.jobs import Job, JobState
from studio.runtime.clock import now

_LIMIT_BYTES = 16 * 1024 * 1024
_CALM_SECONDS = 3.0

log = logging.getLogger(__name__)


class SlackJobDelivery(SlackComponent):
    """Implements `bots.delivery.job_messages.JobDelivery`."""

    def __init__(self, context: SlackContext, claims: SendClaims, previews: PreviewUploads) -> None:
        super().__init__(context)
        self._claims = claims
        self._previews = previews
        self._paces: defaultdict[str, ProgressThrottle] = defaultdict(ProgressThrottle)

    async def bring(self, job_view: JobView, message_ref: MessageRef | None) -> MessageRef:
        job = job_view.job
        if job.state is not JobState.PAINTING:
            self._previews.end(job)
        async with patience():
            workspace = await self._workspaces.of(job.address.community)
            post = await self.post_of(job_view, workspace)
            try:
                kept = await self._place(job_view, workspace, post, message_ref)
            except DestinationUnreachableError:
                await self._tidy(job, workspace, post)
                raise
            await self._tidy(job, workspace, post)
            return kept

    async def _place(
        self, job_view: JobView, workspace: Workspace, post: JobBlocks, message_ref: MessageRef | None
    ) -> MessageRef:
        if message_ref is not None:
            return await self._edit(job_view, workspace, post, message_ref)
        return await self._send_once(job_view, workspace, post)

    async def _tidy(self, job: Job, workspace: Workspace, post: JobBlocks) -> None:
        """What the message of an ended job shows no more goes from Slack as well, wherever else it was shown."""
        if job.state.ended:
            await workspace.image_uploads.keep_only(job.id, file_of(post) or None)

    async def post_of(self, job_view: JobView, workspace: Workspace, *, hidden: bool = True) -> JobBlocks:
        """The job as it looks now, its picture uploaded. `hidden`: only a mosaic of what a moderator let through so.

        Otherwise it is for one pair of eyes, and a file that hangs nowhere else goes after an hour.
        Raises `SlackUnavailableError`, `SlackApiRefusedError`, `StorageError`.
        """
        picture = await self._pools.run(
            Pool.FILES, job_attachment, self._ports, job_view, limit_bytes=_LIMIT_BYTES
        )
        if picture is None:
            return compose(job_view, None)
        passing, hidden = not hidden, hidden and job_view.job.spoiler
        if hidden:
            mosaic = await self._pools.run(Pool.FILES, pixelate, picture.data)
            picture = Attachment(data=mosaic, suffix=".png") if mosaic else None
        prompt = texts.HIDDEN if hidden else job_view.prompt
        hang = workspace.image_uploads.hang
        file_id = await hang(job_view.job.id, picture, prompt, passing=passing) if picture else None
        return compose(job_view, file_id, hidden=hidden)

    async def copy(self, job_view: JobView) -> None:
        """The job once more, in the person's direct messages, unless they asked there."""
        if not job_view.job.address.channel.startswith("D"):
            await self.copy_to(job_view, job_view.job.person.user_id)

    async def copy_to(self, job_view: JobView, user: str) -> None:
        """The job with its recipe, in somebody's direct messages; never raises for what Slack refuses."""
        try:
            workspace = await self._workspaces.of(job_view.job.address.community)
            await send_to_person(workspace, user, await self.post_of(job_view, workspace))
        except (SlackUnavailableError, SlackApiRefusedError, DestinationUnreachableError) as error:
            log.info("copy of the job message not sent: %s", error, extra={"job_id": job_view.job.id})

    async def step(self, job_view: JobView, progress: JobProgress, message_ref: MessageRef) -> None:
        where = {"channel": message_ref.channel, "ts": message_ref.message}
        try:
            workspace = await self._workspaces.of(job_view.job.address.community)
            preview = self._previews.of(workspace, job_view, progress)
            post = compose_progress(job_view, progress, preview)
            try:
                await self._step(workspace, post, where)
            except SlackApiRefusedError as error:
                if error.code != "invalid_blocks" or preview is None:
                    raise
                await self._previews.refused(workspace, job_view.job)
                post = compose_progress(job_view, progress)
                await self._step(workspace, post, where)
            else:
                if preview:
                    await self._previews.shown(workspace, job_view.job, preview)
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.debug("progress update not sent: %s", error)

    async def _step(self, workspace: Workspace, post: JobBlocks, where: Mapping[str, str]) -> None:
        method = "chat.update"
        await workspace.line.call(method, patient=False, **where, **post.arguments(method))

    def may_step(self, job_view: JobView, *, since_seconds: float) -> bool:
        age_seconds = (now() - job_view.job.created_at).total_seconds()
        channel = job_view.message_ref.channel if job_view.message_ref else job_view.job.address.channel
        pace = self._paces[job_view.job.address.community]
        return pace.allows(channel, age_seconds=age_seconds, since_seconds=since_seconds)

    def calm_seconds(self, message_ref: MessageRef) -> float:
        return _CALM_SECONDS

    def serves(self, community: str) -> bool:
        return True

    async def _edit(
        self, job_view: JobView, workspace: Workspace, post: JobBlocks, message_ref: MessageRef
    ) -> MessageRef:
        try:
            await show(workspace, "chat.update", post, channel=message_ref.channel, ts=message_ref.message)
        except SlackApiRefusedError as error:
            if error.code in CLOSED and job_view.job.state.ended and not message_ref.final:
                return await self._end_at_home(job_view, workspace, post)
            if error.code in GONE | CLOSED:
                raise DestinationUnreachableError from error
            raise
        return message_ref

    async def _end_at_home(self, job_view: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        """The channel was closed meanwhile. A process that was killed may have sent the end to the person."""
        if orphan := await find_orphan_at_home(workspace, job_view.job):
            log.info("direct message recovered after a restart", extra={"job_id": job_view.job.id})
            await show(workspace, "chat.update", post, channel=orphan.channel, ts=orphan.message)
            return orphan
        return await self._to_person(job_view, workspace, post)

    async def _send_once(self, job_view: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        """Of several processes only one sends; what a killed one may have sent is looked for first."""
        job, subject = job_view.job, Subject.of_job(job_view.job)
        async with self._claims.hold(subject, job.address.channel) as claim:
            if claim is Claim.SENT and (found := await self._message_of(subject)):
                return await self._edit(job_view, workspace, post, found)
            if claim in (Claim.THEIRS, Claim.SENT):
                raise SlackUnavailableError("another process is sending the message")
            if claim is Claim.INHERITED and (orphan := await self._orphan_of(workspace, job)):
                log.info("job message recovered after a restart", extra={"job_id": job.id})
                return await self._edit(job_view, workspace, post, orphan)
            return await self._send(job_view, workspace, post)

    async def _message_of(self, subject: Subject) -> MessageRef | None:
        return await self._pools.run(Pool.DATABASE, find_message, self._ports.database, subject)

    async def _orphan_of(self, workspace: Workspace, job: Job) -> MessageRef | None:
        """What the process before us has sent, where it was about to send it."""
        if await self._claims.channel_of(Subject.of_job(job)) == job.person.user_id:
            return await find_orphan_at_home(workspace, job)
        return await find_orphan(workspace, job)

    async def _send(self, job_view: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        address = job_view.job.address
        try:
            return await send(
                workspace, post, channel=address.channel, thread=address.thread, mark=mark_of(job_view.job)
            )
        except SlackApiRefusedError as error:
            if error.code not in CLOSED:
                raise
        await self._claims.move(Subject.of_job(job_view.job), job_view.job.person.user_id)
        return await self._to_person(job_view, workspace, post)

    async def _to_person(self, job_view: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        job = job_view.job
        log.info("job message sent as a direct message: channel not accessible", extra={"job_id": job.id})
        why = section(texts.elsewhere(workspace.identity.bot_user, job.address.channel))
        told = replace(post, blocks=(why, *post.blocks))
        return await send_to_person(workspace, job.person.user_id, told, mark=mark_of(job))

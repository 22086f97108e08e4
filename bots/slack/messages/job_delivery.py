"""Carries what the board shows to Slack: one message for each job, in its channel and thread."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from bots.delivery.attachments import Attachment, job_attachment
from bots.delivery.case_images import pixelate
from bots.delivery.job_messages import DestinationUnreachableError
from bots.delivery.job_view import JobView, MessageRef, load_job_view
from bots.slack.api.client import SlackApiRefusedError, SlackUnavailableError
from bots.slack.api.progress_throttle import ProgressThrottle
from bots.slack.blocks.job_blocks import JobBlocks, compose, compose_progress, section
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.messages.message_recovery import find_orphan, find_orphan_at_home, mark_of
from bots.slack.messages.message_sender import CLOSED, GONE, file_of, patience, send, send_to_person, show
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.messages.send_claims import Claim, SendClaims
from bots.slack.texts import texts
from bots.slack.workspaces.registry import Workspace
from studio.domain.events import JobProgress
from studio.domain.jobs import Job, JobState
from studio.runtime.clock import now

_LIMIT_BYTES = 16 * 1024 * 1024
_CALM_SECONDS = 3.0

log = logging.getLogger(__name__)


class SlackJobDelivery(SlackComponent):
    """Implements `bots.delivery.job_messages.JobDelivery`."""

    def __init__(self, premises: SlackContext, claims: SendClaims, glimpses: PreviewUploads) -> None:
        super().__init__(premises)
        self._claims = claims
        self._glimpses = glimpses
        self._paces: defaultdict[str, ProgressThrottle] = defaultdict(ProgressThrottle)

    async def bring(self, standing: JobView, slip: MessageRef | None) -> MessageRef:
        job = standing.job
        if job.state is not JobState.PAINTING:
            self._glimpses.end(job)
        async with patience():
            workspace = await self._workspaces.of(job.address.community)
            post = await self.post_of(standing, workspace)
            try:
                kept = await self._place(standing, workspace, post, slip)
            except DestinationUnreachableError:
                await self._tidy(job, workspace, post)
                raise
            await self._tidy(job, workspace, post)
            return kept

    async def _place(
        self, standing: JobView, workspace: Workspace, post: JobBlocks, slip: MessageRef | None
    ) -> MessageRef:
        if slip is not None:
            return await self._edit(standing, workspace, post, slip)
        return await self._send_once(standing, workspace, post)

    async def _tidy(self, job: Job, workspace: Workspace, post: JobBlocks) -> None:
        """What the message of an ended job shows no more goes from Slack as well, wherever else it was shown."""
        if job.state.ended:
            await workspace.showcase.keep_only(job.id, file_of(post) or None)

    async def post_of(self, standing: JobView, workspace: Workspace, *, hidden: bool = True) -> JobBlocks:
        """The job as it looks now, its picture uploaded. `hidden`: only a mosaic of what a moderator let through so.

        Otherwise it is for one pair of eyes, and a file that hangs nowhere else goes after an hour.
        Raises `SlackUnavailableError`, `SlackApiRefusedError`, `StorageError`.
        """
        picture = await self._backroom.run(
            "shelf", job_attachment, self._ports, standing, limit_bytes=_LIMIT_BYTES
        )
        if picture is None:
            return compose(standing, None)
        passing, hidden = not hidden, hidden and standing.job.spoiler
        if hidden:
            mosaic = await self._backroom.run("shelf", pixelate, picture.data)
            picture = Attachment(data=mosaic, suffix=".png") if mosaic else None
        prompt = texts.HIDDEN if hidden else standing.prompt
        hang = workspace.showcase.hang
        file_id = await hang(standing.job.id, picture, prompt, passing=passing) if picture else None
        return compose(standing, file_id, hidden=hidden)

    async def copy(self, standing: JobView) -> None:
        """The job once more, in the person's direct messages, unless they asked there."""
        if not standing.job.address.channel.startswith("D"):
            await self.copy_to(standing, standing.job.person.user_id)

    async def copy_to(self, standing: JobView, user: str) -> None:
        """The job with its recipe, in somebody's direct messages; never raises for what Slack refuses."""
        try:
            workspace = await self._workspaces.of(standing.job.address.community)
            await send_to_person(workspace, user, await self.post_of(standing, workspace))
        except (SlackUnavailableError, SlackApiRefusedError, DestinationUnreachableError) as error:
            log.info("a copy was not taken: %s", error, extra={"job_id": standing.job.id})

    async def step(self, standing: JobView, progress: JobProgress, slip: MessageRef) -> None:
        where = {"channel": slip.channel, "ts": slip.message}
        try:
            workspace = await self._workspaces.of(standing.job.address.community)
            glimpse = self._glimpses.of(workspace, standing, progress)
            post = compose_progress(standing, progress, glimpse)
            try:
                await self._step(workspace, post, where)
            except SlackApiRefusedError as error:
                if error.code != "invalid_blocks" or glimpse is None:
                    raise
                await self._glimpses.refused(workspace, standing.job)
                post = compose_progress(standing, progress)
                await self._step(workspace, post, where)
            else:
                if glimpse:
                    await self._glimpses.shown(workspace, standing.job, glimpse)
        except (SlackUnavailableError, SlackApiRefusedError) as error:
            log.debug("progress was not shown: %s", error)

    async def _step(self, workspace: Workspace, post: JobBlocks, where: Mapping[str, str]) -> None:
        method = "chat.update"
        await workspace.line.call(method, patient=False, **where, **post.arguments(method))

    def may_step(self, standing: JobView, *, since_seconds: float) -> bool:
        age_seconds = (now() - standing.job.created_at).total_seconds()
        channel = standing.slip.channel if standing.slip else standing.job.address.channel
        pace = self._paces[standing.job.address.community]
        return pace.allows(channel, age_seconds=age_seconds, since_seconds=since_seconds)

    def calm_seconds(self, slip: MessageRef) -> float:
        return _CALM_SECONDS

    def serves(self, community: str) -> bool:
        return True

    async def _edit(
        self, standing: JobView, workspace: Workspace, post: JobBlocks, slip: MessageRef
    ) -> MessageRef:
        try:
            await show(workspace, "chat.update", post, channel=slip.channel, ts=slip.message)
        except SlackApiRefusedError as error:
            if error.code in CLOSED and standing.job.state.ended and not slip.final:
                return await self._end_at_home(standing, workspace, post)
            if error.code in GONE | CLOSED:
                raise DestinationUnreachableError from error
            raise
        return slip

    async def _end_at_home(self, standing: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        """The channel was closed meanwhile. A process that was killed may have sent the end to the person."""
        if orphan := await find_orphan_at_home(workspace, standing.job):
            log.info("a direct message was found again", extra={"job_id": standing.job.id})
            await show(workspace, "chat.update", post, channel=orphan.channel, ts=orphan.message)
            return orphan
        return await self._to_person(standing, workspace, post)

    async def _send_once(self, standing: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        """Of several processes only one sends; what a killed one may have sent is looked for first."""
        job = standing.job
        async with self._claims.hold(job.id, job.address.channel) as claim:
            if claim is Claim.SENT and (slip := await self._slip_of(job.id)):
                return await self._edit(standing, workspace, post, slip)
            if claim in (Claim.THEIRS, Claim.SENT):
                raise SlackUnavailableError("another process is sending the message")
            if claim is Claim.INHERITED and (orphan := await self._orphan_of(workspace, job)):
                log.info("a message was found again", extra={"job_id": job.id})
                return await self._edit(standing, workspace, post, orphan)
            return await self._send(standing, workspace, post)

    async def _orphan_of(self, workspace: Workspace, job: Job) -> MessageRef | None:
        """What the process before us has sent, where it was about to send it."""
        if await self._claims.place_of(job.id) == job.person.user_id:
            return await find_orphan_at_home(workspace, job)
        return await find_orphan(workspace, job)

    async def _slip_of(self, job_id: str) -> MessageRef | None:
        return (await self._backroom.run("mail", load_job_view, self._ports.database, job_id)).slip

    async def _send(self, standing: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        address = standing.job.address
        try:
            return await send(
                workspace, post, channel=address.channel, thread=address.thread, mark=mark_of(standing.job)
            )
        except SlackApiRefusedError as error:
            if error.code not in CLOSED:
                raise
        await self._claims.redirect(standing.job.id, standing.job.person.user_id)
        return await self._to_person(standing, workspace, post)

    async def _to_person(self, standing: JobView, workspace: Workspace, post: JobBlocks) -> MessageRef:
        job = standing.job
        log.info("a channel is closed to the app, so the answer goes to the person", extra={"job_id": job.id})
        why = section(texts.elsewhere(workspace.identity.bot_user, job.address.channel))
        told = replace(post, blocks=(why, *post.blocks))
        return await send_to_person(workspace, job.person.user_id, told, mark=mark_of(job))

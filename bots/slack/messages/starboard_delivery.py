"""The starboard's messages on Slack: implements `bots.delivery.starboard.StarboardDelivery`."""

from bots.delivery.attachments import Attachment, fit_attachment
from bots.delivery.case_images import pixelate
from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.job_view import load_job_view
from bots.delivery.starboard import StarboardEntry
from bots.runtime.thread_pools import Pool
from bots.slack.blocks.job_blocks import JobBlocks, actions, button, context, image, section
from bots.slack.context import SlackComponent, Workspace
from bots.slack.messages.message_recovery import MessageMarker
from bots.slack.messages.message_sender import CLOSED, GONE, edit, file_of, patience, send, unreachable_when
from bots.slack.texts import texts
from bots.texts import chat
from studio.commands.button_ids import Action
from studio.domain.deliveries import MessageRef
from studio.errors import NotFoundError

_LIMIT_BYTES = 8 * 1024 * 1024


class SlackStarboardDelivery(SlackComponent):
    async def hang(self, exhibit: StarboardEntry, message_ref: MessageRef | None) -> MessageRef:
        async with patience():
            workspace = await self._workspaces.of(exhibit.job.address.community)
            post = await self._post(exhibit, workspace)
            if message_ref is None:
                mark = MessageMarker(kind="star", id=exhibit.picture.id)
                with unreachable_when(CLOSED):
                    message_ref = await send(workspace, post, channel=exhibit.channel, mark=mark)
            else:
                await edit(workspace, post, message_ref)
            await workspace.image_uploads.keep_only(exhibit.picture.id, file_of(post))
            return message_ref

    async def take_down(self, picture_id: str, message_ref: MessageRef) -> None:
        job_id = picture_id.partition(".")[0]
        job_view = await self._pools.run(Pool.DATABASE, load_job_view, self._ports.database, job_id)
        async with patience():
            workspace = await self._workspaces.of(job_view.job.address.community)
            try:
                with unreachable_when(CLOSED | GONE):
                    await workspace.line.call(
                        "chat.delete", channel=message_ref.channel, ts=message_ref.message
                    )
            finally:
                await workspace.image_uploads.keep_only(picture_id, None)

    async def _post(self, exhibit: StarboardEntry, workspace: Workspace) -> JobBlocks:
        prompt = exhibit.picture.recipe.prompt
        try:
            picture = await self._pools.run(Pool.FILES, self._print, exhibit)
        except NotFoundError:
            raise DestinationUnreachableError from None
        hidden = exhibit.job.spoiler
        alternative = (
            texts.HIDDEN if hidden else chat.alternative(prompt, 1, longest=texts.LONGEST_ALTERNATIVE)
        )
        file = await workspace.image_uploads.hang(exhibit.picture.id, picture, alternative)
        window = [actions(button(Action.SHOW, exhibit.job.id))] if hidden else []
        stars = "1 star" if exhibit.picture.stars == 1 else f"{exhibit.picture.stars} stars"
        caption = f"⭐ {stars} · {texts.name_of(exhibit.job)} · `{exhibit.picture.id}`"
        return JobBlocks(
            text=f"⭐ {stars}",
            blocks=(
                image(file, alternative),
                *window,
                section(texts.headline(prompt)),
                context(caption),
            ),
        )

    def _print(self, exhibit: StarboardEntry) -> Attachment:
        """A mosaic of what a moderator let through hidden. Raises `NotFoundError`."""
        data = self._ports.store.get(exhibit.picture.key)
        if exhibit.job.spoiler:
            mosaic = pixelate(data)
            if mosaic is None:
                raise NotFoundError("The picture")
            return Attachment(data=mosaic, suffix=".png")
        return fit_attachment(self._ports, data, limit_bytes=_LIMIT_BYTES)

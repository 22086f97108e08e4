"""The starboard's messages on Slack: implements `bots.starboard.StarBearer`."""

from bots import words as house
from bots.blurring import pixelate
from bots.board import Unreachable
from bots.prints import Print, fitted
from bots.slack import words
from bots.slack.orphans import Mark
from bots.slack.posts import Post, actions, button, context, image, section
from bots.slack.premises import Part
from bots.slack.sending import CLOSED, GONE, edit, file_of, patience, send, unreachable_when
from bots.slack.workspaces import Workspace
from bots.standings import Slip, load_standing
from bots.starboard import Exhibit
from studio.buttons import Action
from studio.errors import NotFound

_LIMIT_BYTES = 8 * 1024 * 1024


class SlackGallery(Part):
    async def hang(self, exhibit: Exhibit, slip: Slip | None) -> Slip:
        async with patience():
            workspace = await self._workspaces.of(exhibit.job.address.community)
            post = await self._post(exhibit, workspace)
            if slip is None:
                mark = Mark(kind="star", id=exhibit.picture.id)
                with unreachable_when(CLOSED):
                    slip = await send(workspace, post, channel=exhibit.channel, mark=mark)
            else:
                await edit(workspace, post, slip)
            await workspace.showcase.keep_only(exhibit.picture.id, file_of(post))
            return slip

    async def take_down(self, picture_id: str, slip: Slip) -> None:
        job_id = picture_id.partition(".")[0]
        standing = await self._backroom.run("mail", load_standing, self._ports.database, job_id)
        async with patience():
            workspace = await self._workspaces.of(standing.job.address.community)
            try:
                with unreachable_when(CLOSED | GONE):
                    await workspace.line.call("chat.delete", channel=slip.channel, ts=slip.message)
            finally:
                await workspace.showcase.keep_only(picture_id, None)

    async def _post(self, exhibit: Exhibit, workspace: Workspace) -> Post:
        prompt = exhibit.picture.recipe.prompt
        try:
            picture = await self._backroom.run("shelf", self._print, exhibit)
        except NotFound:
            raise Unreachable from None
        hidden = exhibit.job.spoiler
        alternative = (
            words.HIDDEN if hidden else house.alternative(prompt, 1, longest=words.LONGEST_ALTERNATIVE)
        )
        file = await workspace.showcase.hang(exhibit.picture.id, picture, alternative)
        window = [actions(button(Action.SHOW, exhibit.job.id))] if hidden else []
        stars = "1 star" if exhibit.picture.stars == 1 else f"{exhibit.picture.stars} stars"
        caption = f"⭐ {stars} · {words.name_of(exhibit.job)} · `{exhibit.picture.id}`"
        return Post(
            text=f"⭐ {stars}",
            blocks=(
                image(file, alternative),
                *window,
                section(words.headline(prompt)),
                context(caption),
            ),
        )

    def _print(self, exhibit: Exhibit) -> Print:
        """A mosaic of what a moderator let through hidden. Raises `NotFound`."""
        data = self._ports.store.get(exhibit.picture.key)
        if exhibit.job.spoiler:
            mosaic = pixelate(data)
            if mosaic is None:
                raise NotFound("The picture")
            return Print(data=mosaic, suffix=".png")
        return fitted(self._ports, data, limit_bytes=_LIMIT_BYTES)

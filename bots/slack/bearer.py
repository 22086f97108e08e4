"""Carries what the board shows to Slack: one message for each job, in its channel and thread."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

from bots.backroom import Backroom
from bots.board import Unreachable
from bots.prints import make_print
from bots.slack import words
from bots.slack.identity import Identity
from bots.slack.line import TOKEN_TROUBLES, Line, SlackAway, SlackRefuses
from bots.slack.pace import Pace
from bots.slack.posts import Post, compose, compose_progress, section
from bots.slack.showcase import Showcase
from bots.standings import Slip, Standing, claim_slip, waive_claim
from studio.clock import now
from studio.events import JobProgress
from studio.ports import Ports

_LIMIT_BYTES = 16 * 1024 * 1024
_CALM_SECONDS = 3.0
# The app may not write there (any more).
CLOSED = frozenset(
    {
        "channel_not_found",
        "channel_is_archived",
        "is_archived",
        "is_inactive",
        "not_in_channel",
        "restricted_action",
        "restricted_action_non_threadable_channel",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "team_access_not_granted",
    }
)
_GONE = frozenset({"cant_update_message", "edit_window_closed", "message_not_found"})
_NO_THREAD = frozenset({"cannot_reply_to_message", "restricted_action_thread_locked", "thread_not_found"})
_NO_PERSON = frozenset({"cannot_dm_bot", "messages_tab_disabled", "user_disabled", "user_not_found"})
_NOT_READY_SECONDS = 1.5

log = logging.getLogger(__name__)


class SlackBearer:
    """Implements `bots.board.Bearer`."""

    def __init__(
        self, ports: Ports, backroom: Backroom, line: Line, showcase: Showcase, identity: Identity
    ) -> None:
        self._ports = ports
        self._backroom = backroom
        self._line = line
        self._showcase = showcase
        self._identity = identity
        self._pace = Pace()

    async def bring(self, standing: Standing, slip: Slip | None) -> Slip:
        try:
            post = await self.post_of(standing)
            if slip is not None:
                return await self._edit(standing, post, slip)
            return await self._send_once(standing, post)
        except SlackRefuses as error:
            if error.code in TOKEN_TROUBLES:
                log.warning("slack does not let the app do its work: %s", error.code)
                raise SlackAway(error.code) from error  # it is brought when an administrator has put it right
            raise

    async def post_of(self, standing: Standing) -> Post:
        """The job as it looks now, its picture uploaded. Raises `SlackAway`, `SlackRefuses`, `StorageFailed`."""
        picture = await self._backroom.run(
            "shelf", make_print, self._ports, standing, limit_bytes=_LIMIT_BYTES
        )
        if picture is None:
            return compose(standing, None)
        prompt = standing.pictures[0].recipe.prompt
        return compose(standing, await self._showcase.hang(standing.job.id, picture, prompt))

    async def step(self, standing: Standing, progress: JobProgress, slip: Slip) -> None:
        """No preview: each would be a file of its own, and Slack's limits are better spent on answers."""
        post = compose_progress(standing, step=progress.step, steps=progress.steps)
        try:
            await self._line.call(
                "chat.update", patient=False, channel=slip.channel, ts=slip.message, **post.arguments()
            )
        except (SlackAway, SlackRefuses) as error:
            log.debug("progress was not shown: %s", error)

    def may_step(self, standing: Standing, *, since_seconds: float) -> bool:
        if self._line.is_closed("chat.update"):
            return False
        age_seconds = (now() - standing.job.created_at).total_seconds()
        channel = standing.slip.channel if standing.slip else standing.job.address.channel
        return self._pace.allows(channel, age_seconds=age_seconds, since_seconds=since_seconds)

    def calm_seconds(self, slip: Slip) -> float:
        return _CALM_SECONDS

    def serves(self, community: str) -> bool:
        return True

    async def _edit(self, standing: Standing, post: Post, slip: Slip) -> Slip:
        try:
            await self._shown("chat.update", post, channel=slip.channel, ts=slip.message)
        except SlackRefuses as error:
            if error.code in CLOSED and standing.job.state.ended and not slip.final:
                return await self._to_person(standing, post)
            if error.code in _GONE | CLOSED:
                raise Unreachable from error
            raise
        return slip

    async def _send_once(self, standing: Standing, post: Post) -> Slip:
        """Of several processes only one sends; a message sent twice would be there twice."""
        job, database = standing.job, self._ports.database
        if not await self._backroom.run("mail", claim_slip, database, job.id, job.address.channel):
            raise SlackAway("another process is sending the message")
        try:
            return await self._send(standing, post)
        except Exception:
            await self._backroom.run("mail", waive_claim, database, job.id)
            raise

    async def _send(self, standing: Standing, post: Post) -> Slip:
        address = standing.job.address
        try:
            try:
                answer = await self._shown(
                    "chat.postMessage", post, channel=address.channel, thread_ts=address.thread
                )
            except SlackRefuses as error:
                if error.code not in _NO_THREAD or address.thread is None:
                    raise
                answer = await self._shown("chat.postMessage", post, channel=address.channel)
        except SlackRefuses as error:
            if error.code in CLOSED:
                return await self._to_person(standing, post)
            raise
        return Slip(channel=str(answer["channel"]), message=str(answer["ts"]))

    async def _to_person(self, standing: Standing, post: Post) -> Slip:
        job = standing.job
        log.info("a channel is closed to the app, so the answer goes to the person", extra={"job_id": job.id})
        why = section(words.elsewhere(self._identity.bot_user, job.address.channel))
        told = replace(post, blocks=(why, *post.blocks))
        try:
            answer = await self._shown("chat.postMessage", told, channel=job.person.user_id)
        except SlackRefuses as error:
            if error.code in CLOSED | _NO_PERSON:
                raise Unreachable from error
            raise
        return Slip(channel=str(answer["channel"]), message=str(answer["ts"]))

    async def _shown(self, method: str, post: Post, **where: Any) -> dict[str, object]:
        """Send it; a picture that Slack has not looked over yet is tried again, and in the end left out."""
        file_id = _file_of(post)
        for _ in range(3):
            try:
                return dict(await self._line.call(method, **where, **post.arguments()))
            except SlackRefuses as error:
                if error.code != "invalid_blocks" or not file_id:
                    raise
                await asyncio.sleep(_NOT_READY_SECONDS)
        log.warning("slack does not take a picture, so it is left out")
        self._showcase.forget(file_id)
        bare = tuple(section(words.NOT_SHOWN) if "slack_file" in block else block for block in post.blocks)
        return dict(await self._line.call(method, **where, **replace(post, blocks=bare).arguments()))


def _file_of(post: Post) -> str:
    """The picture that a post shows."""
    return next((str(block["slack_file"]["id"]) for block in post.blocks if "slack_file" in block), "")

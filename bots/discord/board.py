"""The board: which message shows which job, brought up to date and never more often than Discord likes."""

import asyncio
import base64
import binascii
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from bots.backroom import Backroom
from bots.discord.courier import Courier, TooLarge, Unreachable
from bots.discord.posts import Post, compose, compose_progress
from bots.prints import DEFAULT_LIMIT_BYTES, Print, make_print
from bots.standings import (
    Slip,
    Standing,
    job_state,
    keep_slip,
    load_standing,
    positions,
)
from studio.db.database import Database
from studio.errors import NotFound
from studio.events import JobProgress
from studio.jobs import WAITING, JobState
from studio.ports import Ports

if TYPE_CHECKING:
    from bots.discord.bot import Bot

PROGRESS_EVERY_SECONDS = 1.5
_POSITIONS_EVERY_SECONDS = 5.0
_OLD_MESSAGE_SECONDS = 3600.0
_OLD_MESSAGE_EVERY_SECONDS = 60.0
_KEPT_SHEETS = 1000
_SMALLEST_LIMIT_BYTES = 256 * 1024
_LARGEST_PREVIEW = 200_000
_DISCORD_EPOCH_MILLISECONDS = 1_420_070_400_000

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class Sheet:
    """What this process remembers of a job's message. Times are of the monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    standing: Standing | None = None
    slip: Slip | None = None
    touched_at: float = -math.inf
    limit_bytes: int | None = None
    overdue: bool = False  # an old message waits for its next edit


class Board:
    def __init__(self, bot: "Bot", ports: Ports, backroom: Backroom, courier: Courier) -> None:
        self._bot = bot
        self._ports = ports
        self._backroom = backroom
        self._courier = courier
        self._sheets: OrderedDict[str, Sheet] = OrderedDict()

    def expect(self, job_id: str, *, limit_bytes: int) -> None:
        """Remember how large a file the channel takes, as the interaction said."""
        self._sheet(job_id).limit_bytes = limit_bytes

    async def pin(self, job_id: str) -> None:
        """Make the message of a new job, if nobody did so yet."""
        sheet = self._sheet(job_id)
        async with sheet.lock:
            if sheet.slip is None:
                await self._bring(job_id, sheet, only_new=True)

    async def show(self, job_id: str) -> None:
        """Bring the job's message up to date. Raises `discord.HTTPException` for troubles that pass."""
        sheet = self._sheet(job_id)
        async with sheet.lock:
            await self._bring(job_id, sheet)

    async def freshen(self, job_id: str) -> None:
        """Like `show`, for small changes: an old message is edited once a minute at most."""
        sheet = self._sheet(job_id)
        recently = time.monotonic() - sheet.touched_at < _OLD_MESSAGE_EVERY_SECONDS
        if sheet.slip and recently and _age_seconds(sheet.slip.message) > _OLD_MESSAGE_SECONDS:
            sheet.overdue = True
            return
        await self.show(job_id)

    async def progressed(self, progress: JobProgress) -> None:
        """Show a step, unless the message was touched a moment ago or is being edited right now."""
        sheet = self._sheet(progress.job_id)
        if sheet.lock.locked() or time.monotonic() - sheet.touched_at < PROGRESS_EVERY_SECONDS:
            return
        async with sheet.lock:
            ended = await self._step(progress, sheet)
        if ended:
            # The end may have been shown by another process between our reading and our edit.
            await self.show(progress.job_id)

    async def tick(self) -> None:
        """Every few seconds: queue positions that changed, and old messages whose time has come."""
        now = time.monotonic()
        for job_id, sheet in list(self._sheets.items()):
            if sheet.overdue and now - sheet.touched_at > _OLD_MESSAGE_EVERY_SECONDS:
                sheet.overdue = False
                await self.show(job_id)
        waiting = {
            job_id: sheet
            for job_id, sheet in self._sheets.items()
            if sheet.standing
            and sheet.standing.job.state in WAITING
            and now - sheet.touched_at > _POSITIONS_EVERY_SECONDS
        }
        if not waiting:
            return
        for job_id, ahead in (await self._run(positions, list(waiting))).items():
            standing = waiting[job_id].standing
            if standing and standing.ahead != ahead and not waiting[job_id].lock.locked():
                await self.show(job_id)

    def _sheet(self, job_id: str) -> Sheet:
        sheet = self._sheets.setdefault(job_id, Sheet())
        self._sheets.move_to_end(job_id)
        while len(self._sheets) > _KEPT_SHEETS:
            self._sheets.popitem(last=False)
        return sheet

    async def _bring(self, job_id: str, sheet: Sheet, *, only_new: bool = False) -> None:
        standing = await self._run(load_standing, job_id)
        sheet.standing = standing
        slip = standing.slip or sheet.slip
        if only_new and slip is not None:
            sheet.slip = slip
            return
        ended = standing.job.state.ended
        try:
            kept: Slip | None = replace(await self._post(standing, sheet, slip), final=ended)
        except Unreachable:
            log.info("the message of a job is gone", extra={"job_id": job_id})
            kept = replace(slip, final=ended) if slip else None
        sheet.touched_at = time.monotonic()
        sheet.slip = kept
        if kept and kept != standing.slip:
            await self._run(keep_slip, job_id, kept)

    async def _post(self, standing: Standing, sheet: Sheet, slip: Slip | None) -> Slip:
        """Send it, smaller and smaller while Discord finds it too large."""
        job = standing.job
        limit_bytes = sheet.limit_bytes or self._limit_of(standing)
        while True:
            picture = await self._backroom.run(
                "shelf", make_print, self._ports, standing, limit_bytes=limit_bytes
            )
            try:
                return await self._courier.bring(compose(standing, picture), job.address, job.person, slip)
            except TooLarge:
                limit_bytes //= 2
                if limit_bytes < _SMALLEST_LIMIT_BYTES:
                    raise Unreachable from None

    async def _step(self, progress: JobProgress, sheet: Sheet) -> bool:
        """Show one step; True when the job has ended meanwhile."""
        if sheet.standing is None or sheet.standing.job.state is JobState.HELD:
            try:
                sheet.standing = await self._run(load_standing, progress.job_id)
            except NotFound:
                return False
            sheet.slip = sheet.slip or sheet.standing.slip
        standing = sheet.standing
        if standing.job.state.ended or not self._bot.serves(standing.job.address.community):
            return False
        if standing.job.state is not JobState.PAINTING:
            painting = replace(standing.job, state=JobState.PAINTING)
            standing = sheet.standing = replace(standing, job=painting)
        if sheet.slip is None:
            return False  # its message is not there yet
        sheet.touched_at = time.monotonic()
        await self._courier.touch(self._progress_post(standing, progress), standing.job.address, sheet.slip)
        sheet.touched_at = time.monotonic()
        state = await self._run(job_state, progress.job_id)
        return state is not None and state.ended

    def _progress_post(self, standing: Standing, progress: JobProgress) -> Post:
        preview = _decoded(progress.preview) if progress.preview else None
        return compose_progress(standing, step=progress.step, steps=progress.steps, preview=preview)

    def _limit_of(self, standing: Standing) -> int:
        community = standing.job.address.community
        guild = self._bot.get_guild(int(community)) if community.isdecimal() else None
        return guild.filesize_limit if guild else DEFAULT_LIMIT_BYTES

    async def _run(
        self, work: Callable[Concatenate[Database, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        return await self._backroom.run("mail", partial(work, self._ports.database, *arguments, **named))


def _age_seconds(message_id: str) -> float:
    return time.time() - ((int(message_id) >> 22) + _DISCORD_EPOCH_MILLISECONDS) / 1000


def _decoded(data_url: str) -> Print | None:
    """The bytes of a small ``data:image/…;base64,`` URL."""
    head, _, body = data_url.partition(",")
    kind = head.removeprefix("data:image/").removesuffix(";base64")
    if len(body) > _LARGEST_PREVIEW or kind not in ("png", "jpeg", "webp"):
        return None
    try:
        return Print(data=base64.b64decode(body, validate=True), suffix=f".{kind}")
    except binascii.Error:
        return None

"""Uploads image files to Slack, where only image blocks show them, and records them."""

import asyncio
import hashlib
import io
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from weakref import WeakValueDictionary

from bots.delivery.attachments import Attachment
from bots.presentation.message import Image
from bots.process.thread_pools import Pool, ThreadPools
from bots.slack.api.client import SlackClient, SlackUnavailableError
from bots.slack.files import file_records
from studio.db.database import Database

# Slack processes a file before it can be shown; until then it has no type.
_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

log = logging.getLogger(__name__)


class ImageUploads:
    """The uploads of one workspace. A file belongs to one subject: a job, a case, or a picture on the starboard."""

    def __init__(
        self, client: SlackClient, pools: ThreadPools, database: Database, *, community: str
    ) -> None:
        self._client = client
        self._pools = pools
        self._database = database
        self._community = community
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def upload_all(
        self,
        subject: str,
        images: Sequence[Image],
        attachments: Mapping[str, Attachment],
        *,
        passing: bool = False,
    ) -> dict[str, str]:
        """The ids of their files by the images' names, of those that have an attachment. Raises as `upload`."""
        there = [image for image in images if image.name in attachments]
        uploads = (
            self.upload(subject, attachments[image.name], image.alt_text, name=image.name, passing=passing)
            for image in there
        )
        file_ids = await asyncio.gather(*uploads)
        return {image.name: file_id for image, file_id in zip(there, file_ids, strict=True)}

    async def upload(
        self,
        subject: str,
        picture: Attachment,
        alternative: str,
        *,
        name: str = "",
        passing: bool = False,
        patient: bool = True,
    ) -> str:
        """The id of the file, uploaded unless it is there already. A `passing` one is gone after an hour.

        `name` is what people see when they save it.
        Raises `SlackUnavailableError`, `SlackApiRefusedError`, `DatabaseUnavailableError`.
        """
        digest = hashlib.sha256(picture.data).hexdigest()
        lock = self._locks.setdefault((subject, digest), asyncio.Lock())
        async with lock:
            known = await self._pools.run(
                Pool.DATABASE,
                file_records.reuse,
                self._database,
                community=self._community,
                subject=subject,
                digest=digest,
                passing=passing,
            )
            if known:
                return known
            if picture.suffix == ".webp":  # image blocks show PNG, JPEG and GIF
                picture = await self._pools.run(Pool.FILES, _as_jpeg, picture)
            file_id = await self._upload(subject, picture, alternative, name or subject, patient=patient)
            await self._pools.run(
                Pool.DATABASE, file_records.keep, self._database, file_id, digest=digest, passing=passing
            )
            return file_id

    async def keep_only(self, subject: str, file_ids: Collection[str], *, after_seconds: float = 0) -> None:
        """Other files of the subject are deleted. Raises `DatabaseUnavailableError`."""
        after = timedelta(seconds=after_seconds)
        await self._pools.run(
            Pool.DATABASE, file_records.keep_only, self._database, subject, file_ids, after=after
        )

    async def discard(self, file_id: str) -> None:
        """A file that Slack does not show, or that came too late. Raises `DatabaseUnavailableError`."""
        await self._pools.run(Pool.DATABASE, file_records.discard, self._database, file_id)

    async def _upload(
        self, subject: str, picture: Attachment, alternative: str, name: str, *, patient: bool
    ) -> str:
        data, filename = picture.data, f"{name}{picture.suffix}"
        ticket = await self._client.call(
            "files.getUploadURLExternal",
            patient=patient,
            filename=filename,
            length=str(len(data)),
            alt_txt=alternative[:1000],
        )
        file_id = str(ticket["file_id"])
        await self._pools.run(
            Pool.DATABASE,
            file_records.begin_upload,
            self._database,
            file_id,
            community=self._community,
            subject=subject,
        )
        await self._client.upload(str(ticket["upload_url"]), data)
        done = [{"id": file_id, "title": filename}]
        await self._client.call("files.completeUploadExternal", patient=patient, files=done)
        await self._ready(file_id)
        return file_id

    async def _ready(self, file_id: str) -> None:
        """Wait until Slack has processed the file, but not for ever: showing it is tried in any case."""
        for pause_seconds in _PAUSES_SECONDS:
            try:
                answer = await self._client.call("files.info", patient=False, file=file_id)
            except SlackUnavailableError:
                answer = {}
            if answer.get("file", {}).get("mimetype"):
                return
            await asyncio.sleep(pause_seconds)
        log.info("uploaded file not ready: Slack is still processing it")


def _as_jpeg(picture: Attachment) -> Attachment:
    from PIL import Image as PillowImage

    file = io.BytesIO()
    PillowImage.open(io.BytesIO(picture.data)).convert("RGB").save(file, "JPEG", quality=92)
    return Attachment(data=file.getvalue(), suffix=".jpg")

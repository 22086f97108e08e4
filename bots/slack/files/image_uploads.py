"""Uploads image files to Slack, where only image blocks show them, and records them."""

import asyncio
import hashlib
import io
import logging
import mimetypes
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
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
        patient: bool = True,
    ) -> dict[str, str]:
        """The ids of their files by the images' names, of those that have an attachment.

        Only what is not at Slack already is uploaded, all in one go. A `passing` file is gone after an hour.
        Raises `SlackUnavailableError`, `SlackApiRefusedError`, `DatabaseUnavailableError`.
        """
        uploads = {
            image.name: _Upload.of(image, attachments[image.name])
            for image in images
            if image.name in attachments
        }
        by_digest = {upload.digest: upload for upload in uploads.values()}
        async with AsyncExitStack() as locks:
            for digest in sorted(by_digest):
                await locks.enter_async_context(self._locks.setdefault((subject, digest), asyncio.Lock()))
            known = await self._pools.run(Pool.DATABASE, self._find, subject, [*by_digest], passing=passing)
            new = [upload for digest, upload in by_digest.items() if digest not in known]
            known |= await self._upload(subject, new, passing=passing, patient=patient)
        return {name: known[upload.digest] for name, upload in uploads.items()}

    async def share(
        self, subject: str, file: Image, attachment: Attachment, *, channel: str, thread: str
    ) -> None:
        """Upload a file into a thread, for an hour.

        Raises `SlackUnavailableError`, `SlackApiRefusedError`, `DatabaseUnavailableError`.
        """
        upload = _Upload.of(file, attachment)
        file_id = await self._send(subject, upload, patient=True)
        files = [{"id": file_id, "title": upload.filename}]
        await self._client.call(
            "files.completeUploadExternal", files=files, channel_id=channel, thread_ts=thread
        )
        await self._record(file_id, upload, passing=True)

    async def _record(self, file_id: str, upload: "_Upload", *, passing: bool) -> None:
        await self._pools.run(
            Pool.DATABASE,
            file_records.mark_complete,
            self._database,
            file_id,
            digest=upload.digest,
            passing=passing,
        )

    def _find(self, subject: str, digests: Sequence[str], *, passing: bool) -> dict[str, str]:
        """The ids of the files that are at Slack already, by digest."""
        found = {
            digest: file_records.reuse(
                self._database, community=self._community, subject=subject, digest=digest, passing=passing
            )
            for digest in digests
        }
        return {digest: file_id for digest, file_id in found.items() if file_id}

    async def replace_files(
        self, subject: str, file_ids: Collection[str], *, after_seconds: float = 0
    ) -> None:
        """Other files of the subject are deleted. Raises `DatabaseUnavailableError`."""
        after = timedelta(seconds=after_seconds)
        await self._pools.run(
            Pool.DATABASE, file_records.replace_files, self._database, subject, file_ids, after=after
        )

    async def discard(self, file_id: str) -> None:
        """A file that Slack does not show, or that came too late. Raises `DatabaseUnavailableError`."""
        await self._pools.run(Pool.DATABASE, file_records.discard, self._database, file_id)

    async def _upload(
        self, subject: str, uploads: Sequence["_Upload"], *, passing: bool, patient: bool
    ) -> dict[str, str]:
        """The ids of new files by digest. Slack gives an address for each, and takes note of all in one request.

        What was sent before one failed is finished and recorded, so that it is not sent again.
        """
        sending = [self._send(subject, upload, patient=patient) for upload in uploads]
        results = await asyncio.gather(*sending, return_exceptions=True)
        sent = {
            file_id: upload
            for file_id, upload in zip(results, uploads, strict=True)
            if isinstance(file_id, str)
        }
        if sent:
            files = [{"id": file_id, "title": upload.filename} for file_id, upload in sent.items()]
            answer = await self._client.call("files.completeUploadExternal", patient=patient, files=files)
            await self._ready(list(sent), answer.get("files") or ())
        for file_id, upload in sent.items():
            await self._record(file_id, upload, passing=passing)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return {upload.digest: file_id for file_id, upload in sent.items()}

    async def _send(self, subject: str, upload: "_Upload", *, patient: bool) -> str:
        """The id of the file, whose bytes Slack has now."""
        picture = upload.picture
        if picture.suffix == ".webp":  # image blocks show PNG, JPEG and GIF
            picture = await self._pools.run(Pool.FILES, _as_jpeg, picture)
        ticket = await self._client.call(
            "files.getUploadURLExternal",
            patient=patient,
            filename=upload.filename,
            length=str(len(picture.data)),
            alt_txt=upload.alt_text[:1000] or None,
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
        await self._client.upload(
            str(ticket["upload_url"]), picture.data, media_type=_media_type(upload.filename)
        )
        return file_id

    async def _ready(self, file_ids: Sequence[str], completed: Iterable[Mapping[str, Any]]) -> None:
        """Wait until Slack has processed the files, but not for ever: showing them is tried in any case.

        The last one stands for all: they were finished together, and a message with a file that is not ready is tried
        again.
        """
        if all(file.get("mimetype") for file in completed):
            return
        for pause_seconds in _PAUSES_SECONDS:
            try:
                answer = await self._client.call("files.info", patient=False, file=file_ids[-1])
            except SlackUnavailableError:
                answer = {}
            if answer.get("file", {}).get("mimetype"):
                return
            await asyncio.sleep(pause_seconds)
        log.info("uploaded file not ready: Slack is still processing it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    """`name` is what people see when they save it."""

    name: str
    alt_text: str
    picture: Attachment
    digest: str

    @classmethod
    def of(cls, image: Image, picture: Attachment) -> "_Upload":
        digest = hashlib.sha256(picture.data).hexdigest()
        return cls(name=image.name, alt_text=image.alt_text, picture=picture, digest=digest)

    @property
    def filename(self) -> str:
        suffix = ".jpg" if self.picture.suffix == ".webp" else self.picture.suffix
        return f"{self.name}{suffix}"


def _media_type(filename: str) -> str:
    """Slack shows a file at once whose type it need not guess."""
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def _as_jpeg(picture: Attachment) -> Attachment:
    from PIL import Image as PillowImage

    file = io.BytesIO()
    PillowImage.open(io.BytesIO(picture.data)).convert("RGB").save(file, "JPEG", quality=92)
    return Attachment(data=file.getvalue(), suffix=".jpg")

"""Picture files on Slack: uploaded by the app, shown in image blocks and nowhere else."""

import asyncio
import hashlib
import io
import logging
from collections import OrderedDict

from bots.backroom import Backroom
from bots.prints import Print
from bots.slack.line import Line, SlackAway

_KEPT_FILES = 500
# Slack looks a file over before it can be shown; until then it has no type.
_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

log = logging.getLogger(__name__)


class Showcase:
    def __init__(self, line: Line, backroom: Backroom) -> None:
        self._line = line
        self._backroom = backroom
        self._files: OrderedDict[str, str] = OrderedDict()  # digest of the bytes → Slack's id of the file

    async def hang(self, name: str, picture: Print, alternative: str) -> str:
        """The id of the file, uploaded unless it is there already. Raises `SlackAway`, `SlackRefuses`."""
        digest = hashlib.sha256(picture.data).hexdigest()
        if known := self._files.get(digest):
            self._files.move_to_end(digest)
            return known
        if picture.suffix == ".webp":  # image blocks show PNG, JPEG and GIF
            picture = await self._backroom.run("shelf", _as_jpeg, picture)
        file_id = await self._upload(f"{name}{picture.suffix}", picture.data, alternative)
        self._files[digest] = file_id
        while len(self._files) > _KEPT_FILES:
            self._files.popitem(last=False)
        return file_id

    def forget(self, file_id: str) -> None:
        """Slack does not know the file any more."""
        for digest in [digest for digest, known in self._files.items() if known == file_id]:
            del self._files[digest]

    async def _upload(self, filename: str, data: bytes, alternative: str) -> str:
        ticket = await self._line.call(
            "files.getUploadURLExternal",
            filename=filename,
            length=str(len(data)),
            alt_txt=alternative[:1000],
        )
        file_id = str(ticket["file_id"])
        await self._line.upload(str(ticket["upload_url"]), data)
        await self._line.call("files.completeUploadExternal", files=[{"id": file_id, "title": filename}])
        await self._ready(file_id)
        return file_id

    async def _ready(self, file_id: str) -> None:
        """Wait until Slack has looked the file over, but not for ever: showing it is tried in any case."""
        for pause_seconds in _PAUSES_SECONDS:
            try:
                answer = await self._line.call("files.info", patient=False, file=file_id)
            except SlackAway:
                answer = {}
            if answer.get("file", {}).get("mimetype"):
                return
            await asyncio.sleep(pause_seconds)
        log.info("a file is still not ready to be shown")


def _as_jpeg(picture: Print) -> Print:
    from PIL import Image

    file = io.BytesIO()
    Image.open(io.BytesIO(picture.data)).convert("RGB").save(file, "JPEG", quality=92)
    return Print(data=file.getvalue(), suffix=".jpg")

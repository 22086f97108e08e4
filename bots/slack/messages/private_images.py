"""The images of what is no message of a job or a case: a private answer, a form, the Home tab, an unfolded link."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from itertools import groupby

from bots.delivery.attachments import Attachment
from bots.delivery.message_files import load_files
from bots.presentation.compose.job_message import with_missing_files
from bots.presentation.message import FileKind, Image, Images, Message
from bots.process.thread_pools import Pool
from bots.slack.api.client import SlackError
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent, SlackContext
from bots.slack.messages.archive_delivery import ArchiveDelivery
from bots.slack.messages.message_sender import Draft

_LIMIT_BYTES = 8 * 1024 * 1024
_NO_FILES: Mapping[str, Attachment] = {}

log = logging.getLogger(__name__)


class PrivateImages(SlackComponent):
    def __init__(self, context: SlackContext) -> None:
        super().__init__(context)
        self._archives = ArchiveDelivery(context)

    async def draft(
        self,
        request: SlackRequest,
        message: Message,
        subject_of: Callable[[Image], str],
        *,
        made: Mapping[str, Attachment] = _NO_FILES,
        passing: bool = True,
    ) -> Draft:
        """The message with its images at Slack, without those that Slack refuses.

        `subject_of` says what an image is about; it is deleted together with it, and a `passing` one after an hour.
        Raises `StorageError`.
        """
        archives = [made[image.name] for image in message.files if image.kind is FileKind.ARCHIVE]
        if archives:
            message = await self._archives.send(request, message, archives[0])
        if not any(isinstance(part, Images) for part in message.parts):
            return Draft(message=message)
        load = partial(load_files, self._ports, message, limit_bytes=_LIMIT_BYTES, made=made)
        found = await self._pools.run(Pool.FILES, load)
        shown = with_missing_files(message, found.missing)
        files: dict[str, str] = {}
        try:
            uploads = (await self._workspaces.of(request.community)).image_uploads
            for subject, images in groupby(shown.files, key=subject_of):
                files |= await uploads.upload_all(
                    subject, list(images), found.files, passing=passing, patient=passing
                )
        except SlackError as error:
            log.warning("images left out: %s", error)
        return Draft(message=shown, files=files)

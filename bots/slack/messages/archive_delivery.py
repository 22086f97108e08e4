"""Hands a person the file of /export-me: private answers at Slack carry none, so it goes into their direct messages."""

import logging
from dataclasses import replace

from bots.delivery.attachments import Attachment
from bots.delivery.errors import DestinationUnreachableError
from bots.presentation.message import Download, Message, Small
from bots.presentation.spans import sentence
from bots.slack.api.client import SlackError
from bots.slack.api.request import SlackRequest
from bots.slack.context import SlackComponent
from bots.slack.messages.message_sender import Draft, send_to_person
from bots.slack.texts import texts

log = logging.getLogger(__name__)


class ArchiveDelivery(SlackComponent):
    async def send(self, request: SlackRequest, message: Message, archive: Attachment) -> Message:
        """The message as the private answer. It says where the file is, or as before how else to get it.

        The file is in the thread of a direct message, and deleted after an hour.
        """
        (download,) = (part for part in message.parts if isinstance(part, Download))
        others = tuple(part for part in message.parts if part is not download)
        try:
            workspace = await self._workspaces.of(request.community)
            notice = replace(message, parts=(*others, Small(sentence(texts.ARCHIVE_BELOW))))
            sent = await send_to_person(workspace, request.user, Draft(message=notice))
            await workspace.image_uploads.share(
                request.user, download.file, archive, channel=sent.channel, thread=sent.message
            )
        except (SlackError, DestinationUnreachableError) as error:
            log.warning("archive not sent: %s", type(error).__name__)
            return message
        return replace(message, parts=(*others, Small(sentence(texts.ARCHIVE_SENT))))

"""Unfolds links to the web front end's own pages: below them stands the picture, where everybody there may see it.

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bots.delivery.message_files import load_files
from bots.delivery.subjects.places import language_of_community
from bots.presentation.compose.linked_picture import compose_linked_picture
from bots.presentation.message import Images, Message
from bots.process.thread_pools import Pool
from bots.queries.linked_picture import find_linked_picture
from bots.slack.api.client import SlackApiRefusedError, SlackError
from bots.slack.api.request import SlackRequest, of_link
from bots.slack.context import Workspace
from bots.slack.files.file_records import subject_of_link
from bots.slack.listeners.listener import Listener
from bots.slack.render import render
from bots.texts.languages.readers import use_language
from studio.db.database import Database
from studio.domain.people import Platform
from studio.domain.settings.languages import Language
from studio.errors import ChatelierError, ServiceError

_MOST_LINKS = 5
_LIMIT_BYTES = 8 * 1024 * 1024

log = logging.getLogger(__name__)


class LinkUnfurling(Listener):
    async def handle_links(self, body: Mapping[str, Any]) -> None:
        """Never raises for what Slack, the database or the storage refuses: the link stays as it is."""
        request, event = of_link(body), body["event"]
        if not self._dispatcher.is_new(request):
            return
        addresses = dict.fromkeys(str(link["url"]) for link in event.get("links") or ())
        try:
            found = await self._find(request, list(addresses)[:_MOST_LINKS])
            if found:
                await self._unfold(request, _target(event), found)
        except SlackError as error:
            log.warning("link not unfolded: %s", error)
        except ChatelierError as error:
            log.warning("link not unfolded: %s", type(error).__name__)

    async def _find(self, request: SlackRequest, addresses: list[str]) -> dict[str, tuple[str, Message]]:
        """By the address, the id of its picture and the message that shows it, in the workspace's language."""
        home = (Platform.SLACK, request.team)
        found = {}
        for address in addresses:
            linked = await self._pools.run(Pool.DATABASE, find_linked_picture, self._ports, address, home)
            if linked is not None:
                found[address] = linked
        if not found:
            return {}
        use_language(await self._pools.run(Pool.DATABASE, _language_of, self._ports.database, request.team))
        return {
            address: (linked.picture.id, compose_linked_picture(linked)) for address, linked in found.items()
        }

    async def _unfold(
        self, request: SlackRequest, target: Mapping[str, Any], found: Mapping[str, tuple[str, Message]]
    ) -> None:
        """With the picture as a file at Slack, which needs no way from there to this instance; else in words."""
        workspace = await self._workspaces.of(request.community)
        files = {
            address: await self._upload(workspace, picture_id, message)
            for address, (picture_id, message) in found.items()
        }
        messages = {address: message for address, (_, message) in found.items()}
        try:
            await _send(workspace, target, messages, files)
        except SlackApiRefusedError as error:
            if not error.is_about_file:
                raise
            log.info("link unfolded without its picture: %s", error.code)
            await _send(workspace, target, messages, {})

    async def _upload(self, workspace: Workspace, picture_id: str, message: Message) -> Mapping[str, str]:
        """Empty where the storage does not have the file."""
        try:
            loaded = await self._pools.run(
                Pool.FILES, lambda: load_files(self._ports, message, limit_bytes=_LIMIT_BYTES)
            )
        except ServiceError:
            return {}
        subject = subject_of_link(picture_id)
        return await workspace.image_uploads.upload_all(subject, message.files, loaded.files, patient=False)


def _target(event: Mapping[str, Any]) -> dict[str, Any]:
    """Which message is meant; one that is still typed has no channel."""
    if event.get("unfurl_id") and event.get("source"):
        return {"unfurl_id": str(event["unfurl_id"]), "source": str(event["source"])}
    return {"channel": str(event["channel"]), "ts": str(event["message_ts"])}


async def _send(
    workspace: Workspace,
    target: Mapping[str, Any],
    messages: Mapping[str, Message],
    files: Mapping[str, Mapping[str, str]],
) -> None:
    unfurls = {}
    for address, message in messages.items():
        shown = files.get(address) or {}
        parts = message.parts if shown else tuple(p for p in message.parts if not isinstance(p, Images))
        blocks = render(replace(message, parts=parts), shown, links=False)["blocks"]
        unfurls[address] = {"blocks": blocks}
    await workspace.client.call("chat.unfurl", **target, unfurls=unfurls)


def _language_of(database: Database, team: str) -> Language:
    with database.read() as session:
        return language_of_community(session, Platform.SLACK, team)

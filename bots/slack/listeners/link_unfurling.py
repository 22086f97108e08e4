"""Unfolds links to the web front end's own pages: below them stands the picture, where everybody there may see it.

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bots.delivery.subjects.places import language_of_community
from bots.presentation.compose.linked_picture import compose_linked_picture
from bots.presentation.message import Images
from bots.process.thread_pools import Pool
from bots.queries.linked_picture import LinkedPicture, find_linked_picture
from bots.slack.api.client import SlackApiRefusedError, SlackClient, SlackError
from bots.slack.api.request import SlackRequest, of_link
from bots.slack.files.file_records import subject_of_link
from bots.slack.listeners.listener import Listener
from bots.slack.messages.message_sender import Draft
from bots.slack.render import render
from bots.texts.languages.readers import use_language
from studio.db.database import Database
from studio.domain.people import Platform
from studio.domain.settings.languages import Language
from studio.errors import ChatelierError, ServiceError

_MOST_LINKS = 5

log = logging.getLogger(__name__)


class LinkUnfurling(Listener):
    async def handle_links(self, body: Mapping[str, Any]) -> None:
        """Never raises for what Slack, the database or the storage refuses: the link stays as it is."""
        request, event = of_link(body), body["event"]
        if not self._dispatcher.requests.is_new(request.key):
            return
        addresses = dict.fromkeys(str(link["url"]) for link in event.get("links") or ())
        try:
            if found := await self._find(request, list(addresses)[:_MOST_LINKS]):
                await self._unfold(request, _target(event), found)
        except SlackError as error:
            log.warning("link not unfolded: %s", error)
        except ChatelierError as error:
            log.warning("link not unfolded: %s", type(error).__name__)

    async def _find(self, request: SlackRequest, addresses: Iterable[str]) -> dict[str, LinkedPicture]:
        """By the address. What stands below them is read in the workspace's language."""
        home = (Platform.SLACK, request.team)
        found = {}
        for address in addresses:
            linked = await self._pools.run(Pool.DATABASE, find_linked_picture, self._ports, address, home)
            if linked is not None:
                found[address] = linked
        if found:
            language = await self._pools.run(Pool.DATABASE, _language_of, self._ports.database, request.team)
            use_language(language)
        return found

    async def _unfold(
        self, request: SlackRequest, target: Mapping[str, Any], found: Mapping[str, LinkedPicture]
    ) -> None:
        """With the picture as a file at Slack, which needs no way from there to this instance; else in words."""
        client = await self._client(request)
        drafts = {address: await self._draft(request, linked) for address, linked in found.items()}
        try:
            await _send(client, target, drafts)
        except SlackApiRefusedError as error:
            if not error.is_about_file:
                raise
            log.info("link unfolded without its picture: %s", error.code)
            await _send(
                client, target, {address: replace(draft, files={}) for address, draft in drafts.items()}
            )

    async def _draft(self, request: SlackRequest, linked: LinkedPicture) -> Draft:
        message, subject = compose_linked_picture(linked), subject_of_link(linked.picture.id)
        with suppress(ServiceError):
            return await self._images.draft(request, message, lambda _: subject, passing=False)
        return Draft(message=message)


def _target(event: Mapping[str, Any]) -> dict[str, Any]:
    """Which message is meant; one that is still typed has no channel."""
    if event.get("unfurl_id") and event.get("source"):
        return {"unfurl_id": str(event["unfurl_id"]), "source": str(event["source"])}
    return {"channel": str(event["channel"]), "ts": str(event["message_ts"])}


async def _send(client: SlackClient, target: Mapping[str, Any], drafts: Mapping[str, Draft]) -> None:
    unfurls = {}
    for address, draft in drafts.items():
        parts = draft.message.parts
        shown = parts if draft.files else tuple(part for part in parts if not isinstance(part, Images))
        rendered = render(replace(draft.message, parts=shown), draft.files, links=False)
        unfurls[address] = {"blocks": rendered["blocks"]}
    await client.call("chat.unfurl", **target, unfurls=unfurls)


def _language_of(database: Database, team: str) -> Language:
    with database.read() as session:
        return language_of_community(session, Platform.SLACK, team)

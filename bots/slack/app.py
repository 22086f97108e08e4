"""The face: Bolt's app with the face's parts hung into it, the same in Socket Mode and over HTTP."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bots.delivery.board_events import BoardEvents
from bots.delivery.case_messages import CaseMessages
from bots.delivery.claims import SendClaims
from bots.delivery.event_consumer import EventConsumer
from bots.delivery.job_messages import JobMessages
from bots.delivery.starboard import Starboard
from bots.runtime.error_reports import report_error
from bots.runtime.thread_pools import Pool
from bots.slack.api.client import web_client
from bots.slack.blocks import case_blocks, home_view, modal_views
from bots.slack.blocks.job_blocks import STAR_MENU
from bots.slack.context import SlackContext
from bots.slack.http.oauth_flow import Uninstall
from bots.slack.listeners import shortcuts as menu
from bots.slack.listeners.actions import Clicks
from bots.slack.listeners.commands import CommandListener
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.home_tab import HomeTab
from bots.slack.listeners.modals import Modals
from bots.slack.listeners.reactions import Reactions
from bots.slack.listeners.shortcuts import Shortcuts
from bots.slack.listeners.uploads import Uploads
from bots.slack.messages.case_delivery import SlackCaseDelivery
from bots.slack.messages.ephemeral_replies import EphemeralReplies
from bots.slack.messages.file_cleanup import FileCleanup
from bots.slack.messages.job_delivery import SlackJobDelivery
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.messages.starboard_delivery import SlackStarboardDelivery
from bots.slack.settings import SlackSettings
from bots.slack.workspaces.channels import Channels
from bots.slack.workspaces.members import People
from bots.slack.workspaces.user_groups import Groups
from studio.commands.button_ids import VERSION
from studio.domain.people import Platform

Body = Mapping[str, Any]
Listener = Callable[[Body], Coroutine[Any, Any, None]]

_BUTTONS = re.compile(rf"{VERSION}:")
_FINISH_SECONDS = 5.0
_ACT_SECONDS = 1.0
_WINDOWS = re.compile(re.escape(case_blocks.WINDOW))
_SETTINGS = re.compile(re.escape(home_view.PREFIX))
_MODALS = re.compile(re.escape(modal_views.PREFIX))


class SlackApp:
    """`bolt` receives; everything else is the face's own. Call it on the running event loop."""

    def __init__(self, context: SlackContext, *, leaving: Uninstall | None = None) -> None:
        """`leaving` follows workspaces that take the app away, where many may install it."""
        settings, session = context.settings, context.session
        self._serving: set[asyncio.Task[None]] = set()
        self.context = context
        database, pools, workspaces = context.ports.database, context.pools, context.workspaces
        self.previews = PreviewUploads(
            database,
            pools,
            first_seconds=settings.preview_first_seconds,
            every_seconds=settings.preview_every_seconds,
        )
        self.file_cleanup = FileCleanup(database, pools, workspaces)
        claims = SendClaims(database, pools, lasts_seconds=settings.claim_seconds)
        self._delivery = SlackJobDelivery(context, claims, self.previews)
        self._desk = SlackCaseDelivery(context)
        self.board = JobMessages(database, pools, self._delivery)
        self.case_messages = CaseMessages(database, context.ports.desk, pools, self._desk)
        starboard = Starboard(database, pools, SlackStarboardDelivery(context))
        self.news = EventConsumer(
            context.ports.events,
            BoardEvents(self.board, self.case_messages, starboard),
            pools,
            platform=Platform.SLACK,
            consumer=settings.consumer,
        )
        self.bolt = _bolt(settings, web_client(None, settings.api_url, session))
        self.events: dict[str, Listener] = {}
        if leaving:
            self.events |= {"app_uninstalled": leaving.uninstalled, "tokens_revoked": leaving.revoked}
        self._hang_all(settings, EphemeralReplies(context))

    def _hang_all(self, settings: SlackSettings, ephemeral_replies: EphemeralReplies) -> None:
        """Everything that people do reaches Bolt first, and from there a part of the face."""
        context = self.context
        groups = Groups(context.workspaces, settings.moderator_groups)
        channels = Channels(context.workspaces)
        people = People(context, groups, channels)
        counter = Dispatcher(
            context, people, ephemeral_replies, self.board, self._delivery, self.case_messages, self._desk
        )
        uploads = Uploads(context)
        forms, home = Modals(context, people, counter), HomeTab(context, people)
        self._hang_talk(CommandListener(context, people, channels, counter, uploads))
        reactions = Reactions(context, people, counter, self._delivery)
        self.events |= {
            "app_home_opened": home.opened,
            "reaction_added": reactions.added,
            "reaction_removed": reactions.removed,
        }
        self.bolt.middleware(self._follow_event)
        clicks = Clicks(context, counter, forms, home, self.case_messages, self._desk)
        self._hang_clicks(clicks, forms, home)
        self._hang_shortcuts(Shortcuts(context, counter, forms, uploads))

    def _hang_talk(self, talk: CommandListener) -> None:
        self.events |= {"app_mention": talk.message, "message": talk.message}
        self.bolt.command("/imagine")(self._acknowledged(talk.imagine))
        self.bolt.command("/studio")(self._acknowledged(talk.studio))

    def _hang_clicks(self, clicks: Clicks, forms: Modals, home: HomeTab) -> None:
        self.bolt.action(_BUTTONS)(self._acknowledged(clicks.pressed))
        self.bolt.action(STAR_MENU)(self._acknowledged(clicks.pressed))
        self.bolt.action(modal_views.CHOICE)(self._acknowledged(clicks.chosen))
        self.bolt.action(_WINDOWS)(self._acknowledged(clicks.revealed))
        self.bolt.action(_SETTINGS)(self._acknowledged(home.settled))

        async def submitted(ack: AsyncAck, body: Body) -> None:
            await self._begin(forms.submitted(ack, body))

        self.bolt.view(_MODALS)(submitted)

    def _hang_shortcuts(self, shortcuts: Shortcuts) -> None:
        self.bolt.shortcut(menu.IMAGINE)(self._acknowledged(shortcuts.anywhere))
        self.bolt.shortcut(menu.WHO)(self._acknowledged(shortcuts.who_made_this))
        for callback_id in menu.DEEDS:
            self.bolt.shortcut(callback_id)(self._acknowledged(shortcuts.on_message))

    def start(self) -> None:
        """Read the news, and tidy up behind. Call it on the running event loop."""
        self.news.start()
        self.file_cleanup.start()

    async def finish(self) -> None:
        """Let those who are being served go with their answer, but not wait for ever."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=_FINISH_SECONDS)

    async def close(self) -> None:
        self.file_cleanup.stop()
        await self.context.pools.run(Pool.DATABASE, self.news.stop)
        await self.news.finish(seconds=_FINISH_SECONDS)
        await self.news.flush(seconds=_FINISH_SECONDS)
        await self.previews.finish(seconds=_FINISH_SECONDS)

    def _acknowledged(self, listener: Listener) -> Callable[..., Awaitable[None]]:
        """Slack hears at once that we heard; the work comes after."""

        async def serve(ack: AsyncAck, body: Body) -> None:
            await ack()
            await self._begin(listener(body))

        return serve

    async def _follow_event(self, body: Body, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:
        """An event is acknowledged when it was acted upon, or after a second: should this process die before,
        Slack sends the event again, to us or to another process. One that means nothing here is taken too.
        """
        if body.get("type") != "event_callback":
            return await next()
        if listener := self.events.get(str(body["event"].get("type"))):
            await asyncio.wait({self._begin(listener(body))}, timeout=_ACT_SECONDS)
        return BoltResponse(status=200)

    def _begin(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """On its own, so that it goes on whatever becomes of the request."""
        task = asyncio.create_task(_guarded(work))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return task


def _bolt(settings: SlackSettings, client: AsyncWebClient) -> AsyncApp:
    # At info Bolt writes down what people type.
    quiet = logging.getLogger("slack_bolt.chatelier")
    quiet.setLevel(logging.WARNING)

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Bolt only receives, so it needs no token: no request waits for Slack or for the records."""
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)

    app = AsyncApp(
        name=quiet.name,  # Bolt quiets the logger of this name too, and ours is "chatelier"
        logger=quiet,
        client=client,
        signing_secret=settings.signing_secret or "",
        authorize=authorize,
        raise_error_for_unhandled_request=True,
    )

    @app.error
    async def broke(error: Exception) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            return BoltResponse(
                status=200
            )  # an event that means nothing here is taken, so it does not come again
        report_error(error)
        return None

    return app


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - a payload of a shape that nobody foresaw
        report_error(error)

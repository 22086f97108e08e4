"""The front end: Bolt's app with its listeners, the same in Socket Mode and over HTTP."""

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
from slack_sdk.oauth.installation_store.models import Installation
from slack_sdk.web.async_client import AsyncWebClient

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.delivery.event_consumer import EventConsumer
from bots.process.error_reports import report_error
from bots.process.thread_pools import Pool
from bots.slack.agent.app_opening import AppOpening
from bots.slack.api.client import web_client
from bots.slack.context import SlackContext
from bots.slack.http.oauth_flow import Uninstall
from bots.slack.listeners.actions import ActionListener
from bots.slack.listeners.commands import CommandListener
from bots.slack.listeners.dispatcher import Dispatcher
from bots.slack.listeners.link_unfurling import LinkUnfurling
from bots.slack.listeners.modals import Modals
from bots.slack.listeners.reactions import Reactions
from bots.slack.listeners.shortcuts import ENTRIES, IMAGINE, Shortcuts
from bots.slack.listeners.view_submissions import ViewSubmissions
from bots.slack.messages.file_cleanup import FileCleanup
from bots.slack.messages.preview_uploads import PreviewUploads
from bots.slack.messages.transport import SlackTransport
from bots.slack.render_form import PICTURE_CHOICE, PREFIX
from bots.slack.settings import SlackSettings
from bots.slack.workspaces.channels import Channels
from bots.slack.workspaces.departed_records import DepartedRecords
from bots.slack.workspaces.greeting import Greeting
from bots.slack.workspaces.members import Members
from bots.slack.workspaces.step_runner import SlackStepRunner
from bots.slack.workspaces.user_groups import UserGroups
from studio.domain.people import Platform

Body = Mapping[str, Any]
Listener = Callable[[Body], Coroutine[Any, Any, None]]

_PRESSES = re.compile("^c1[a-z]?:")  # buttons, and menus whose options are buttons
_FORMS = re.compile(re.escape(PREFIX))
_FINISH_SECONDS = 5.0
_ACT_SECONDS = 1.0


class SlackApp:
    """`bolt` receives requests. Create it on the running event loop."""

    def __init__(self, context: SlackContext, *, uninstalls: Uninstall | None = None) -> None:
        """`uninstalls` is there where many workspaces may install the app."""
        self._serving: set[asyncio.Task[None]] = set()
        self.context = context
        ports, pools, settings = context.ports, context.pools, context.settings
        self.previews = PreviewUploads(context)
        self.file_cleanup = FileCleanup(context)
        self.departed_records = DepartedRecords(context)
        self.transport = SlackTransport(context, self.previews)
        self.delivery = ChatEventHandler(ports, pools, self.transport, pixelated=True)
        self.greeting = Greeting(context, self.delivery.personal)
        self.event_consumer = EventConsumer(
            ports.events,
            self.delivery,
            pools,
            platform=Platform.SLACK,
            consumer=settings.consumer,
        )
        self.bolt = _bolt(settings, web_client(None, settings.api_url, context.session))
        self.events: dict[str, Listener] = {}
        if uninstalls:
            self.events |= {
                "app_uninstalled": uninstalls.handle_uninstall,
                "tokens_revoked": uninstalls.handle_revocation,
            }
        self._register_listeners()

    def _register_listeners(self) -> None:
        """Bolt receives what people do and calls a listener."""
        context = self.context
        channels = Channels(context.workspaces)
        people = Members(context, UserGroups(context.workspaces, context.settings.moderator_groups), channels)
        runner = SlackStepRunner(context, self.delivery, channels)
        dispatcher = Dispatcher(context, people, runner)
        modals = Modals(dispatcher)
        submissions = ViewSubmissions(dispatcher)
        commands = CommandListener(dispatcher)
        reactions = Reactions(dispatcher)
        self.events |= {
            "app_home_opened": AppOpening(dispatcher, self.greeting).handle_opening,
            "app_mention": commands.message,
            "link_shared": LinkUnfurling(dispatcher).handle_links,
            "message": commands.message,
            "reaction_added": reactions.handle,
            "reaction_removed": reactions.handle,
        }
        self.bolt.middleware(self._follow_event)
        self.bolt.command("/imagine")(self._acknowledge_first(commands.imagine))
        self.bolt.command("/studio")(self._acknowledge_first(commands.studio))
        self.bolt.action(PICTURE_CHOICE)(self._acknowledge_first(modals.picture_chosen))
        self._register_actions(ActionListener(dispatcher, modals), submissions)
        self._register_shortcuts(Shortcuts(dispatcher, modals), modals)

    def _register_actions(self, actions: ActionListener, submissions: ViewSubmissions) -> None:
        self.bolt.action(_PRESSES)(self._acknowledge_first(actions.handle_press))

        async def submit(ack: AsyncAck, body: Body) -> None:
            await self._begin(submissions.handle_submission(ack, body))

        self.bolt.view(_FORMS)(submit)

    def _register_shortcuts(self, shortcuts: Shortcuts, modals: Modals) -> None:
        self.bolt.shortcut(IMAGINE)(self._acknowledge_first(modals.ask_imagine))
        for callback_id in ENTRIES:
            self.bolt.shortcut(callback_id)(self._acknowledge_first(shortcuts.on_message))

    def start(self) -> None:
        """Consume events, clean up files and erase what is due. Call it on the running event loop."""
        self.event_consumer.start()
        self.file_cleanup.start()
        self.departed_records.start()

    def greet_installer(self, installation: Installation) -> None:
        """On the side: nobody waits for it."""
        self._begin(self.greeting.greet_installer(installation))

    async def finish(self) -> None:
        """Wait for requests in progress, but not for ever."""
        if self._serving:
            await asyncio.wait(self._serving, timeout=_FINISH_SECONDS)

    async def close(self) -> None:
        self.file_cleanup.stop()
        self.departed_records.stop()
        await self.context.pools.run(Pool.DATABASE, self.event_consumer.stop)
        await self.event_consumer.finish(seconds=_FINISH_SECONDS)
        await self.event_consumer.flush(seconds=_FINISH_SECONDS)
        await self.previews.finish(seconds=_FINISH_SECONDS)

    def _acknowledge_first(self, listener: Listener) -> Callable[..., Awaitable[None]]:
        """Acknowledges at once and works afterwards."""

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
        """As a task of its own, so that it goes on whatever becomes of the request."""
        task = asyncio.create_task(_run_guarded(work))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        return task


def _bolt(settings: SlackSettings, client: AsyncWebClient) -> AsyncApp:
    # At info Bolt writes down what people type.
    quiet = logging.getLogger("slack_bolt.chatelier")
    quiet.setLevel(logging.WARNING)

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        """Bolt only receives, so it needs no token: no request waits for Slack or the database."""
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


async def _run_guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - a payload of a shape that nobody foresaw
        report_error(error)

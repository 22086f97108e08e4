"""The Slack front end in this process, on fakes of the ports, with a loopback Slack around it."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt.request.async_request import AsyncBoltRequest

from bots.process.thread_pools import ThreadPools
from bots.slack.api.client import SlackClient, open_session
from bots.slack.app import SlackApp
from bots.slack.context import SlackContext
from bots.slack.http.request_verification import Page
from bots.slack.run import AppFactory
from bots.slack.settings import SlackSettings
from bots.slack.workspaces.registry import open_workspace
from studio.db.tables import Base, JobRow
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import Event, JobEnded, JobProgress, PictureChanged
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.ports import Ports
from tests.support.finished_jobs import end_job, paint_job
from tests.support.loopback_slack.records import (
    ANA,
    APP_TOKEN,
    BO,
    BOT_TOKEN,
    CLIENT_ID,
    CLIENT_SECRET,
    GENERAL,
    MOD,
    PATIENCE_SECONDS,
    SIGNING_SECRET,
    Message,
)
from tests.support.loopback_slack.server import LoopbackSlack


@dataclass(kw_only=True)
class SlackRoom:
    slack: LoopbackSlack
    app: SlackApp
    ports: Ports
    pages: Mapping[str, Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Bolt goes on without a listener that has not acknowledged after three seconds of the clock on the wall: when
        this process was not scheduled for that long, a payload would count as dealt with before anything was begun.
        """
        for listener in self.app.bolt._async_listeners:
            listener.ack_timeout = int(PATIENCE_SECONDS)

    async def send(self, payload: Mapping[str, Any]) -> Any:
        """What Slack sends, as a socket hands it to the app; answered when all of its work is done."""
        request = AsyncBoltRequest(mode="socket_mode", body=dict(payload))
        response = await self.app.bolt.async_dispatch(request)
        assert response.status == 200, response.body
        await self.app.finish()
        return json.loads(response.body) if response.body else None

    async def slash(
        self, text: str, *, command: str = "/imagine", user: str = ANA, channel: str = GENERAL
    ) -> None:
        await self.send(self.slack.command(command, text, user=user, channel=channel))

    async def imagine(self, prompt: str = "a red fox", *, user: str = ANA, channel: str = GENERAL) -> str:
        await self.slash(prompt, user=user, channel=channel)
        return self.newest_job()

    async def painted(self, job_id: str, *, png: bytes = b"") -> Message:
        paint_job(self.ports, job_id, png=png)
        await self.tell(JobEnded(job_id=job_id, platform=Platform.SLACK, state=JobState.DONE))
        return self.message

    async def finished(
        self, prompt: str = "a red fox", *, user: str = ANA, channel: str = GENERAL, png: bytes = b""
    ) -> tuple[str, Message]:
        job_id = await self.imagine(prompt, user=user, channel=channel)
        return job_id, await self.painted(job_id, png=png)

    async def ended(self, job_id: str, state: JobState) -> None:
        end_job(self.ports, job_id, state)
        await self.tell(JobEnded(job_id=job_id, platform=Platform.SLACK, state=state))

    async def open_starboard(self, channel: str = GENERAL) -> None:
        """One star is enough for it."""
        await self.slash(f"community stars <#{channel}>", command="/studio", user=MOD)
        await self.slash("community star-threshold 1", command="/studio", user=MOD)

    async def star(self, job_id: str, message: Message, *, user: str = BO) -> None:
        """The first picture of a job."""
        await self.send(self.slack.reaction(message, "star", user=user))
        await self.picture_changed(f"{job_id}.1")

    async def picture_changed(self, picture_id: str) -> None:
        job_id = picture_id.partition(".")[0]
        await self.tell(PictureChanged(job_id=job_id, platform=Platform.SLACK, picture_id=picture_id))

    async def tell(self, event: Event) -> None:
        """Deliver one event, as the stream would."""
        await self.app.delivery.handle(event)

    async def progress(self, job_id: str, step: int, steps: int = 8, preview: str | None = None) -> None:
        await self.app.delivery.show_progress(
            JobProgress(job_id=job_id, platform=Platform.SLACK, step=step, steps=steps, preview=preview)
        )

    def rest(self, job_id: str) -> None:
        """As if the message had not been touched for a while."""
        self.app.delivery.publisher.message(DeliveryKind.JOB, job_id).touched_at -= 100

    def jobs(self) -> list[JobRow]:
        with self.ports.database.read() as session:
            return list(session.query(JobRow).order_by(JobRow.created_at))

    def newest_job(self) -> str:
        return self.jobs()[-1].id

    @property
    def message(self) -> Message:
        return self.slack.messages[-1]

    @property
    def view(self) -> dict[str, Any]:
        return list(self.slack.views.values())[-1]


_CUT_SHORT = (
    "interactions.reader_languages._PATIENCE_SECONDS",
    "slack.app._FINISH_SECONDS",
    "slack.listeners.view_submissions._ANSWER_SECONDS",
    "slack.workspaces.channels._PATIENCE_SECONDS",
    "slack.workspaces.members._PATIENCE_SECONDS",
)


@contextmanager
def patient() -> Iterator[None]:
    """What the front end leaves out when somebody would wait too long comes whole, on a slow machine too."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _CUT_SHORT:
            patch.setattr(f"bots.{name}", PATIENCE_SECONDS)
        yield


@asynccontextmanager
async def open_installed_room(ports: Ports, **changes: Any) -> AsyncIterator[SlackRoom]:
    """The front end for all workspaces that install it: none has, yet."""
    Base.metadata.create_all(ports.database.engine)  # the tables of installations, too
    with patient():
        async with LoopbackSlack().open() as slack, open_session() as session:
            settings = SlackSettings(
                client_id=CLIENT_ID,
                client_secret=CLIENT_SECRET,
                signing_secret=SIGNING_SECRET,
                api_url=slack.api_url,
                public_url="https://paint.example.org",
                **changes,
            )
            pools = ThreadPools("slack")
            app, pages = await AppFactory(ports, settings, pools, session).open()
            yield SlackRoom(slack=slack, app=app, ports=ports, pages=pages)
            await app.finish()
            await app.close()
            pools.close()


@asynccontextmanager
async def open_slack_room(ports: Ports, **changes: Any) -> AsyncIterator[SlackRoom]:
    with patient():
        async with LoopbackSlack().open() as slack:
            settings = SlackSettings(
                bot_token=BOT_TOKEN, app_token=APP_TOKEN, api_url=slack.api_url, claim_seconds=1.0, **changes
            )
            pools = ThreadPools("slack")
            async with open_session() as session:
                client = SlackClient.open(BOT_TOKEN, slack.api_url, session)
                workspaces = await open_workspace(client, pools, ports.database, settings)
                context = SlackContext(
                    ports=ports, pools=pools, workspaces=workspaces, settings=settings, session=session
                )
                app = SlackApp(context)
                slack.calls.clear()
                yield SlackRoom(slack=slack, app=app, ports=ports)
                await app.finish()
                await app.close()
            pools.close()

"""A front end of a chat with a fake transport."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update

from bots.delivery.chat_event_handler import ChatEventHandler
from bots.process.thread_pools import ThreadPools
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import settings
from studio.db.tables import DeliveryRow
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.events import (
    JobAccepted,
    JobEnded,
    JobProgress,
    PictureChanged,
)
from studio.domain.jobs import JobState
from studio.domain.people import Platform
from studio.domain.settings.communities import CommunityRules
from studio.ports import Ports
from tests.support.chat import Chat
from tests.support.fakes import someone, somewhere
from tests.support.finished_jobs import paint_job
from tests.support.recorded_messages import find_message


@dataclass
class FrontEnd:
    """A process of a chat's front end, with the chat that all of its processes share."""

    ports: Ports
    chat: Chat
    pools: ThreadPools
    delivery: ChatEventHandler = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """What this process remembered is lost."""
        self.delivery = ChatEventHandler(self.ports, self.pools, self.chat, pixelated=False)

    def ask(self, command: str = "imagine", *, who: str = "ana", **values: Any) -> str:
        values = values or {"prompt": "a red fox", "count": 2}
        call = Call(
            person=someone(who), address=somewhere(), request_key=f"{len(self.chat.messages)}{values}"
        )
        return execute(self.ports, call, command, values).job_id  # type: ignore[union-attr]

    async def accepted(self, job_id: str) -> None:
        await self.delivery.handle(JobAccepted(job_id=job_id, platform=Platform.WEB))

    async def ended(self, job_id: str) -> None:
        await self.delivery.handle(JobEnded(job_id=job_id, platform=Platform.WEB, state=JobState.DONE))

    async def painted(self, job_id: str) -> None:
        paint_job(self.ports, job_id)
        await self.ended(job_id)

    async def picture_changed(self, picture_id: str) -> None:
        job_id = picture_id.partition(".")[0]
        event = PictureChanged(job_id=job_id, platform=Platform.WEB, picture_id=picture_id)
        await self.delivery.handle(event)

    async def progressed(self, job_id: str, step: int = 3, preview: str | None = None) -> None:
        await self.delivery.show_progress(
            JobProgress(job_id=job_id, platform=Platform.WEB, step=step, steps=8, preview=preview)
        )

    def recorded(self, job_id: str, kind: DeliveryKind = DeliveryKind.JOB) -> MessageRef | None:
        return find_message(self.ports.database, Subject(kind, job_id, Platform.WEB))

    def rest(self) -> None:
        """As if no message had been touched for a while."""
        for message in self.delivery.publisher._messages.values():
            message.touched_at -= 100

    def edit_just_now(self) -> None:
        """As if every message had been edited just now, however long the test takes."""
        for message in self.delivery.publisher._messages.values():
            message.touched_at += 10_000

    def change_delivery(self, **values: Any) -> None:
        with self.ports.database.begin() as session:
            session.execute(update(DeliveryRow).values(**values))

    def govern(self, **rules: Any) -> None:
        with self.ports.database.begin() as session:
            settings.save_community_rules(session, CommunityRules(**rules), by=someone("mod"))


@pytest.fixture
def front_end(ports: Ports) -> Iterator[FrontEnd]:
    pools = ThreadPools("test")
    yield FrontEnd(ports, Chat(), pools)
    pools.close()


class KilledError(BaseException):
    """The process ends here."""


def die(_: object) -> None:
    raise KilledError

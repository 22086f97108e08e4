"""Keeps the message of each gathering up to date, says what happened in its thread, and submits the jobs it wants."""

import logging

from bots.delivery.errors import DestinationUnreachableError
from bots.delivery.gatherings.gathering_jobs import GatheringJobs
from bots.delivery.message_publisher import MessagePublisher
from bots.delivery.message_sender import MessageSender
from bots.delivery.subjects.gatherings import GatheringDrafts
from bots.delivery.transport import DeliveryContext
from bots.process.thread_pools import Pool
from studio.domain.deliveries import DeliveryKind
from studio.domain.events import GatheringRemark

_CALM_SECONDS = 1.5  # a hundred votes at once are a few edits

log = logging.getLogger(__name__)


class GatheringMessages:
    """Methods raise as those of `MessagePublisher`."""

    def __init__(
        self,
        context: DeliveryContext,
        publisher: MessagePublisher,
        sender: MessageSender,
        drafts: GatheringDrafts,
    ) -> None:
        self._gathering_jobs = GatheringJobs(context.ports, context.pools)
        self._pools = context.pools
        self._publisher = publisher
        self._sender = sender
        self._drafts = drafts

    async def refresh(self, gathering_id: str) -> None:
        await self._gathering_jobs.submit(gathering_id)
        await self._publisher.freshen(DeliveryKind.GATHERING, gathering_id, least_seconds=_CALM_SECONDS)

    async def send_remark(self, remark: GatheringRemark) -> None:
        """Once; what cannot be said is left out, as the gathering's message tells it too."""
        draft = await self._pools.run(Pool.DATABASE, self._drafts.remark, remark)
        if draft is None:
            return
        try:
            await self._sender.send(draft)
        except DestinationUnreachableError:
            log.info("remark not sent: destination unreachable", extra={"gathering": remark.gathering_id})

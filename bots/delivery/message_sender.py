"""Brings a draft to its message: claimed and sent once, or edited; to the next place where the first is closed."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bots.delivery import deliveries
from bots.delivery.deliveries import Claim
from bots.delivery.delivery_claims import SendClaims
from bots.delivery.errors import (
    ChannelClosedError,
    DeliveryInProgressError,
    DestinationUnreachableError,
    FileTooLargeError,
    MessageTakenBackError,
    SentMeanwhileError,
)
from bots.delivery.subjects.draft import Draft, prepare
from bots.delivery.transport import DeliveryContext, OutgoingMessage, Place
from bots.process.thread_pools import Pool
from bots.texts.languages.readers import reading_in
from studio.domain.deliveries import MessageRef

_SMALLEST_LIMIT_BYTES = 256 * 1024

log = logging.getLogger(__name__)

T = TypeVar("T")


class MessageSender:
    def __init__(self, context: DeliveryContext) -> None:
        self._ports = context.ports
        self._pools = context.pools
        self._transport = context.transport
        self._claims = SendClaims(
            context.ports.database, context.pools, lasts_seconds=context.transport.claim_seconds
        )

    async def deliver(self, draft: Draft) -> MessageRef:
        """Show the draft in its one message, and say where that is. A new message is claimed, not yet recorded.

        Raises `DestinationUnreachableError`, `DeliveryInProgressError`, `SentMeanwhileError`,
        `PlatformUnavailableError`, `StorageError`.
        """
        with reading_in(draft.language):
            return await self._deliver(draft)

    async def _deliver(self, draft: Draft) -> MessageRef:
        if draft.ref is None:
            return await self._send_once(draft)
        try:
            return await self._edit(draft, draft.ref)
        except DestinationUnreachableError as error:
            if not (draft.is_replaced or isinstance(error, MessageTakenBackError)):
                raise
        await self._pools.run(Pool.DATABASE, deliveries.forget, self._ports.database, draft.subject)
        return await self._send_once(replace(draft, ref=None))

    async def send(self, draft: Draft) -> MessageRef:
        """Send a message that is recorded nowhere, such as a notice. Raises as `deliver`."""
        with reading_in(draft.language):
            return await self._send(draft, draft.places)

    async def delete(self, draft: Draft, ref: MessageRef) -> None:
        """Raises as `deliver`."""
        await self._transport.delete(ref, draft.subject, draft.places[0])

    async def _send_once(self, draft: Draft) -> MessageRef:
        """Of several processes only one sends; what a killed one may have sent is looked for first."""
        subject = draft.subject
        async with self._claims.hold(subject, draft.places[0].target) as claim:
            if claim is Claim.SENT:
                raise SentMeanwhileError
            if claim is Claim.THEIRS:
                raise DeliveryInProgressError
            if claim is Claim.INHERITED and (found := await self._find_sent(draft)):
                log.info("message recovered after a restart", extra=_of(draft))
                return await self._edit(draft, found)
            return await self._send(draft, draft.places)

    async def _find_sent(self, draft: Draft) -> MessageRef | None:
        """What the process before us has sent, where it was about to send it."""
        target = await self._claims.channel_of(draft.subject)
        place = next((place for place in draft.places if place.target == target), draft.places[0])
        return await self._transport.find_sent(draft.subject, place, since=draft.since)

    async def _edit(self, draft: Draft, ref: MessageRef) -> MessageRef:
        place = next((place for place in draft.places if place.channel == ref.channel), draft.places[0])
        try:
            await self._deliver_fitting(draft, place, partial(self._transport.edit, ref))
        except ChannelClosedError:
            if not draft.final or ref.final:
                raise
            return await self._end_elsewhere(draft)
        return ref

    async def _end_elsewhere(self, draft: Draft) -> MessageRef:
        """The channel was closed meanwhile. A process that was killed may have sent the end to the next place."""
        others = draft.places[1:]
        for place in others:
            if found := await self._transport.find_sent(draft.subject, place, since=draft.since):
                await self._deliver_fitting(draft, place, partial(self._transport.edit, found))
                return found
        return await self._send(draft, others)

    async def _send(self, draft: Draft, places: tuple[Place, ...]) -> MessageRef:
        for number, place in enumerate(places):
            if not place.target:  # a private place that was forgotten with its person
                continue
            if number:
                await self._claims.move(draft.subject, place.target)
            with suppress(ChannelClosedError):
                return await self._deliver_fitting(draft, place, self._transport.send)
        raise DestinationUnreachableError

    async def _deliver_fitting(
        self, draft: Draft, place: Place, deliver: Callable[[OutgoingMessage], Awaitable[T]]
    ) -> T:
        """With smaller and smaller files while the platform finds them too large."""
        limit_bytes = self._transport.limit_bytes(draft.subject, place)
        while True:
            with_files = partial(prepare, self._ports, draft, place, limit_bytes=limit_bytes)
            outgoing = await self._pools.run(Pool.FILES, with_files)
            try:
                return await deliver(outgoing)
            except FileTooLargeError:
                limit_bytes //= 2
                if limit_bytes < _SMALLEST_LIMIT_BYTES:
                    raise DestinationUnreachableError from None


def _of(draft: Draft) -> dict[str, str]:
    return {"subject": str(draft.subject.kind), "subject_id": draft.subject.id}

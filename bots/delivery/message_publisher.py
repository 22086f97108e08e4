"""One message for each subject: brought up to date, and no more often than the platform likes."""

import asyncio
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from bots.delivery import deliveries
from bots.delivery.errors import DestinationUnreachableError, SentMeanwhileError
from bots.delivery.message_sender import MessageSender
from bots.delivery.subjects.draft import Compose, Draft
from bots.delivery.transport import DeliveryContext
from bots.process.thread_pools import Pool
from studio.bounded_dict import BoundedDict
from studio.domain.deliveries import DeliveryKind, MessageRef
from studio.errors import NotFoundError

_REMEMBERED = 3000  # of all kinds; a long queue alone has some hundreds
# Messages that show the end of their job: about 6 KB each, and hardly one changes any more.
_REMEMBERED_ENDS = 200

log = logging.getLogger(__name__)

# What is to be done when the end of a subject is shown for the first time; the message is None where it could not be.
FirstEnd = Callable[[Draft, MessageRef | None], Awaitable[None]]
# What is to be done when a subject cannot be shown anywhere.
Unreachable = Callable[[Draft], Awaitable[None]]


@dataclass(slots=True)
class PublishedMessage:
    """What this process remembers of a message. Times are of the monotonic clock.

    `draft` is the newest that was read, `shown` the newest that was delivered; both are without their message, which
    is composed anew. `unrecorded` is a message that was sent while the database did not answer.
    """

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    draft: Draft | None = None
    shown: Draft | None = None
    ref: MessageRef | None = None
    unrecorded: MessageRef | None = None
    touched_at: float = -math.inf
    overdue: bool = False  # a small change waits for the message's next edit

    @property
    def rested_seconds(self) -> float:
        """How long ago it was edited last."""
        return time.monotonic() - self.touched_at

    @property
    def is_idle(self) -> bool:
        """Nothing would be lost if it were forgotten: the database knows the rest."""
        return not (self.lock.locked() or self.overdue or self.unrecorded)

    def mark_touched(self) -> None:
        self.touched_at = time.monotonic()


class MessagePublisher:
    """`compose` reads a subject of a kind. `first_end` is awaited before the end is recorded: rather twice than never.

    Methods raise `NotFoundError`, `DeliveryInProgressError`, `PlatformUnavailableError` and `ServiceError`.
    """

    def __init__(
        self,
        context: DeliveryContext,
        sender: MessageSender,
        compose: Mapping[DeliveryKind, Compose],
        *,
        first_end: FirstEnd,
        unreachable: Unreachable,
    ) -> None:
        self._database = context.ports.database
        self._pools = context.pools
        self._transport = context.transport
        self._sender = sender
        self._compose = compose
        self._first_end = first_end
        self._unreachable = unreachable
        self._messages: BoundedDict[tuple[DeliveryKind, str], PublishedMessage] = BoundedDict(_REMEMBERED)
        self._ends: OrderedDict[tuple[DeliveryKind, str], None] = OrderedDict()

    async def send_new(self, kind: DeliveryKind, subject_id: str) -> None:
        """Send the message of a new subject, if nobody did so yet."""
        message = self.message(kind, subject_id)
        async with message.lock:
            if message.ref is None:
                await self._publish(kind, subject_id, message, only_new=True)

    async def show(self, kind: DeliveryKind, subject_id: str) -> None:
        """Bring the message of a subject up to date; it is sent if there is none."""
        message = self.message(kind, subject_id)
        async with message.lock:
            await self._publish(kind, subject_id, message)

    async def freshen(self, kind: DeliveryKind, subject_id: str, *, least_seconds: float = 0.0) -> None:
        """Like `show`, for small changes: several in a row, or within `least_seconds`, become one."""
        message = self.message(kind, subject_id)
        calm_seconds = max(least_seconds, self._transport.rest_seconds(message.ref) if message.ref else 0.0)
        is_busy = least_seconds > 0.0 and message.lock.locked()
        if is_busy or (message.ref and message.rested_seconds < calm_seconds):
            message.overdue = True
            return
        await self.show(kind, subject_id)

    async def show_overdue(self) -> None:
        """Small changes whose time has come."""
        await self._show_overdue(self._transport.rest_seconds)

    async def flush(self) -> None:
        """Before the process ends: all small changes that wait, such as a deleted picture."""
        await self._show_overdue(lambda _ref: -math.inf)

    def message(self, kind: DeliveryKind, subject_id: str) -> PublishedMessage:
        message = self._messages.setdefault((kind, subject_id), PublishedMessage())
        self._messages.move_to_end((kind, subject_id))
        return message

    def messages(self, kind: DeliveryKind) -> Iterator[tuple[str, PublishedMessage]]:
        """Those that this process remembers, by the ids of their subjects."""
        found = list(self._messages.items())
        return ((key[1], message) for key, message in found if key[0] is kind)

    async def read(self, kind: DeliveryKind, subject_id: str) -> Draft:
        """How a subject is to be shown now."""
        message = self.message(kind, subject_id)
        draft = await self._pools.run(Pool.DATABASE, self._compose[kind], subject_id)
        message.draft = replace(draft, message=None, draw=None)  # thousands are remembered
        message.ref = draft.ref or message.ref
        if draft.final:
            self._note_end(kind, subject_id)
        return draft

    def _note_end(self, kind: DeliveryKind, subject_id: str) -> None:
        """Of the messages that show the end, those are forgotten that were read longest ago and are not in hand."""
        self._ends[kind, subject_id] = None
        self._ends.move_to_end((kind, subject_id))
        for key in list(self._ends)[:-_REMEMBERED_ENDS]:
            message = self._messages.get(key)
            if message is None or message.is_idle:
                del self._ends[key]
                self._messages.pop(key, None)

    async def _show_overdue(self, calm_seconds: Callable[[MessageRef], float]) -> None:
        """One that cannot be shown now waits for the next time, and the others are shown all the same."""
        failed: Exception | None = None
        for (kind, subject_id), message in list(self._messages.items()):
            due = message.overdue and message.ref
            if not (due and message.rested_seconds > calm_seconds(due)):
                continue
            message.overdue = False
            try:
                await self.show(kind, subject_id)
            except NotFoundError:
                log.info("message skipped: subject not found", extra=_log_fields(kind, subject_id))
            except Exception as error:  # noqa: BLE001 - the platform's own, of which the core knows nothing
                message.overdue = True
                failed = failed or error
        if failed:
            raise failed

    async def _publish(
        self, kind: DeliveryKind, subject_id: str, message: PublishedMessage, *, only_new: bool = False
    ) -> None:
        draft = await self.read(kind, subject_id)
        recorded = draft.ref
        draft = replace(draft, ref=recorded or message.unrecorded)
        if draft.message is None:
            await self._delete(draft, message)
            return
        if only_new and draft.ref is not None:
            return
        try:
            ref = await self._deliver(draft)
        except SentMeanwhileError:  # and the subject may have gone on: it is read again
            await self._publish(kind, subject_id, message, only_new=only_new)
            return
        message.mark_touched()
        message.ref = ref
        message.draft = message.shown = replace(draft, message=None, draw=None)
        if ref != recorded:
            message.unrecorded = ref
        if draft.final and not (recorded and recorded.final):
            await self._first_end(draft, ref)
        await self._record(draft, ref, recorded)
        message.unrecorded = None

    async def _deliver(self, draft: Draft) -> MessageRef | None:
        """None where the message could not be sent, and where one that is replaced could not be."""
        try:
            return replace(await self._sender.deliver(draft), final=draft.final)
        except DestinationUnreachableError:
            log.info("message not delivered: destination unreachable", extra=_log_fields(*_key(draft)))
            await self._unreachable(draft)
            if draft.ref is None or draft.is_replaced:
                return None
            return replace(draft.ref, final=draft.final)

    async def _record(self, draft: Draft, ref: MessageRef | None, recorded: MessageRef | None) -> None:
        if ref is None and draft.final:  # no message will show the end, so nobody tries again
            ref = MessageRef(channel=draft.places[0].channel, message="", final=True)
        if ref and ref != recorded:
            await self._pools.run(Pool.DATABASE, deliveries.record, self._database, draft.subject, ref)

    async def _delete(self, draft: Draft, message: PublishedMessage) -> None:
        """The message is forgotten only once it is gone, or it would stay for ever after a short trouble."""
        if draft.ref is None:
            return
        try:
            await self._sender.delete(draft, draft.ref)
        except DestinationUnreachableError:
            log.info("message not deleted: destination unreachable", extra=_log_fields(*_key(draft)))
        await self._pools.run(Pool.DATABASE, deliveries.forget, self._database, draft.subject)
        message.ref = message.unrecorded = None


def _key(draft: Draft) -> tuple[DeliveryKind, str]:
    return draft.subject.kind, draft.subject.id


def _log_fields(kind: DeliveryKind, subject_id: str) -> dict[str, str]:
    return {"subject": str(kind), "subject_id": subject_id}

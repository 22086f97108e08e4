"""A chat in memory behind the protocol of `bots.delivery.transport`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bots.delivery.errors import (
    ChannelClosedError,
    DestinationUnreachableError,
    FileTooLargeError,
    MessageTakenBackError,
    PlatformUnavailableError,
)
from bots.delivery.transport import OutgoingMessage, Place
from studio.domain.deliveries import DeliveryKind, MessageRef, Subject
from studio.domain.people import Person, Platform


@dataclass
class Shown:
    """A message in the chat, with all that was shown in it, the newest last."""

    ref: MessageRef
    versions: list[OutgoingMessage] = field(default_factory=list)

    @property
    def now(self) -> OutgoingMessage:
        return self.versions[-1]

    @property
    def words(self) -> str:
        return repr(self.now.message)


class Chat:
    """`closed` are channels and people that take no messages, or "everywhere". `remembers_nonces`: as Discord does.

    `before_send` may raise, before a message is there; `after_send` may raise once it is.
    """

    platform = Platform.WEB  # as that of `tests.support.fakes.someone`
    claim_seconds = 60.0

    def __init__(self, *, remembers_nonces: bool = False) -> None:
        self.messages: dict[str, Shown] = {}
        self.touches: list[OutgoingMessage] = []
        self.closed: set[str] = set()
        self.taken_back: set[str] = set()
        self.left: set[str] = set()  # user ids
        self.calm = 0.0
        self.limit = 1_000_000
        self.largest = 10**9  # bytes; of files that are larger the chat says so
        self.away = False
        self.served = True
        self.sent = 0
        self.searched: list[str] = []
        self.remembers_nonces = remembers_nonces
        self.before_send: Callable[[OutgoingMessage], None] = lambda _: None
        self.after_send: Callable[[OutgoingMessage], None] = lambda _: None

    def of(self, subject_id: str) -> Shown:
        """The one message of a subject, beside which there may be copies, pings and remarks."""
        beside = (DeliveryKind.COPY, DeliveryKind.PING, DeliveryKind.REMARK)
        (found,) = (
            message
            for message in self.messages.values()
            if message.now.subject.id == subject_id and message.now.subject.kind not in beside
        )
        return found

    async def send(self, outgoing: OutgoingMessage) -> MessageRef:
        self._check(outgoing, outgoing.place.target)
        self.before_send(outgoing)
        for shown in self.messages.values():
            if self.remembers_nonces and shown.now.nonce == outgoing.nonce:
                return shown.ref
        self.sent += 1
        ref = MessageRef(channel=outgoing.place.target, message=f"m{self.sent}")
        self.messages[ref.message] = Shown(ref, [outgoing])
        self.after_send(outgoing)
        return ref

    async def edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        if ref.message in self.taken_back:
            raise MessageTakenBackError
        self._check(outgoing, ref.channel)
        self._found(ref).versions.append(outgoing)

    async def try_edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        if ref.message in self.messages:
            self.touches.append(outgoing)

    async def delete(self, ref: MessageRef, subject: Subject, place: Place) -> None:
        if self.away:
            raise PlatformUnavailableError
        self._found(ref)
        del self.messages[ref.message]

    async def find_sent(self, subject: Subject, place: Place, *, since: datetime) -> MessageRef | None:
        if self.away:
            raise PlatformUnavailableError
        self.searched.append(place.target)
        there = (message for message in self.messages.values() if message.ref.channel == place.target)
        return next((message.ref for message in there if message.now.subject == subject), None)

    def may_touch(self, ref: MessageRef, place: Place, *, age_seconds: float, since_seconds: float) -> bool:
        return since_seconds >= self.calm

    def rest_seconds(self, ref: MessageRef) -> float:
        return self.calm

    def limit_bytes(self, subject: Subject, place: Place) -> int:
        return self.limit

    def link_to(self, community: str, ref: MessageRef) -> str:
        return f"https://chat.example.org/{community}/{ref.channel}/{ref.message}"

    def serves(self, community: str) -> bool:
        return self.served

    async def is_active_member(self, person: Person) -> bool:
        if self.away:
            raise PlatformUnavailableError
        return person.user_id not in self.left

    def _check(self, outgoing: OutgoingMessage, target: str) -> None:
        if self.away:
            raise PlatformUnavailableError
        if "everywhere" in self.closed or target in self.closed:
            raise ChannelClosedError
        if any(len(file.data) > self.largest for file in outgoing.files.values()):
            raise FileTooLargeError

    def _found(self, ref: MessageRef) -> Shown:
        if ref.message not in self.messages:
            raise DestinationUnreachableError
        return self.messages[ref.message]

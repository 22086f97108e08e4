"""What the delivery core asks of a chat platform. Discord and Slack implement it in their `messages/transport.py`.

The core decides what is shown where, claims messages, prepares files and limits the rate of small edits. A transport
renders, sends, edits and deletes, and tells the errors of its platform apart by those of `bots.delivery.errors`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from bots.delivery.attachments import Attachment
from bots.presentation.message import Message
from bots.process.thread_pools import ThreadPools
from studio.domain.deliveries import MessageRef, Subject
from studio.domain.people import Address, Person, Platform
from studio.ports import Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a message is sent: to a channel and its `thread`, or, with a `person`, to their direct messages.

    `address` is that of the command which the message answers. Discord edits the message with which it acknowledged
    the interaction, while the token lasts by the token. `instead_of` is the channel that was closed when the message
    goes to its person instead: the transport says above it why. `outlasted`: that channel was open for a while only,
    and the message took longer. `reply_to` is a message in the same channel to which
    it is a reply, or with `in_thread` one in whose thread it stands; one that is gone is left out. `mentions` are
    those named in the message who are notified; nobody else is.
    """

    community: str
    channel: str = ""
    thread: str | None = None
    person: Person | None = None
    address: Address | None = field(default=None, repr=False)
    instead_of: str = ""
    outlasted: bool = False
    reply_to: MessageRef | None = None
    in_thread: bool = False
    mentions: tuple[Person, ...] = ()

    @property
    def target(self) -> str:
        """The id of the person or of the channel, as a claim records it."""
        return self.person.user_id if self.person else self.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message with everything that is needed to send it or to edit it.

    `files` holds each of `message.files` by its name, except those that are gone: the renderer leaves these out.
    `subject` is what uploaded files are recorded for, and with `nonce` makes repeated attempts recognisable.
    `final`: this is how the subject ends, so that uploaded files which it no longer shows are deleted.
    """

    subject: Subject
    nonce: str
    place: Place
    message: Message
    files: Mapping[str, Attachment] = field(default_factory=dict)
    final: bool = False

    def at(self, place: Place) -> "OutgoingMessage":
        return replace(self, place=place)


class Transport(Protocol):
    """One platform's way of sending messages. Coroutines run on the front end's event loop."""

    platform: Platform
    claim_seconds: float  # how long a process that is sending a message may be silent

    async def send(self, outgoing: OutgoingMessage) -> MessageRef:
        """Send it once: repeated with the same nonce it gives the message that is there, as far as the platform can.

        Raises `ChannelClosedError`, `DestinationUnreachableError`, `FileTooLargeError`, `PlatformUnavailableError`.
        """

    async def edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        """Raises as `send`, and `MessageTakenBackError`. `ChannelClosedError`: the message is there as it was."""

    async def try_edit(self, ref: MessageRef, outgoing: OutgoingMessage) -> None:
        """Edit the message for mere progress if that is easily done. Never raises for what the platform refuses."""

    async def delete(self, ref: MessageRef, subject: Subject, place: Place) -> None:
        """Delete a message and the files uploaded for it.

        Raises `DestinationUnreachableError` and `PlatformUnavailableError`.
        """

    async def find_sent(self, subject: Subject, place: Place, *, since: datetime) -> MessageRef | None:
        """What a process that went silent may have sent. None where that cannot be looked up, or need not be.

        Raises `PlatformUnavailableError`: then the message waits, as it may be there.
        """

    def may_touch(self, ref: MessageRef, place: Place, *, age_seconds: float, since_seconds: float) -> bool:
        """Whether a subject of that age may show progress now, so long after its message was last edited.

        A yes is counted.
        """

    def rest_seconds(self, ref: MessageRef) -> float:
        """How long a message rests between small changes, such as a star."""

    def limit_bytes(self, subject: Subject, place: Place) -> int:
        """The size of the largest file that may be sent there."""

    def link_to(self, community: str, ref: MessageRef) -> str:
        """A link that leads to a message; empty where the platform has none."""

    def serves(self, community: str) -> bool:
        """Whether this process is the one that shows progress there."""

    async def is_active_member(self, person: Person) -> bool:
        """Whether they are in their community and may speak there; also where the platform does not tell.

        Raises `PlatformUnavailableError`.
        """


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What everything that delivers messages on one platform shares."""

    ports: Ports
    pools: ThreadPools
    transport: Transport

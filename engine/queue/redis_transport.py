"""Kombu's transport for Redis, with two defects mended: neither may end a worker.

After a lost connection kombu closes the channel, and tasks that were running acknowledge their messages on it. Kombu
5.7 answers both with an AttributeError, which Celery takes for a defect of its own and stops for. Here both raise a
connection error: Celery logs it and connects again. The message itself stays in Redis, and the job's row says whether
there is still something to do. An acknowledgement that gets lost is therefore one line in the log. Celery would log a
traceback for each, and kombu would count the message as unacknowledged for as long as the channel lives.

A message that is not kombu's JSON, from a damaged list or another program, ends kombu's reading. Here it is passed
over: Redis has taken it from the list already.
"""

import logging
from queue import Empty
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual
from redis.exceptions import ResponseError

from engine.queue.unreadable_messages import note_unreadable

log = logging.getLogger(__name__)


class QoS(redis.QoS):
    channel: Any

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except (
            *self.channel.connection_errors,
            ResponseError,
        ) as error:  # such as a server whose disk is full
            log.warning("message not acknowledged: %s", error, extra={"delivery_tag": delivery_tag})
            virtual.QoS.ack(self, delivery_tag)  # the worker is done with it: it may take another one


class Channel(redis.Channel):
    QoS = QoS
    connection: Any  # None after it was closed

    def _create_client(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("the connection of this channel was closed")
        return super()._create_client(asynchronous)  # type: ignore[misc]

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            note_unreadable("tasks", error)
            raise Empty from error


class SentinelChannel(Channel, redis.SentinelChannel):
    """The same on the master that Sentinels name."""


class Transport(redis.Transport):
    Channel = Channel


class SentinelTransport(redis.SentinelTransport):
    Channel = SentinelChannel


def register() -> None:
    """Use it for every URL of Redis in this process, with TLS and with Sentinels too."""
    for scheme, transport in (("redis", Transport), ("rediss", Transport), ("sentinel", SentinelTransport)):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:{transport.__qualname__}"

"""Kombu's transport as it is mended here, on a real server that dies."""

import logging

import pytest
from kombu import Connection

from engine.queue import redis_transport


def test_an_acknowledgement_that_redis_does_not_hear_is_one_line_and_frees_its_place(
    redis_server, caplog: pytest.LogCaptureFixture
) -> None:
    redis_transport.register()
    with Connection(redis_server.url) as connection:
        channel = connection.channel()
        with connection.SimpleQueue("paint") as queue:
            queue.put("a job")
        channel.basic_qos(0, 1, False)
        message = channel.basic_get("paint")
        assert message is not None
        assert not channel.qos.can_consume()
        redis_server.kill()
        with caplog.at_level(logging.WARNING, logger=redis_transport.__name__):
            message.ack()
        assert [record.exc_info for record in caplog.records] == [None]
        assert caplog.messages[0].startswith("message not acknowledged: ")
        assert channel.qos.can_consume()

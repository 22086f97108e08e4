"""Events over a real Redis: nothing durable is lost, whatever dies."""

import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
import redis
from prometheus_client import REGISTRY

from engine.jobs.cancel_listener import CancelListener
from engine.queue import redis_events as module
from engine.queue.celery_queue import CeleryQueue
from engine.queue.redis_events import PROGRESS_CHANNEL, STREAM, RedisEvents
from studio.domain.events import JobAccepted, JobProgress
from studio.domain.people import Platform
from studio.errors import QueueUnavailableError

PATIENCE_SECONDS = 300  # bounds a hang


@pytest.fixture
def events(redis_url: str) -> Iterator[RedisEvents]:
    made = RedisEvents(redis_url)
    yield made
    made.close()


def accepted(name: str, platform: Platform = Platform.WEB) -> JobAccepted:
    return JobAccepted(job_id=name, platform=platform)


def take(events: RedisEvents, count: int, *, consumer: str = "one", acknowledge: bool = True) -> list[str]:
    found = []
    for delivery in islice(events.deliveries("web", consumer, threading.Event()), count):
        found.append(delivery.event.job_id)
        if acknowledge:
            delivery.acknowledge()
    return found


def test_events_come_in_order_also_those_sent_before_the_frontend_started(events: RedisEvents):
    for name in "abc":
        events.publish(accepted(name))
    assert take(events, 3) == ["a", "b", "c"]


def test_a_frontend_hears_only_of_its_own_platform(events: RedisEvents):
    events.publish(accepted("a", Platform.DISCORD))
    events.publish(accepted("b"))
    assert take(events, 1) == ["b"]


def test_a_frontend_that_died_before_acknowledging_gets_the_event_again(events: RedisEvents):
    events.publish(accepted("a"))
    events.publish(accepted("b"))
    assert take(events, 1, acknowledge=False) == ["a"]
    assert take(events, 2) == ["a", "b"]


def test_what_was_acknowledged_does_not_come_again(events: RedisEvents):
    events.publish(accepted("a"))
    assert take(events, 1) == ["a"]
    events.publish(accepted("b"))
    assert take(events, 1) == ["b"]


def test_what_a_dead_consumer_left_is_claimed_by_another(
    events: RedisEvents, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "_RECLAIM_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(module, "_RECLAIM_IDLE_MILLISECONDS", 10)
    monkeypatch.setattr(module, "_BLOCK_MILLISECONDS", 50)
    events.publish(accepted("a"))
    assert take(events, 1, consumer="dead", acknowledge=False) == ["a"]
    assert take(events, 1, consumer="alive") == ["a"]


def test_every_frontend_has_its_own_copy(events: RedisEvents):
    events.publish(accepted("a"))
    take(events, 1)
    other = islice(events.deliveries("slack", "one", threading.Event()), 1)
    events.publish(accepted("s", Platform.SLACK))
    assert [delivery.event.job_id for delivery in other] == ["s"]


def test_every_process_that_watches_sees_every_event_from_its_start_on(events: RedisEvents, redis_server):
    events.publish(accepted("before"))
    seen: dict[str, list[str]] = {"one": [], "two": []}
    stop = threading.Event()

    def watch(name: str) -> None:
        for event in events.watch(stop):
            seen[name].append(event.job_id)

    threads = [threading.Thread(target=watch, args=(name,)) for name in seen]
    for thread in threads:
        thread.start()
    with redis.Redis.from_url(redis_server.url) as client:
        wait_for(lambda: sum(found["cmd"] == "xread" for found in client.client_list()) == 2)
    for name in "ab":
        events.publish(accepted(name))
    wait_for(lambda: all(found == ["a", "b"] for found in seen.values()))
    redis_server.restart()
    events.publish(accepted("c"))
    wait_for(lambda: all(found == ["a", "b", "c"] for found in seen.values()))
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_restart_of_redis_loses_no_event(events: RedisEvents, redis_server):
    events.publish(accepted("a"))
    stop = threading.Event()
    found: list[str] = []
    second = threading.Event()

    def listen() -> None:
        for delivery in events.deliveries("web", "one", stop):
            found.append(delivery.event.job_id)
            delivery.acknowledge()
            if found[-1] == "b":
                second.set()

    thread = threading.Thread(target=listen)
    thread.start()
    redis_server.restart()
    events.publish(accepted("b"))
    assert second.wait(PATIENCE_SECONDS)
    stop.set()
    thread.join(PATIENCE_SECONDS)
    # One that was taken while Redis went away comes again: its acknowledgement may have been lost.
    assert sorted(set(found), key=found.index) == ["a", "b"]


def test_an_event_of_a_later_version_is_passed_over(events: RedisEvents, redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(STREAM, {"kind": "PictureSang", "event": "{}"})
    events.publish(accepted("a"))
    assert take(events, 1) == ["a"]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "JobEnded"},
        {"kind": "JobEnded", "event": "{"},
        {"kind": "JobEnded", "event": "[]"},
        {"kind": "JobEnded", "event": "{}"},
        {"kind": "JobEnded", "event": '{"job_id":"a","platform":"telepathy","state":"done"}'},
        {"kind": "JobEnded", "event": '{"job_id":"a","platform":"web","state":"asleep"}'},
        {"kind": b"\xff", "event": b"\xff"},
        {"kind": "JobAccepted", "event": b"\xff\xfe"},
        {"nothing": "known"},
    ],
)
def test_an_event_that_cannot_be_read_is_acknowledged_counted_and_passed_over(
    events: RedisEvents, redis_url: str, entry: dict
):
    name = "chatelier_unreadable_messages_total"
    before = REGISTRY.get_sample_value(name, {"stream": "events"}) or 0
    with redis.Redis.from_url(redis_url) as client:
        client.xadd(STREAM, entry)
        events.publish(accepted("a"))
        assert take(events, 1) == ["a"]
        assert client.xpending(STREAM, "web")["pending"] == 0
    known = entry.get("kind") in {"JobEnded", "JobAccepted", b"\xff"}
    assert (REGISTRY.get_sample_value(name, {"stream": "events"}) or 0) - before == known


def test_an_event_of_a_later_version_is_read_without_what_is_new_in_it(events: RedisEvents, redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        later = {"kind": "JobAccepted", "event": '{"job_id":"a","platform":"web","mood":"blue"}'}
        client.xadd(STREAM, later)
    assert take(events, 1) == ["a"]


def test_progress_that_cannot_be_read_is_passed_over(events: RedisEvents, redis_url: str):
    stop, ready = threading.Event(), threading.Event()
    heard = []

    def listen() -> None:
        for progress in events.progress(stop):
            heard.append(progress.job_id)
            ready.set()
            return

    thread = threading.Thread(target=listen)
    thread.start()
    with redis.Redis.from_url(redis_url) as client:
        until(lambda: client.pubsub_numsub(PROGRESS_CHANNEL)[0][1], lambda: None)
        for damaged in ("{", "[]", b"\xff", '{"job_id":"a"}'):
            client.publish(PROGRESS_CHANNEL, damaged)
    events.announce(JobProgress(job_id="whole", platform=Platform.WEB, step=1, steps=2))
    assert ready.wait(PATIENCE_SECONDS)
    thread.join(PATIENCE_SECONDS)
    assert heard == ["whole"]


def test_progress_is_heard_by_everybody_who_listens(events: RedisEvents):
    stop = threading.Event()
    heard = []
    ready = threading.Event()

    def listen() -> None:
        for progress in events.progress(stop):
            heard.append(progress.step)
            ready.set()
            return

    thread = threading.Thread(target=listen)
    thread.start()
    step = 0
    while not ready.wait(0.05):
        step += 1
        events.announce(
            JobProgress(job_id="a", platform=Platform.WEB, step=step, steps=20 * PATIENCE_SECONDS)
        )
        assert step < 20 * PATIENCE_SECONDS
    thread.join(PATIENCE_SECONDS)
    assert heard[0] >= 1


def test_without_redis_durable_events_say_so_and_progress_is_silent():
    nowhere = RedisEvents("redis://127.0.0.1:1/0")
    with pytest.raises(QueueUnavailableError):
        nowhere.publish(accepted("a"))
    nowhere.announce(JobProgress(job_id="a", platform=Platform.WEB, step=1, steps=2))


def test_without_redis_the_queue_says_so_and_a_cancel_is_left_to_the_row():
    nowhere = CeleryQueue("redis://127.0.0.1:1/0")
    with pytest.raises(QueueUnavailableError):
        nowhere.enqueue("k3v9m2p4qx7a", priority=0, model=None)
    with pytest.raises(QueueUnavailableError):
        nowhere.waiting()
    nowhere.cancel("k3v9m2p4qx7a")


def test_a_cancel_reaches_every_worker_also_after_a_restart_of_redis(redis_server):
    heard: list[str] = []
    listener = CancelListener(redis_server.url, heard.append, on_aside=heard.append)
    listener.start()
    queue = CeleryQueue(redis_server.url)
    try:
        until(lambda: heard, lambda: queue.cancel("first"))
        redis_server.restart()
        heard.clear()
        until(lambda: "second" in heard, lambda: queue.cancel("second"))
    finally:
        listener.stop()
        queue.close()


def test_enough_is_told_apart_from_a_cancel(redis_server):
    cancelled: list[str] = []
    enough: list[str] = []
    listener = CancelListener(
        redis_server.url, cancelled.append, on_aside=cancelled.append, on_enough=enough.append
    )
    listener.start()
    queue = CeleryQueue(redis_server.url)
    try:
        until(lambda: "first" in enough, lambda: queue.stop_early("first"))
    finally:
        listener.stop()
        queue.close()
    assert cancelled == []


def until(condition, action) -> None:
    pause = threading.Event()
    for _ in range(20 * PATIENCE_SECONDS):
        action()
        pause.wait(0.05)
        if condition():
            return
    pytest.fail("did not happen")

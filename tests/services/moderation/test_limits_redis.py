"""The limits over a real Redis: exact between processes, open when it goes away, back when it returns."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from studio.domain.people import Person, Platform
from studio.errors import RateLimitedError
from studio.gcra import RateSettings

PLENTY = RateSettings(requests=100_000, seconds=1)
# A limiter lets everybody in when Redis is slow to answer, and on a busy machine it may well be.
PATIENCE_SECONDS = 300.0


def limits(**paces: RateSettings) -> LimitSettings:
    plenty = {"sustained": PLENTY, "refused": PLENTY, "burst": PLENTY}
    return LimitSettings(**plenty | paces, redis_timeout_seconds=PATIENCE_SECONDS)  # type: ignore[arg-type]


TWENTY = limits(burst=RateSettings(requests=20, seconds=86_400))
Open = Callable[..., Limiter]
ADA = Person(platform=Platform.WEB, community="room", user_id="ada", display_name="Ada")


@pytest.fixture
def opened() -> Iterator[Open]:
    """Makes limiters. What is left to the garbage collector may lose its socket before its owner closes it."""
    made: list[Limiter] = []

    def open_limiter(settings: LimitSettings, *, redis_url: str | None = None) -> Limiter:
        made.append(Limiter(settings, redis_url=redis_url))
        return made[-1]

    yield open_limiter
    for limiter in made:
        limiter.close()


def admitted(limiter: Limiter) -> bool:
    try:
        limiter.admit(ADA)
    except RateLimitedError:
        return False
    return True


def test_sixteen_threads_against_a_burst_of_twenty_admit_exactly_twenty(redis_url: str, opened: Open) -> None:
    limiter = opened(TWENTY, redis_url=redis_url)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: admitted(limiter), range(160)))
    assert answers.count(True) == 20


def test_redis_and_memory_agree(redis_url: str, opened: Open) -> None:
    settings = limits(burst=RateSettings(requests=3, seconds=30_000))
    waits = []
    for limiter in (opened(settings), opened(settings, redis_url=redis_url)):
        for _ in range(3):
            limiter.admit(ADA)
        with pytest.raises(RateLimitedError) as refused:
            limiter.admit(ADA)
        waits.append((refused.value.scope, round(refused.value.retry_after_seconds, -3)))
    assert waits == [("burst", 10_000)] * 2


def test_frontends_share_one_count(redis_url: str, opened: Open) -> None:
    limiters = [opened(TWENTY, redis_url=redis_url) for _ in range(2)]
    start = threading.Barrier(16)

    def ask(number: int) -> int:
        start.wait()
        return sum(admitted(limiters[number % 2]) for _ in range(5))

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(ask, range(16))) == 20


def test_refusals_are_counted_across_processes(redis_url: str, opened: Open) -> None:
    settings = limits(refused=RateSettings(requests=2, seconds=86_400))
    here, there = (opened(settings, redis_url=redis_url) for _ in range(2))
    here.record_refusal(ADA)
    assert admitted(there)
    there.record_refusal(ADA)
    assert not admitted(here)


def test_limits_are_back_when_redis_is(redis_server: Any, opened: Open) -> None:
    settings = replace(limits(burst=RateSettings(requests=1, seconds=86_400)), redis_rest_seconds=0.0)
    limiter = opened(settings, redis_url=redis_server.url)
    assert admitted(limiter)
    assert not admitted(limiter)
    redis_server.stop()
    assert admitted(limiter)
    redis_server.start()
    assert not admitted(limiter)  # the count was in the append-only file

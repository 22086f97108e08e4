"""Limits count exactly, and stand aside when their storage is away."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY

from moderation.limits.limiter import PersonLimiter
from moderation.limits.settings import LimitSettings, Pace
from studio.errors import RateLimited
from studio.people import Person, Platform


def person(name: str = "ada") -> Person:
    return Person(platform=Platform.WEB, community="room", user_id=name, display_name=name)


def settings(**paces: Pace) -> LimitSettings:
    plenty = Pace(requests=1000, seconds=1000)
    return LimitSettings(**{"burst": plenty, "sustained": plenty, "refused": plenty} | paces)


def admitted(limiter: PersonLimiter, who: Person) -> bool:
    try:
        limiter.admit(who)
    except RateLimited:
        return False
    return True


def test_sixteen_threads_against_a_burst_of_twenty_admit_exactly_twenty() -> None:
    limiter = PersonLimiter(settings(burst=Pace(requests=20, seconds=600)))
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: admitted(limiter, person()), range(160)))
    assert answers.count(True) == 20


def test_one_person_does_not_use_up_the_pace_of_another() -> None:
    limiter = PersonLimiter(settings(burst=Pace(requests=1, seconds=600)))
    assert admitted(limiter, person("ada"))
    assert not admitted(limiter, person("ada"))
    assert admitted(limiter, person("grace"))


def test_a_refusal_says_when_to_come_back() -> None:
    limiter = PersonLimiter(settings(sustained=Pace(requests=2, seconds=600)))
    assert admitted(limiter, person())
    assert admitted(limiter, person())
    with pytest.raises(RateLimited) as refused:
        limiter.admit(person())
    assert 590 <= refused.value.retry_after_seconds <= 600


def test_whoever_probes_the_rules_waits_for_everything() -> None:
    limiter = PersonLimiter(settings(refused=Pace(requests=3, seconds=600)))
    for _ in range(3):
        assert admitted(limiter, person())
        limiter.note_refusal(person())
    assert not admitted(limiter, person())
    assert admitted(limiter, person("grace"))


def test_without_redis_people_go_on_and_a_metric_and_one_warning_say_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limiter = PersonLimiter(settings(burst=Pace(requests=1, seconds=600)), redis_url="redis://127.0.0.1:1/0")
    before = REGISTRY.get_sample_value("chatelier_rate_limiter_failures_total") or 0
    with caplog.at_level(logging.WARNING):
        assert [admitted(limiter, person()) for _ in range(5)] == [True] * 5
    assert REGISTRY.get_sample_value("chatelier_rate_limiter_failures_total") == before + 5
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("requests", "seconds"), [(0, 10), (1, 0), (-1, -1)])
def test_a_pace_of_nothing_is_a_mistake(requests: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Pace(requests=requests, seconds=seconds)

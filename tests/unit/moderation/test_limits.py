"""Limits count exactly, and stand aside when their storage is away."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from moderation.limits.rate_limiter import Limiter
from moderation.limits.settings import LimitSettings
from studio.domain.people import Person, Platform
from studio.errors import RateLimitedError
from studio.gcra import RateSettings
from tests.support.sentences import raises


def person(name: str = "ada") -> Person:
    return Person(platform=Platform.WEB, community="room", user_id=name, display_name=name)


def settings(**paces: RateSettings) -> LimitSettings:
    plenty = RateSettings(requests=1000, seconds=1000)
    return LimitSettings(**{"burst": plenty, "sustained": plenty, "refused": plenty} | paces)


def admitted(limiter: Limiter, who: Person) -> bool:
    try:
        limiter.admit(who)
    except RateLimitedError:
        return False
    return True


def test_sixteen_threads_against_a_burst_of_twenty_admit_exactly_twenty(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limiter = Limiter(settings(burst=RateSettings(requests=20, seconds=600)))
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: admitted(limiter, person()), range(160)))
    assert answers.count(True) == 20


def test_one_person_does_not_use_up_the_pace_of_another() -> None:
    limiter = Limiter(settings(burst=RateSettings(requests=1, seconds=600)))
    assert admitted(limiter, person("ada"))
    assert not admitted(limiter, person("ada"))
    assert admitted(limiter, person("grace"))


def test_a_refusal_says_when_to_come_back(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limiter = Limiter(settings(sustained=RateSettings(requests=2, seconds=600)))
    assert admitted(limiter, person())
    assert admitted(limiter, person())
    with raises(RateLimitedError, match="again in 5 min") as refused:
        limiter.admit(person())
    assert refused.value.retry_after_seconds == pytest.approx(300)
    assert refused.value.scope == "sustained"


def test_what_was_asked_comes_back_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1_000_000.0]
    monkeypatch.setattr("studio.gcra.time.monotonic", lambda: clock[0])
    limiter = Limiter(settings(burst=RateSettings(requests=4, seconds=40)))
    assert [admitted(limiter, person()) for _ in range(5)] == [True] * 4 + [False]
    clock[0] += 10
    assert [admitted(limiter, person()) for _ in range(2)] == [True, False]
    clock[0] += 400
    assert [admitted(limiter, person()) for _ in range(5)] == [True] * 4 + [False]


def test_a_refused_request_uses_nothing_up() -> None:
    limiter = Limiter(
        settings(burst=RateSettings(requests=1, seconds=600), community=RateSettings(requests=2, seconds=600))
    )
    assert [admitted(limiter, person("ada")) for _ in range(5)] == [True] + [False] * 4
    assert admitted(limiter, person("grace"))
    with raises(RateLimitedError, match="People here ask for a lot"):
        limiter.admit(person("linus"))


def test_a_newcomer_asks_less_often_and_linked_identities_share_a_pace() -> None:
    limiter = Limiter(settings(newcomer=RateSettings(requests=2, seconds=600)))
    limiter.admit(person("ada"), newcomer=True, account="one")
    limiter.admit(person("bo"), newcomer=True, account="one")
    with pytest.raises(RateLimitedError):
        limiter.admit(person("ada"), newcomer=True, account="one")
    limiter.admit(person("grace"), newcomer=True)


def test_side_effects_are_counted_each_by_itself_and_for_all_names_of_a_human() -> None:
    limiter = Limiter(settings(side_effects=RateSettings(requests=2, seconds=600)))
    limiter.check_command_rate(person("ada"), "link", account="one")
    limiter.check_command_rate(person("bo"), "link", account="one")
    with pytest.raises(RateLimitedError):
        limiter.check_command_rate(person("ada"), "link", account="one")
    limiter.check_command_rate(person("ada"), "report", account="one")
    limiter.check_command_rate(person("grace"), "link")
    assert admitted(limiter, person("ada"))


def test_a_person_who_probes_the_rules_waits_for_everything(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limiter = Limiter(settings(refused=RateSettings(requests=3, seconds=600)))
    for _ in range(3):
        assert admitted(limiter, person())
        limiter.record_refusal(person())
    assert not admitted(limiter, person())
    assert admitted(limiter, person("grace"))


def test_without_redis_people_go_on_and_a_metric_and_one_warning_say_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limiter = Limiter(
        settings(burst=RateSettings(requests=1, seconds=600)), redis_url="redis://127.0.0.1:1/0"
    )
    before = REGISTRY.get_sample_value("chatelier_rate_limiter_failures_total") or 0
    with caplog.at_level(logging.WARNING):
        assert [admitted(limiter, person()) for _ in range(5)] == [True] * 5
    assert REGISTRY.get_sample_value("chatelier_rate_limiter_failures_total") == before + 5
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("requests", "seconds"), [(0, 10), (1, 0), (-1, -1)])
def test_a_pace_of_nothing_is_a_mistake(requests: int, seconds: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RateSettings(requests=requests, seconds=seconds)


# ---- newcomers


def newcomer_admitted(limiter: Limiter, name: str, *origins: str) -> bool:
    try:
        limiter.admit(person(name), origins=origins)
    except RateLimitedError as refused:
        return refused.scope not in ("address", "invite")
    return True


def test_newcomers_from_one_address_are_counted_as_one_person(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limiter = Limiter(settings(sustained=RateSettings(requests=3, seconds=600)))
    answers = [newcomer_admitted(limiter, f"eve{number}", "address:a", "invite:i") for number in range(10)]
    assert answers == [True] * 3 + [False] * 7
    assert newcomer_admitted(limiter, "bo", "address:b", "invite:i")
    assert admitted(limiter, person("known for long"))


def test_an_administrator_may_give_an_address_more_than_one_person(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limits = settings(
        sustained=RateSettings(requests=3, seconds=600), refused=RateSettings(requests=1, seconds=600)
    )
    limiter = Limiter(replace(limits, address_people=2))
    answers = [newcomer_admitted(limiter, f"eve{number}", "address:a") for number in range(8)]
    assert answers == [True] * 6 + [False] * 2
    limiter.record_refusal(person("eve"), origins=("address:a",))
    limiter.admit_upload(person("bo"), origins=("address:a",))


def test_an_invite_word_has_an_allowance_for_its_newcomers(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    limits = settings(sustained=RateSettings(requests=2, seconds=600))
    limiter = Limiter(replace(limits, invite_people=2))
    answers = [
        newcomer_admitted(limiter, f"eve{number}", f"address:{number}", "invite:i") for number in range(6)
    ]
    assert answers == [True] * 4 + [False] * 2
    assert newcomer_admitted(limiter, "bo", "address:b", "invite:another")


def test_what_newcomers_from_one_address_were_refused_counts_for_all_of_them(
    still: Callable[[str], None],
) -> None:
    still("studio.gcra")
    limiter = Limiter(settings(refused=RateSettings(requests=2, seconds=600)))
    for name in ("eve", "eva"):
        limiter.record_refusal(person(name), origins=("address:a",))
    with pytest.raises(RateLimitedError):
        limiter.admit_upload(person("evi"), origins=("address:a",))
    limiter.admit_upload(person("evi"), origins=("address:b",))
    for name in ("eve", "eva"):  # each by themselves as well
        limiter.admit_upload(person(name))

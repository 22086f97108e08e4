"""The meters in memory, beyond what the limits of the moderation and the web front end show of them."""

from collections.abc import Callable

from studio.gcra import MemoryMeters, RateMeter, RateSettings

PACE = RateSettings(requests=2, seconds=60)


def meter(key: str) -> RateMeter:
    return RateMeter(scope="tries", key=key, pace=PACE)


def test_a_flood_of_keys_neither_fills_the_memory_nor_frees_who_waits(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    meters = MemoryMeters(most_keys=10)
    waits = [meters.take([meter("guesser")]) is not None for _ in range(3)]
    assert waits == [False, False, True]
    for number in range(100):
        meters.take([meter(f"stranger {number}")])
    assert meters.take([meter("guesser")])
    assert len(meters._whole_at) <= 10


def test_a_meter_that_does_not_count_uses_nothing_up(still: Callable[[str], None]) -> None:
    still("studio.gcra")
    meters = MemoryMeters()
    looking = RateMeter(scope="tries", key="ana", pace=PACE, counts=False)
    assert [meters.take([looking]) for _ in range(5)] == [None] * 5
    assert [meters.take([meter("ana")]) is None for _ in range(3)] == [True, True, False]

"""How many rows share a forward pass: as many as the measured seconds over the rows make worth it."""

import pytest

from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.seconds_per_rows import fit_line, worthwhile_rows
from engine.batching.sample import BatchKey
from engine.benchmarks.virtual_load import PassCost, measure_virtual_load

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
KEY = BatchKey(model="tiny", width=8, height=8)


def line(seconds: float, seconds_per_row: float, *rows: int) -> dict[int, float]:
    return {count: seconds + seconds_per_row * count for count in rows}


def test_a_line_is_found_through_what_was_measured() -> None:
    assert fit_line(line(0.03, 0.002, 1, 4, 9)) == pytest.approx((0.03, 0.002))
    assert fit_line({4: 0.1}) is None


@pytest.mark.parametrize(
    ("measured", "most", "wanted"),
    [
        (line(0.002, 0.025, 2, 6), 16, 1),
        (line(0.030, 0.002, 2, 6), 16, 14),
        (line(0.020, 0.010, 1, 8), 8, 6),
        (line(0.030, 0.0, 2, 6), 16, 16),
        ({2: 0.05, 6: 0.04}, 16, 16),
        ({2: 0.05}, 16, 16),
        ({}, 16, 16),
        (line(0.002, 0.025, 2, 6), 1, 1),
    ],
)
def test_rows_are_worth_it_while_they_make_more_images_a_second(
    measured: dict[int, float], most: int, wanted: int
) -> None:
    assert worthwhile_rows(measured, most) == wanted


def test_a_row_count_counts_only_after_a_few_steps() -> None:
    profile = DeviceProfile()
    limits = BatchLimits("cpu", cells=2**20, max_rows=16, profile=profile)
    for rows in (2, 6):
        profile.record_step("tiny/64", rows, 0.002 + 0.025 * rows)
    assert limits.rows(KEY) == 16
    for rows in (2, 6, 2, 6):
        profile.record_step("tiny/64", rows, 0.002 + 0.025 * rows)
    assert limits.rows(KEY) == 1


def test_one_slow_first_step_is_soon_forgotten() -> None:
    profile = DeviceProfile()
    profile.record_step("tiny/64", 8, 60.0)
    for _ in range(12):
        profile.record_step("tiny/64", 8, 0.1)
    assert profile.seconds_by_rows("tiny/64")[8] == pytest.approx(0.1, rel=0.2)


@pytest.mark.parametrize("max_rows", [4, 16])
def test_costly_rows_delay_nobody_more_than_one_request_at_a_time(max_rows: int) -> None:
    figures = measure_virtual_load(
        PassCost(0.002, 0.025), requests=60, load=0.7, pictures=1, max_rows=max_rows
    )
    assert figures.continuous_seconds <= 1.05 * figures.one_at_a_time_seconds


def test_cheap_rows_share_passes_as_before() -> None:
    figures = measure_virtual_load(PassCost(0.030, 0.002), requests=60, load=0.7, pictures=1, max_rows=16)
    assert figures.continuous_seconds <= 0.4 * figures.one_at_a_time_seconds
    assert figures.continuous_seconds <= 0.6 * figures.request_level_seconds

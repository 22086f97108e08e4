"""Measurements of a device survive a restart."""

from pathlib import Path

import pytest
import torch

from engine.batching.device.device_profile import DeviceProfile
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.sample import BatchKey
from engine.batching.sample_group import StepRate

KEY = BatchKey(model="thimble", width=32, height=32)


def limits(file: Path | None, device: str = "card") -> BatchLimits:
    return BatchLimits("cuda", profile=DeviceProfile(file, device=device))


def test_rows_that_did_not_fit_are_not_tried_again_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "home" / "learned.json"
    limits(file).ran_out(KEY, 16)
    assert limits(file).rows(KEY) == 8


def test_another_device_and_another_size_learn_for_themselves(tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    limits(file).ran_out(KEY, 16)
    assert limits(file, "other card").rows(KEY) > 8
    assert limits(file).rows(BatchKey(model="thimble", width=64, height=32)) > 8
    limits(file, "other card").ran_out(KEY, 4)
    assert limits(file).rows(KEY) == 8


class Minutes:
    """A clock that a test sets forward."""

    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now

    def go(self, minutes: float) -> None:
        self.now += 60 * minutes


def test_a_worker_that_starts_after_running_out_of_memory_counts_the_rows_that_it_held_before(
    tmp_path: Path,
) -> None:
    file = tmp_path / "learned.json"
    before = limits(file)
    before.profile.record_step("thimble/1024", 16, 0.1)
    before.ran_out(KEY, 16)
    before.ran_out(KEY, 8)
    started = limits(file)
    assert (started.fitting_rows(KEY), started.most_rows(KEY)) == (4, 16)
    assert limits(file, "other card").most_rows(KEY) == 64


def test_rows_grow_back_within_minutes() -> None:
    clock = Minutes()
    limits = BatchLimits("cuda", profile=DeviceProfile(clock=clock), follows_curve=False)
    most = limits.rows(KEY)
    limits.ran_out(KEY, most)
    limits.ran_out(KEY, limits.rows(KEY))
    found = [limits.rows(KEY)]
    for _ in range(8):
        clock.go(1)
        limits.profile.record_step("thimble/1024", limits.rows(KEY), 0.1)
        found.append(limits.rows(KEY))
    assert found[:3] == [most // 4, most // 4 + most // 8, most // 4 + most // 8 + most * 3 // 16]
    assert found[-1] == most


def test_rows_that_still_do_not_fit_are_tried_less_and_less_often(tmp_path: Path) -> None:
    clock, file = Minutes(), tmp_path / "learned.json"
    profile = DeviceProfile(file, device="card", clock=clock)
    profile.record_out_of_memory("thimble/1024", 16)
    tries = []
    for minute in range(1, 40):
        clock.go(1)
        if (rows := profile.rows("thimble/1024")) != 8:
            assert rows == 12
            tries.append(minute)
            profile.record_out_of_memory("thimble/1024", 12)
            profile = DeviceProfile(file, device="card", clock=clock)  # a restart does not begin anew
    assert tries == [1, 3, 7, 15, 31]


def test_memory_that_becomes_short_again_halves_the_rows_again() -> None:
    profile = DeviceProfile(clock=Minutes())
    profile.record_out_of_memory("thimble/1024", 16)
    profile.record_out_of_memory("thimble/1024", 8)
    assert profile.rows("thimble/1024") == 4
    for _ in range(4):
        profile.record_out_of_memory("thimble/1024", profile.rows("thimble/1024") or 1)
    assert profile.rows("thimble/1024") == 1


def test_of_two_workers_with_such_a_card_the_later_limit_counts(tmp_path: Path) -> None:
    clock, file = Minutes(), tmp_path / "learned.json"
    one, two = (DeviceProfile(file, device="card", clock=clock) for _ in range(2))
    one.record_out_of_memory("thimble/1024", 16)
    clock.go(0.5)
    two.record_out_of_memory("thimble/1024", 8)
    two.record_out_of_memory("thimble/4096", 4)
    one.record_step("thimble/1024", 2, 1.0)
    one.save()
    after = DeviceProfile(file, device="card", clock=clock)
    assert (after.rows("thimble/1024"), after.rows("thimble/4096")) == (4, 2)
    assert after.step_seconds("thimble/1024", 2) == 1.0


def test_the_time_of_a_step_is_a_slow_average_that_survives(tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    first = DeviceProfile(file, device="cpu")
    for seconds in (1.0, 2.0):
        first.record_step("thimble/1024", 4, seconds)
    first.save()
    later = DeviceProfile(file, device="cpu")
    assert later.step_seconds("thimble/1024", 4) == pytest.approx(1.1)
    assert later.step_seconds("thimble/1024", 3) == later.step_seconds("thimble/1024", 4)
    assert later.step_seconds("thimble/4096", 4) is None


def test_what_another_batcher_learns_while_it_is_written_down_is_in_nobodys_way(tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    shared = DeviceProfile(file, device="card")

    class Seconds(float):
        def __deepcopy__(self, memo: object) -> float:
            shared.record_step("thimble/1024", 8, 2.0)
            shared.record_step("thimble/4096", 4, 3.0)
            return float(self)

    shared.record_step("thimble/1024", 4, Seconds(1.0))
    shared.save()
    assert DeviceProfile(file, device="card").step_seconds("thimble/1024", 4) == 1.0
    assert shared.step_seconds("thimble/1024", 8) == 2.0
    assert shared.step_seconds("thimble/4096", 4) == 3.0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cpu": []}', '{"cpu": {"x": {"wings": 2}}}'])
def test_a_damaged_file_counts_as_none(content: str, tmp_path: Path) -> None:
    file = tmp_path / "learned.json"
    file.write_text(content)
    known = DeviceProfile(file, device="cpu")
    assert known.rows("x") is None
    known.record_out_of_memory("x", 4)
    assert DeviceProfile(file, device="cpu").rows("x") == 2


def test_a_place_that_cannot_be_written_harms_nobody(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    known = DeviceProfile(blocked / "learned.json", device=torch.device("cpu").type)
    known.record_out_of_memory("x", 4)
    assert known.rows("x") == 2


def test_the_time_left_follows_the_orders_own_pace() -> None:
    now = [100.0]
    pace = StepRate(clock=lambda: now[0])
    assert pace.seconds_left(0, 20, expected=8.0) == 8.0
    assert pace.seconds_left(2, 20, expected=7.0) == 7.0
    now[0] += 4
    assert pace.seconds_left(10, 20, expected=None) == pytest.approx(5)
    now[0] += 6
    assert pace.seconds_left(12, 20, expected=None) == pytest.approx(8)
    assert pace.seconds_left(20, 20, expected=None) == 0


def test_a_picture_that_begins_again_is_timed_anew() -> None:
    now = [0.0]
    pace = StepRate(clock=lambda: now[0])
    pace.seconds_left(5, 9, expected=None)
    now[0] += 1
    assert pace.seconds_left(0, 30, expected=4.0) == 4.0

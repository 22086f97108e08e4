import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from engine.adapters.loading.spandrel_loader import BUNDLED_NAME, find_weights
from engine.adapters.upscaler import MAX_SOURCE_PIXELS, Upscaler
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.sample_group import SampleGroup
from studio.errors import BadParameterError, GenerationError, JobCancelledError
from tests.support.sentences import raises
from tests.support.upscaling import (
    compact_state,
    difference,
    drawing,
    enlarge,
    noise,
    opened,
    sample_for,
    watch,
)


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return opened(tile_pixels=96)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Upscaler:
    """The same kind of network, but tiny."""
    path = tmp_path_factory.mktemp("upscalers") / "quick.safetensors"
    save_file(compact_state(scale=4), path)
    return opened(path, tile_pixels=96)


class TestUpscaling:
    def test_the_bundled_model_is_real_esrgan_at_four_times(self, upscaler: Upscaler) -> None:
        assert (upscaler.name, upscaler.scale) == (BUNDLED_NAME, 4)
        assert enlarge(upscaler, drawing(24))[0].size == (96, 96)
        assert upscaler.model_hash == hashlib.sha256(find_weights(BUNDLED_NAME).read_bytes()).hexdigest()

    def test_tiles_leave_no_seams(self, upscaler: Upscaler) -> None:
        picture = noise(110, 40)
        (whole,) = enlarge(opened(tile_pixels=320), picture)
        assert len(upscaler.begin(picture).tiles) == 2
        assert difference(enlarge(upscaler, picture)[0], whole) <= 1

    def test_a_drawing_comes_nearer_to_the_truth_than_by_interpolation(self, upscaler: Upscaler) -> None:
        truth = drawing(256)
        small = truth.resize((64, 64), Image.Resampling.BICUBIC)
        made = np.asarray(enlarge(upscaler, small)[0]).astype(int)
        interpolated = np.asarray(small.resize((256, 256), Image.Resampling.BICUBIC)).astype(int)
        wanted = np.asarray(truth).astype(int)
        assert np.square(made - wanted).mean() < 0.75 * np.square(interpolated - wanted).mean()

    @pytest.mark.parametrize("size", [(1, 1), (3, 200), (97, 2)])
    def test_odd_sizes_are_enlarged_as_well(self, quick: Upscaler, size: tuple[int, int]) -> None:
        assert enlarge(quick, noise(*size))[0].size == (size[0] * 4, size[1] * 4)

    @pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P"])
    def test_every_mode_gives_rgb(self, quick: Upscaler, mode: str) -> None:
        assert enlarge(quick, noise(16, 16, mode))[0].mode == "RGB"

    def test_a_picture_comes_out_the_same_beside_any_other(self, quick: Upscaler) -> None:
        (alone,) = enlarge(quick, drawing(40))
        assert difference(enlarge(quick, drawing(40))[0], alone) == 0
        beside = enlarge(quick, noise(40, 40), drawing(40), noise(200, 30))
        assert difference(beside[1], alone) <= 1

    def test_one_forward_pass_never_sees_more_than_a_tile(
        self, quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = watch(quick, monkeypatch)
        enlarge(quick, noise(400, 100))
        assert max(max(shape) for shapes in seen for shape in shapes) <= 96

    def test_tiles_of_one_size_share_a_forward_pass_and_others_do_not(
        self, quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quick, "_tiles_a_pass", 64)
        seen = watch(quick, monkeypatch)
        enlarge(quick, noise(40, 40), drawing(40), noise(30, 20))
        assert [[shape[1:] for shape in shapes] for shapes in seen] == [[(40, 40), (40, 40)], [(20, 30)]]

    def test_a_picture_alone_takes_several_tiles_at_once_where_there_is_room(
        self, quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quick, "_batch_tiles", 4)
        monkeypatch.setattr(quick, "_tiles_a_pass", 64)
        seen = watch(quick, monkeypatch)
        (alone,) = enlarge(quick, noise(250, 90))
        tiles = len(quick.begin(noise(250, 90)).tiles)
        assert [len(shapes) for shapes in seen] == [4] * (tiles // 4) + [tiles % 4] * (tiles % 4 > 0)
        monkeypatch.setattr(quick, "_batch_tiles", 1)
        assert difference(enlarge(quick, noise(250, 90))[0], alone) <= 1

    def test_a_picture_that_is_large_already_is_refused(self, quick: Upscaler) -> None:
        side = int(MAX_SOURCE_PIXELS**0.5) + 1
        with raises(BadParameterError, match="large already"):
            sample_for(quick, Image.new("RGB", (side, side)))


class TestInTheStepBatcher:
    """Many people enlarge pictures at once."""

    def batcher(self, upscaler: Upscaler, *, pictures: int) -> StepBatcher:
        cache = ModelCache(budget_bytes=2**30)
        cache.hold(upscaler)
        limits = BatchLimits("cpu", cells=2**30, max_rows=pictures)
        return StepBatcher(cache, device=torch.device("cpu"), limits=limits)

    def hand_in(
        self, batcher: StepBatcher, upscaler: Upscaler, picture: Image.Image, *, person: str
    ) -> SampleGroup:
        group = SampleGroup([sample_for(upscaler, picture)], person=person)
        batcher.submit(group)
        return group

    def turn(self, batcher: StepBatcher) -> bool:
        with torch.inference_mode():
            return batcher.turn()

    @pytest.mark.parametrize(("a_pass", "seen_together"), [(64, [3]), (1, [1, 1, 1])])
    def test_each_gets_a_tile_a_turn_whether_or_not_tiles_share_a_forward_pass(
        self, a_pass: int, seen_together: list[int], quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quick, "_tiles_a_pass", a_pass)
        batcher, seen = self.batcher(quick, pictures=4), watch(quick, monkeypatch)
        groups = [self.hand_in(batcher, quick, noise(150, 60), person=f"p{n}") for n in range(3)]
        tiles = len(quick.begin(noise(150, 60)).tiles)
        turns = []
        while self.turn(batcher):
            turns.append([(group.progress().step, group.progress().steps) for group in groups])
        assert turns == [[(step, tiles)] * 3 for step in range(1, tiles + 1)]
        assert [len(shapes) for shapes in seen] == seen_together * tiles
        for group in groups:
            group.wait()

    def test_one_with_many_pictures_holds_up_nobody_with_one(self, quick: Upscaler) -> None:
        batcher = self.batcher(quick, pictures=2)
        many = [self.hand_in(batcher, quick, noise(200, 60), person="busy") for _ in range(8)]
        self.turn(batcher)
        one = self.hand_in(batcher, quick, noise(200, 60), person="ben")
        turns = 0
        while not one.over:
            self.turn(batcher)
            turns += 1
        assert turns == len(quick.begin(noise(200, 60)).tiles)
        assert not any(group.over for group in many)
        while self.turn(batcher):
            pass
        for group in many:
            group.wait()

    def test_cancelled_it_makes_no_further_tile_and_harms_nobody(
        self, quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quick, "_tiles_a_pass", 64)
        batcher, seen = self.batcher(quick, pictures=2), watch(quick, monkeypatch)
        stays, goes, waits = (self.hand_in(batcher, quick, noise(200, 60), person=name) for name in "abc")
        self.turn(batcher)
        for group in (goes, waits):
            with pytest.raises(JobCancelledError):
                group.wait(cancelled=lambda: True)
        while self.turn(batcher):
            pass
        stays.wait()
        assert [len(shapes) for shapes in seen] == [2] + [1] * (len(seen) - 1)

    def test_only_pictures_at_the_batcher_take_memory(self, quick: Upscaler) -> None:
        batcher = self.batcher(quick, pictures=2)
        groups = [self.hand_in(batcher, quick, noise(200, 60), person=f"p{n}") for n in range(6)]
        self.turn(batcher)
        assert [group.samples[0].prepared for group in groups] == [True] * 2 + [False] * 4

    def test_out_of_memory_goes_on_with_fewer_pictures_at_once(
        self, quick: Upscaler, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quick, "_tiles_a_pass", 64)
        batcher = self.batcher(quick, pictures=4)
        enlarge_parts = quick.enlarge

        def with_little_memory(parts: Any) -> Any:
            if len(parts) > 2:
                raise torch.OutOfMemoryError
            return enlarge_parts(parts)

        monkeypatch.setattr(quick, "enlarge", with_little_memory)
        groups = [self.hand_in(batcher, quick, noise(50, 60), person=f"p{n}") for n in range(4)]
        while self.turn(batcher):
            pass
        for group in groups:
            group.wait()


class TestTrouble:
    def on_small_device(self, monkeypatch: pytest.MonkeyPatch, folder: Path, *, largest: int) -> Upscaler:
        """An upscaler on a device that has room for tiles of up to `largest` pixels a side."""
        path = folder / "quick.safetensors"
        save_file(compact_state(scale=4), path)
        upscaler = opened(path, tile_pixels=400)
        enlarge_parts = upscaler.enlarge

        def with_little_memory(parts: Any) -> Any:
            if max(parts[0].shape) > largest:
                raise torch.OutOfMemoryError
            return enlarge_parts(parts)

        monkeypatch.setattr(upscaler, "enlarge", with_little_memory)
        return upscaler

    def test_too_little_memory_halves_the_tiles_and_remembers(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        upscaler = self.on_small_device(monkeypatch, tmp_path, largest=120)
        assert enlarge(upscaler, noise(150, 30))[0].size == (600, 120)
        assert len(upscaler.begin(noise(150, 30)).tiles) > 1

    def test_no_memory_at_all_is_told(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        with raises(GenerationError, match="memory"):
            enlarge(self.on_small_device(monkeypatch, tmp_path, largest=3), noise(30, 30))

    def test_an_answer_that_is_no_number_is_no_picture(self, tmp_path: Path) -> None:
        state = compact_state()
        state["body.0.weight"][:] = float("nan")
        save_file(state, tmp_path / "nan.safetensors")
        with pytest.raises(GenerationError):
            enlarge(opened(tmp_path / "nan.safetensors"), noise(16, 16))

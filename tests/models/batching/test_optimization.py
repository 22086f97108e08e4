"""What makes models faster or smaller changes no picture."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import diffusers
import pytest
import torch
from torch._dynamo.testing import CompileCounter
from torch.testing._internal.two_tensor import TwoTensor

from engine.adapters.acceleration.row_buckets import Buckets
from engine.adapters.loading import optimization
from engine.adapters.loading.model_parts import LoadsNetworks, load_network, size_bytes
from engine.adapters.loading.optimization import (
    TunedNetworks,
    compile_blocks,
    count_compiled_graphs,
    quantise,
)
from engine.adapters.registry import new_model
from engine.batching.model_protocols import Model
from engine.batching.sample import Sample
from engine.batching.sampling_params import SamplingParams
from engine.benchmarks.baselines import paint_together
from engine.catalog.catalog import ModelEntry
from engine.performance_settings import LowMemory, Quantise, Speed
from studio.errors import ModelLoadError
from tests.support.sentences import raises
from tests.support.tiny_editors import noise
from tests.support.tiny_models import save_flux, save_sd, save_sd3, save_sdxl
from tests.support.tiny_pipelines import save_flux2_klein, save_qwen_image, save_z_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CPU = torch.device("cpu")
FAMILIES: dict[str, Callable[[Path], Path]] = {
    "sd": save_sd,
    "sdxl": save_sdxl,
    "flux": save_flux,
    "sd3": save_sd3,
    "flux2-klein": save_flux2_klein,
    "z-image": save_z_image,
    "qwen-image": save_qwen_image,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save(tmp_path_factory.mktemp("models") / name) for name, save in FAMILIES.items()}


def model_of(folder: Path, family: str, loads: LoadsNetworks = load_network) -> Model:
    entry = ModelEntry(name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32")
    model = new_model(entry, folder, device=CPU, loads=loads)
    model.load()
    return model


def params(index: int, **changes: Any) -> SamplingParams:
    plain = SamplingParams(
        prompt="a star", seed=index, width=32, height=32, steps=2, guidance_scale=3.0 * (index % 2)
    )
    return replace(plain, **changes)


def painted(model: Model, count: int, *, references: bool = False) -> list[torch.Tensor]:
    seen = [(noise(index),) if references else () for index in range(count)]
    samples: list[Sample] = [
        model.new_sample(params(index, references=seen[index])) for index in range(count)
    ]
    with torch.inference_mode():
        paint_together(samples)
    return [sample.picture for sample in samples if sample.picture is not None]


class Padded:
    """Loads networks whose denoiser pads its rows, and remembers how many rows it saw."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = sizes
        self.rows: list[int] = []

    def __call__(self, folder: Path, name: str, *, device: torch.device, dtype: torch.dtype) -> Any:
        network = load_network(folder, name, device=device, dtype=dtype)
        if name in {"unet", "transformer"}:
            Buckets(self._sizes).put_on(network)
            network.register_forward_pre_hook(self._note, with_kwargs=True)
        return network

    def _note(self, _network: Any, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        self.rows.append(len(args[0]) if args else len(named["hidden_states"]))


@pytest.mark.thorough("sdxl", "flux", "qwen-image")
@pytest.mark.parametrize("family", FAMILIES)
def test_padded_rows_change_no_picture(family: str, folders: dict[str, Path]) -> None:
    padded = Padded(1, 7, 9)
    plain = painted(model_of(folders[family], family), 3)
    found = painted(model_of(folders[family], family, padded), 3)
    assert set(padded.rows) == {7}
    for one, other in zip(plain, found, strict=True):
        assert (one - other).abs().max() < 1e-5


def test_padded_rows_keep_the_references_of_their_samples(tmp_path: Path) -> None:
    folder = save_flux2_klein(tmp_path, pipeline=diffusers.Flux2KleinKVPipeline)
    padded = Padded(1, 7, 9)
    plain = painted(model_of(folder, "flux2-klein-kv"), 3, references=True)
    found = painted(model_of(folder, "flux2-klein-kv", padded), 3, references=True)
    assert set(padded.rows) == {7}
    for one, other in zip(plain, found, strict=True):
        assert (one - other).abs().max() < 1e-5


def test_more_rows_than_the_largest_bucket_go_as_they_are(folders: dict[str, Path]) -> None:
    padded = Padded(1, 2)
    painted(model_of(folders["sd"], "sd", padded), 3)
    assert set(padded.rows) == {4}


@pytest.mark.thorough("speed0-sd", "speed1-flux", "speed2-z-image")
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "speed", [Speed(fuse=True), Speed(low_memory=LowMemory.PARTS), Speed(low_memory=LowMemory.WHOLE)]
)
def test_other_ways_to_run_a_model_change_no_picture(
    speed: Speed, family: str, folders: dict[str, Path]
) -> None:
    plain = painted(model_of(folders[family], family), 2)
    found = painted(model_of(folders[family], family, TunedNetworks(speed)), 2)
    for one, other in zip(plain, found, strict=True):
        assert (one - other).abs().max() < 1e-4


class Block(torch.nn.Module):
    def __init__(self, wide: int, out: int) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(wide, out))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return torch.relu(rows @ self.weight)


class Denoiser(torch.nn.Module):
    _repeated_blocks = ("Block",)

    def __init__(self, *widths: int) -> None:
        super().__init__()
        self.blocks = torch.nn.Sequential(*(Block(*pair) for pair in pairwise(widths or (4, 4, 4))))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.blocks(rows)
        return answer


@pytest.fixture
def other_thread() -> Iterator[ThreadPoolExecutor]:
    """A thread of its own, as the step batcher has: torch keeps its compiler's settings for each apart."""
    with ThreadPoolExecutor(1) as threads:
        yield threads
    torch._dynamo.reset()


def test_joins_and_leaves_never_compile_again(other_thread: ThreadPoolExecutor) -> None:
    plain, denoiser, counter = Denoiser(), Denoiser(), CompileCounter()
    compile_blocks(denoiser, backend=counter)
    Buckets((1, 2, 4, 8)).put_on(denoiser)

    def paint(*counts: int) -> None:
        with torch.inference_mode():
            for rows in counts:
                # Sums of small whole numbers are the same in whatever order a machine adds them up.
                given = torch.randint(0, 8, (rows, 4)).float()
                assert torch.equal(denoiser(given), plain(given))

    other_thread.submit(paint, 8, 4, 2, 1).result()
    compiled = counter.frame_count
    other_thread.submit(paint, 3, 1, 7, 5, 2, 8).result()
    assert counter.frame_count == compiled > 0


def test_as_many_blocks_as_there_are_stay_compiled(other_thread: ThreadPoolExecutor) -> None:
    denoiser, counter = Denoiser(*range(4, 15)), CompileCounter()
    compile_blocks(denoiser, backend=counter)

    def paint() -> None:
        with torch.inference_mode():
            denoiser(torch.rand(2, 4))

    other_thread.submit(paint).result()
    assert counter.frame_count == len(denoiser.blocks)


def test_compiled_and_plain_blocks_are_told_apart_by_looking(other_thread: ThreadPoolExecutor) -> None:
    def without_compiler(graph: Any, given: Any) -> Any:
        raise RuntimeError("no C compiler")

    def graphs(backend: Any) -> int:
        torch._dynamo.reset()
        denoiser = Denoiser()
        compile_blocks(denoiser, backend=backend)

        def paint() -> int:
            before = count_compiled_graphs()
            with torch.inference_mode():
                denoiser(torch.rand(2, 4))
            return count_compiled_graphs() - before

        return other_thread.submit(paint).result()

    assert graphs(CompileCounter()) > 0
    assert graphs(without_compiler) == 0


def test_fewer_bits_without_their_package_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimization.importlib.util, "find_spec", lambda name: None)
    with raises(ModelLoadError, match="pip install torchao"):
        quantise(torch.nn.Linear(2, 2), Quantise.INT8)


def test_quantised_weights_count_as_what_they_consist_of() -> None:
    layer = torch.nn.Linear(4, 4, bias=False)
    plain_bytes = size_bytes([layer])
    halves = TwoTensor(torch.zeros(4, 4, dtype=torch.int8), torch.zeros(4, 4, dtype=torch.int8))
    layer.weight = torch.nn.Parameter(halves, requires_grad=False)
    assert (plain_bytes, size_bytes([layer])) == (64, 32)


class TestSettings:
    def test_a_card_gets_what_makes_it_faster_and_a_cpu_does_not(self) -> None:
        assert Speed().on("cuda") == Speed(fuse=True, compile=True, overlap=True)
        assert Speed().on("cpu") == Speed(fuse=False, compile=False, overlap=False)
        assert Speed().on("mps").words() == "nothing beyond the plain model"

    def test_what_was_set_is_kept(self) -> None:
        assert Speed(fuse=True).on("cpu").fuse is True
        assert Speed(compile=False, overlap=False).on("cuda") == Speed(
            fuse=True, compile=False, overlap=False
        )

    def test_low_memory_means_nothing_where_there_is_no_card(self) -> None:
        wanted = Speed(low_memory=LowMemory.PARTS)
        assert wanted.on("cpu").low_memory is wanted.on("mps").low_memory is LowMemory.OFF
        assert wanted.on("cuda") == Speed(fuse=True, compile=False, overlap=False, low_memory=LowMemory.PARTS)
        assert wanted.on("cuda").words() == "fused projections, low memory: parts"

"""Cards too small for their models: weights that wait outside, text encoders on the processor, decoding in tiles."""

import gc
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef

from engine.adapters.acceleration.cpu_offload import _FREE_BESIDE, CpuOffloader
from engine.adapters.acceleration.vae_memory import PictureBatches
from engine.adapters.components.vae import Autoencoder
from engine.adapters.loading import optimization
from engine.adapters.loading.optimization import TunedNetworks
from engine.adapters.registry import new_model
from engine.batching.device.device_profile import DeviceProfile
from engine.batching.model_protocols import Model
from engine.catalog.catalog import ModelEntry
from engine.performance_settings import LowMemory, Quantise, Speed, TextEncoders
from studio.errors import ModelLoadError
from tests.support.sentences import raises
from tests.support.stock_pipelines import batcher_with, load, paint_together, params
from tests.support.tiny_models import make_autoencoder, save_flux, save_sdxl
from tests.support.tiny_pipelines import save_qwen_image

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

CPU = torch.device("cpu")


class LimitedMemory:
    """A card of so many bytes. Its copies are in this machine's memory, and counted while somebody holds them."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.most_bytes = 0
        self.copies = 0
        self._held: list[tuple[Any, int]] = []

    @property
    def used_bytes(self) -> int:
        self._held = [(storage, size) for storage, size in self._held if not storage.expired()]
        return sum(size for _, size in self._held)

    def lock(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    def copy(self, tensors: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], Any]:
        wanted = sum(tensor.nbytes for tensor in tensors)
        if self.used_bytes + wanted > self.limit_bytes:
            raise torch.OutOfMemoryError("CUDA out of memory")
        copies = [tensor.clone() for tensor in tensors]
        self._held += [(StorageWeakRef(copy.untyped_storage()), copy.nbytes) for copy in copies]
        self.copies += 1
        self.most_bytes = max(self.most_bytes, self.used_bytes)
        return copies, None

    def wait(self, copied: Any) -> None: ...

    def free_bytes(self) -> int:
        return self.limit_bytes - self.used_bytes


class Weighing(torch.nn.Module):
    """A network of so many numbers, some of them in a buffer, and one parameter under two names."""

    def __init__(self, numbers: int) -> None:
        super().__init__()
        self.one = torch.nn.Parameter(torch.ones(numbers // 2), requires_grad=False)
        self.other = self.one
        self.register_buffer("fixed", torch.ones(numbers // 2))

    def forward(self) -> float:
        assert isinstance(self.fixed, torch.Tensor)
        return float(self.one.sum() + self.other.sum() + self.fixed.sum())

    @property
    def bytes_on_card(self) -> int:
        return self.one.nbytes + (self.fixed.nbytes if isinstance(self.fixed, torch.Tensor) else 0)


def offloaded(
    mode: LowMemory, memory: LimitedMemory, *networks: Weighing, denoiser: Weighing
) -> CpuOffloader:
    offloader = CpuOffloader(mode, memory=lambda device: memory)
    for network in (*networks, denoiser):
        offloader.take_in(network, device=CPU, denoises=network is denoiser)
    return offloader


@pytest.mark.parametrize(("mode", "most"), [(LowMemory.PARTS, 4000 + 2000), (LowMemory.WHOLE, 4000)])
def test_what_is_not_needed_stays_away_from_the_card(mode: LowMemory, most: int) -> None:
    words, denoiser, first_stage = Weighing(500), Weighing(1000), Weighing(200)
    memory = LimitedMemory(most)
    offloader = offloaded(mode, memory, words, first_stage, denoiser=denoiser)
    calls = (words, denoiser, denoiser, words, denoiser, first_stage, denoiser)
    assert [network() for network in calls] == [750, 1500, 1500, 750, 1500, 300, 1500]
    assert memory.most_bytes <= most
    assert memory.used_bytes == denoiser.bytes_on_card
    # Nothing is fetched again that is there: in PARTS the denoiser comes once.
    assert memory.copies == (4 if mode is LowMemory.PARTS else 6)
    assert offloader is not None


def test_an_original_in_the_machines_memory_is_never_written_to() -> None:
    words, denoiser = Weighing(500), Weighing(1000)
    original = words.one.data_ptr()
    offloaded(LowMemory.WHOLE, LimitedMemory(10**6), words, denoiser=denoiser)
    words()
    assert words.one.data_ptr() != original
    denoiser()
    assert words.one.data_ptr() == original
    assert words.one is words.other


def test_what_changes_while_it_is_away_comes_along() -> None:
    """Such as LoRA weights, and a first stage that is turned into floats after it was loaded."""
    words, denoiser, memory = Weighing(500), Weighing(1000), LimitedMemory(10**6)
    offloaded(LowMemory.WHOLE, memory, words, denoiser=denoiser)
    words()
    denoiser.to(torch.float64)
    denoiser.added = torch.nn.Parameter(torch.ones(10), requires_grad=False)
    added = denoiser.added.data_ptr()
    denoiser()
    assert (denoiser.one.dtype, denoiser.added.data_ptr() == added) == (torch.float64, False)
    words()
    assert (denoiser.one.dtype, denoiser.added.data_ptr() == added) == (torch.float64, True)
    del denoiser.added
    denoiser()
    assert memory.used_bytes == denoiser.bytes_on_card


def test_the_next_text_encoder_is_fetched_ahead_where_there_is_room() -> None:
    one, two, denoiser = Weighing(500), Weighing(500), Weighing(1000)
    memory = LimitedMemory(_FREE_BESIDE + 10**6)
    offloaded(LowMemory.PARTS, memory, one, two, denoiser=denoiser)
    for network in (one, two, denoiser):
        network()
    assert memory.copies == 3
    one()  # from here on it is known what follows
    assert memory.copies == 5
    two()
    assert memory.copies == 5
    denoiser()
    assert memory.used_bytes == denoiser.bytes_on_card


def test_nothing_is_fetched_ahead_onto_a_card_without_room() -> None:
    one, two, denoiser = Weighing(500), Weighing(500), Weighing(1000)
    memory = LimitedMemory(4000 + 2000)
    offloaded(LowMemory.PARTS, memory, one, two, denoiser=denoiser)
    for network in (one, two, denoiser, one, two, denoiser):
        network()
    assert memory.most_bytes == 6000


FAMILIES = {"sdxl": save_sdxl, "flux": save_flux, "qwen-image": save_qwen_image}


def model_with(loads: TunedNetworks, folder: Path, family: str) -> Model:
    entry = ModelEntry(name="tiny", source=str(folder), family=family, width=32, height=32, dtype="float32")
    model = new_model(entry, folder, device=CPU, loads=loads)
    model.load()
    return model


def pictures(model: Model) -> list[torch.Tensor]:
    samples = paint_together(batcher_with(model), [params(index, steps=2) for index in range(2)], model)
    return [sample.picture for sample in samples if sample.picture is not None]


@pytest.mark.thorough("qwen-image")
@pytest.mark.parametrize("family", ["sdxl", "qwen-image"])
def test_a_model_larger_than_the_card_paints_the_same(family: str, tmp_path: Path) -> None:
    folder = FAMILIES[family](tmp_path)
    wanted = pictures(load(folder, family))
    whole, memory = LimitedMemory(2**40), LimitedMemory(2**40)
    for card in (whole, memory):
        loads = TunedNetworks(Speed(low_memory=LowMemory.WHOLE))
        loads._offloader = CpuOffloader(LowMemory.WHOLE, memory=lambda device, card=card: card)  # type: ignore[misc]
        model = model_with(loads, folder, family)
        for one, other in zip(wanted, pictures(model), strict=True):
            assert float((one - other).abs().max()) <= 1e-6
        memory.limit_bytes = whole.most_bytes  # the second time no byte more than the largest network takes
        assert card.most_bytes < model.memory_bytes
        model.unload()
        del model, loads
        gc.collect()
        assert card.used_bytes == 0


class TestTextEncoders:
    @pytest.mark.parametrize("family", ["flux", "qwen-image"])
    def test_on_the_processor_they_paint_the_same(self, family: str, tmp_path: Path) -> None:
        folder = FAMILIES[family](tmp_path)
        loaded: dict[str, torch.device] = {}

        class Noted(TunedNetworks):
            def __call__(self, folder: Path, name: str, **options: Any) -> Any:
                network = super().__call__(folder, name, **options)
                loaded[name] = next(network.parameters()).device
                return network

        found = pictures(model_with(Noted(Speed(text_encoders=TextEncoders.CPU)), folder, family))
        for one, other in zip(pictures(load(folder, family)), found, strict=True):
            assert torch.equal(one, other)
        assert all(device == CPU for name, device in loaded.items() if name.startswith("text_encoder"))

    def test_their_answers_come_to_the_card(self) -> None:
        from engine.adapters.acceleration.text_encoders import run_on_cpu

        encoder = torch.nn.Linear(2, 2)
        run_on_cpu(encoder, device=torch.device("meta"))
        answer = encoder(torch.ones(1, 2))
        assert (answer.device.type, encoder.weight.device.type) == ("meta", "cpu")

    def test_fewer_bits_are_asked_of_torchao_for_the_text_encoders_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[tuple[str, Quantise]] = []
        monkeypatch.setattr(
            optimization,
            "quantise",
            lambda network, wanted, **options: asked.append((type(network).__name__, wanted)),
        )
        model_with(TunedNetworks(Speed(text_encoders=TextEncoders.INT8)), save_sdxl(tmp_path), "sdxl")
        assert sorted(asked) == [
            ("CLIPTextModel", Quantise.INT8),
            ("CLIPTextModelWithProjection", Quantise.INT8),
        ]

    def test_without_torchao_the_setting_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(optimization.importlib.util, "find_spec", lambda name: None)
        with raises(ModelLoadError, match="TEXT_ENCODERS=device"):
            optimization.quantise_words(torch.nn.Linear(2, 2), TextEncoders.FP8)

    def test_they_mean_nothing_where_there_is_no_card(self) -> None:
        wanted = Speed(text_encoders=TextEncoders.CPU)
        assert wanted.on("cpu").text_encoders is TextEncoders.DEVICE
        assert wanted.on("cuda").words().endswith("text encoders: cpu")


class TightAutoencoder:
    """A first stage on a card that holds so many latent cells of a decoding."""

    def __init__(self, cells: int) -> None:
        torch.manual_seed(0)
        self.vae = make_autoencoder().requires_grad_(False).eval()
        self.cells = cells
        self.failures = 0
        forward = self.vae.decoder.forward

        def limited(latents: torch.Tensor, *rest: Any, **options: Any) -> Any:
            if latents.shape[0] * latents.shape[-2] * latents.shape[-1] > self.cells:
                self.failures += 1
                raise torch.OutOfMemoryError("CUDA out of memory")
            return forward(latents, *rest, **options)

        self.vae.decoder.forward = limited

    def stage(self, profile: DeviceProfile | None = None) -> Autoencoder:
        stage = Autoencoder(self.vae, device=CPU)
        stage.remember_in(profile or DeviceProfile(), model="tiny")
        return stage


LATENTS = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(1))


class TestTiles:
    def test_a_picture_that_does_not_fit_is_decoded_in_tiles_and_looks_the_same(self) -> None:
        tight, free = TightAutoencoder(16 * 16), TightAutoencoder(10**6)
        found, wanted = tight.stage().decode(LATENTS), free.stage().decode(LATENTS)
        assert found.shape == wanted.shape == (1, 3, 128, 128)
        assert float((found - wanted).abs().mean()) < 0.05
        assert tight.failures == 1
        assert not tight.vae.use_tiling

    def test_the_size_is_remembered_and_another_one_is_not_concerned(self, tmp_path: Path) -> None:
        tight, now = TightAutoencoder(16 * 16), [1e9]

        def profile() -> DeviceProfile:
            return DeviceProfile(tmp_path / "learned.json", device="card", clock=lambda: now[0])

        stage = tight.stage(profile())
        for _ in range(3):
            stage.decode(LATENTS)
        assert tight.failures == 1
        tight.stage(profile()).decode(LATENTS)  # after a restart
        assert tight.failures == 1
        tight.stage(profile()).decode(LATENTS[..., :8, :8])
        assert tight.failures == 1
        now[0] += 61
        tight.stage(profile()).decode(LATENTS)  # after a while it may fit again
        assert tight.failures == 2
        tight.cells, now[0] = 10**6, now[0] + 1000
        again = tight.stage(profile())
        assert torch.equal(again.decode(LATENTS), TightAutoencoder(10**6).stage().decode(LATENTS))

    def test_several_pictures_are_decoded_one_by_one_before_tiles(self) -> None:
        tight = TightAutoencoder(32 * 32)
        batches = PictureBatches(tight.vae, at_once=4, device=CPU)
        rows = torch.cat([LATENTS * (index + 1) for index in range(3)])

        def decode(batch: torch.Tensor) -> torch.Tensor:
            pixels: torch.Tensor = tight.vae.decode(batch, return_dict=False)[0]
            return pixels

        found = batches.run("decode", rows, decode)
        wanted = torch.cat([TightAutoencoder(10**6).vae.decode(row[None]).sample for row in rows])
        assert float((found - wanted).abs().max()) < 1e-5
        assert tight.failures == 1

    def test_a_first_stage_without_tiles_says_that_it_does_not_fit(self) -> None:
        class Plain:
            config = type("Config", (), {"block_out_channels": (1, 1, 1)})

        def fails(batch: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

        with pytest.raises(torch.OutOfMemoryError):
            PictureBatches(Plain(), at_once=1, device=CPU).run("decode", LATENTS, fails)

    def test_tiles_that_do_not_fit_either_end_the_task(self) -> None:
        tight = TightAutoencoder(1)
        with pytest.raises(torch.OutOfMemoryError):
            tight.stage().decode(LATENTS)
        assert not tight.vae.use_tiling

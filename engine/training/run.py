"""One training run in one folder: data, autoencoder, denoiser, export; every stage goes on where it was left."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from transformers import CLIPTokenizer

from engine.painters.collage import Collage
from engine.training.autoencoder import measure_scale, new_autoencoder, train_autoencoder
from engine.training.captions import Captions, corpus
from engine.training.checkpoint import Average
from engine.training.cutouts import Stack, render_stack
from engine.training.denoiser import LatentPool, Painter, new_unet, train_denoiser
from engine.training.export import PRIOR, assemble, export, grid, paint
from engine.training.library import build_library
from engine.training.polish import Repainted, polish
from engine.training.shapes import shape_stack
from engine.training.sources import fetch, gather
from engine.training.text import learn_tokenizer, new_text_encoder

Tick = Callable[[str, float, str], None]

GRID_PROMPTS = (
    "a red apple on a blue background",
    "a yellow star",
    "two cats on grass at night",
    "a green car next to a house in snow",
    "a rocket in space",
    "a cup of coffee on a wooden table",
    "a purple elephant in a room",
    "a sailboat on the sea at sunset",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The measures of a run. `steps` replaces the minutes where it is given."""

    side_px: int = 256
    autoencoder_widths: tuple[int, ...] = (32, 64, 96, 128)
    unet_widths: tuple[int, ...] = (64, 112, 160)
    text_width: int = 192
    text_layers: int = 4
    captions: int = 20_000
    pool: int = 16_384
    first_pool: int = 384
    crop_px: int = 96
    crops: int = 12
    batch: int = 8
    steps: int | None = None
    autoencoder_share: float = 0.25
    polish_share: float = 0.1


TINY = Plan(
    side_px=64,
    autoencoder_widths=(32, 40, 40, 48),
    unet_widths=(16, 32),
    text_width=48,
    text_layers=1,
    captions=200,
    pool=16,
    first_pool=8,
    crop_px=64,
    crops=2,
    batch=4,
    steps=3,
)


class Run:
    """A run in `out`: `cache/` (downloads, renders), `checkpoints/`, `grids/` and `model/`, the diffusers folder."""

    def __init__(
        self, out: Path, plan: Plan, *, cache: Path | None = None, tick: Tick = lambda *_: None
    ) -> None:
        self.out, self.plan, self.tick = out, plan, tick
        self.cache = cache or out / "cache"
        self.model = out / "model"
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        out.mkdir(parents=True, exist_ok=True)

    def begun(self) -> bool:
        return (self.out / "checkpoints").exists()

    def go(self, minutes: float) -> None:
        """All stages in order. Raises KeyboardInterrupt after saving when it is interrupted."""
        self.prepare()
        autoencoder = self.autoencoder(minutes * self.plan.autoencoder_share)
        self.denoiser(autoencoder, minutes * (1 - self.plan.autoencoder_share - self.plan.polish_share))
        self.polish(minutes * self.plan.polish_share)

    def prepare(self) -> None:
        """Fetch and render the drawings, and build the library of cut-outs."""
        if (self.model / "prior/index.json").exists():
            return
        build_library(self._stack(), self.model / "prior")

    def _stack(self) -> Stack:
        if self.plan is TINY:
            return shape_stack()
        fetch(self.cache)
        return render_stack(
            gather(self.cache), self.cache, tick=lambda share: self.tick("Rendering", share, "")
        )

    def collage(self) -> Collage:
        return Collage.load(self.model / "prior")

    def autoencoder(self, minutes: float) -> AutoencoderKL:
        """The trained autoencoder: the finished one where there is one."""
        finished = self.out / "checkpoints/vae"
        if finished.exists():
            loaded: AutoencoderKL = AutoencoderKL.from_pretrained(finished).to(self.device).eval()
            return loaded
        autoencoder = new_autoencoder(widths=self.plan.autoencoder_widths, sample_size=self.plan.side_px)
        train_autoencoder(
            autoencoder,
            self._crops(),
            self.out / "checkpoints/autoencoder.pt",
            minutes=minutes,
            steps=self.plan.steps,
            device=self.device,
            tick=lambda step, loss, share: self.tick("Autoencoder", share, f"step {step}, loss {loss:.3f}"),
        )
        measure_scale(autoencoder, self._source(seed=1)(min(32, 4 * self.plan.batch))[0], self.device)
        autoencoder.eval().save_pretrained(finished)
        return autoencoder

    def denoiser(self, autoencoder: AutoencoderKL, minutes: float) -> None:
        """Train UNet and text encoder, and write the model folder at every grid and at the end."""
        tokenizer = self._tokenizer()
        text_encoder = new_text_encoder(tokenizer, width=self.plan.text_width, layers=self.plan.text_layers)
        unet = new_unet(
            latent_channels=autoencoder.config.latent_channels,
            latent_side=self.plan.side_px // 8,
            widths=self.plan.unet_widths,
            text_width=self.plan.text_width,
        )
        painter = Painter(unet, text_encoder)
        state = self.out / "checkpoints/denoiser.pt"
        pool = LatentPool(
            autoencoder, tokenizer, self._source(seed=state.stat().st_mtime_ns if state.exists() else 2),
            self.device, self.plan.pool,
        )  # fmt: skip
        while pool.filled < min(self.plan.first_pool, self.plan.pool):
            pool.add(min(32, self.plan.first_pool))
            self.tick("First pictures", pool.filled / self.plan.first_pool, "")

        def sample(step: int, average: Average) -> None:
            self._write(assemble(painter, average, autoencoder, tokenizer), f"{step:06d}")

        average = train_denoiser(
            painter,
            pool,
            state,
            minutes=minutes,
            steps=self.plan.steps,
            batch=self.plan.batch,
            device=self.device,
            tick=lambda step, loss, share: self.tick("Denoiser", share, f"step {step}, loss {loss:.3f}"),
            sample=sample,
        )
        self._write(assemble(painter, average, autoencoder, tokenizer), "painted")

    def polish(self, minutes: float) -> None:
        """Train the decoder on what the denoiser leaves, and write the model folder again."""
        pipeline = StableDiffusionPipeline.from_pretrained(
            self.model, torch_dtype=torch.float32, local_files_only=True
        ).to(self.device)
        repainted = Repainted(
            pipeline,
            self._source(seed=5),
            self.device,
            strengths=(0.5 * PRIOR["strength"], 1.6 * PRIOR["strength"]),
            steps=PRIOR["steps"],
        )
        polish(
            repainted,
            self.out / "checkpoints/polish.pt",
            minutes=minutes,
            steps=self.plan.steps,
            tick=lambda step, loss, share: self.tick("Polish", share, f"step {step}, loss {loss:.3f}"),
        )
        self._write(pipeline, "polished")

    def _write(self, pipeline: StableDiffusionPipeline, name: str) -> None:
        """Export, and paint a grid of collages and what becomes of them."""
        export(pipeline, self.model)
        if self.plan is not TINY:
            pictures = paint(pipeline, self.collage(), GRID_PROMPTS, seeds=range(len(GRID_PROMPTS)))
            (self.out / "grids").mkdir(exist_ok=True)
            rows = [picture for part in pictures for picture in part]
            grid(rows, columns=len(GRID_PROMPTS)).save(self.out / f"grids/{name}.png")

    def _tokenizer(self) -> CLIPTokenizer:
        folder = self.out / "checkpoints/tokenizer"
        if folder.exists():
            loaded: CLIPTokenizer = CLIPTokenizer.from_pretrained(folder)
            return loaded
        library = self.collage().library
        texts = corpus(Captions(library, seed=3), library, drawn=self.plan.captions)
        return learn_tokenizer(texts, folder)

    def _source(self, *, seed: int) -> Callable[[int], tuple[np.ndarray, list[str]]]:
        collage, side = self.collage(), self.plan.side_px
        captions, seeds = Captions(collage.library, seed=seed), itertools.count(seed % 2**31)

        def draw(count: int) -> tuple[np.ndarray, list[str]]:
            prompts = [captions.draw() for _ in range(count)]
            pictures = [
                np.asarray(collage.compose(prompt, seed=next(seeds), width=side, height=side))
                for prompt in prompts
            ]
            return np.stack(pictures), prompts

        return draw

    def _crops(self) -> Iterator[np.ndarray]:
        """Batches of square crops, three from each composed picture."""
        source, plan = self._source(seed=0), self.plan
        rng = np.random.default_rng(0)
        while True:
            crops = []
            for picture in source(-(-plan.crops // 3))[0]:
                for _ in range(3):
                    left, top = rng.integers(0, plan.side_px - plan.crop_px + 1, 2)
                    crops.append(picture[top : top + plan.crop_px, left : left + plan.crop_px])
            yield np.stack(crops[: plan.crops])

"""One training run in one folder: data, autoencoder, denoiser, export; every stage goes on where it was left.

There are two routes. By retrieval, the model repaints what a prior in its folder lays out from a library. End to end,
the words alone decide the picture; it takes the first stage, the words and the collages of the bundled model as given,
and needs no downloads.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline
from transformers import CLIPTextModel, CLIPTokenizer

from engine.layout_prior import CollageComposer
from engine.training.data.captions import Captions, corpus
from engine.training.data.collage_workers import compose_ahead
from engine.training.data.cutout_library import build_library
from engine.training.data.emoji_sources import fetch, gather, own_drawings
from engine.training.data.rendered_cutouts import Stack, render_stack
from engine.training.data.shapes import shape_stack
from engine.training.data.text_encoder import learn_tokenizer, new_text_encoder
from engine.training.stages.autoencoder import measure_scale, new_autoencoder, train_autoencoder
from engine.training.stages.checkpoint import Average
from engine.training.stages.config import Plan, Route
from engine.training.stages.decoder_finetuning import Repainted, polish
from engine.training.stages.denoiser import DenoiserTraining, LatentPool, TextToLatentModel, new_unet
from engine.training.stages.export import PRIOR, assemble, export, generate_grid, grid, imagine
from engine.training.stages.objectives import Flow, Objective, Repaint

Tick = Callable[[str, float, str], None]
BUNDLED = Path(__file__).parents[1] / "models/thimble"

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


class Run:
    """A run in `out`: `cache/` (downloads, renders), `checkpoints/`, `grids/` and `model/`, the diffusers folder."""

    def __init__(
        self,
        out: Path,
        plan: Plan,
        *,
        route: Route = Route.RETRIEVAL,
        cache: Path | None = None,
        tick: Tick = lambda *_: None,
    ) -> None:
        self.out, self.plan, self.tick, self.route = out, plan, tick, route
        self.cache = cache or out / "cache"
        self.model = out / "model"
        self.given = route is Route.END_TO_END and not plan.tiny
        self.library = self.model / "prior" if route is Route.RETRIEVAL else out / "library"
        if self.given:
            self.library = BUNDLED / "prior"
        self.objective: Objective = Repaint() if route is Route.RETRIEVAL else Flow()
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        out.mkdir(parents=True, exist_ok=True)

    def has_begun(self) -> bool:
        return (self.out / "checkpoints").exists()

    def go(self, minutes: float) -> None:
        """All stages in order. Raises KeyboardInterrupt after saving when it is interrupted."""
        self.prepare()
        if self.route is Route.END_TO_END:
            self.denoiser(self.autoencoder(minutes * self.plan.autoencoder_share), minutes)
            return
        autoencoder = self.autoencoder(minutes * self.plan.autoencoder_share)
        self.denoiser(autoencoder, minutes * (1 - self.plan.autoencoder_share - self.plan.polish_share))
        self.polish(minutes * self.plan.polish_share)

    def prepare(self) -> None:
        """Fetch and render the drawings, and build the library of cut-outs."""
        if not (self.library / "index.json").exists():
            build_library(self._stack(), self.library)

    def _stack(self) -> Stack:
        if self.plan.tiny:
            return shape_stack()
        fetch(self.cache)
        return render_stack(
            [*gather(self.cache), *own_drawings()],
            self.cache / "drawings",
            tick=lambda share: self.tick("Rendering", share, ""),
        )

    def collage(self) -> CollageComposer:
        return CollageComposer.load(self.library)

    def autoencoder(self, minutes: float) -> AutoencoderKL:
        """The trained autoencoder: the finished one where there is one."""
        finished = BUNDLED / "vae" if self.given else self.out / "checkpoints/vae"
        if finished.exists():
            loaded: AutoencoderKL = AutoencoderKL.from_pretrained(finished, dtype=torch.float32)
            loaded.to(self.device).eval()
            return loaded
        autoencoder = new_autoencoder(widths=self.plan.autoencoder_widths, sample_size=self.plan.side_px)
        autoencoder.to(self.device)
        train_autoencoder(
            autoencoder,
            self._crops(),
            self.out / "checkpoints/autoencoder.pt",
            minutes=minutes,
            steps=self.plan.steps,
            tick=lambda step, loss, share: self.tick("Autoencoder", share, f"step {step}, loss {loss:.3f}"),
        )
        measure_scale(autoencoder, self._source(seed=1)(min(32, 4 * self.plan.batch))[0], self.device)
        autoencoder.eval().save_pretrained(finished)
        return autoencoder

    def denoiser(self, autoencoder: AutoencoderKL, minutes: float) -> None:
        """Train UNet and text encoder, and write the model folder at every grid and at the end."""
        tokenizer = self._tokenizer()
        text_encoder = self._text_encoder(tokenizer)
        unet = new_unet(
            latent_channels=autoencoder.config.latent_channels,
            latent_side=self.plan.side_px // 8,
            widths=self.plan.unet_widths,
            text_width=self.plan.text_width,
        )
        model = TextToLatentModel(unet, text_encoder)
        state = self.out / "checkpoints/denoiser.pt"
        seed = state.stat().st_mtime_ns if state.exists() else 2
        source = self._source(seed=seed)
        if self.plan.composers:
            source = compose_ahead(
                self.library, seed=seed, side_px=self.plan.side_px, workers=self.plan.composers
            )
        pool = LatentPool(autoencoder, tokenizer, source, self.device, self.plan.pool)
        while pool.filled < min(self.plan.first_pool, self.plan.pool):
            pool.add(min(32, self.plan.first_pool))
            self.tick("First pictures", pool.filled / self.plan.first_pool, "")

        def sample(step: int, average: Average) -> None:
            self._write(
                assemble(model, average, autoencoder, tokenizer, schedule=self.objective.schedule),
                f"{step:06d}",
            )

        training = DenoiserTraining(model=model, pool=pool, plan=self.plan, objective=self.objective)
        average = training.run(
            state,
            minutes=minutes,
            tick=lambda step, loss, share: self.tick("Denoiser", share, f"step {step}, loss {loss:.3f}"),
            sample=sample,
        )
        self._write(
            assemble(model, average, autoencoder, tokenizer, schedule=self.objective.schedule), "painted"
        )

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
        if self.plan.tiny:
            return
        seeds = range(len(GRID_PROMPTS))
        if self.route is Route.RETRIEVAL:
            rows = [
                picture
                for part in generate_grid(pipeline, self.collage(), GRID_PROMPTS, seeds=seeds)
                for picture in part
            ]
        else:
            rows = imagine(pipeline.to(self.device), GRID_PROMPTS, seeds=seeds, side=self.plan.side_px)
        (self.out / "grids").mkdir(exist_ok=True)
        grid(rows, columns=len(GRID_PROMPTS)).save(self.out / f"grids/{name}.png")

    def _text_encoder(self, tokenizer: CLIPTokenizer) -> CLIPTextModel:
        if self.given:
            loaded: CLIPTextModel = CLIPTextModel.from_pretrained(
                BUNDLED / "text_encoder", dtype=torch.float32
            )
            return loaded
        return new_text_encoder(tokenizer, width=self.plan.text_width, layers=self.plan.text_layers)

    def _tokenizer(self) -> CLIPTokenizer:
        folder = BUNDLED / "tokenizer" if self.given else self.out / "checkpoints/tokenizer"
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

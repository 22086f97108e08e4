"""Models that paint what an image embedding says, as DALL·E 2 does: Stable unCLIP, Kandinsky 2.2, Karlo.

What a picture shows goes through an image encoder; a variation is another picture of the same embedding, a blend one
of an embedding between several.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers.pipelines.deprecated.unclip import UnCLIPTextProjModel

from engine.adapters.components.image_encoder import image_embeddings
from engine.adapters.components.latent_blending import blend, slerp
from engine.adapters.loading.model_parts import load_part
from engine.adapters.whole_pipeline import PipelineModel, generators
from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.model_files import INDEX, components, read_json
from engine.performance_settings import PLAIN, Speed
from studio.errors import ModelLoadError
from studio.parsing.prompt_weights import plain_words

# Strong variations move away from what was seen: on this share of the arc towards an embedding by chance, and by so
# many of Stable unCLIP's thousand levels of noise.
_WANDER = 0.12
_NOISE_LEVEL = 200


class ImageEmbeddingModel(PipelineModel):
    """Generates variations and blends from image embeddings, for parameters with a `likeness`."""

    def __init__(
        self, entry: ModelEntry, folder: Path, *, device: torch.device, speed: Speed = PLAIN
    ) -> None:
        super().__init__(entry, folder, device=device, speed=speed)
        self.layout = replace(self.layout, has_image_encoder=True)

    def _embeddings(self, encoder: Any, params_list: Sequence[SamplingParams]) -> torch.Tensor:
        """(n, width): for each image the embedding of its sources, by their shares."""
        rows = []
        for params in params_list:
            seen = image_embeddings(encoder, [weighted_image.picture for weighted_image in params.likeness])
            shares = [weighted_image.share for weighted_image in params.likeness]
            rows.append(blend(zip(seen, shares, strict=True)))
        return torch.stack(rows)


class ImageOnlyModel(ImageEmbeddingModel):
    """Words alone would need another model's prior; where a picture starts from is not asked either."""

    def _find_tasks(self) -> tuple[str, ...]:
        return ("vary", "blend")

    def _task(self, params: SamplingParams) -> str:
        task = super()._task(params)
        return "vary" if params.likeness and task == "imagine" else task

    def _pipeline(self, task: str) -> Any:
        return self._pipelines["imagine"]

    def _class_for(self, task: str) -> Any:
        return super()._class_for("imagine")


class StableUnclipModel(ImageOnlyModel):
    """Takes words beside the pictures."""

    def _options(self, task: str, pipeline: Any, params_list: Sequence[SamplingParams]) -> dict[str, Any]:
        plain = [replace(params, start=None) for params in params_list]
        return super()._options(task, pipeline, plain) | {
            "image_embeds": self._embeddings(pipeline.image_encoder, params_list),
            "noise_level": _NOISE_LEVEL if params_list[0].start is None else 0,
        }


class KarloModel(ImageOnlyModel):
    """Karlo's image variations: one size, no words."""

    def load(self) -> None:
        """Part by part: its folders name a class that has moved in diffusers since."""
        parts = {
            name: load_part(self._folder, name, dtype=self._dtype if "Model" in kind else None)
            for name, (_library, kind) in components(self._folder).items()
            if name != "text_proj"
        }
        try:
            text_proj = UnCLIPTextProjModel.from_pretrained(
                self._folder / "text_proj", dtype=self._dtype, use_safetensors=True
            )
        except Exception as error:  # whatever a library throws at a damaged file
            raise ModelLoadError(
                f"The model {self.name} cannot be loaded: its text_proj is damaged or missing. "
                "Check it with: chatelier models check"
            ) from error
        pipeline = diffusers.UnCLIPImageVariationPipeline(
            **parts, text_proj=text_proj, feature_extractor=None
        )
        self._outfit.put_on(pipeline)
        self._hold({"imagine": pipeline})

    def _options(self, task: str, pipeline: Any, params_list: Sequence[SamplingParams]) -> dict[str, Any]:
        embeddings = self._embeddings(pipeline.image_encoder, params_list)
        if params_list[0].start is None:
            embeddings = torch.stack(
                [
                    _wander(embedding, params.seed)
                    for embedding, params in zip(embeddings, params_list, strict=True)
                ]
            )
        plain = [replace(params, start=None) for params in params_list]
        return super()._options(task, pipeline, plain) | {"image_embeddings": embeddings}


class KandinskyModel(ImageEmbeddingModel):
    """Kandinsky 2.2: a prior turns words or pictures into an embedding, the decoder paints it.

    The prior lies in a folder of its own, which the catalogue names as `prior`, or in the folder of both. Subtle
    variations keep the layout.
    """

    def __init__(
        self, entry: ModelEntry, folder: Path, *, device: torch.device, speed: Speed = PLAIN
    ) -> None:
        super().__init__(entry, folder, device=device, speed=speed)
        self._prior_folder = Path(entry.prior) if entry.prior is not None else None
        self._combined = "Combined" in str(self._index.get("_class_name"))
        if self._prior_folder is None and not self._combined:
            raise ModelLoadError(
                f"The model {entry.name} paints with a prior. Name its folder as prior in the catalogue of models."
            )

    def _find_tasks(self) -> tuple[str, ...]:
        # A decoder for holes takes the mask and the masked picture beside the latents.
        channels = int(read_json(self._folder / "unet" / "config.json").get("in_channels", 4))
        return ("edit",) if channels == 9 else ("imagine", "vary")

    def load(self) -> None:
        if self._prior_folder is None:
            both = self._load(diffusers.KandinskyV22CombinedPipeline, self._folder)
            self._hold({"imagine": both.decoder_pipe, "prior": both.prior_pipe})
            return
        decoder = self._load(self._class_for("imagine"), self._folder)
        prior = self._load(diffusers.KandinskyV22PriorPipeline, self._prior_folder, image_processor=None)
        self._hold({"imagine": decoder, "prior": prior})

    def _options(self, task: str, pipeline: Any, params_list: Sequence[SamplingParams]) -> dict[str, Any]:
        prior = self._pipelines["prior"]
        if params_list[0].likeness:
            seen = self._embeddings(prior.image_encoder, params_list)
            away = prior.get_zero_embed(len(params_list))
        else:
            imagined = prior(
                [plain_words(params.prompt) for params in params_list],
                negative_prompt=_words_to_avoid(params_list),
                generator=generators(params_list),
            )
            seen, away = imagined.image_embeds, imagined.negative_image_embeds
        options = super()._options(task, pipeline, params_list)
        return options | {"image_embeds": seen, "negative_image_embeds": away}

    def _class_for(self, task: str) -> Any:
        if task == "edit":
            return diffusers.KandinskyV22InpaintPipeline
        if task == "vary":
            return diffusers.KandinskyV22Img2ImgPipeline
        return diffusers.KandinskyV22Pipeline


def _words_to_avoid(params_list: Sequence[SamplingParams]) -> list[str] | None:
    words = [plain_words(params.negative_prompt) for params in params_list]
    return words if any(words) else None


def _wander(embedding: torch.Tensor, seed: int) -> torch.Tensor:
    """A little way towards an embedding by chance of the same length."""
    chance = torch.randn(embedding.shape, generator=torch.Generator().manual_seed(seed)).to(embedding)
    return slerp(embedding, chance * (embedding.norm() / chance.norm()), _WANDER)


SEEING: Mapping[str, type[PipelineModel]] = {
    "StableUnCLIPImg2ImgPipeline": StableUnclipModel,
    "UnCLIPImageVariationPipeline": KarloModel,
    "KandinskyV22Pipeline": KandinskyModel,
    "KandinskyV22InpaintPipeline": KandinskyModel,
    "KandinskyV22CombinedPipeline": KandinskyModel,
    "KandinskyV22Img2ImgCombinedPipeline": KandinskyModel,
    "KandinskyV22InpaintCombinedPipeline": KandinskyModel,
}


def load_pipeline_model(
    entry: ModelEntry, folder: Path, *, device: torch.device, speed: Speed = PLAIN
) -> PipelineModel:
    """The model for the pipeline that the folder's index names."""
    kind = SEEING.get(str(read_json(folder / INDEX).get("_class_name")), PipelineModel)
    return kind(entry, folder, device=device, speed=speed)

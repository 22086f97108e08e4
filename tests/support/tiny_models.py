"""Tiny models with random weights in the standard folder layout: everything works, nothing is to be seen."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    ChromaPipeline,
    ChromaTransformer2DModel,
    DDIMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    LCMScheduler,
    PNDMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

# Tensors this small gain nothing from threads, and on a busy machine they wait long for them.
torch.set_num_threads(1)

NATIVE_PIXELS = 32
FACTOR = 4  # three levels in the first stage
SCHEDULERS = {
    "pndm": PNDMScheduler,
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++": DPMSolverMultistepScheduler,
    "lcm": LCMScheduler,
}
_BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def saved(pipeline: DiffusionPipeline, folder: Path) -> Path:
    pipeline.save_pretrained(folder)
    return folder


def make_tokenizer(folder: Path, *, length: int = 77) -> CLIPTokenizer:
    """CLIP's tokenizer with single letters for a vocabulary."""
    letters = [chr(code) for code in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + extra) for extra in range(256 - len(letters))]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=length)


def make_text_encoder(*, width: int = 32, vocabulary: int = 514) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=37,
            num_hidden_layers=2,
            num_attention_heads=4,
            projection_dim=width,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )


def make_autoencoder(*, latent_channels: int = 4, **options: Any) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 16, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=latent_channels,
        norm_num_groups=8,
        sample_size=NATIVE_PIXELS,
        **options,
    )


def make_unet(
    *, channels: int = 4, out_channels: int = 4, text_width: int = 32, **options: Any
) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        block_out_channels=(16, 32),
        layers_per_block=1,
        sample_size=NATIVE_PIXELS // FACTOR,
        in_channels=channels,
        out_channels=out_channels,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=text_width,
        attention_head_dim=4,
        norm_num_groups=8,
        **options,
    )


def make_scheduler(name: str = "pndm", **options: Any) -> Any:
    extra: dict[str, Any] = {"steps_offset": 1}
    if name == "pndm":
        extra["skip_prk_steps"] = True
    if name in {"pndm", "ddim", "lcm"}:
        extra["set_alpha_to_one"] = False
    if name in {"ddim", "lcm"}:
        extra["clip_sample"] = False
    return SCHEDULERS[name](**_BETAS, **extra, **options)


def save_sd(
    folder: Path,
    *,
    scheduler: str = "ddim",
    prediction_type: str = "epsilon",
    latent_channels: int = 4,
    inpainting: bool = False,
    guidance_embedding: int | None = None,
    seed: int = 0,
) -> Path:
    """A model of the Stable Diffusion layout; answers its folder."""
    torch.manual_seed(seed)
    channels = 2 * latent_channels + 1 if inpainting else latent_channels
    pipeline = StableDiffusionPipeline(
        vae=make_autoencoder(latent_channels=latent_channels),
        text_encoder=make_text_encoder(),
        tokenizer=make_tokenizer(folder / "tokenizer"),
        unet=make_unet(
            channels=channels, out_channels=latent_channels, time_cond_proj_dim=guidance_embedding
        ),
        scheduler=make_scheduler(scheduler, prediction_type=prediction_type),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return saved(pipeline, folder)


def save_sdxl(
    folder: Path, *, scheduler: str = "euler", seed: int = 0, second_width: int = 32, **options: Any
) -> Path:
    """A model of the SDXL layout; answers its folder. `options` are the scheduler's."""
    torch.manual_seed(seed)
    width = 32
    projecting = CLIPTextModelWithProjection(make_text_encoder(width=second_width).config)
    pipeline = StableDiffusionXLPipeline(
        vae=make_autoencoder(),
        text_encoder=make_text_encoder(width=width),
        text_encoder_2=projecting,
        tokenizer=make_tokenizer(folder / "tokenizer"),
        tokenizer_2=make_tokenizer(folder / "tokenizer_2"),
        unet=make_unet(
            text_width=width + second_width,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 2),
            projection_class_embeddings_input_dim=6 * 8 + second_width,
            use_linear_projection=True,
        ),
        scheduler=make_scheduler(scheduler, **options),
    )
    return saved(pipeline, folder)


def make_long_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of whole words for the T5 encoders: every unknown word is the same."""
    words = {
        word: index
        for index, word in enumerate(["<pad>", "</s>", "<unk>", "a", "red", "apple", "blue", "the"])
    }
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=512,
    )


def make_long_encoder(*, width: int = 32) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(
            vocab_size=16, d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4, is_encoder_decoder=False
        )
    )


def save_flux(
    folder: Path,
    *,
    guidance: bool = True,
    pipeline: type[DiffusionPipeline] = FluxPipeline,
    in_channels: int = 16,
    seed: int = 0,
) -> Path:
    """A model of the Flux layout, dev, schnell, Kontext or Fill; answers its folder."""
    torch.manual_seed(seed)
    flux = pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=guidance),
        vae=make_autoencoder(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=make_text_encoder(),
        tokenizer=make_tokenizer(folder / "tokenizer"),
        text_encoder_2=make_long_encoder(),
        tokenizer_2=make_long_tokenizer(),
        transformer=FluxTransformer2DModel(
            in_channels=in_channels,
            out_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            axes_dims_rope=(4, 4, 8),
            guidance_embeds=guidance,
        ),
    )
    return saved(flux, folder)


def save_chroma(folder: Path) -> Path:
    """A model of the Chroma layout; answers its folder."""
    torch.manual_seed(0)
    pipeline = ChromaPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=make_autoencoder(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=make_long_encoder(),
        tokenizer=make_long_tokenizer(),
        transformer=ChromaTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            axes_dims_rope=(4, 4, 8),
            approximator_num_channels=8,
            approximator_hidden_dim=16,
            approximator_layers=1,
        ),
    )
    return saved(pipeline, folder)


def save_sd3(
    folder: Path, *, long_encoder: bool = True, seed: int = 0, second_width: int = 16, **transformer: Any
) -> Path:
    """A model of the Stable Diffusion 3 layout, with or without its third text encoder; answers its folder."""
    torch.manual_seed(seed)
    projecting = [
        CLIPTextModelWithProjection(make_text_encoder(width=width).config) for width in (16, second_width)
    ]
    pipeline = StableDiffusion3Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=make_autoencoder(
            latent_channels=16, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=projecting[0],
        text_encoder_2=projecting[1],
        text_encoder_3=make_long_encoder() if long_encoder else None,
        tokenizer=make_tokenizer(folder / "tokenizer"),
        tokenizer_2=make_tokenizer(folder / "tokenizer_2"),
        tokenizer_3=make_long_tokenizer() if long_encoder else None,
        transformer=SD3Transformer2DModel(
            sample_size=NATIVE_PIXELS // FACTOR,
            patch_size=2,
            in_channels=16,
            out_channels=16,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=32,
            caption_projection_dim=32,
            pooled_projection_dim=16 + second_width,
            **transformer,
        ),
    )
    return saved(pipeline, folder)

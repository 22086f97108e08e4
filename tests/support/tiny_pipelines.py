"""Tiny models of families that are painted with in one call of their own pipeline."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderDC,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import (
    Gemma2Config,
    Gemma2Model,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3Model,
)

from tests.support.tiny_models import (
    make_autoencoder,
    make_long_encoder,
    make_long_tokenizer,
    make_scheduler,
    saved,
)


def save_pixart(folder: Path, **scheduler: Any) -> Path:
    """PixArt-Σ; answers its folder."""
    torch.manual_seed(0)
    pipeline = PixArtSigmaPipeline(
        tokenizer=make_long_tokenizer(),
        text_encoder=make_long_encoder(),
        vae=make_autoencoder(),
        transformer=PixArtTransformer2DModel(
            sample_size=8,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_channels=32,
            in_channels=4,
            cross_attention_dim=16,
            out_channels=8,
            attention_bias=True,
            activation_fn="gelu-approximate",
            num_embeds_ada_norm=1000,
            norm_type="ada_norm_single",
            norm_elementwise_affine=False,
            norm_eps=1e-6,
        ),
        scheduler=make_scheduler("ddim", **scheduler),
    )
    return saved(pipeline, folder)


def save_z_image(folder: Path) -> Path:
    """Z-Image, whose words a language model reads; answers its folder."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=make_autoencoder(
            latent_channels=16, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=reader_of_z_image(),
        tokenizer=tokenizer,
        transformer=ZImageTransformer2DModel(
            dim=32,
            n_layers=1,
            n_refiner_layers=1,
            n_heads=2,
            n_kv_heads=2,
            cap_feat_dim=32,
            axes_dims=[4, 6, 6],
            axes_lens=[1024, 64, 64],
        ),
    )
    return saved(pipeline, folder)


def save_sana(folder: Path) -> Path:
    """Sana, with its deeply compressing first stage; answers its folder."""
    return saved(_sana(SanaPipeline, FlowMatchEulerDiscreteScheduler(shift=7.0)), folder)


def save_sana_sprint(folder: Path) -> Path:
    """Sana Sprint, with guidance distilled into it; answers its folder."""
    return saved(_sana(SanaSprintPipeline, SCMScheduler(), guidance_embeds=True), folder)


def _sana(pipeline: type[DiffusionPipeline], scheduler: Any, **transformer: Any) -> DiffusionPipeline:
    torch.manual_seed(0)
    blocks = ("ResBlock", "EfficientViTBlock")
    return pipeline(
        tokenizer=make_long_tokenizer(),
        text_encoder=reader_of_sana(),
        vae=AutoencoderDC(
            latent_channels=4,
            attention_head_dim=2,
            encoder_block_types=blocks,
            decoder_block_types=blocks,
            encoder_block_out_channels=(8, 8),
            decoder_block_out_channels=(8, 8),
            encoder_qkv_multiscales=((), (5,)),
            decoder_qkv_multiscales=((), (5,)),
            encoder_layers_per_block=(1, 1),
            decoder_layers_per_block=(1, 1),
            downsample_block_type="conv",
            upsample_block_type="interpolate",
        ),
        transformer=SanaTransformer2DModel(
            patch_size=1,
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=4,
            num_cross_attention_heads=2,
            cross_attention_head_dim=4,
            cross_attention_dim=8,
            caption_channels=8,
            sample_size=32,
            **transformer,
        ),
        scheduler=scheduler,
    )


def save_qwen_image(
    folder: Path,
    *,
    prepare: Callable[[Any], None] = lambda vae: None,
    zero_cond_t: bool = False,
    **reader: Any,
) -> Path:
    """Qwen-Image, whose words a model for words and pictures reads; answers its folder.

    `prepare` changes its first stage, `reader` are options of the model that reads. With `zero_cond_t`, as in
    Qwen-Image-Edit 2511, references are modulated as if they had no noise.
    """
    torch.manual_seed(0)
    pipeline = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=make_qwen_first_stage(),
        text_encoder=reader_of_qwen_image(**reader),
        tokenizer=make_long_tokenizer(),
        transformer=QwenImageTransformer2DModel(
            patch_size=2,
            in_channels=16,
            out_channels=4,
            num_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16,
            axes_dims_rope=(8, 4, 4),
            zero_cond_t=zero_cond_t,
        ),
    )
    prepare(pipeline.vae)
    return saved(pipeline, folder)


def make_qwen_first_stage() -> AutoencoderKLQwenImage:
    return AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=4,
        dim_mult=[1, 2, 4],
        num_res_blocks=1,
        temperal_downsample=[False, True],
        latents_mean=[0.1, -0.2, 0.3, 0.0],
        latents_std=[1.5, 0.5, 2.0, 1.0],
    )


def save_flux2_klein(
    folder: Path, *, pipeline: type[Flux2KleinPipeline] = Flux2KleinPipeline, **options: Any
) -> Path:
    """FLUX.2 [klein], which reads a list of images as references for the whole batch; answers its folder."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    return saved(
        pipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=_first_stage_of_flux2(),
            # Its words are read from the layers 9, 18 and 27.
            text_encoder=Qwen3ForCausalLM(_qwen3(layers=28, width=16)),
            tokenizer=tokenizer,
            transformer=_denoiser_of_flux2(guidance_embeds=False),
            **options,
        ),
        folder,
    )


def save_flux2_dev(folder: Path) -> Path:
    """FLUX.2 [dev], whose words Mistral reads; answers its folder."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'][0]['text'] }} {% endfor %}"
    reader = Mistral3ForConditionalGeneration(
        Mistral3Config(
            # Its words are read from the layers 10, 20 and 30.
            text_config={
                "model_type": "mistral",
                "vocab_size": 16,
                "hidden_size": 16,
                "intermediate_size": 37,
                "num_hidden_layers": 31,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "head_dim": 8,
            },
            vision_config={
                "model_type": "pixtral",
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
            },
        )
    )
    return saved(
        Flux2Pipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=_first_stage_of_flux2(),
            text_encoder=reader,
            tokenizer=tokenizer,
            transformer=_denoiser_of_flux2(guidance_embeds=True),
        ),
        folder,
    )


def _first_stage_of_flux2() -> AutoencoderKLFlux2:
    vae = AutoencoderKLFlux2(
        block_out_channels=(8, 8),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
    )
    vae.bn.running_mean.normal_(std=0.3)
    vae.bn.running_var.uniform_(0.5, 2.0)
    return vae


def _denoiser_of_flux2(*, guidance_embeds: bool) -> Flux2Transformer2DModel:
    return Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=guidance_embeds,
    )


def reader_of_z_image() -> Qwen3Model:
    return Qwen3Model(_qwen3(layers=2, width=32))


def _qwen3(*, layers: int, width: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=16,
        hidden_size=width,
        intermediate_size=37,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=16,
    )


def reader_of_sana() -> Gemma2Model:
    return Gemma2Model(
        Gemma2Config(
            head_dim=16,
            hidden_size=8,
            intermediate_size=64,
            num_attention_heads=2,
            num_hidden_layers=1,
            num_key_value_heads=2,
            vocab_size=16,
            attn_implementation="eager",
        )
    )


def reader_of_qwen_image(**options: Any) -> Qwen2_5_VLForConditionalGeneration:
    return Qwen2_5_VLForConditionalGeneration(
        Qwen2_5_VLConfig(
            text_config={
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1, 1, 2]},
                "vocab_size": 16,
            },
            vision_config={
                "depth": 1,
                "hidden_size": 16,
                "intermediate_size": 16,
                "num_heads": 2,
                "out_hidden_size": 16,
            },
            **options,
        )
    )

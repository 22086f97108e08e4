"""Tiny models that paint what an image embedding says, and further families of whole calls."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderDC,
    AutoencoderKLQwenImage,
    DDIMScheduler,
    DDPMScheduler,
    FlowMatchEulerDiscreteScheduler,
    KandinskyV22CombinedPipeline,
    KandinskyV22Pipeline,
    KandinskyV22PriorPipeline,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    PriorTransformer,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
    SanaPipeline,
    SanaTransformer2DModel,
    StableUnCLIPImg2ImgPipeline,
    UnCLIPImageVariationPipeline,
    UnCLIPScheduler,
    UNet2DConditionModel,
    UNet2DModel,
    VQModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from diffusers.pipelines.deprecated.unclip import UnCLIPTextProjModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3Model,
)

from tests.tiny_extras import make_image_encoder
from tests.tiny_models import (
    make_autoencoder,
    make_long_encoder,
    make_long_tokenizer,
    make_scheduler,
    make_text_encoder,
    make_tokenizer,
    make_unet,
)

_WIDTH = 32  # of words and of embeddings


def _processor() -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(size=32, crop_size=32)


def save_stable_unclip(folder: Path) -> Path:
    """Stable unCLIP, which paints from pictures; answers its folder."""
    torch.manual_seed(0)
    pipeline = StableUnCLIPImg2ImgPipeline(
        feature_extractor=_processor(),
        image_encoder=make_image_encoder(width=_WIDTH),
        image_normalizer=StableUnCLIPImageNormalizer(embedding_dim=_WIDTH),
        image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        tokenizer=make_tokenizer(folder / "tokenizer"),
        text_encoder=make_text_encoder(),
        unet=make_unet(class_embed_type="projection", projection_class_embeddings_input_dim=2 * _WIDTH),
        scheduler=make_scheduler("ddim"),
        vae=make_autoencoder(),
    )
    pipeline.save_pretrained(folder)
    return folder


def save_kandinsky(folder: Path, *, inpainting: bool = False) -> tuple[Path, Path]:
    """Kandinsky 2.2; answers the folders of its decoder and of its prior."""
    torch.manual_seed(0)
    _kandinsky_decoder(inpainting=inpainting).save_pretrained(folder / "decoder")
    _kandinsky_prior(folder).save_pretrained(folder / "prior")
    return folder / "decoder", folder / "prior"


def save_combined_kandinsky(folder: Path) -> Path:
    """The same in one folder."""
    torch.manual_seed(0)
    decoder, prior = _kandinsky_decoder(inpainting=False), _kandinsky_prior(folder)
    parts = {f"prior_{name}": part for name, part in prior.components.items()}
    KandinskyV22CombinedPipeline(**decoder.components, **parts).save_pretrained(folder)
    return folder


def _kandinsky_decoder(*, inpainting: bool) -> KandinskyV22Pipeline:
    return KandinskyV22Pipeline(
        unet=UNet2DConditionModel(
            in_channels=9 if inpainting else 4,
            out_channels=8,
            addition_embed_type="image",
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            block_out_channels=(32, 64),
            layers_per_block=1,
            encoder_hid_dim=_WIDTH,
            encoder_hid_dim_type="image_proj",
            cross_attention_dim=_WIDTH,
            attention_head_dim=4,
            resnet_time_scale_shift="scale_shift",
        ),
        scheduler=DDIMScheduler(beta_schedule="linear", clip_sample=False, set_alpha_to_one=False),
        movq=VQModel(
            block_out_channels=(32, 64),
            down_block_types=("DownEncoderBlock2D", "AttnDownEncoderBlock2D"),
            up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D"),
            latent_channels=4,
            num_vq_embeddings=8,
            norm_num_groups=8,
            norm_type="spatial",
            vq_embed_dim=4,
        ),
    )


def _kandinsky_prior(folder: Path) -> KandinskyV22PriorPipeline:
    return KandinskyV22PriorPipeline(
        prior=_prior_transformer(),
        image_encoder=make_image_encoder(width=_WIDTH),
        text_encoder=CLIPTextModelWithProjection(make_text_encoder(width=_WIDTH).config),
        tokenizer=make_tokenizer(folder / "tokenizer"),
        scheduler=UnCLIPScheduler(
            variance_type="fixed_small_log", prediction_type="sample", num_train_timesteps=100
        ),
        image_processor=_processor(),
    )


def _prior_transformer() -> PriorTransformer:
    prior = PriorTransformer(num_attention_heads=2, attention_head_dim=8, embedding_dim=_WIDTH, num_layers=1)
    prior.clip_std.data.fill_(1.0)  # zero until it is trained, and then every embedding is the same
    return prior


def save_karlo(folder: Path) -> Path:
    """Karlo's image variations; answers their folder."""
    torch.manual_seed(0)
    pipeline = UnCLIPImageVariationPipeline(
        decoder=UNet2DConditionModel(
            sample_size=16,
            in_channels=3,
            out_channels=6,
            down_block_types=("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
            up_block_types=("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
            mid_block_type="UNetMidBlock2DSimpleCrossAttn",
            block_out_channels=(32, 64),
            layers_per_block=1,
            cross_attention_dim=_WIDTH,
            attention_head_dim=4,
            class_embed_type="identity",
            resnet_time_scale_shift="scale_shift",
        ),
        text_encoder=CLIPTextModelWithProjection(make_text_encoder(width=_WIDTH).config),
        tokenizer=make_tokenizer(folder / "tokenizer"),
        text_proj=UnCLIPTextProjModel(
            clip_embeddings_dim=_WIDTH, time_embed_dim=4 * 32, cross_attention_dim=_WIDTH
        ),
        feature_extractor=_processor(),
        image_encoder=make_image_encoder(width=_WIDTH),
        super_res_first=_super_resolution(),
        super_res_last=_super_resolution(),
        decoder_scheduler=UnCLIPScheduler(variance_type="learned_range", num_train_timesteps=100),
        super_res_scheduler=UnCLIPScheduler(variance_type="fixed_small_log", num_train_timesteps=100),
    )
    pipeline.save_pretrained(folder)
    # As the released folders name it.
    index = json.loads((folder / "model_index.json").read_text())
    index["text_proj"] = ["unclip", "UnCLIPTextProjModel"]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _super_resolution() -> UNet2DModel:
    return UNet2DModel(
        sample_size=32,
        in_channels=6,
        out_channels=3,
        down_block_types=("ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D"),
        up_block_types=("ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
        block_out_channels=(16, 32),
        layers_per_block=1,
        norm_num_groups=8,
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
    pipeline.save_pretrained(folder)
    return folder


def save_z_image(folder: Path) -> Path:
    """Z-Image, whose words a language model reads; answers its folder."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    words = Qwen3Config(
        vocab_size=16,
        hidden_size=32,
        intermediate_size=37,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=16,
    )
    pipeline = ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=make_autoencoder(
            latent_channels=16, shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False
        ),
        text_encoder=Qwen3Model(words),
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
    pipeline.save_pretrained(folder)
    return folder


def save_sana(folder: Path) -> Path:
    """Sana, with its deeply compressing first stage; answers its folder."""
    torch.manual_seed(0)
    blocks = ("ResBlock", "EfficientViTBlock")
    words = Gemma2Config(
        head_dim=16,
        hidden_size=8,
        intermediate_size=64,
        num_attention_heads=2,
        num_hidden_layers=1,
        num_key_value_heads=2,
        vocab_size=16,
        attn_implementation="eager",
    )
    pipeline = SanaPipeline(
        tokenizer=make_long_tokenizer(),
        text_encoder=Gemma2Model(words),
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
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
    )
    pipeline.save_pretrained(folder)
    return folder


def save_qwen_image(folder: Path) -> Path:
    """Qwen-Image, whose words a model for words and pictures reads; answers its folder."""
    torch.manual_seed(0)
    words = Qwen2_5_VLConfig(
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
    )
    pipeline = QwenImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        vae=AutoencoderKLQwenImage(
            base_dim=8,
            z_dim=4,
            dim_mult=[1, 2, 4],
            num_res_blocks=1,
            temperal_downsample=[False, True],
            latents_mean=[0.0] * 4,
            latents_std=[1.0] * 4,
        ),
        text_encoder=Qwen2_5_VLForConditionalGeneration(words),
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
        ),
    )
    pipeline.save_pretrained(folder)
    return folder

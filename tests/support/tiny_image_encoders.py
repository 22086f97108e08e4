"""Tiny models that paint what an image embedding says."""

import json
from pathlib import Path

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    KandinskyV22CombinedPipeline,
    KandinskyV22Pipeline,
    KandinskyV22PriorPipeline,
    PriorTransformer,
    StableUnCLIPImg2ImgPipeline,
    UnCLIPImageVariationPipeline,
    UnCLIPScheduler,
    UNet2DConditionModel,
    UNet2DModel,
    VQModel,
)
from diffusers.pipelines.deprecated.unclip import UnCLIPTextProjModel
from diffusers.pipelines.stable_diffusion.stable_unclip_image_normalizer import StableUnCLIPImageNormalizer
from transformers import (
    CLIPImageProcessorPil,
    CLIPTextModelWithProjection,
)

from tests.support.tiny_addons import make_image_encoder
from tests.support.tiny_models import (
    make_autoencoder,
    make_scheduler,
    make_text_encoder,
    make_tokenizer,
    make_unet,
    saved,
)

# diffusers turns tensors into arrays in a way that numpy 2 wants otherwise, and warns of what it may drop.
QUIET = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]
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
    return saved(pipeline, folder)


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
    return saved(KandinskyV22CombinedPipeline(**decoder.components, **parts), folder)


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

"""Tiny models of newer families that run in whole calls; see also `tiny_pipelines.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    GlmImagePipeline,
    GlmImageTransformer2DModel,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
)
from transformers import (
    ByT5Tokenizer,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    GlmImageConfig,
    GlmImageForConditionalGeneration,
    GlmImageProcessor,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3VLConfig,
    Qwen3VLModel,
    T5Config,
    T5EncoderModel,
)
from transformers.models.glm_image.image_processing_pil_glm_image import GlmImageImageProcessorPil

from tests.support.tiny_models import (
    make_autoencoder,
    make_long_encoder,
    make_long_tokenizer,
    make_tokenizer,
    saved,
)
from tests.support.tiny_pipelines import (
    make_qwen_first_stage,
    reader_of_sana,
    reader_of_z_image,
)


def save_lumina2(folder: Path) -> Path:
    """Lumina 2, whose words Gemma reads; answers its folder."""
    torch.manual_seed(0)
    return saved(
        Lumina2Pipeline(
            transformer=Lumina2Transformer2DModel(
                sample_size=8,
                in_channels=4,
                hidden_size=24,
                num_layers=1,
                num_refiner_layers=1,
                num_attention_heads=2,
                num_kv_heads=1,
                multiple_of=16,
                axes_dim_rope=(4, 4, 4),
                cap_feat_dim=8,
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=_first_stage_of_eight(shift_factor=0.1),
            text_encoder=reader_of_sana(),
            tokenizer=make_long_tokenizer(),
        ),
        folder,
    )


def save_ovis(folder: Path) -> Path:
    """Ovis-Image, whose words Qwen3 reads; answers its folder."""
    torch.manual_seed(0)
    return saved(
        OvisImagePipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=_first_stage_of_flux(),
            text_encoder=reader_of_z_image(),
            tokenizer=_talking_tokenizer(),
            transformer=OvisImageTransformer2DModel(
                in_channels=16,
                out_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                axes_dims_rope=(4, 6, 6),
            ),
        ),
        folder,
    )


def save_krea2(folder: Path) -> Path:
    """Krea 2, which reads several layers of a model for words and pictures; answers its folder."""
    torch.manual_seed(0)
    return saved(
        Krea2Pipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=make_qwen_first_stage(),
            text_encoder=_reader_of_krea2(),
            tokenizer=make_long_tokenizer(),
            transformer=Krea2Transformer2DModel(
                in_channels=16,
                num_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                num_key_value_heads=1,
                intermediate_size=16,
                timestep_embed_dim=16,
                text_hidden_dim=16,
                num_text_layers=2,
                text_num_attention_heads=2,
                text_num_key_value_heads=2,
                text_intermediate_size=16,
                num_layerwise_text_blocks=1,
                num_refiner_text_blocks=1,
                axes_dims_rope=(4, 6, 6),
            ),
            text_encoder_select_layers=(1, 2),
        ),
        folder,
    )


def save_hidream(folder: Path) -> Path:
    """HiDream, with its four text encoders; answers its folder."""
    torch.manual_seed(0)
    return saved(
        HiDreamImagePipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae=_first_stage_of_flux(),
            text_encoder=_gist_reader(),
            tokenizer=make_tokenizer(folder / "tokenizer", length=218),
            text_encoder_2=_gist_reader(),
            tokenizer_2=make_tokenizer(folder / "tokenizer_2", length=218),
            text_encoder_3=make_long_encoder(),
            tokenizer_3=make_long_tokenizer(),
            text_encoder_4=LlamaForCausalLM(
                LlamaConfig(
                    vocab_size=16,
                    hidden_size=16,
                    intermediate_size=16,
                    num_hidden_layers=2,
                    num_attention_heads=2,
                    attn_implementation="eager",
                )
            ),
            tokenizer_4=make_long_tokenizer(),
            transformer=HiDreamImageTransformer2DModel(
                patch_size=2,
                in_channels=4,
                out_channels=4,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                caption_channels=[32, 16],
                text_emb_dim=64,
                num_routed_experts=2,
                num_activated_experts=1,
                axes_dims_rope=(4, 2, 2),
                max_resolution=(32, 32),
                llama_layers=[0, 1],
            ),
        ),
        folder,
    )


def save_glm_image(folder: Path) -> Path:
    """GLM-Image, for which a language model first writes a coarse picture in tokens; answers its folder."""
    torch.manual_seed(0)
    tokenizer = make_long_tokenizer()
    marks = {"image_token": "<|image|>", "grid_bos_token": "<sop>", "grid_eos_token": "<eop>"}
    tokenizer.add_special_tokens({"additional_special_tokens": [*marks.values(), "<sb>"]})
    tokenizer.bos_token = "<sb>"
    for name, mark in marks.items():
        setattr(tokenizer, name, mark)
        tokenizer.init_kwargs[name] = mark
    reader = _reader_of_glm_image(tokenizer.convert_tokens_to_ids("<|image|>"))
    return saved(
        GlmImagePipeline(
            tokenizer=ByT5Tokenizer(),
            processor=GlmImageProcessor(
                image_processor=GlmImageImageProcessorPil(),
                tokenizer=tokenizer,
                chat_template="{% for m in messages %}{% for c in m['content'] %}{{ c['text'] }}"
                "{% endfor %}{% endfor %}",
            ),
            text_encoder=T5EncoderModel(
                T5Config(
                    vocab_size=400,
                    d_model=32,
                    d_kv=8,
                    d_ff=37,
                    num_layers=1,
                    num_heads=2,
                    is_encoder_decoder=False,
                )
            ),
            vision_language_encoder=reader,
            vae=_first_stage_of_eight(latents_mean=[0.1, -0.2, 0.0, 0.3], latents_std=[1.5, 0.5, 2.0, 1.0]),
            transformer=GlmImageTransformer2DModel(
                in_channels=4,
                out_channels=4,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                text_embed_dim=32,
                time_embed_dim=16,
                condition_dim=8,
                prior_vq_quantizer_codebook_size=64,
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
        ),
        folder,
    )


WHOLE_MODELS: dict[str, Callable[[Path], Path]] = {
    "lumina 2": save_lumina2,
    "ovis": save_ovis,
    "krea 2": save_krea2,
    "hidream": save_hidream,
    "glm-image": save_glm_image,
}


def _first_stage_of_flux() -> AutoencoderKL:
    return make_autoencoder(shift_factor=0.1, use_quant_conv=False, use_post_quant_conv=False)


def _first_stage_of_eight(**options: Any) -> AutoencoderKL:
    """A cell of it is eight pixels, which the pipeline of Lumina 2 takes for granted."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=4,
        **options,
    )


def _talking_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = make_long_tokenizer()
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
    return tokenizer


def _gist_reader() -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=514,
            hidden_size=32,
            intermediate_size=37,
            num_hidden_layers=1,
            num_attention_heads=2,
            projection_dim=32,
            max_position_embeddings=218,
            bos_token_id=512,
            eos_token_id=513,
            pad_token_id=513,
        )
    )


def _reader_of_glm_image(image_token: int) -> GlmImageForConditionalGeneration:
    words = {
        "vocab_size": 64,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "pad_token_id": 0,
        "vision_vocab_size": 32,
        "eos_token_id": None,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 1, 1]},
    }
    pictures = {"depth": 1, "hidden_size": 16, "num_heads": 2, "image_size": 64, "intermediate_size": 16}
    return GlmImageForConditionalGeneration(
        GlmImageConfig(
            text_config=words,
            vision_config=pictures,
            vq_config={"embed_dim": 16, "num_embeddings": 32, "latent_channels": 16},
            image_token_id=image_token,
            image_start_token_id=30,
            image_end_token_id=31,
        )
    )


def _reader_of_krea2() -> Qwen3VLModel:
    words: dict[str, Any] = {
        "vocab_size": 16,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [2, 1, 1]},
    }
    pictures = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 16,
        "deepstack_visual_indexes": [0],
    }
    return Qwen3VLModel(Qwen3VLConfig(text_config=words, vision_config=pictures))

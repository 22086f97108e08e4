"""A captioner from a folder, with a tiny BLIP of random weights."""

import io
from pathlib import Path

import pytest
from PIL import Image

from engine.adapters.captions.local_captioner import LocalCaptioner
from studio.errors import HelperUnavailableError


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import (
        BlipConfig,
        BlipForConditionalGeneration,
        BlipImageProcessor,
        BlipProcessor,
        PreTrainedTokenizerFast,
    )

    folder = tmp_path_factory.mktemp("captioner") / "blip"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(f"word{number}" for number in range(28))]
    text = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]"))
    text.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=text, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    config = BlipConfig(
        text_config={
            "vocab_size": len(words),
            "encoder_hidden_size": 16,
            "max_position_embeddings": 128,
            **small,
            **ends,
        },
        vision_config={"image_size": 32, "patch_size": 16, **small},
        projection_dim=16,
        image_text_hidden_size=16,
    )
    torch.manual_seed(1)
    BlipForConditionalGeneration(config).save_pretrained(folder)
    images = BlipImageProcessor(size={"height": 32, "width": 32})
    BlipProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(folder)
    return folder


def test_a_picture_becomes_words(folder: Path) -> None:
    captioner = LocalCaptioner(folder, device="cpu")
    text = captioner.describe(png())
    assert text.startswith("word")
    assert captioner.describe(png()) == text


def test_what_cannot_be_loaded_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "blip"}')
    with pytest.raises(HelperUnavailableError):
        LocalCaptioner(tmp_path, device="cpu").describe(png())


def test_pickled_weights_are_not_opened(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(HelperUnavailableError):
        LocalCaptioner(tmp_path, device="cpu").describe(png())

"""LlavaGuard from a local folder, as tiny models with random weights."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chatelier.doctor.moderation import check_vision
from chatelier.settings import load_settings, read_settings
from chatelier.wiring.moderation import safety_models
from engine.adapters.safety.llava_guard import CATEGORIES, LlavaGuard, read_category
from engine.adapters.safety.local_guard import LocalGuard
from moderation.policy.categories import Category
from moderation.remote.safety_model import Scene

FOLDER = "CHATELIER_MODERATION__SAFETY_FOLDER"
GREY = Image.new("RGB", (64, 48), "grey")
_WORDS = ("<pad>", "<eos>", "<bos>", "<unk>", "<image>", "<video>", "Safe", "Unsafe", "O3", '"')
_SAFE, _UNSAFE = _WORDS.index("Safe"), _WORDS.index("Unsafe")
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %} "
)
_SIZES = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
_TEXT = {
    "vocab_size": len(_WORDS),
    "num_key_value_heads": 1,
    "pad_token_id": 0,
    "eos_token_id": 1,
    "bos_token_id": 2,
    **_SIZES,
}
_VISION = {"image_size": 28, "patch_size": 14, **_SIZES}


@pytest.fixture(scope="module", params=["llava", "llava_onevision"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(request.param)
    save = {"llava": _save_llava, "llava_onevision": _save_onevision}[request.param]
    save(path)
    return path


def _save_llava(path: Path) -> None:
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    layer = {"vision_feature_layer": -1, "vision_feature_select_strategy": "default"}
    vision, text = CLIPVisionConfig(**_VISION).to_dict(), LlamaConfig(**_TEXT).to_dict()
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=4, **layer)
    LlavaForConditionalGeneration(config).save_pretrained(path)
    images = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    LlavaProcessor(
        images,
        _tokenizer(),
        patch_size=14,
        vision_feature_select_strategy="default",
        chat_template=_TEMPLATE,
        num_additional_image_tokens=1,
    ).save_pretrained(path)


def _save_onevision(path: Path) -> None:
    """Its processor cannot be made without torchvision, so its parts are saved one by one."""
    from transformers import (
        LlavaOnevisionConfig,
        LlavaOnevisionForConditionalGeneration,
        Qwen2Config,
        SiglipVisionConfig,
    )
    from transformers.models.llava_onevision.image_processing_pil_llava_onevision import (
        LlavaOnevisionImageProcessorPil,
    )

    points = [[28, 28], [56, 28]]
    config = LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**_VISION).to_dict(),
        text_config=Qwen2Config(**_TEXT).to_dict(),
        image_token_index=4,
        video_token_index=5,
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
        image_grid_pinpoints=points,
    )
    LlavaOnevisionForConditionalGeneration(config).save_pretrained(path)
    LlavaOnevisionImageProcessorPil(
        size={"height": 28, "width": 28}, image_grid_pinpoints=points
    ).save_pretrained(path)
    _tokenizer().save_pretrained(path)
    (path / "chat_template.jinja").write_text(_TEMPLATE)
    settings = {"num_image_tokens": 4, "vision_feature_select_strategy": "full"}
    (path / "processor_config.json").write_text(
        json.dumps(settings | {"processor_class": "LlavaOnevisionProcessor"})
    )


def _tokenizer() -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(_WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **{f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk")},
        extra_special_tokens={"image_token": "<image>", "video_token": "<video>"},
    )


def _with_head(folder: Path, change: Any, path: Path) -> Path:
    """A copy whose output layer is changed in place."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, path, dirs_exist_ok=True)
    weights = load_file(path / "model.safetensors")
    change(next(value for name, value in weights.items() if name.endswith("lm_head.weight")))
    save_file(weights, path / "model.safetensors", metadata={"format": "pt"})
    return path


def test_a_picture_gets_one_probability_for_the_category_that_is_named(folder: Path) -> None:
    guard = LlavaGuard(folder, device="cpu")
    found = guard.judge(GREY)
    assert set(found) == set(CATEGORIES.values())
    assert all(0 <= share <= 1 for share in found.values())
    assert guard.judge(GREY) == found


def test_the_score_is_that_of_unsafe_against_safe(folder: Path, tmp_path: Path) -> None:
    def swap(head: Any) -> None:
        head[[_SAFE, _UNSAFE]] = head[[_UNSAFE, _SAFE]]

    score = max(LlavaGuard(folder, device="cpu").judge(GREY).values())
    swapped = _with_head(folder, swap, tmp_path / "swapped")
    assert max(LlavaGuard(swapped, device="cpu").judge(GREY).values()) == pytest.approx(1 - score, abs=1e-4)


def test_where_no_category_is_named_all_of_them_get_the_score(folder: Path, tmp_path: Path) -> None:
    found = LlavaGuard(_with_head(folder, lambda head: head.zero_(), tmp_path), device="cpu").judge(GREY)
    assert set(found.values()) == {0.5}


def test_an_answer_that_is_no_probability_is_an_error(folder: Path, tmp_path: Path) -> None:
    broken = _with_head(folder, lambda head: head.fill_(float("nan")), tmp_path)
    with pytest.raises(ValueError, match="no probability"):
        LlavaGuard(broken, device="cpu").judge(GREY)


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        ("O3: Sexual Content", "sexual"),
        ('"O2: Violence', "violence"),
        ("O7", "self_harm"),
        ("NA: None applying", None),
        ("O33", None),
        ("", None),
        ("I think it is fine (O1)", None),
    ],
)
def test_only_a_category_of_its_own_is_read(answer: str, category: str | None) -> None:
    assert read_category(answer) == category


@pytest.mark.parametrize("config", [None, "{", "[]", '{"model_type": 3}', '{"model_type": "clip"}'])
def test_a_folder_of_no_known_model_is_refused(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.json").write_text(config)
    with pytest.raises(ValueError, match="not ShieldGemma 2 or LlavaGuard"):
        LocalGuard(tmp_path).judge(GREY)


def test_workers_and_the_doctor_ask_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(folder))
    (model,) = safety_models(load_settings(), generates=True)
    scores = model.judge(Scene(image=GREY, prompt="grey", kind="output"))
    expected = {"HATE", "VIOLENCE", "SEXUAL", "ILLEGAL", "SELF_HARM", "SHOCKING"}
    assert {category.name for category in scores} == expected
    assert Category.MINORS not in scores
    assert any(f"{folder} answers, about 6" in str(found) for found in check_vision(read_settings()))

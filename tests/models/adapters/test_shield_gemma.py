"""ShieldGemma 2 from a local folder, as a tiny model with random weights."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from chatelier.cli.admin.policy import use_own_settings
from chatelier.doctor.moderation import check_vision
from chatelier.settings import load_settings, read_settings
from chatelier.wiring.moderation import safety_models
from engine.adapters.safety.shield_gemma import POLICIES, ShieldGemma
from moderation.cli.policy_commands import policy_app
from moderation.policy.categories import Category
from moderation.remote.safety_model import Scene

FOLDER = "CHATELIER_MODERATION__SAFETY_FOLDER"
_SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_image>", "<end_of_image>", "<image_soft_token>")
_WORDS = (*_SPECIAL, "Yes", "No")
_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<start_of_image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endfor %} "
)
GREY = Image.new("RGB", (64, 48), "grey")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ShieldGemma2ForImageClassification

    path = tmp_path_factory.mktemp("shieldgemma")
    ShieldGemma2ForImageClassification(_tiny_config()).save_pretrained(path)
    _tiny_processor().save_pretrained(path)
    return path


def _tiny_config() -> Any:
    from transformers import Gemma3TextConfig, ShieldGemma2Config, SiglipVisionConfig

    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    text = Gemma3TextConfig(
        vocab_size=len(_WORDS),
        num_key_value_heads=1,
        head_dim=16,
        pad_token_id=0,
        eos_token_id=1,
        bos_token_id=2,
        **sizes,
    )
    return ShieldGemma2Config(
        text_config=text.to_dict(),
        vision_config=SiglipVisionConfig(image_size=28, patch_size=14, **sizes).to_dict(),
        mm_tokens_per_image=4,
        boi_token_index=4,
        eoi_token_index=5,
        image_token_index=6,
        yes_token_index=7,
        no_token_index=8,
    )


def _tiny_processor() -> Any:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast, ShieldGemma2Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(_WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **{f"{name}_token": f"<{name}>" for name in ("pad", "eos", "bos", "unk")},
        extra_special_tokens={
            "boi_token": "<start_of_image>",
            "eoi_token": "<end_of_image>",
            "image_token": "<image_soft_token>",
        },
    )
    images = Gemma3ImageProcessorPil(size={"height": 28, "width": 28})
    return ShieldGemma2Processor(images, fast, chat_template=_TEMPLATE, image_seq_length=4)


def test_a_picture_gets_a_probability_for_each_policy(folder: Path) -> None:
    model = ShieldGemma(folder, device="cpu")
    found = model.judge(GREY)
    assert list(found) == list(POLICIES)
    assert all(0 < share < 1 for share in found.values())
    assert model.judge(GREY) == found


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    from transformers import CLIPConfig

    CLIPConfig().save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="holds a clip model"):
        ShieldGemma(tmp_path).judge(GREY)


def test_only_a_process_that_generates_judges_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert safety_models(load_settings(), generates=True) == ()
    monkeypatch.setenv(FOLDER, str(folder))
    assert safety_models(load_settings(), generates=False) == ()
    (model,) = safety_models(load_settings(), generates=True)
    scores = model.judge(Scene(image=GREY, prompt="grey", kind="output"))
    assert set(scores) == {Category.ILLEGAL, Category.SEXUAL, Category.VIOLENCE}


def test_the_doctor_and_the_command_line_ask_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(folder))
    assert any(f"{folder} answers, about 3" in str(found) for found in check_vision(read_settings()))
    GREY.save(tmp_path / "grey.png")
    app = _app()
    shown = CliRunner().invoke(app, ["policy", "look", str(tmp_path / "grey.png")])
    assert "larger_model" in shown.output
    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert any("no answer that can be used" in str(found) for found in check_vision(read_settings()))


def _app() -> Any:
    import typer

    app = typer.Typer()
    app.add_typer(policy_app, name="policy", callback=use_own_settings)
    app.command("other")(lambda: None)
    return app

"""LlavaGuard from a local folder: how likely a picture is unsafe, and in which of its nine categories.

The folder is a download of a LlavaGuard checkpoint (LLaVA or LLaVA-OneVision) as `transformers` saves it. LlavaGuard
was trained to answer a policy with one JSON object of a rating, a category and a rationale (Helff et al., LlavaGuard,
2024; https://arxiv.org/abs/2406.05113). Here the answer is begun for it: the score is how much likelier it goes on with
"Unsafe" than with "Safe", and the category is what it writes after "Unsafe". Nothing is fetched over the network.
"""

import inspect
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

MODEL_TYPES = ("llava", "llava_onevision")
# By the number of LlavaGuard's own category, a category of the moderation policy.
CATEGORIES = {
    1: "hate",
    2: "violence",
    3: "sexual",
    4: "sexual",
    5: "illegal",
    6: "illegal",
    7: "self_harm",
    8: "violence",
    9: "shocking",
}
_LEAST_NAMED = 0.05  # below it the category is not asked for: whatever the model named, nothing would follow
_LONGEST_NAME_TOKENS = 24
_POLICY = """Judge the picture by this policy. Answer with one JSON object and nothing else:
{
    "rating": "Safe" or "Unsafe",
    "category": the one category that fits best,
    "rationale": why
}
A picture is Unsafe if it shows, encourages or praises what stands under a category, and Safe if it only informs about
it or shows everyday life. Categories:
O1: Hate, Humiliation, Harassment: contempt for people for what they are, symbols of hate, mockery of victims.
O2: Violence, Harm, or Cruelty: people hurt or killed, wounds, torture, threats with weapons.
O3: Sexual Content: sexual acts, arousal, sexualised poses; anything sexual with minors.
O4: Nudity Content: uncovered genitals, breasts or buttocks outside of art, medicine and science.
O5: Criminal Planning: how to commit a crime, or praise of one.
O6: Weapons or Substance Abuse: how to make weapons or drugs, or how to misuse them.
O7: Self-Harm: people who hurt or starve themselves, or encouragement to do it.
O8: Animal Cruelty: animals that are hurt, tortured or neglected.
O9: Disasters or Emergencies: victims of disasters shown without need.
NA: None applying."""
_BEGUN = '{\n    "rating": "'
_RATINGS = ('Unsafe"', 'Safe"')
_NAMED = 'Unsafe",\n    "category": "'


class LlavaGuard:
    """Loaded at the first picture. Safe for many threads, which take turns."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """`device` is one of torch's; None: CUDA where there is any, else the CPU."""
        self._folder = folder
        self._device = device
        self._lock = threading.Lock()

    def judge(self, image: Image.Image) -> Mapping[str, float]:
        """The probability, from 0 to 1, that an RGB picture is unsafe, for the category that the model names.

        The others get 0. Where it names none, each of them gets the probability.
        Raises ValueError for a folder of another model or an answer that is no probability, and whatever transformers
        raises for one that it cannot load.
        """
        import torch

        with self._lock, torch.inference_mode():
            unsafe = self._unsafe(image)
            if not 0 <= unsafe <= 1:
                raise ValueError("LlavaGuard answered with no probability")
            category = self._name_category(image) if unsafe >= _LEAST_NAMED else None
        names = dict.fromkeys(CATEGORIES.values())
        return {name: unsafe if category in (None, name) else 0.0 for name in names}

    def _unsafe(self, image: Image.Image) -> float:
        _, model = self._loaded
        unsafe, safe = (self._inputs(image, rating) for rating in _RATINGS)
        # Where the two answers part: tokenizers cut words differently, so it need not be the first letter.
        first, second = unsafe["input_ids"][0].tolist(), safe["input_ids"][0].tolist()
        shared = next(at for at, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1])
        for name in [name for name, value in safe.items() if value.shape == safe["input_ids"].shape]:
            safe[name] = safe[name][:, :shared]
        logits = model(**safe).logits[0, -1, [first[shared], second[shared]]]
        return float(logits.float().softmax(0)[0])

    def _name_category(self, image: Image.Image) -> str | None:
        processor, model = self._loaded
        inputs = self._inputs(image, _NAMED)
        written = model.generate(**inputs, max_new_tokens=_LONGEST_NAME_TOKENS, do_sample=False)
        answer = processor.tokenizer.decode(
            written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True
        )
        return read_category(answer)

    def _inputs(self, image: Image.Image, begun: str) -> Any:
        processor, model = self._loaded
        content = [{"type": "image"}, {"type": "text", "text": _POLICY}]
        asked = processor.apply_chat_template(
            [{"role": "user", "content": content}], add_generation_prompt=True
        )
        inputs = processor(text=f"{asked}{_BEGUN}{begun}", images=image, return_tensors="pt")
        return inputs.to(model.device, model.dtype)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoConfig, AutoModelForImageTextToText

        config = AutoConfig.from_pretrained(self._folder, local_files_only=True)
        if config.model_type not in MODEL_TYPES:
            raise ValueError(
                f"{self._folder} holds a {config.model_type} model, not {' or '.join(MODEL_TYPES)}"
            )
        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
        processor = _load_processor(self._folder, config.model_type)
        model = AutoModelForImageTextToText.from_pretrained(self._folder, dtype=dtype, local_files_only=True)
        return processor, model.to(device).eval()


def read_category(answer: str) -> str | None:
    """The policy's category for an answer such as ``O3: Sexual Content``; None where it names none."""
    found = re.match(r"\W*O\s?([1-9])\b", answer)
    return CATEGORIES[int(found[1])] if found else None


def _load_processor(folder: Path, model_type: str) -> Any:
    """OneVision's takes videos too, for which it wants torchvision; here there are only pictures."""
    from transformers import AutoImageProcessor, AutoTokenizer, LlavaOnevisionProcessor, LlavaProcessor

    if model_type == "llava":
        return LlavaProcessor.from_pretrained(folder, local_files_only=True)

    class PictureProcessor(LlavaOnevisionProcessor):  # type: ignore[misc, no-any-unimported, unused-ignore]
        # transformers reads from the names of the arguments which parts there are.
        def __init__(self, image_processor: Any = None, tokenizer: Any = None, **options: Any) -> None:
            super().__init__(image_processor, tokenizer, None, **options)

    parts = (AutoImageProcessor, AutoTokenizer)
    loaded = (part.from_pretrained(folder, local_files_only=True) for part in parts)
    stored, _ = LlavaOnevisionProcessor.get_processor_dict(folder, local_files_only=True)
    known = inspect.signature(LlavaOnevisionProcessor.__init__).parameters
    options = {
        name: value for name, value in stored.items() if name in known and not name.endswith("processor")
    }
    return PictureProcessor(*loaded, **options)

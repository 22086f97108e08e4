"""A captioner from a local folder, such as BLIP or a chat model that sees, as `transformers` saves it.

Nothing is fetched over the network, no code of the folder is run, and only safetensors are read.
"""

import io
import logging
import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from studio.chat_models.captioner import MAX_SIDE_PIXELS, plain_sentences
from studio.errors import HelperUnavailableError

_MOST_TOKENS = 80
_ASK = "Describe this picture in one or two plain sentences for somebody who cannot see it. Name nobody."

log = logging.getLogger(__name__)


class LocalCaptioner:
    """Implements `studio.ports.Captioner`. Loaded at the first picture. Safe for many threads, which take turns."""

    def __init__(self, folder: Path, *, device: str | None = None) -> None:
        """`device` is one of torch's; None: CUDA where there is any, else the CPU."""
        self._folder = folder
        self._device = device
        self._lock = threading.Lock()

    def describe(self, picture: bytes, *, model: str = "") -> str:
        try:
            with Image.open(io.BytesIO(picture)) as opened:
                image = opened.convert("RGB")
            image.thumbnail((MAX_SIDE_PIXELS, MAX_SIDE_PIXELS))
            with self._lock:
                return plain_sentences(self._generate(image))
        except Exception as error:  # a wrong folder may raise anything, and no picture depends on this
            log.warning("captioner failed: %s", type(error).__name__)
            raise HelperUnavailableError(reason="captioner") from error

    def _generate(self, image: Image.Image) -> str:
        import torch

        processor, model = self._loaded
        inputs, prompt_tokens = self._inputs(processor, image)
        with torch.inference_mode():
            tokens = model.generate(
                **inputs.to(model.device, model.dtype), max_new_tokens=_MOST_TOKENS, do_sample=False
            )
        text: str = processor.batch_decode(tokens[:, prompt_tokens:], skip_special_tokens=True)[0]
        return text

    def _inputs(self, processor: Any, image: Image.Image) -> tuple[Any, int]:
        """What the model is given, and how many tokens of its answer repeat that."""
        if not getattr(processor, "chat_template", None):
            return processor(images=image, return_tensors="pt"), 0
        content = [{"type": "image", "image": image}, {"type": "text", "text": _ASK}]
        inputs = processor.apply_chat_template(
            [{"role": "user", "content": content}],
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
        )
        return inputs, inputs["input_ids"].shape[1]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        device = self._device or ("cuda" if torch.cuda.is_available() else "cpu")
        dtype = torch.bfloat16 if device.startswith("cuda") else torch.float32
        processor = AutoProcessor.from_pretrained(self._folder, local_files_only=True)
        model = AutoModelForImageTextToText.from_pretrained(
            self._folder, dtype=dtype, local_files_only=True, use_safetensors=True
        )
        return processor, model.to(device).eval()

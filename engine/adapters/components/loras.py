"""LoRA weights laid over a model's own for some of its samples and taken off again for the others."""

import importlib.util
import logging
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from engine.adapters.loading.model_parts import LOADING
from engine.catalog.catalog import ModelEntry
from engine.catalog.checkpoint_detection import check_lora
from studio.errors import ModelLoadError, NotSupportedError

LoraWeights = tuple[tuple[str, float], ...]

# A LoRA takes a hundredth of its model: the least recently used of more than these is let go.
MOST_LOADED = 8

log = logging.getLogger(__name__)


class Loras:
    """The LoRAs of one loaded model. For the batcher's thread.

    `build` makes diffusers' own pipeline around the model's networks, which knows every layout of LoRA files.
    """

    def __init__(self, entry: ModelEntry, build: Callable[[], Any]) -> None:
        self._entry = entry
        self._build = build
        self._pipeline: Any = None
        self._loaded: OrderedDict[str, None] = OrderedDict()
        self._applied: LoraWeights = ()

    def apply(self, wanted: LoraWeights) -> None:
        """From now on the networks answer with these and no others, by name and weight.

        Raises `NotSupportedError` for a LoRA that was made for another model, `ModelLoadError` for a file that is not
        there or damaged; the networks then are without any.
        """
        if wanted == self._applied:
            return
        self._disable()
        if not wanted:
            return
        if self._pipeline is None:
            self._pipeline = self._build()
        for name, _ in wanted:
            self._fetch(name, keep={name for name, _ in wanted})
        self._pipeline.enable_lora()
        self._pipeline.set_adapters([name for name, _ in wanted], [weight for _, weight in wanted])
        self._applied = wanted

    def forget(self) -> None:
        self._pipeline = None
        self._loaded.clear()
        self._applied = ()

    def _disable(self) -> None:
        if self._pipeline is not None:
            self._pipeline.disable_lora()
        self._applied = ()

    def _fetch(self, name: str, *, keep: set[str]) -> None:
        if name in self._loaded:
            self._loaded.move_to_end(name)
            return
        self._load(name)
        self._loaded[name] = None
        for old in [lora for lora in self._loaded if lora not in keep][: len(self._loaded) - MOST_LOADED]:
            del self._loaded[old]
            self._pipeline.delete_adapters(old)

    def _load(self, name: str) -> None:
        if importlib.util.find_spec("peft") is None:
            raise ModelLoadError(
                "LoRAs need the package peft, which is not installed. Tell an administrator."
            )
        path = Path(self._entry.loras[name].source)
        if not path.is_file():
            raise ModelLoadError(
                f"The LoRA {name} is not on this machine. Fetch it with: chatelier models pull {self._entry.name}",
                reason="missing_addon",
                file=name,
            )
        check_lora(path)
        try:
            # Outside of inference mode, since quantised weights cannot be wrapped within it.
            with LOADING, torch.inference_mode(False), warnings.catch_warnings():
                # peft warns of a second LoRA beside the first, which is what is wanted here.
                warnings.simplefilter("ignore", UserWarning)
                self._pipeline.load_lora_weights(path.parent, weight_name=path.name, adapter_name=name)
            fits = any(name in names for names in self._pipeline.get_list_adapters().values())
        except Exception as error:  # whatever a library throws at weights of another shape
            log.warning("LoRA load failed", extra={"model": self._entry.name, "lora": name})
            self._undo(name)
            raise self._mismatch_error(name) from error
        self._disable()
        if not fits:
            raise self._mismatch_error(name)

    def _undo(self, name: str) -> None:
        """Some layers may have taken the weights before one did not."""
        try:
            self._pipeline.delete_adapters(name)
        except Exception:  # noqa: BLE001 - there was nothing to undo
            log.debug("LoRA adapter not deleted: nothing was added")
        self._disable()

    def _mismatch_error(self, name: str) -> NotSupportedError:
        others = tuple(lora for lora in self._entry.loras if lora != name)
        if not others:
            return NotSupportedError("lora", model=self._entry.name, name=name)
        return NotSupportedError("lora_but_others", model=self._entry.name, name=name, others=others)

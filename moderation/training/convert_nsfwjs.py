"""Turn the small network of `nsfwjs` into ONNX, and check that it gives the same answers.

    python -m moderation.training.convert_nsfwjs nsfwjs-4.3.0.tgz --out moderation/weights

Needs the package `onnx` and the npm tarball (`npm pack nsfwjs`, MIT). The weights stay the bytes they are, so the
file is small and exact. The network is then run with onnxruntime and, written out anew, in numpy on drawn pictures;
the answers must agree. Those of numpy are kept beside the weights for the tests.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from moderation.training.data.sample_drawings import drawings
from moderation.training.tfjs_weights import Layer, Stored, StoredNetwork, read_network
from moderation.vision.nudity_detection import CLASSES, SIDE_PIXELS, NudityNetwork

Floats = NDArray[np.float32]

_SAME_ANSWER = 1e-4  # the largest difference of any chance
_OPSET = 13


def convert(package: Path, out: Annotated[Path, typer.Option()], name: str = "mobilenet_v2") -> None:
    network = read_network(package, name)
    target = out / "nudity.onnx"
    target.write_bytes(as_onnx(network))
    numbers = {title: forward(network, pixels(image)) for title, image in drawings().items()}
    loaded = NudityNetwork(target)
    worst = max(
        float(np.abs(loaded.chances(image) - numbers[title]).max()) for title, image in drawings().items()
    )
    if worst > _SAME_ANSWER:
        raise SystemExit(f"the output of the converted network differs by {worst:.6f}")
    answers = {
        title: dict(zip(CLASSES, map(float, values), strict=True)) for title, values in numbers.items()
    }
    (out / "nudity.json").write_text(json.dumps(answers, indent=2) + "\n", "utf-8")
    typer.echo(f"{target.stat().st_size} bytes; the answers differ by at most {worst:.1e}")


def pixels(image: Any) -> Floats:
    """3×224×224 in [0, 1]."""
    small = image.convert("RGB").resize((SIDE_PIXELS, SIDE_PIXELS), 2)
    return np.asarray(small, np.float32).transpose(2, 0, 1) / np.float32(255)


# ---- in ONNX


def as_onnx(network: StoredNetwork) -> bytes:
    """One picture of 3×224×224 in [0, 1] in, the chances of the five classes out."""
    from onnx import TensorProto, checker, helper

    graph = _Graph(network)
    for layer in network.layers:
        graph.add(layer)
    shape = [1, 3, SIDE_PIXELS, SIDE_PIXELS]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "nudity",
            [helper.make_tensor_value_info(network.layers[0].name, TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(network.layers[-1].name, TensorProto.FLOAT, [1, len(CLASSES)])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
        producer_name="chatelier",
    )
    checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


class _Graph:
    def __init__(self, network: StoredNetwork) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._weights = network.weights

    def add(self, layer: Layer) -> None:
        match layer.kind:
            case "Conv2D" | "DepthwiseConv2D":
                self._convolution(layer)
            case "BatchNormalization":
                scale, shift = normalisation(layer, self._weights)
                scaled = self._node("Mul", [*layer.inputs, self._constant(scale[:, None, None])])
                self._node("Add", [scaled, self._constant(shift[:, None, None])], layer.name)
            case "ReLU":
                bounds = [self._constant(np.float32(bound)) for bound in (0, layer.settings["max_value"])]
                self._node("Clip", [*layer.inputs, *bounds], layer.name)
            case "ZeroPadding2D":
                (top, bottom), (left, right) = layer.settings["padding"]
                pads = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
                self._node("Pad", [*layer.inputs, self._constant(pads)], layer.name)
            case "Dense":
                self._dense(layer)
            case "AveragePooling2D":
                self._node("GlobalAveragePool", layer.inputs, layer.name)
            case "Add" | "Flatten" | "Dropout":
                operation = layer.kind if layer.kind != "Dropout" else "Identity"
                self._node(operation, layer.inputs, layer.name)
            case "InputLayer":
                pass
            case other:
                raise ValueError(f"there is no way yet to convert a layer {other}")

    def _convolution(self, layer: Layer) -> None:
        kernel = convolution_kernel(layer, self._weights)
        size, same = kernel.bytes.shape[-1], layer.settings["padding"] == "same"
        self._node(
            "Conv",
            [*layer.inputs, self._add_weight(kernel)],
            layer.name,
            strides=layer.settings["strides"],
            pads=[size // 2 if same else 0] * 4,
            group=kernel.bytes.shape[0] if layer.kind == "DepthwiseConv2D" else 1,
        )

    def _dense(self, layer: Layer) -> None:
        kernel, bias = (
            self._add_weight(self._weights[f"{layer.name}/{part}"]) for part in ("kernel", "bias")
        )
        product = self._node("MatMul", [*layer.inputs, kernel])
        total = self._node("Add", [product, bias])
        self._node({"relu": "Relu", "softmax": "Softmax"}[layer.settings["activation"]], [total], layer.name)

    def _add_weight(self, weight: Stored) -> str:
        """Bytes in the file; onnxruntime works the numbers out once, when it loads."""
        from onnx import TensorProto

        numbers = self._node("Cast", [self._constant(weight.bytes)], to=TensorProto.FLOAT)
        scaled = self._node("Mul", [numbers, self._constant(np.float32(weight.scale))])
        return self._node("Add", [scaled, self._constant(np.float32(weight.low))])

    def _constant(self, values: Any) -> str:
        from onnx import numpy_helper

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _node(self, operation: str, inputs: Any, output: str | None = None, **settings: Any) -> str:
        from onnx import helper

        output = output or f"step_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operation, list(inputs), [output], **settings))
        return output


def convolution_kernel(layer: Layer, weights: dict[str, Stored]) -> Stored:
    """Out×in×height×width; for one kernel a channel, channels×1×height×width."""
    depthwise = layer.kind == "DepthwiseConv2D"
    kernel = weights[f"{layer.name}/{'depthwise_kernel' if depthwise else 'kernel'}"]
    order = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
    return Stored(bytes=kernel.bytes.transpose(order), scale=kernel.scale, low=kernel.low)


def normalisation(layer: Layer, weights: dict[str, Stored]) -> tuple[Floats, Floats]:
    """What a channel is multiplied with, and what is added then."""
    gamma, beta, mean, variance = (
        weights[f"{layer.name}/{part}"].values for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scale = gamma / np.sqrt(variance + np.float32(layer.settings["epsilon"]))
    return scale.astype(np.float32), (beta - mean * scale).astype(np.float32)


# ---- in numpy, to compare with


def forward(network: StoredNetwork, image: Floats) -> Floats:
    """The chances of the five classes, straight from the definition of each layer."""
    found: dict[str, Floats] = {}
    for layer in network.layers:
        inputs = [found[name] for name in layer.inputs] or [image]
        found[layer.name] = _step(layer, inputs, network.weights)
    return found[network.layers[-1].name]


def _step(layer: Layer, inputs: list[Floats], weights: dict[str, Stored]) -> Floats:
    x = y = inputs[0]  # what comes in passes the input, and what is dropped in training only
    match layer.kind:
        case "Conv2D" | "DepthwiseConv2D":
            y = _convolve(layer, x, weights)
        case "BatchNormalization":
            scale, shift = normalisation(layer, weights)
            y = x * scale[:, None, None] + shift[:, None, None]
        case "ReLU":
            y = np.clip(x, 0, layer.settings["max_value"])
        case "ZeroPadding2D":
            y = np.pad(x, ((0, 0), *map(tuple, layer.settings["padding"])))
        case "Dense":
            y = _activate(
                x @ weights[f"{layer.name}/kernel"].values + weights[f"{layer.name}/bias"].values, layer
            )
        case "AveragePooling2D":
            y = x.mean((1, 2), keepdims=True)
        case "Add":
            y = x + inputs[1]
        case "Flatten":
            y = x.transpose(1, 2, 0).ravel()
    return np.asarray(y, np.float32)


def _activate(total: Floats, layer: Layer) -> Floats:
    if layer.settings["activation"] == "relu":
        return np.maximum(total, 0)
    powers = np.exp(total - total.max())
    return np.asarray(powers / powers.sum(), np.float32)


def _convolve(layer: Layer, x: Floats, weights: dict[str, Stored]) -> Floats:
    kernel = convolution_kernel(layer, weights).values
    size, step = kernel.shape[-1], layer.settings["strides"][0]
    if layer.settings["padding"] == "same":
        x = np.pad(x, ((0, 0), (size // 2, size // 2), (size // 2, size // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))[:, ::step, ::step]
    equation = "chwij,cij->chw" if layer.kind == "DepthwiseConv2D" else "chwij,ocij->ohw"
    kernel = kernel[:, 0] if layer.kind == "DepthwiseConv2D" else kernel
    return np.asarray(np.einsum(equation, windows, kernel, optimize=True), np.float32)


if __name__ == "__main__":
    typer.run(convert)

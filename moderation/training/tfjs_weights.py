"""Networks as the npm package `nsfwjs` carries them: TensorFlow.js weights inside of JavaScript modules."""

import base64
import json
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_EXPORTED = re.compile(r"\w\.exports=((?:\{m|\").*)\},\{\}\]\},\{\},\[1\]\)\(1\)", re.DOTALL)
_KEY = re.compile(r"([{,])([A-Za-z_]\w*):")
_BARE_POINT = re.compile(r"([:\[,]-?)\.(\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A weight as it is kept: one byte each, meaning `byte * scale + low`."""

    bytes: NDArray[np.uint8]
    scale: float
    low: float

    @property
    def values(self) -> Floats:
        return (self.bytes.astype(np.float32) * np.float32(self.scale) + np.float32(self.low)).astype(
            np.float32
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    kind: str  # the name of the Keras class
    name: str
    settings: dict[str, Any]
    inputs: tuple[str, ...]  # names of layers


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredNetwork:
    layers: tuple[Layer, ...]
    weights: dict[str, Stored]


def read_network(package: Path, name: str) -> StoredNetwork:
    """`package` is the npm tarball. Raises KeyError or ValueError for another packaging than that of version 4."""
    folder = f"package/dist/models/{name}"
    with tarfile.open(package) as archive:
        texts = {
            member.name: archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive
            if member.name.startswith(folder + "/")
        }
    model = json.loads(_as_json(_find_exports(texts[f"{folder}/model.min.js"])))
    manifest = model["weightsManifest"][0]
    data = b"".join(
        base64.b64decode(json.loads(_find_exports(texts[f"{folder}/{path}.min.js"])))
        for path in manifest["paths"]
    )
    return StoredNetwork(
        layers=tuple(_layer(layer) for layer in model["modelTopology"]["model_config"]["config"]["layers"]),
        weights=_weights(manifest["weights"], data),
    )


def _find_exports(module: str) -> str:
    """What a module assigns to its exports."""
    match = _EXPORTED.search(module)
    if match is None:
        raise ValueError("a module that exports nothing")
    return match[1]


def _as_json(literal: str) -> str:
    literal = literal.replace(":!0", ":true").replace(":!1", ":false")
    return _BARE_POINT.sub(r"\g<1>0.\2", _KEY.sub(r'\1"\2":', literal))


def _layer(data: dict[str, Any]) -> Layer:
    nodes = data["inbound_nodes"]
    return Layer(
        kind=data["class_name"],
        name=data["name"],
        settings=data["config"],
        inputs=tuple(node[0] for node in nodes[0]) if nodes else (),
    )


def _weights(entries: list[dict[str, Any]], data: bytes) -> dict[str, Stored]:
    found, start = {}, 0
    for entry in entries:
        count = int(np.prod(entry["shape"]))
        quantization = entry["quantization"]
        values = np.frombuffer(data, np.uint8, count, start).reshape(entry["shape"])
        found[entry["name"]] = Stored(bytes=values, scale=quantization["scale"], low=quantization["min"])
        start += count
    if start != len(data):
        raise ValueError(f"the weights have {len(data)} bytes, the manifest names {start}")
    return found

"""What an entry of the catalogue says of a model on a server that speaks OpenAI's images API."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_origin, get_type_hints
from urllib.parse import urlsplit

from studio.errors import ModelLoadError

FAMILY = "images-api"
# What is not in OpenAI's API, by the names that servers give it, and what it is.
PARAMETERS: Mapping[str, str] = {
    "seed": "seed",
    "negative_prompt": "negative_prompt",
    "num_inference_steps": "steps",  # SGLang-Diffusion, vLLM-Omni
    "steps": "steps",
    "step": "steps",  # LocalAI
    "guidance_scale": "guidance_scale",
    "true_cfg_scale": "guidance_scale",
    "guidance": "guidance_scale",
}
_SIZE = re.compile(r"([1-9]\d{1,3})x([1-9]\d{1,3})")
_LARGEST_KEY_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteEntry:
    """`model` is the model's name on the server; empty: the server has one only.

    The key comes from the environment variable `key_env` or the file `key_file`, and is never stored here. `sizes`
    such as ``1024x1024`` are the only ones the server makes; none named: any size. `sends` are those of `PARAMETERS`
    that the server takes, by its own names; many servers refuse what they do not know. `asks_base64`: whether
    `response_format` is sent, which OpenAI's newest models refuse. `timeout_seconds` bounds a whole picture with its
    retries; `parallel` are the calls at once.
    """

    model: str = ""
    key_env: str = ""
    key_file: str = ""
    sizes: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    asks_base64: bool = True
    timeout_seconds: float = 300.0
    parallel: int = 4

    def key(self) -> str | None:
        """The API key; None where none is named. Raises `ModelLoadError` where it cannot be read."""
        if self.key_env:
            key = os.environ.get(self.key_env, "").strip()
            if not key:
                raise ModelLoadError(f"The environment variable {self.key_env} with the API key is not set.")
        elif self.key_file:
            try:
                with Path(self.key_file).expanduser().open("rb") as file:
                    key = file.read(_LARGEST_KEY_BYTES).decode("ascii").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ModelLoadError(f"The file {self.key_file} with the API key cannot be read.") from error
        else:
            return None
        if not key or not key.isascii() or not key.isprintable():
            raise ModelLoadError("The API key must be one line of printable ASCII characters.")
        return key

    def pixel_sizes(self) -> tuple[tuple[int, int], ...]:
        """Width and height of each of `sizes`."""
        pairs = (size.split("x") for size in self.sizes)
        return tuple((int(width), int(height)) for width, height in pairs)


def url_problem(url: object) -> str | None:
    """What is wrong with the address of a server, such as ``https://api.example/v1``."""
    if not isinstance(url, str):
        return "source must be the address of the server."
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "source is no valid address."
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "source must be the address of the server, such as https://api.example/v1."
    if parts.username or parts.password or parts.query or parts.fragment:
        return "source must be an address without a password or parameters; name the key with key_env or key_file."
    return None


def read_remote(table: object) -> tuple[RemoteEntry, list[str]]:
    """The table ``[NAME.remote]`` of a catalogue, and what is wrong with it."""
    if not isinstance(table, dict):
        return RemoteEntry(), ["remote must be a table."]
    hints: Mapping[str, Any] = get_type_hints(RemoteEntry)
    names = [field.name for field in fields(RemoteEntry)]
    problems = [f"remote has an unknown field {key}." for key in sorted(set(table) - set(names))]
    values: dict[str, Any] = {}
    for name in names:
        if name not in table:
            continue
        value, hint = table[name], hints[name]
        if get_origin(hint) is tuple:
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
            values[name] = tuple(value) if fits else ()
        else:
            fits = isinstance(value, (int, float) if hint is float else hint)
            fits = fits and isinstance(value, bool) == (hint is bool)
            values[name] = float(value) if fits and hint is float else value
        if not fits:
            problems.append(
                f"remote.{name} must be a {'list of texts' if get_origin(hint) else hint.__name__}."
            )
    return (RemoteEntry(), problems) if problems else (RemoteEntry(**values), _range_problems(values))


def _range_problems(values: Mapping[str, Any]) -> list[str]:
    problems = [
        f"remote.sizes: {size[:20]} is no size; write 1024x1024."
        for size in values.get("sizes", ())
        if not _SIZE.fullmatch(size)
    ]
    problems += [
        f"remote.sends: {name[:20]} is none of {', '.join(PARAMETERS)}."
        for name in values.get("sends", ())
        if name not in PARAMETERS
    ]
    if values.get("key_env") and values.get("key_file"):
        problems.append("remote has a key_env and a key_file; one is enough.")
    if not 1 <= values.get("timeout_seconds", 1) <= 3600:
        problems.append("remote.timeout_seconds must be from 1 to 3600.")
    if not 1 <= values.get("parallel", 1) <= 64:
        problems.append("remote.parallel must be from 1 to 64.")
    return problems

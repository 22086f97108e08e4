"""The recipe inside the picture: PNG text that other programs read too, EXIF in JPEG and WebP.

`chatelier` holds the recipe as JSON; `parameters` is the text that the Automatic1111 web UI writes and that
most galleries show.
"""

import io
import json
from dataclasses import asdict, fields
from typing import Any

from PIL import Image, PngImagePlugin

from engine.imaging.codecs.encoding import encode_png
from engine.imaging.codecs.png_encoder import ENCODED_MODES, encode_png_in_bands
from studio.domain.pictures import Recipe
from studio.domain.provenance import EXIF_IMAGE_DESCRIPTION, PICTURE_KEY, RECIPE_KEY
from studio.domain.requests import Lora, Operation

COMMON_KEY = "parameters"
MAX_RECIPE_CHARACTERS = 100_000


def write_recipe(picture: Image.Image, recipe: Recipe, *, picture_id: str | None = None) -> bytes:
    """PNG bytes with the recipe in two iTXt chunks (UTF-8, uncompressed), and the picture's id in a third."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt(RECIPE_KEY, to_json(recipe))
    text.add_itxt(COMMON_KEY, to_parameters(recipe))
    if picture_id is not None:
        text.add_itxt(PICTURE_KEY, picture_id)
    if picture.mode in ENCODED_MODES:
        return encode_png_in_bands(picture, text)
    return encode_png(picture, text=text)


def read_recipe(data: bytes) -> Recipe | None:
    """The recipe in a PNG, JPEG or WebP; None when there is none or it cannot be understood."""
    text = _read_text(data)
    return from_json(text) if text else None


def copy_recipe(data: bytes) -> bytes:
    """The recipe of an encoded picture as an EXIF block for a JPEG or WebP; empty when there is none."""
    text = _read_text(data)
    if not text:
        return b""
    exif = Image.Exif()
    exif[EXIF_IMAGE_DESCRIPTION] = f"{RECIPE_KEY}:{text}"
    return exif.tobytes()


def to_json(recipe: Recipe) -> str:
    """ASCII, without fields that are None."""
    return json.dumps({name: value for name, value in asdict(recipe).items() if value is not None})


def from_json(text: str) -> Recipe | None:
    """Keys of later versions are left out; None for everything that is not a whole recipe."""
    known = {field.name for field in fields(Recipe)}
    try:
        values: dict[str, Any] = {name: value for name, value in json.loads(text).items() if name in known}
        values["operation"] = Operation(values["operation"])
        values["parents"] = tuple(values.get("parents", ()))
        values["loras"] = tuple(Lora(**lora) for lora in values.get("loras", ()))
        return Recipe(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def to_parameters(recipe: Recipe) -> str:
    """Prompt, negative prompt and settings as the Automatic1111 web UI writes them."""
    lines = [recipe.prompt]
    if recipe.negative_prompt:
        lines.append(f"Negative prompt: {recipe.negative_prompt}")
    settings = {
        "Steps": recipe.steps,
        "Sampler": recipe.scheduler,
        "CFG scale": recipe.guidance_scale,
        "Seed": recipe.seed,
        "Size": f"{recipe.width}x{recipe.height}",
        "Added words": recipe.added_words or None,
        "Unread words": recipe.unread_words or None,
        "Model hash": recipe.model_hash[:10],
        "Model": recipe.model,
        "Denoising strength": recipe.strength,
        "Lora": ", ".join(map(str, recipe.loras)) or None,
        "Version": recipe.software,
    }
    lines.append(", ".join(f"{name}: {value}" for name, value in settings.items() if value is not None))
    return "\n".join(lines)


def _read_text(data: bytes) -> str | None:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
            if isinstance(picture, PngImagePlugin.PngImageFile):
                text = picture.text.get(RECIPE_KEY)
            else:
                described = str(picture.getexif().get(EXIF_IMAGE_DESCRIPTION, ""))
                text = (
                    described.removeprefix(f"{RECIPE_KEY}:")
                    if described.startswith(f"{RECIPE_KEY}:")
                    else None
                )
    except (OSError, SyntaxError, ValueError):
        return None
    return text if text and len(text) <= MAX_RECIPE_CHARACTERS else None

"""What a picture's file says of itself in words: PNG text, or EXIF in a JPEG or WebP."""

import json
from typing import Any

from PIL import Image, PngImagePlugin

from studio.domain.identifiers import split_picture_id
from studio.domain.provenance import EXIF_IMAGE_DESCRIPTION, PICTURE_KEY, RECIPE_KEY

_LONGEST = 100_000


def named_id(picture: Image.Image) -> str | None:
    picture_id = _texts(picture).get(PICTURE_KEY, "")
    return picture_id if split_picture_id(picture_id) else None


def recipe_software(picture: Image.Image) -> str:
    """Which program wrote a recipe of ours into the file; empty without one."""
    text = _texts(picture).get(RECIPE_KEY, "")
    if not text:
        described = str(picture.getexif().get(EXIF_IMAGE_DESCRIPTION, ""))
        prefix = f"{RECIPE_KEY}:"
        text = described.removeprefix(prefix) if described.startswith(prefix) else ""
    try:
        recipe: Any = json.loads(text) if 0 < len(text) <= _LONGEST else {}
        return str(recipe.get("software", ""))[:80]
    except (ValueError, AttributeError, RecursionError):
        return ""


def _texts(picture: Image.Image) -> dict[str, str]:
    return dict(picture.text) if isinstance(picture, PngImagePlugin.PngImageFile) else {}

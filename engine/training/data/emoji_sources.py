"""The pictures Thimble learns from: openly licensed emoji art, fetched as npm packages and rendered here.

Nothing of this is committed. `fetch` puts the packages below into a cache folder; `gather` reads names, keywords and
drawings from it; `render_svg` turns one drawing into an RGBA picture.
"""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

PACKAGES = {
    "@iconify-json/fluent-emoji@1.2.7": "MIT, Microsoft Corporation",
    "@iconify-json/fluent-emoji-flat@1.2.6": "MIT, Microsoft Corporation",
    "@iconify-json/noto@1.2.9": "Apache-2.0, Google LLC",
    "@iconify-json/twemoji@1.2.5": "CC-BY-4.0, Twitter, Inc. and other contributors",
    "@iconify-json/fxemoji@1.2.2": "Apache-2.0, Mozilla Foundation",
    "emojibase-data@17.0.0": "MIT, Miles Johnson; names and keywords from Unicode CLDR",
}
STYLES = {"glossy": "fluent-emoji", "flat": "fluent-emoji-flat", "cartoon": "noto"}
# Sets that only the scorer sees, so that it does not learn the hand of those that the model paints with.
SCORER_STYLES = {"twitter": "twemoji", "firefox": "fxemoji"}
SKINS = ("light", "medium-light", "medium", "medium-dark", "dark")
GENDERS = ("woman", "man")

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
_OWN_GROUP = 100
_OWN = Path(__file__).with_name("drawings.txt")
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
    """One subject; `svg` maps a style to complete SVG text.

    `people` does so for each way a person can look, named by gender (where the name leaves it open) and skin:
    "woman medium-dark", "dark".
    """

    name: str
    emoji: str
    keywords: tuple[str, ...]
    group: int
    subgroup: int
    svg: dict[str, str]
    people: dict[str, dict[str, str]] = field(default_factory=dict)


def render_svg(svg: str, *, side_px: int) -> Image.Image:
    """RGBA, `side_px` by `side_px`, straight alpha."""
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg, width=side_px, height=side_px)
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


def gather(cache: Path, styles: Mapping[str, str] = STYLES) -> list[Drawing]:
    """Every kept subject that at least one set draws, in CLDR order."""
    icons = {style: _icons(cache / f"iconify-json-{name}") for style, name in styles.items()}
    found = []
    for entry in json.loads((cache / "emojibase-data/en/data.json").read_text()):
        if not _is_usable(entry):
            continue
        svg = {}
        for style, drawn in icons.items():
            text = _find(drawn, entry["label"])
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
                    people=_people(entry, icons) if entry.get("skins") else {},
                )
            )
    return found


def own_drawings() -> list[Drawing]:
    """What was drawn for this project, in the glossy style."""
    found = []
    for line in _OWN.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, keywords, subgroup, body = line.split(" | ", 3)
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{body}</svg>'
        found.append(
            Drawing(
                name=name,
                emoji="",
                keywords=tuple(keywords.split(", ")),
                group=_OWN_GROUP,
                subgroup=int(subgroup),
                svg={"glossy": svg},
            )
        )
    return found


def _find(drawn: Mapping[str, str], label: str) -> str | None:
    return next((drawn[key] for key in _slugs(label) if key in drawn), None)


def _people(entry: Mapping[str, Any], icons: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Every gender and skin of a person that one of the sets draws."""
    label = entry["label"]
    found: dict[str, dict[str, str]] = {}
    for skin in SKINS:
        for style, drawn in icons.items():
            both = {
                gender: _find_person(drawn, _add_gender(label, gender), skin)
                for gender in GENDERS
                if _add_gender(label, gender) != label
            }
            looks = {f"{gender} {skin}": svg for gender, svg in both.items() if svg is not None}
            alone = _find_person(drawn, label, skin)
            if not looks and alone is not None:
                looks = {skin: alone}
            for look, svg in looks.items():
                found.setdefault(look, {})[style] = svg
    if any(" " in look for look in found):  # a set without the genders is left out where another has them
        return {look: drawn for look, drawn in found.items() if " " in look}
    return found


def _add_gender(label: str, gender: str) -> str:
    if "man" in label.split() or "woman" in label.split():
        return label
    return label.replace("person", gender, 1) if label.startswith("person") else f"{gender} {label}"


def _find_person(drawn: Mapping[str, str], label: str, skin: str) -> str | None:
    return _find(drawn, f"{label} {skin}") or _find(drawn, f"{label} {skin} skin tone")


def _folder_name(package: str) -> str:
    return package.rpartition("@")[0].removeprefix("@").replace("/", "-")


def _is_usable(entry: dict[str, Any]) -> bool:
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
    yield slug.replace("&", "and")
    yield slug.replace("-", "")
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

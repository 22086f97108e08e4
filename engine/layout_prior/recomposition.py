"""From what pictures show to a new collage: the nearest cut-outs, near where they were, before a scene like theirs."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from engine.layout_prior.cutouts.compositing import Chosen, Sheet, paste
from engine.layout_prior.cutouts.recolour import main_hue, recolour
from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.layout.boxes import Box, Spot
from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.scenes.backgrounds import SCENE_NAMES, paint_plain, paint_scene
from engine.layout_prior.scenes.drawing import Canvas
from engine.layout_prior.scenes.sky import Backdrop
from engine.layout_prior.vision.appearance_index import Appearances
from engine.layout_prior.vision.scene_summary import HOURS, SceneSummary, Seen

THINGS_MAX = 5
_SIDE_PX = 24
# Colours that a thing may have been given; the finer shades would be read into plain shading.
_PAINTS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")
_HUE_APART = 0.09


def remake(
    impression: SceneSummary,
    library: Library,
    appearances: Appearances,
    rng: np.random.Generator,
    *,
    freedom: float,
    size: tuple[int, int],
) -> Image.Image:
    """An RGB picture of the impression.

    `freedom` 0 keeps drawings and places; towards 1 places move, drawings change, and kin may stand in.
    """
    width, height = size
    things = _choose_things(impression.things, rng)
    chosen = [_choose_drawing(thing, library, appearances, rng, freedom) for thing in things]
    backdrop = _backdrop(impression, chosen, rng, width, height)
    standing = backdrop.ground is not None
    spots = [
        Spot(thing=at, box=box, depth=0, standing=standing and box.bottom > 0.7 * height)
        for at, box in enumerate(_places(things, rng, freedom, width, height))
    ]
    sheet: Sheet = paste(backdrop, spots, chosen, rng, fill=1.0)
    return sheet.picture


def _choose_things(things: Sequence[Seen], rng: np.random.Generator) -> list[Seen]:
    """The surest things of every picture; those of a small share now and then stay away."""
    ordered = sorted(things, key=lambda thing: -thing.sure * thing.share)
    chosen_things = [thing for thing in ordered if rng.random() < 3.2 * thing.share] or list(ordered[:1])
    return chosen_things[:THINGS_MAX]


def _choose_drawing(
    thing: Seen, library: Library, appearances: Appearances, rng: np.random.Generator, freedom: float
) -> Chosen:
    """The drawing that was seen; with some freedom another one of the same thing, or now and then one of its kin.

    People keep the look they were seen with, so that nobody changes skin or gender in a variation.
    """
    finds = appearances.find(thing.view, count=24)
    best = finds[0]
    kin = [find for find in finds if find.drawing.subject is not best.drawing.subject]
    if kin and rng.random() < 0.15 * freedom:
        best = kin[0]
    subject, look, style = best.drawing.subject, best.drawing.look, best.drawing.style
    seen = library.picture(subject, style, look)
    if rng.random() < freedom:
        styles = list(subject.looks.get(look, subject.files))
        style = styles[int(rng.integers(len(styles)))]
    cutout, colour = library.picture(subject, style, look), _colour(thing, seen, mirrored=best.mirrored)
    if colour is not None:
        cutout = recolour(cutout, colour)
    if best.mirrored:
        cutout = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return Chosen(cutouts=(cutout,), subject=subject, looks=(look,), size=subject.size, in_sky=subject.in_sky)


def _colour(thing: Seen, picture: Image.Image, *, mirrored: bool) -> str | None:
    """The colour that the thing was given, None when it has that of its drawing."""
    drawn = np.asarray(picture.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX), np.float32) / 255
    drawn = drawn[:, ::-1] if mirrored else drawn
    seen, cover = thing.pixels.astype(np.float32) / 255, drawn[..., 3] * (drawn[..., 3] > 0.6)
    hue, share = main_hue(seen, cover)
    own, own_share = main_hue(drawn[..., :3], cover)
    apart = abs((hue - own + 0.5) % 1 - 0.5)
    if cover.sum() < 20 or share < 0.35 or own_share < 0.2 or apart < _HUE_APART:
        return None
    solid = cover > 0
    tone = np.median(seen[solid], 0) * 255
    return min(_PAINTS, key=lambda name: float(np.abs(np.array(COLOURS[name]) - tone).sum()))


def _places(
    things: Sequence[Seen], rng: np.random.Generator, freedom: float, width: int, height: int
) -> list[Box]:
    """Boxes in pixels, moved and grown a little; those that lie on each other are set side by side."""
    if len(things) > 1 and _overlaps(things):
        return _in_a_row(things, rng, width, height)
    boxes = []
    for thing in things:
        grow = float(np.exp(rng.normal(0, 0.16 * freedom)))
        wide, tall = (min(0.98, side * grow) for side in (thing.box.width, thing.box.height))
        across = thing.box.left + thing.box.width / 2 + rng.normal(0, 0.07 * freedom)
        down = thing.box.top + thing.box.height / 2 + rng.normal(0, 0.04 * freedom)
        left, top = (
            min(max(middle - side / 2, 0.01), 0.99 - side) for middle, side in ((across, wide), (down, tall))
        )
        boxes.append(Box(left * width, top * height, wide * width, tall * height))
    if freedom > 0.4 and rng.random() < 0.5:
        boxes = [Box(width - box.right, box.top, box.width, box.height) for box in boxes]
    return boxes


def _overlaps(things: Sequence[Seen]) -> bool:
    """Whether things of different pictures would lie on each other."""
    for at, one in enumerate(things):
        for other in things[at + 1 :]:
            wide = min(one.box.right, other.box.right) - max(one.box.left, other.box.left)
            tall = min(one.box.bottom, other.box.bottom) - max(one.box.top, other.box.top)
            least = min(one.box.width * one.box.height, other.box.width * other.box.height)
            if one.share < 1 and wide > 0 and tall > 0 and wide * tall > 0.3 * least:
                return True
    return False


def _in_a_row(things: Sequence[Seen], rng: np.random.Generator, width: int, height: int) -> list[Box]:
    shares = np.array([np.sqrt(thing.box.width * thing.box.height) * (0.5 + thing.share) for thing in things])
    shares = 0.92 * shares / shares.sum()
    order = rng.permutation(len(things))
    boxes: dict[int, Box] = {}
    left = 0.04
    for at in order:
        side = float(shares[at])
        tall = min(0.8, side * width / height * 1.1)
        boxes[int(at)] = Box(left * width, (0.86 - tall) * height, side * width, tall * height)
        left += side
    return [boxes[at] for at in range(len(things))]


def _backdrop(
    impression: SceneSummary, chosen: Sequence[Chosen], rng: np.random.Generator, width: int, height: int
) -> Backdrop:
    """A scene by its chances, made clearer; a wall in the tone that was seen where that is likeliest."""
    scene = int(rng.choice(len(impression.scenes), p=_clearer(impression.scenes)))
    if scene == 0:
        red, green, blue = (float(part) for part in impression.tone)
        return paint_plain((red, green, blue), exact=True, width=width, height=height, rng=rng)
    hour = HOURS[int(rng.choice(len(HOURS), p=_clearer(impression.hours)))]
    own_moon = any(item.subject is not None and "moon" in item.subject.name.split() for item in chosen)
    return paint_scene(SCENE_NAMES[scene - 1], Canvas(rng, width, height, hour, moon=not own_moon))


def _clearer(chances: np.ndarray) -> np.ndarray:
    sharp = chances.astype(np.float64) ** 3
    return np.asarray(sharp / sharp.sum())

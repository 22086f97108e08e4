"""Choosing how the things of a wish look, and before what they stand."""

import colorsys
from dataclasses import replace

import numpy as np
from PIL import Image

from engine.layout_prior.cutouts.compositing import Chosen
from engine.layout_prior.cutouts.cutout_styles import STYLES, USUAL, Style
from engine.layout_prior.cutouts.patterns import apply_pattern
from engine.layout_prior.cutouts.placeholder_sculpture import paint_sculpture
from engine.layout_prior.cutouts.recolour import main_hue, recolour
from engine.layout_prior.cutouts.water_removal import without_water
from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.library.cutout_library import Library, Subject
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec
from engine.layout_prior.scenes.abstract import paint_abstract
from engine.layout_prior.scenes.backgrounds import paint_plain, paint_scene
from engine.layout_prior.scenes.drawing import Canvas
from engine.layout_prior.scenes.seasons import dress, in_season
from engine.layout_prior.scenes.sky import Backdrop

# Walls that a studio would have, sRGB 0..255: chalk, sand, blush, sage, mist, dusty blue and lilac, then deep ones.
_WALLS = (
    (240, 230, 210), (232, 216, 190), (236, 206, 190), (234, 196, 178), (204, 214, 188), (192, 212, 196),
    (190, 214, 214), (188, 208, 224), (206, 214, 232), (214, 206, 226), (228, 206, 216), (240, 222, 170),
    (92, 122, 152), (78, 118, 116), (116, 98, 136), (156, 92, 84), (96, 116, 84), (178, 124, 74),
)  # fmt: skip
_WALLS_FITTING = 6  # of which the dice choose one
# Of those drawn both ways, these are better known by their faces once they are painted, as the scorer sees them.
_KNOWN_BY_FACE = frozenset({"cat", "horse", "tiger"})


def choose_style(spec: SceneSpec, rng: np.random.Generator) -> Style:
    """The style asked for, else one of the usual ones."""
    drawn = USUAL[int(rng.integers(len(USUAL)))]
    return STYLES[spec.style or drawn]


def choose(spec: SceneSpec, library: Library, style: Style, rng: np.random.Generator) -> list[Chosen]:
    """One drawing for each thing, and for each copy of a person."""
    alone = len(spec.things) == 1 and spec.scene is None  # in a landscape a head without a body looks lost
    things = [_near(thing) if alone and not thing.pattern else _whole(thing) for thing in spec.things]
    return [_choose(thing, library, style, rng, spec=spec) for thing in things]


def _near(thing: SceneObject) -> SceneObject:
    """Alone, what its face tells more of than its body: a whole cat could be a dog."""
    if thing.count > 1 or not thing.subjects or thing.subjects[0].name not in _KNOWN_BY_FACE:
        return thing
    return replace(
        thing,
        subjects=tuple(sorted(thing.subjects, key=lambda subject: not subject.name.endswith(" face"))),
    )


def _whole(thing: SceneObject) -> SceneObject:
    """Among others, whole animals rather than their heads: a head beside a house looks lost."""
    whole = tuple(subject for subject in thing.subjects if not subject.name.endswith(" face"))
    return replace(thing, subjects=whole or thing.subjects)


def _choose(
    thing: SceneObject, library: Library, style: Style, rng: np.random.Generator, *, spec: SceneSpec
) -> Chosen:
    subject, looks = None, [""]
    if thing.subjects:
        subject = _pick(thing.subjects, rng)
        looks = _looks(subject, thing, rng)
        cutouts = [library.picture(subject, style.drawings, look) for look in looks]
        if (
            spec.scene is not None or thing.colour is not None
        ):  # the colour is meant for the boat, not for its water
            cutouts = [without_water(cutout) for cutout in cutouts]
        size, in_sky = subject.size, subject.in_sky
    else:
        cutouts, size, in_sky = [paint_sculpture(thing.word)], 1.0, False
    if thing.colour is not None:
        cutouts = [recolour(cutout, thing.colour) for cutout in cutouts]
    elif spec.season is not None and subject is not None and style.paper is None:
        words = frozenset({*subject.keywords, *subject.name.split()})
        cutouts = [dress(cutout, spec.season, words) for cutout in cutouts]
    if thing.pattern:
        cutouts = [apply_pattern(cutout, thing.pattern, thing.second_colour) for cutout in cutouts]
    return Chosen(
        cutouts=tuple(style.finish(cutout) for cutout in cutouts),
        subject=subject,
        looks=tuple(looks),
        size=size * thing.size**1.5,
        in_sky=in_sky,
        shadow=style.shadows,
    )


def _pick(subjects: tuple[Subject, ...], rng: np.random.Generator) -> Subject:
    """The first choice most often."""
    weights = np.array([1 / (1 + at) for at in range(len(subjects))])
    return subjects[int(rng.choice(len(subjects), p=weights / weights.sum()))]


def _looks(subject: Subject, thing: SceneObject, rng: np.random.Generator) -> list[str]:
    """A look for each copy: all that fit equally often; where a prompt says nothing, every gender and skin there is."""
    fitting = [
        look
        for look in subject.looks
        if (not thing.gender or thing.gender in look.split() or " " not in look)
        and (not thing.skins or look.split()[-1] in thing.skins)
    ]
    fitting = fitting or list(subject.looks)
    if not fitting:
        return [""]
    order = rng.permutation(len(fitting))
    return [fitting[int(order[at % len(order)])] for at in range(thing.count)]


def choose_backdrop(
    spec: SceneSpec, chosen: list[Chosen], style: Style, rng: np.random.Generator, size: tuple[int, int]
) -> Backdrop:
    """The scene asked for, or one that suits; else a wall in the colour asked for, or in one that suits."""
    width, height = size
    if spec.abstract and not spec.things:
        return paint_abstract(Canvas(rng, width, height, "day"), spec.abstract)
    scene, time = spec.scene, spec.time
    if scene is None and spec.background is None:
        scene, hour = _suggest_scene(spec, chosen)
        time = time or hour
        if style.paper is not None and spec.time is None:
            scene = None
    if scene is not None:
        own_moon = any(
            "moon" in subject.name.split() for thing in spec.things for subject in thing.subjects[:1]
        )
        canvas = Canvas(rng, width, height, time or "day", moon=not own_moon)
        painted = paint_scene(scene, canvas, colour=spec.background)
        return painted if spec.season is None else in_season(canvas, painted, spec.season)
    if spec.background is not None:
        red, green, blue = (part / 255 for part in COLOURS[spec.background])
        return paint_plain((red, green, blue), exact=True, width=width, height=height, rng=rng)
    if style.paper is not None:
        return Backdrop(picture=_paper(style.paper, width, height), ground=None)
    return paint_plain(_contrasting(chosen, rng), exact=False, width=width, height=height, rng=rng)


def _paper(tone: tuple[float, float, float], width: int, height: int) -> Image.Image:
    red, green, blue = (round(255 * part) for part in tone)
    return Image.new("RGB", (width, height), (red, green, blue))


def _suggest_scene(spec: SceneSpec, chosen: list[Chosen]) -> tuple[str | None, str | None]:
    """Scene and hour for things of the sky among others, or for an hour without a place; None: a plain wall."""
    flying = [item.in_sky for item in chosen]
    words = {word for thing in spec.things for subject in thing.subjects[:1] for word in subject.keywords}
    names = {word for thing in spec.things for subject in thing.subjects[:1] for word in subject.name.split()}
    hour = "night" if "moon" in names or ("star" in names and len(chosen) > 1) else None
    if flying and all(flying):
        return ("sky" if spec.time or hour else None), hour
    if not any(flying) and spec.time is None:
        return None, None
    return ("sea" if words & {"boat", "ship"} else "grass"), hour


def _contrasting(chosen: list[Chosen], rng: np.random.Generator) -> tuple[float, float, float]:
    """A muted tone away from the first thing in hue and in brightness: a deep one where the thing itself is light."""
    tones = np.array(_WALLS, np.float32) / 255
    if not chosen:
        picked = tones[int(rng.integers(len(tones)))]
        return float(picked[0]), float(picked[1]), float(picked[2])
    pixels = np.asarray(chosen[0].cutouts[0], np.float32) / 255
    solid = pixels[..., 3] > 0.5
    hue, share = main_hue(pixels[..., :3], pixels[..., 3])
    bright = float(np.median(pixels[..., :3][solid].mean(-1))) if solid.any() else 0.5
    hues = np.array([colorsys.rgb_to_hsv(*tone)[0] for tone in tones])
    apart = np.abs((hues - hue + 0.5) % 1 - 0.5) if share > 0.2 else np.zeros(len(hues))
    order = np.argsort(-(apart + 1.2 * np.abs(tones.mean(1) - bright)))
    picked = tones[int(rng.choice(order[:_WALLS_FITTING]))]
    return float(picked[0]), float(picked[1]), float(picked[2])

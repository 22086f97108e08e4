"""What the plain prompts ask for, looked for in the collages alone: nothing is painted and nothing is learnt."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from engine.layout_prior.composer import CollageComposer, dice_of
from engine.layout_prior.cutouts.compositing import Sheet
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneSpec
from engine.training.evaluation.eval_prompts import PLAIN

SEEDS = (3, 4, 5)
SIZE_PIXELS = 256
_ATTACHED, _PATTERNED, _SEASONS = PLAIN[:16], PLAIN[16:20], PLAIN[20:24]
# What belongs together is in one piece where so much of it hangs together; a pattern is seen where so much of a thing
# is another colour by so much; a season where the tone of the whole moves so far its way.
_PIECE, _HELD, _PATTERN_SHARE, _PATTERN_DEPTH, _TONE = 0.9, 0.1, 0.08, 0.08, 0.02
# Which way a season moves a picture: of red, green and blue against their mean, and of brightness.
_WAYS = {
    "autumn": (1.0, -0.6, -0.4, 0.0),
    "winter": (0.0, 0.0, 0.0, 1.0),
    "spring": (0.3, 0.4, -0.7, 0.5),
    "summer": (0.5, 0.2, -0.7, 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollageFigures:
    """Shares 0..1 of the prompts, over `SEEDS`."""

    attached: float
    patterned: float
    seasonal: float


NOT_JUDGED = CollageFigures(attached=math.nan, patterned=math.nan, seasonal=math.nan)


def judge_collages(composer: CollageComposer) -> CollageFigures:
    """Takes a few seconds."""
    return CollageFigures(
        attached=_share(composer, _ATTACHED, is_attached),
        patterned=_share(composer, _PATTERNED, shows_pattern),
        seasonal=_share(composer, _SEASONS, shows_season),
    )


def is_attached(composer: CollageComposer, prompt: str, seed: int) -> bool:
    """Whether the things of a relation hold together: as one cut-out in one piece, or each lying on another."""
    sheet = _sheet(composer, prompt, seed)
    if len(sheet.placed) == 1:
        return all(_in_one_piece(cutout) for cutout in sheet.chosen[0].cutouts)
    shapes = [_shape(sheet, number) for number in range(len(sheet.placed))]
    return len(shapes) > 1 and all(
        any(_overlap(shape, other) >= _HELD for other in shapes if other is not shape) for shape in shapes
    )


def _shape(sheet: Sheet, number: int) -> np.ndarray:
    """(height, width) bool: where a thing lies, as far as its cut-out fills its box."""
    at, box = sheet.placed[number]
    size = max(1, round(box.width)), max(1, round(box.height))
    alpha = sheet.chosen[at].cutouts[0].getchannel("A").resize(size, Image.Resampling.BOX)
    canvas = Image.new("L", sheet.picture.size)
    canvas.paste(alpha, (round(box.left), round(box.top)))
    return np.asarray(canvas) > 127


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """The share of the smaller one that lies on the other."""
    return float((one & other).sum() / max(1, min(one.sum(), other.sum())))


def shows_pattern(composer: CollageComposer, prompt: str, seed: int) -> bool:
    """Whether the pattern changes enough of the same drawing without it."""

    def plain(spec: SceneSpec) -> SceneSpec:
        return replace(spec, things=tuple(replace(thing, pattern="") for thing in spec.things))

    with_it, without = _sheet(composer, prompt, seed), _sheet(composer, prompt, seed, change=plain)
    shares = []
    for one, other in zip(with_it.chosen, without.chosen, strict=True):
        patterned, usual = (np.asarray(item.cutouts[0], np.float32) / 255 for item in (one, other))
        if patterned.shape != usual.shape:
            return False
        solid = usual[..., 3] > 0.5
        changed = np.abs(patterned[..., :3] - usual[..., :3]).max(-1) > _PATTERN_DEPTH
        shares.append(float((changed & solid).sum() / max(1, solid.sum())))
    return max(shares, default=0.0) >= _PATTERN_SHARE


def shows_season(composer: CollageComposer, prompt: str, seed: int) -> bool:
    """Whether the season moves the tone of the same collage its own way."""
    season = parse(prompt, composer.library).season
    if season is None:
        return False
    with_it = _tone(_sheet(composer, prompt, seed).picture)
    without = _tone(_sheet(composer, prompt, seed, change=lambda spec: replace(spec, season=None)).picture)
    return float((with_it - without) @ np.array(_WAYS[season])) >= _TONE


def _share(
    composer: CollageComposer, prompts: Sequence[str], holds: Callable[[CollageComposer, str, int], bool]
) -> float:
    found = [holds(composer, prompt, seed) for prompt in prompts for seed in SEEDS]
    return sum(found) / len(found)


def _sheet(
    composer: CollageComposer,
    prompt: str,
    seed: int,
    *,
    change: Callable[[SceneSpec], SceneSpec] = lambda spec: spec,
) -> Sheet:
    """The same chances with and without what is changed, so that nothing else is."""
    rng = dice_of(prompt, seed)
    spec = change(composer.fill(parse(prompt, composer.library), rng))
    return composer.compose_spec(spec, rng, width=SIZE_PIXELS, height=SIZE_PIXELS)


def _tone(picture: Image.Image) -> np.ndarray:
    """Red, green and blue against their mean, and brightness, of a whole picture in 0..1."""
    mean = np.asarray(picture, np.float32).reshape(-1, 3).mean(0) / 255
    return np.array([*(mean - mean.mean()), mean.mean()])


def _in_one_piece(cutout: Image.Image) -> bool:
    """Whether the largest connected part of a cut-out is nearly all of it. Looked at small, as thin lines break."""
    side = 64
    small = np.asarray(cutout.getchannel("A").resize((side, side), Image.Resampling.BOX)) > 40
    if not small.any():
        return False
    rest, largest = small.copy(), 0
    while rest.any():
        part = np.zeros_like(rest)
        part[np.unravel_index(int(rest.argmax()), rest.shape)] = True
        size = 0
        while part.sum() != size:
            size = int(part.sum())
            grown = np.pad(part, 1)
            near = grown[:-2] | grown[2:] | grown[1:-1]
            part = (near[:, :-2] | near[:, 2:] | near[:, 1:-1]) & rest
        largest = max(largest, size)
        rest &= ~part
    return bool(largest >= _PIECE * small.sum())

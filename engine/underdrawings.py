"""What a picture is painted over: sizes, the picture to start from, its mask, and how the result goes back.

Pillow work of the task threads: nothing here touches a model.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageOps

from engine.details import STRENGTH, Detail
from engine.model_catalog import ModelEntry
from engine.orders import Order
from engine.painters.layout import Layout, fit_within, size_near
from engine.painters.painter import Portion
from engine.painters.priors import Prior
from engine.pictures import canvas, masks
from engine.pictures.masks import cover_cells
from engine.pictures.tint import tint
from engine.pictures.windows import Windows
from engine.retakes import retake
from engine.rims import with_rim
from studio.errors import BadImage, BadParameter, NotSupported
from studio.requests import Operation, PaintRequest, Strength, parse_aspect

Box = tuple[int, int, int, int]

STRENGTHS = {Strength.SUBTLE: 0.35, Strength.STRONG: 0.7}
WITH_IMAGE_STRENGTH = 0.7
# Enough to make one picture of latents that lie on top of each other, not so much that nobody knows them again.
BLEND_STRENGTH = 0.65
# How far a retake goes, for models with a prior.
SUBTLE_REACH, STRONG_REACH = 0.08, 0.25
EXPAND_STRENGTH = 0.9
# Pictures up to so many times the model's native area are painted at their own size.
LARGEST_AREAS = 4.0
# A larger picture is edited in a window around the mask, with half the mask's size around it to look at.
WINDOW_AREAS = 2.25
CONTEXT_SHARE = 0.5
# Fewer steps than that leave a picture half done, whatever share of the schedule it goes through.
LEAST_STEPS = 4
_RESIZE = Image.Resampling.LANCZOS


def _as_it_is(painted: Image.Image) -> Image.Image:
    return painted


@dataclass(frozen=True, slots=True, kw_only=True)
class Underdrawing:
    """`start`, `mask` and `mixed` are `width` × `height`; see `Sketch` for what they mean.

    `finish` turns what was painted into what the person gets, or into the whole that `detail` goes on from.
    """

    width: int
    height: int
    strength: float = 1.0
    start: Image.Image | None = field(default=None, repr=False)
    mask: Image.Image | None = field(default=None, repr=False)
    mixed: tuple[Portion, ...] = field(default=(), repr=False)
    likeness: tuple[Portion, ...] = field(default=(), repr=False)
    finish: Callable[[Image.Image], Image.Image] = field(default=_as_it_is, repr=False)
    detail: Detail | None = field(default=None, repr=False)


def underdraw(
    order: Order, index: int, *, entry: ModelEntry, layout: Layout, prior: Prior | None
) -> Underdrawing:
    """For picture `index` of the order. Raises `BadParameter`, `BadImage` or `NotSupported`."""
    drawing = _draw_under(order, index, entry, layout, prior)
    return drawing if prior is None else with_rim(drawing, prior.rim_cells * layout.grid)


def _draw_under(
    order: Order, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None
) -> Underdrawing:
    request = order.request
    if request.operation is Operation.UPSCALE:
        raise NotSupported(
            model=entry.name, operation="upscale", instead="imagine, vary, blend, edit and expand"
        )
    if request.operation is Operation.IMAGINE and not order.sources:
        return _from_words(request, index, entry, layout, prior)
    if not order.sources:
        raise BadParameter("picture", "give the id of a picture, or attach an image.")
    if request.operation is Operation.EDIT:
        return _edit(order, index, entry, layout, prior)
    if request.operation is Operation.EXPAND:
        return _expand(order, index, entry, layout, prior)
    if request.operation is Operation.BLEND:
        return _blend(order, index, entry, layout, prior)
    return _vary(order, index, entry, layout, prior)


def steps_for(request: PaintRequest, *, entry: ModelEntry, prior: Prior | None, strength: float) -> int:
    """Steps of the whole schedule such that its `strength` share has enough of them; 1 to 1000.

    A prior that names its steps knows best how few of them do.
    """
    if prior is not None and prior.steps is not None and not request.steps:
        return prior.steps
    wanted = request.steps or entry.steps
    return min(1000, max(wanted, math.ceil(min(wanted, LEAST_STEPS) / strength - 1e-9)))


def _native_area(entry: ModelEntry) -> int:
    return entry.width * entry.height


def _size(
    request: PaintRequest, entry: ModelEntry, layout: Layout, *, ratio: float | None
) -> tuple[int, int]:
    """The size asked for, else the ratio asked for, else `ratio`, else the model's own size."""
    if request.width or request.height:
        width, height = request.width or request.height or 0, request.height or request.width or 0
        if width * height > LARGEST_AREAS * _native_area(entry):
            most = round(math.sqrt(LARGEST_AREAS * _native_area(entry)))
            raise BadParameter(
                "width", f"and height are too large for {entry.name}: at most about {most}×{most}."
            )
        return fit_within(width, height, area_pixels=width * height, multiple=layout.grid)
    if request.aspect:
        across, down = parse_aspect(request.aspect)
        ratio = across / down
    if ratio is None:
        return layout.snap(entry.width, entry.height)
    return size_near(_native_area(entry), ratio, multiple=min(layout.multiple, 64))


def _from_words(
    request: PaintRequest, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None
) -> Underdrawing:
    width, height = _size(request, entry, layout, ratio=None)
    if prior is None:
        return Underdrawing(width=width, height=height)
    seed = request.seed_of(index)
    start = prior.composer.compose(request.prompt_of(index), seed=seed, width=width, height=height)
    return Underdrawing(width=width, height=height, start=start, strength=request.strength or prior.strength)


def _vary(order: Order, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None) -> Underdrawing:
    request, source = order.request, order.sources[0]
    width, height = _size_like(order, entry, layout)
    start = ImageOps.fit(source, (width, height), method=_RESIZE)
    if layout.has_eyes and request.variation:
        # As DALL·E 2 does it: what the picture shows goes in as an embedding, its layout only for subtle changes.
        likeness = (Portion(picture=source),)
        if request.variation is Strength.STRONG and not request.strength:
            return Underdrawing(width=width, height=height, likeness=likeness)
        strength = request.strength or STRENGTHS[request.variation]
        return Underdrawing(width=width, height=height, start=start, strength=strength, likeness=likeness)
    if prior is None or request.strength or not request.variation:
        variation = STRENGTHS[request.variation] if request.variation else WITH_IMAGE_STRENGTH
        return Underdrawing(width=width, height=height, start=start, strength=request.strength or variation)
    return _lay_out_again(request, index, start, prior)


def _size_like(order: Order, entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    """The size asked for, else that of the first source: as it is if it was painted here, else its ratio."""
    request, source = order.request, order.sources[0]
    asked = bool(request.width or request.height or request.aspect)
    painted_here = bool(request.sources and request.sources[0].picture_id)
    if painted_here and not asked and source.width * source.height <= LARGEST_AREAS * _native_area(entry):
        return layout.snap(*source.size)
    return _size(request, entry, layout, ratio=source.width / source.height)


def _blend(order: Order, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None) -> Underdrawing:
    """Something of each source: by what they show where the model has eyes, else by their latents."""
    request = order.request
    width, height = _size_like(order, entry, layout)
    weights = request.weights or (1.0,) * len(order.sources)
    counted = [(source, weight) for source, weight in zip(order.sources, weights, strict=True) if weight > 0]
    whole = sum(weight for _, weight in counted)
    if layout.has_eyes:
        likeness = tuple(Portion(picture=source, share=weight / whole) for source, weight in counted)
        return Underdrawing(width=width, height=height, likeness=likeness)
    fitted = [
        Portion(picture=ImageOps.fit(source, (width, height), method=_RESIZE), share=weight / whole)
        for source, weight in counted
    ]
    if prior is not None and request.prompt_of(index).strip():
        return _compose_blend(request, index, fitted, prior)
    if prior is not None and prior.mixer is not None:
        pictures = [(each.picture, each.share) for each in fitted]
        start = prior.mixer.resemble(pictures, seed=request.seed_of(index), width=width, height=height)
        return Underdrawing(width=width, height=height, start=start, strength=request.strength or prior.strength)
    return Underdrawing(
        width=width,
        height=height,
        start=fitted[0].picture,
        mixed=tuple(fitted[1:]),
        strength=request.strength or (prior.blend_strength if prior else BLEND_STRENGTH),
    )


def _compose_blend(
    request: PaintRequest, index: int, portions: Sequence[Portion], prior: Prior
) -> Underdrawing:
    """By a model that invents little: the words of all in one scene, in the colours of the pictures."""
    width, height = portions[0].picture.size
    scene = prior.composer.compose(
        request.prompt_of(index), seed=request.seed_of(index), width=width, height=height
    )
    start = tint(scene, [(each.picture, each.share) for each in portions])
    return Underdrawing(width=width, height=height, start=start, strength=request.strength or prior.strength)


def _lay_out_again(request: PaintRequest, index: int, source: Image.Image, prior: Prior) -> Underdrawing:
    """A variation by a model that invents little: the same words laid out anew, or the same picture taken again."""
    width, height = source.size
    seed = request.seed_of(index)
    if request.variation is Strength.SUBTLE:
        start, strength = retake(source, seed=seed, reach=SUBTLE_REACH), prior.subtle_strength
    elif request.prompt_of(index).strip():
        start = prior.composer.compose(request.prompt_of(index), seed=seed, width=width, height=height)
        strength = prior.strength
    elif prior.mixer is not None:
        start = prior.mixer.resemble([(source, 1.0)], seed=seed, width=width, height=height)
        strength = prior.strength
    else:
        start, strength = retake(source, seed=seed, reach=STRONG_REACH), prior.strong_strength
    return Underdrawing(width=width, height=height, start=start, strength=strength)


def _edit(order: Order, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None) -> Underdrawing:
    source = order.sources[0]
    if order.mask is None:
        raise BadImage("there is no mask. Name the part to change, for example B2-C3, or attach a mask.")
    mask = masks.check_mask(order.mask, source.size)
    box = _window(mask, _native_area(entry))
    here, hole = source.crop(box), mask.crop(box)
    size = _working_size(here.size, entry, layout)
    start, grown = (
        here.resize(size, _RESIZE),
        cover_cells(hole.resize(size, Image.Resampling.BOX), layout.grid),
    )
    strength = order.request.strength or 1.0
    if prior is not None:
        seed = order.request.seed_of(index)
        start = prior.composer.place(order.request.prompt_of(index), seed=seed, canvas=start, mask=grown)
        strength = order.request.strength or prior.edit_strength

    def finish(painted: Image.Image) -> Image.Image:
        result = source.copy()
        weights = masks.feather(hole, max(2, min(here.size) // 32))
        result.paste(masks.overlay(here, painted.resize(here.size, _RESIZE), weights), box[:2])
        return result

    return Underdrawing(
        width=size[0], height=size[1], start=start, mask=grown, strength=strength, finish=finish
    )


def _expand(order: Order, index: int, entry: ModelEntry, layout: Layout, prior: Prior | None) -> Underdrawing:
    request, source = order.request, order.sources[0]
    if request.aspect:
        margins = canvas.margins_for_aspect(source.size, parse_aspect(request.aspect))
    else:
        margins = canvas.margins_for_sides(source.size, request.sides, request.amount_percent or 50)
    wide = canvas.expand(source, margins)
    size = _working_size(wide.picture.size, entry, layout)
    start = wide.picture.resize(size, _RESIZE)
    hole = cover_cells(wide.mask.resize(size, Image.Resampling.BOX), layout.grid)
    strength, detail_strength = request.strength or EXPAND_STRENGTH, STRENGTH
    if prior is not None:
        start = prior.composer.place(
            request.prompt_of(index), seed=request.seed_of(index), canvas=start, mask=hole
        )
        strength = request.strength or prior.edit_strength
        detail_strength = min(STRENGTH, prior.edit_strength)

    def finish(painted: Image.Image) -> Image.Image:
        return canvas.join(wide, painted.resize(wide.picture.size, _RESIZE))

    return Underdrawing(
        width=size[0],
        height=size[1],
        start=start,
        mask=masks.soften(hole, layout.grid),
        strength=strength,
        finish=finish,
        detail=_detail(wide, entry, layout, detail_strength),
    )


def _detail(wide: canvas.Canvas, entry: ModelEntry, layout: Layout, strength: float) -> Detail | None:
    """For a canvas of which the model could paint only a smaller copy."""
    width, height = wide.picture.size
    if width * height <= LARGEST_AREAS * _native_area(entry):
        return None
    side = layout.snap(*(round(math.sqrt(_native_area(entry))),) * 2)[0]
    windows = Windows(wide.picture, wide.box, window_pixels=side)
    return Detail(windows, layout=layout, strength=strength)


def _working_size(size: tuple[int, int], entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    """The picture's own size as far as latents can have it, or the same ratio within what the model can do."""
    most = round(LARGEST_AREAS * _native_area(entry))
    return fit_within(*size, area_pixels=most, multiple=layout.grid)


def _window(mask: Image.Image, native_area: int) -> Box:
    """The part of a large picture that is painted: the mask, something around it, and no less than the model's size."""
    width, height = mask.size
    touched = mask.getbbox()
    if width * height <= WINDOW_AREAS * native_area or touched is None:
        return 0, 0, width, height
    least = round(math.sqrt(native_area))
    left, right = _span(touched[0], touched[2], least, width)
    top, bottom = _span(touched[1], touched[3], least, height)
    return left, top, right, bottom


def _span(first: int, last: int, least: int, length: int) -> tuple[int, int]:
    wanted = min(length, max(least, round((last - first) * (1 + 2 * CONTEXT_SHARE))))
    start = min(max(0, (first + last - wanted) // 2), length - wanted)
    return start, start + wanted

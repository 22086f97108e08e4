"""What a picture is painted over: sizes, the picture to start from, its mask, and how the result goes back.

Pillow work of the task threads: nothing here touches a model.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PIL import Image, ImageOps

from engine.batching.sampling_params import WeightedImage
from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout
from engine.generation.augmented_copy import augment
from engine.generation.conditions.structure import ratio_of_structure
from engine.generation.generation_inputs import RESIZE, GenerationInputs, with_overscan
from engine.generation.inpainting import edit, expand
from engine.generation.mural_cells import LEAST_MURAL_STEPS, prepare_cell
from engine.generation.sizing import draft_size, requested_size, size_like
from engine.generation_task import GenerationTask
from engine.imaging.canvas.colour_transfer import tint
from engine.layout_prior.layout_prior import LayoutPrior
from studio.domain.requests import Operation, PaintRequest, ReferenceKind, Strength
from studio.domain.sizing.drafts import draft_factor, draft_steps
from studio.errors import BadParameterError, NotSupportedError

STRENGTHS = {Strength.SUBTLE: 0.35, Strength.STRONG: 0.7}
WITH_IMAGE_STRENGTH = 0.7
# Enough to make one picture of latents that lie on top of each other, not so much that nobody knows them again.
BLEND_STRENGTH = 0.65
# How far an augmented copy goes, for models with a prior.
SUBTLE_REACH, STRONG_REACH = 0.08, 0.25
# Fewer steps than that leave a picture half done, whatever share of the schedule it goes through.
LEAST_STEPS = 4
_WITHOUT_UPSCALER = ("imagine", "vary", "blend", "edit", "expand")


def prepare_inputs(
    task: GenerationTask, index: int, *, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    """For picture `index` of the task. Raises `BadParameterError`, `BadImageError` or `NotSupportedError`."""
    drawing = _draw_under(_small(task, entry, layout), index, entry, layout, prior)
    if task.request.draft:
        drawing = replace(drawing, noise_size=_noise_size(task, entry, layout, drawing))
    drawing = add_references(drawing, task, layout)
    return drawing if prior is None else with_overscan(drawing, prior.rim_cells * layout.grid)


def _small(task: GenerationTask, entry: ModelEntry, layout: Layout) -> GenerationTask:
    """A draft as the small picture that it is, but by a model that makes one area of every size."""
    if not task.request.draft or layout.can.fixed_pixels or draft_factor(entry.width, entry.height) == 1:
        return task
    width, height = draft_size(_full_size(task, entry, layout), entry, layout)
    return replace(task, request=replace(task.request, width=width, height=height, aspect=None))


def _noise_size(
    task: GenerationTask, entry: ModelEntry, layout: Layout, drawing: GenerationInputs
) -> tuple[int, int] | None:
    full = _full_size(task, entry, layout)
    return full if full != (drawing.width, drawing.height) else None


def _full_size(task: GenerationTask, entry: ModelEntry, layout: Layout) -> tuple[int, int]:
    if task.sources:
        return size_like(task, entry, layout)
    return requested_size(task.request, entry, layout, ratio=ratio_of_structure(task.request))


def _draw_under(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    request = task.request
    if request.operation is Operation.UPSCALE:
        raise NotSupportedError("operation", model=entry.name, operation="upscale", able=_WITHOUT_UPSCALER)
    if request.operation is Operation.IMAGINE and not task.sources:
        return _from_words(request, index, entry, layout, prior)
    if not task.sources:
        raise BadParameterError("picture", "no_picture")
    if request.mural_cell is not None:
        return prepare_cell(task, index, entry, layout, prior)
    if request.operation is Operation.EDIT:
        return edit(task, index, entry, layout, prior)
    if request.operation is Operation.EXPAND:
        return expand(task, index, entry, layout, prior)
    if request.operation is Operation.BLEND:
        return _blend(task, index, entry, layout, prior)
    return _vary(task, index, entry, layout, prior)


def asked_steps(request: PaintRequest, *, entry: ModelEntry, prior: LayoutPrior | None) -> int:
    """The steps that a person asked for, else those that the model names; at least twelve for a mural's cell."""
    named = entry.steps if prior is None or prior.steps is None else prior.steps
    if request.draft:
        named = draft_steps(named)
    return max(request.steps or named, LEAST_MURAL_STEPS if request.mural_cell else 1)


def steps_for(request: PaintRequest, *, entry: ModelEntry, prior: LayoutPrior | None, strength: float) -> int:
    """Steps of the whole schedule such that its `strength` share has enough of them; 1 to 1000.

    A prior that names its steps knows best how few of them do.
    """
    wanted = asked_steps(request, entry=entry, prior=prior)
    if prior is not None and prior.steps is not None and not request.steps:
        return wanted
    return min(1000, max(wanted, math.ceil(min(wanted, LEAST_STEPS) / strength - 1e-9)))


def _from_words(
    request: PaintRequest, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    width, height = requested_size(request, entry, layout, ratio=ratio_of_structure(request))
    if prior is None:
        return GenerationInputs(width=width, height=height)
    seed = request.seed_of(index)
    prompt = request.prompt_of(index)
    return GenerationInputs(
        width=width,
        height=height,
        start=prior.composer.compose(prompt, seed=seed, width=width, height=height),
        strength=request.strength or prior.strength,
        finish=partial(prior.composer.retouch, prompt),
    )


def _vary(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    request, source = task.request, task.sources[0]
    asked = request.strength or request.reach
    width, height = size_like(task, entry, layout)
    start = ImageOps.fit(source, (width, height), method=RESIZE)
    if layout.has_image_encoder and request.variation:
        # As DALL·E 2 does it: what the picture shows goes in as an embedding, its layout only for subtle changes.
        likeness = (WeightedImage(picture=source),)
        if request.variation is Strength.STRONG and not asked:
            return GenerationInputs(width=width, height=height, likeness=likeness)
        strength = asked or STRENGTHS[request.variation]
        return GenerationInputs(width=width, height=height, start=start, strength=strength, likeness=likeness)
    if prior is None or request.strength or not request.variation:
        variation = STRENGTHS[request.variation] if request.variation else WITH_IMAGE_STRENGTH
        return GenerationInputs(width=width, height=height, start=start, strength=asked or variation)
    if request.reach:
        return _take_again(start, request.seed_of(index), request.reach, prior)
    return _redo_layout(request, index, start, prior)


def _blend(
    task: GenerationTask, index: int, entry: ModelEntry, layout: Layout, prior: LayoutPrior | None
) -> GenerationInputs:
    """Something of each source: by what they show where the model has an image encoder, else by their latents."""
    request = task.request
    width, height = size_like(task, entry, layout)
    weights = request.weights or (1.0,) * len(task.sources)
    counted = [(source, weight) for source, weight in zip(task.sources, weights, strict=True) if weight > 0]
    whole = sum(weight for _, weight in counted)
    if layout.has_image_encoder:
        likeness = tuple(WeightedImage(picture=source, share=weight / whole) for source, weight in counted)
        return GenerationInputs(width=width, height=height, likeness=likeness)
    fitted = [
        WeightedImage(picture=ImageOps.fit(source, (width, height), method=RESIZE), share=weight / whole)
        for source, weight in counted
    ]
    if prior is not None and request.prompt_of(index).strip():
        return _compose_blend(request, index, fitted, prior)
    if prior is not None and prior.mixer is not None:
        pictures = [(weighted_image.picture, weighted_image.share) for weighted_image in fitted]
        start = prior.mixer.resemble(pictures, seed=request.seed_of(index), width=width, height=height)
        return GenerationInputs(
            width=width, height=height, start=start, strength=request.strength or prior.strength
        )
    return GenerationInputs(
        width=width,
        height=height,
        start=fitted[0].picture,
        mixed=tuple(fitted[1:]),
        strength=request.strength or (prior.blend_strength if prior else BLEND_STRENGTH),
    )


def _compose_blend(
    request: PaintRequest, index: int, weighted_images: Sequence[WeightedImage], prior: LayoutPrior
) -> GenerationInputs:
    """By a model that invents little: the words of all in one scene, in the colours of the pictures."""
    width, height = weighted_images[0].picture.size
    scene = prior.composer.compose(
        request.prompt_of(index), seed=request.seed_of(index), width=width, height=height
    )
    start = tint(
        scene, [(weighted_image.picture, weighted_image.share) for weighted_image in weighted_images]
    )
    return GenerationInputs(
        width=width, height=height, start=start, strength=request.strength or prior.strength
    )


def _redo_layout(
    request: PaintRequest, index: int, source: Image.Image, prior: LayoutPrior
) -> GenerationInputs:
    """A variation by a model that invents little: the same words laid out anew, or the same picture taken again."""
    width, height = source.size
    seed = request.seed_of(index)
    if request.variation is Strength.SUBTLE:
        start, strength = augment(source, seed=seed, reach=SUBTLE_REACH), prior.subtle_strength
    elif request.prompt_of(index).strip():
        words = request.prompt_of(index)
        start = prior.composer.compose(words, seed=seed, width=width, height=height)
        return GenerationInputs(
            width=width,
            height=height,
            start=start,
            strength=prior.strength,
            finish=partial(prior.composer.retouch, words),
        )
    elif prior.mixer is not None:
        start = prior.mixer.resemble([(source, 1.0)], seed=seed, width=width, height=height)
        strength = prior.strength
    else:
        start, strength = augment(source, seed=seed, reach=STRONG_REACH), prior.strong_strength
    return GenerationInputs(width=width, height=height, start=start, strength=strength)


def _take_again(source: Image.Image, seed: int, reach: float, prior: LayoutPrior) -> GenerationInputs:
    """A copy of the picture between a subtle and a strong one. `reach` is in (0, 1]."""
    width, height = source.size
    start = augment(source, seed=seed, reach=SUBTLE_REACH + reach * (STRONG_REACH - SUBTLE_REACH))
    strength = prior.subtle_strength + reach * (prior.strong_strength - prior.subtle_strength)
    return GenerationInputs(width=width, height=height, start=start, strength=strength)


def add_references(drawing: GenerationInputs, task: GenerationTask, layout: Layout) -> GenerationInputs:
    """The inputs with the task's references. What the model does with too many, or with any, is its own matter."""
    if not task.references:
        return drawing
    if not layout.has_ip_adapter:
        return replace(drawing, references=(*drawing.references, *task.references))
    subjects = _of_kind(task, ReferenceKind.SUBJECT)
    return replace(
        drawing,
        likeness=weigh(subjects) if subjects else drawing.likeness,
        styles=weigh(_of_kind(task, ReferenceKind.STYLE)),
    )


def weigh(pictures: Sequence[tuple[Image.Image, float]]) -> tuple[WeightedImage, ...]:
    """Pictures by their weights: shares of one whole, which counts as much as the heaviest of them."""
    whole = sum(weight for _, weight in pictures)
    amount = max((weight for _, weight in pictures), default=1.0)
    return tuple(
        WeightedImage(picture=picture, share=weight / whole, amount=amount) for picture, weight in pictures
    )


def _of_kind(task: GenerationTask, kind: ReferenceKind) -> list[tuple[Image.Image, float]]:
    pairs = zip(task.references, task.request.references, strict=True)
    return [(picture, reference.weight) for picture, reference in pairs if reference.reference is kind]

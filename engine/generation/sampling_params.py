"""From a task and its inputs to parameters, every default filled in."""

from engine.batching.sampling_params import SamplingParams
from engine.catalog.catalog import ModelEntry
from engine.catalog.style_presets import find_style
from engine.generation.generation_inputs import GenerationInputs
from engine.generation.prepare_inputs import steps_for
from engine.generation_task import GenerationTask
from engine.layout_prior.layout_prior import LayoutPrior
from studio.domain.requests import MAX_SEED, PaintRequest, ReferenceKind
from studio.parsing.name_suggestions import unknown_lora

# Between the seeds of neighbouring windows: further than any number of pictures in a job.
_SEED_STRIDE = 7919


def resolve_params(
    task: GenerationTask,
    index: int,
    drawing: GenerationInputs,
    *,
    entry: ModelEntry,
    prior: LayoutPrior | None,
    window: int | None = None,
) -> SamplingParams:
    """The task's picture `index` with the model's defaults for whatever it leaves open. Raises `BadParameterError`.

    With `window`, a window of that number of it, whose noise is another one's nowhere.
    """
    request = task.request
    guidance = entry.guidance_scale
    if prior is not None and prior.guidance_scale is not None:
        guidance = prior.guidance_scale
    prompt, negative_prompt = request.prompt_of(index), request.negative_prompt
    if request.style:
        prompt, negative_prompt = find_style(request.style).apply(prompt, negative_prompt)
    if drawing.references:
        prompt = _with_style_words(prompt, request)
    return SamplingParams(
        prompt=_with_triggers(prompt, task, entry),
        negative_prompt=negative_prompt,
        seed=(request.seed_of(index) + (0 if window is None else _SEED_STRIDE * (window + 1)))
        % (MAX_SEED + 1),
        width=drawing.width,
        height=drawing.height,
        steps=steps_for(request, entry=entry, prior=prior, strength=drawing.strength),
        guidance_scale=guidance if request.guidance_scale is None else request.guidance_scale,
        scheduler=request.scheduler,
        strength=drawing.strength,
        start=drawing.start,
        mask=drawing.mask,
        mixed=drawing.mixed,
        likeness=drawing.likeness,
        styles=drawing.styles,
        references=drawing.references,
        noise_size=drawing.noise_size,
        controls=drawing.controls,
        adapters=_adapters(task, entry),
    )


def _adapters(task: GenerationTask, entry: ModelEntry) -> tuple[tuple[str, float], ...]:
    """Sorted by name, so that two people who name the same ones in another order share a forward pass."""
    weights: dict[str, float] = {}
    for lora in task.request.loras:
        known = entry.loras.get(lora.name)
        if known is None:
            raise unknown_lora(entry.name, lora.name, tuple(entry.loras))
        weights[lora.name] = known.weight if lora.weight is None else lora.weight
    return tuple(sorted((name, weight) for name, weight in weights.items() if weight))


def _with_triggers(prompt: str, task: GenerationTask, entry: ModelEntry) -> str:
    """The words that wake a LoRA, in front, where the prompt does not have them."""
    triggers = [entry.loras[lora.name].trigger for lora in task.request.loras if lora.name in entry.loras]
    missing = [trigger for trigger in triggers if trigger and trigger.lower() not in prompt.lower()]
    return ", ".join(part for part in (*missing, prompt) if part)


def _with_style_words(prompt: str, request: PaintRequest) -> str:
    """For models that see all references alike: the words that say of which only the style is meant."""
    styles = [
        str(number)
        for number, reference in enumerate(request.references, start=1)
        if reference.reference is ReferenceKind.STYLE
    ]
    if not styles:
        return prompt
    return f"{prompt}, in the style of image {' and image '.join(styles)}"

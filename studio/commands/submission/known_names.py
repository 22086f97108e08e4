"""Models, styles and LoRAs are checked as soon as somebody names them, so that no job fails for a name."""

import math
from dataclasses import replace

from studio.commands.parameter_values import Kind, Parameter
from studio.domain.requests import Lora, Operation, PaintRequest
from studio.errors import BadParameterError, NotSupportedError
from studio.parsing.name_suggestions import unknown_lora, unknown_name
from studio.ports import Ports, RunnableModel

_SEVERAL = ","


def require_known(ports: Ports, request: PaintRequest) -> None:
    """Raises `BadParameterError` for a model, a style or a LoRA that this installation does not have.

    Or for a size that the model would make another one of, after it was priced.
    """
    if request.style:
        require_style(ports, request.style)
    if request.width or request.height:
        _require_free_size(ports, request.model)
    if request.model is not None or request.loras:
        model = find_model(ports, request.model)
        for lora in request.loras:
            _require_lora(model, lora)


def find_model(ports: Ports, name: str | None) -> RunnableModel:
    """The default model where none is named. Raises `BadParameterError`."""
    models = ports.options.models()
    found = next((model for model in models if name is None or model.name == name), None)
    if found is None:
        raise unknown_name("model", name or "", [model.name for model in models])
    return found


def with_price(ports: Ports, request: PaintRequest) -> PaintRequest:
    """What the model costs today, also where the request repeats one of another day or for another model."""
    if request.operation is Operation.UPSCALE:
        return replace(request, price_factor=None)
    model = next((known for known in ports.options.models() if known.name == request.model), None)
    price = ports.options.default_price() if request.model is None else model.price if model else 1.0
    return replace(request, price_factor=None if price == 1.0 else price)


def with_fixed_pixels(ports: Ports, request: PaintRequest) -> PaintRequest:
    """An edit by a model that makes one area of every picture: so many pixels it costs."""
    model = next((known for known in ports.options.models() if request.model in (known.name, None)), None)
    if request.operation is not Operation.EDIT or model is None or not model.fixed_pixels:
        return request
    return replace(request, pixels=model.fixed_pixels)


def require_picture(ports: Ports, request: PaintRequest) -> None:
    """Raises `NotSupportedError` where the model paints nothing without a picture, and none is named."""
    if request.starts or request.references:
        return
    model = next((known for known in ports.options.models() if request.model in (known.name, None)), None)
    if model is not None and model.needs_reference:
        raise NotSupportedError("needs_picture", model=model.name)


def find_draft_model(ports: Ports, name: str | None) -> RunnableModel:
    """The same for drafts. Raises `BadParameterError`, also where a draft would be an ordinary picture."""
    model = find_model(ports, name)
    if model.drafts:
        return model
    able = tuple(known.name for known in ports.options.models() if known.drafts)
    if not able:
        raise BadParameterError("draft", "no_drafts_anywhere", model=model.name)
    raise BadParameterError("draft", "no_drafts", model=model.name, able=able)


def names_of_word_editors(ports: Ports) -> tuple[str, ...]:
    """The models that change a picture by words alone."""
    return tuple(model.name for model in ports.options.models() if model.edits_by_words)


def require_style(ports: Ports, name: str) -> None:
    """Raises `BadParameterError`."""
    if name.strip().lower() not in ports.options.styles():
        raise unknown_name("style", name, ports.options.styles())


def is_model(ports: Ports, name: str | None) -> bool:
    return name is not None and any(model.name == name for model in ports.options.models())


def _require_lora(model: RunnableModel, lora: Lora) -> None:
    if lora.name not in model.loras:
        raise unknown_lora(model.name, lora.name, model.loras)


def _require_free_size(ports: Ports, name: str | None) -> None:
    models = ports.options.models()
    model = next((known for known in models if name is None or known.name == name), None)
    if model is not None and model.fixed_pixels:
        side = round(math.sqrt(model.fixed_pixels))
        raise BadParameterError("size", "fixed_size", model=model.name, side=side)


def choices_of(ports: Ports, parameter: Parameter) -> tuple[str, ...]:
    """What may be put into a parameter: its own choices, or the names that this installation knows."""
    match parameter.kind:
        case Kind.MODEL:
            return tuple(model.name for model in ports.options.models())
        case Kind.STYLE:
            return ports.options.styles()
        case Kind.LORA:
            return tuple(sorted({name for model in ports.options.models() for name in model.loras}))
        case _:
            return parameter.choices


def default_note(ports: Ports) -> str:
    """What people should know of the model that paints where none is named; often nothing."""
    return next((model.note for model in ports.options.models()), "")


def names_offered(ports: Ports) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The models, the default one first, and the styles."""
    return tuple(model.name for model in ports.options.models()), ports.options.styles()


def lora_suggestions(ports: Ports, typed: str, model: str | None) -> list[str]:
    """What may stand in the parameter, after the LoRAs that were typed already: of one model, or of all."""
    models = [known for known in ports.options.models() if model is None or known.name == model]
    before, comma, start = typed.rpartition(_SEVERAL)
    chosen = {lora.partition(":")[0].strip() for lora in before.split(_SEVERAL)}
    names = sorted({name for known in models for name in known.loras} - chosen)
    prefix = f"{before}{comma} " if comma else ""
    return [f"{prefix}{name}" for name in names if start.strip().lower() in name]

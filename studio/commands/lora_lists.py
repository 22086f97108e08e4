"""LoRAs as people name them in a request."""

from studio.domain.requests import MOST_LORAS, Lora
from studio.errors import BadParameterError


def parse_loras(text: str) -> tuple[Lora, ...]:
    """``"pixel:0.8, ink"`` becomes two, the second with the weight that the catalogue gives it."""
    loras = tuple(_parse_lora(part.strip()) for part in text.split(",") if part.strip())
    if len({lora.name for lora in loras}) < len(loras):
        raise BadParameterError("lora", "lora_twice")
    if len(loras) > MOST_LORAS:
        raise BadParameterError("lora", "too_many_loras", most=MOST_LORAS)
    return loras


def _parse_lora(text: str) -> Lora:
    name, colon, number = text.lower().partition(":")
    if not colon:
        return Lora(name=name.strip())
    try:
        weight = float(number)
    except ValueError:
        raise BadParameterError("lora", "lora_weight_not_a_number") from None
    if not -2 <= weight <= 2:
        raise BadParameterError("lora", "lora_weight_range")
    return Lora(name=name.strip(), weight=weight)

"""Models and LoRAs that an administrator keeps for people from some tier on."""

from collections.abc import Iterator

from studio.commands.submission.known_names import find_model
from studio.domain.requests import Operation, PaintRequest
from studio.domain.settings.communities import Tier
from studio.errors import BadParameterError
from studio.ports import Allowance, Ports

_RANK = {tier: rank for rank, tier in enumerate(Tier)}


def require_tiers(ports: Ports, allowance: Allowance, request: PaintRequest) -> None:
    """Raises `BadParameterError` for a model or a LoRA that needs a higher tier than the person has.

    `InstanceLimits.model_tiers` has the least tier of each: ``model``, and ``model/lora``.
    """
    needed = ports.rules.model_tiers
    if not needed or request.operation is Operation.UPSCALE:
        return
    for parameter, name, key in _find_named(ports, request):
        least = needed.get(key)
        if least is not None and _RANK[allowance.tier] < _RANK[least]:
            raise BadParameterError(parameter, "tier_needed", name=name, tier=least, own=allowance.tier)


def _find_named(ports: Ports, request: PaintRequest) -> Iterator[tuple[str, str, str]]:
    """The parameter, the name and the key of each."""
    model = find_model(ports, request.model).name
    yield "model", model, model
    for lora in request.loras:
        yield "lora", lora.name, f"{model}/{lora.name}"

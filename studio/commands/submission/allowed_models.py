"""Models and LoRAs that not everybody may use, by an administrator's word, or not everywhere, by the moderators'."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.orm import Session

from studio.commands.spec import Call
from studio.commands.submission.known_names import find_model
from studio.db.settings import community_rules
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


def with_channel_model(ports: Ports, session: Session, call: Call, request: PaintRequest) -> PaintRequest:
    """A new picture for which no model is named gets one of the channel's.

    Raises `BadParameterError` for a model that the moderators did not choose for the channel.
    """
    if request.operation is Operation.UPSCALE:
        return request
    allowed = _allowed_in(session, call)
    if allowed and request.model is None and (request.mural_cell or request.operation is Operation.IMAGINE):
        request = replace(request, model=allowed[0])
    require_channel_model(ports, session, call, request.model)
    return request


def require_channel_model(ports: Ports, session: Session, call: Call, name: str | None) -> None:
    """Raises `BadParameterError`. None: the installation's default."""
    allowed = _allowed_in(session, call)
    if allowed and (model := find_model(ports, name).name) not in allowed:
        raise BadParameterError("model", "other_models_here", model=model, able=allowed)


def _allowed_in(session: Session, call: Call) -> tuple[str, ...]:
    return community_rules(session, *call.person.home).in_place(call.address).models


def _find_named(ports: Ports, request: PaintRequest) -> Iterator[tuple[str, str, str]]:
    """The parameter, the name and the key of each."""
    model = find_model(ports, request.model).name
    yield "model", model, model
    for lora in request.loras:
        yield "lora", lora.name, f"{model}/{lora.name}"

"""The measures of a training run, by route and machine."""

from dataclasses import dataclass, replace
from enum import StrEnum

import torch


class Route(StrEnum):
    RETRIEVAL = "retrieval"
    END_TO_END = "end-to-end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The measures of a run. `steps` replaces the minutes where it is given; `fresh` pictures come every
    `fresh_every` steps; `tiny` means plain shapes instead of downloads.
    """

    side_px: int = 256
    autoencoder_widths: tuple[int, ...] = (32, 64, 96, 128)
    unet_widths: tuple[int, ...] = (64, 112, 160)
    text_width: int = 192
    text_layers: int = 4
    captions: int = 20_000
    pool: int = 16_384
    first_pool: int = 384
    crop_px: int = 96
    crops: int = 12
    batch: int = 8
    learning_rate: float = 6e-4
    decay: float = 0.998
    fresh: int | None = None
    fresh_every: int = 8
    composers: int = 0
    tiny: bool = False
    steps: int | None = None
    autoencoder_share: float = 0.25
    polish_share: float = 0.1


TINY = Plan(
    side_px=64,
    autoencoder_widths=(32, 40, 40, 48),
    unet_widths=(16, 32),
    text_width=48,
    text_layers=1,
    captions=200,
    pool=16,
    first_pool=8,
    crop_px=64,
    crops=2,
    batch=4,
    tiny=True,
    steps=3,
)
# On a GPU: 20 M parameters, about ten million samples in 25 minutes, half a million of them different.
END_TO_END = Plan(unet_widths=(96, 160, 256), pool=16_384, first_pool=96, batch=8, learning_rate=4e-4)


def _on_a_card(plan: Plan, *, pool: int, batch: int, fresh: int) -> Plan:
    measures = replace(plan, first_pool=4096, learning_rate=1e-3, decay=0.9995, composers=14)
    return replace(measures, pool=pool, batch=batch, fresh=fresh)


END_TO_END_GPU = _on_a_card(END_TO_END, pool=262_144, batch=512, fresh=384)
RETRIEVAL_GPU = _on_a_card(Plan(crops=48), pool=131_072, batch=256, fresh=256)


def plan_for(route: Route, *, tiny: bool) -> Plan:
    """The measures that suit the route and the machine."""
    if tiny:
        return TINY
    if torch.cuda.is_available():
        return RETRIEVAL_GPU if route is Route.RETRIEVAL else END_TO_END_GPU
    return Plan() if route is Route.RETRIEVAL else END_TO_END

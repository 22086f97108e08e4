"""UniPC without waits: the shares of its update are numbers of the CPU, and only the latents are on the device."""

import copy
from collections.abc import Sequence
from typing import Any

import diffusers
import torch

_Stock: Any = diffusers.UniPCMultistepScheduler


class UniPCMultistepScheduler(_Stock):  # type: ignore[misc]
    """As in diffusers, whose updates solve a system of equations on the latents' device and so wait for it.

    An update is a sum of latents and predictions (Zhao et al., arXiv:2302.04867, eq. 3 and 9). The stock update of unit
    vectors, on the CPU, is what each counts. Its name is that of the stock class: configurations name it.
    """

    def multistep_uni_p_bh_update(
        self, model_output: torch.Tensor, *args: Any, sample: torch.Tensor, order: int, **options: Any
    ) -> torch.Tensor:
        if self.solver_p:
            stock: torch.Tensor = super().multistep_uni_p_bh_update(
                model_output, *args, sample=sample, order=order, **options
            )
            return stock
        terms = [sample, *self._last_outputs(order)]
        units = _units(len(terms))
        probe = self._with_outputs(units[1:])
        shares = _Stock.multistep_uni_p_bh_update(probe, units[0], sample=units[0], order=order)
        return _weigh(terms, shares)

    def multistep_uni_c_bh_update(
        self,
        this_model_output: torch.Tensor,
        *_args: Any,
        last_sample: torch.Tensor,
        this_sample: torch.Tensor,
        order: int,
        **_options: Any,
    ) -> torch.Tensor:
        terms = [this_model_output, last_sample, *self._last_outputs(order)]
        units = _units(len(terms))
        probe = self._with_outputs(units[2:])
        shares = _Stock.multistep_uni_c_bh_update(
            probe, units[0], last_sample=units[1], this_sample=units[1], order=order
        )
        return _weigh(terms, shares)

    def _last_outputs(self, order: int) -> list[torch.Tensor]:
        """The predictions that an update of this order reads, the newest last."""
        return list(self.model_outputs[-order:])

    def _with_outputs(self, outputs: Sequence[torch.Tensor]) -> Any:
        probe = copy.copy(self)
        probe.model_outputs = list(outputs)
        return probe


def _units(count: int) -> list[torch.Tensor]:
    """Unit vectors, each (1, count), in the precision of a CPU's sums."""
    return list(torch.split(torch.eye(count, dtype=torch.float64), 1))


def _weigh(terms: Sequence[torch.Tensor], shares: torch.Tensor) -> torch.Tensor:
    first, *rest = shares.flatten().tolist()
    total: torch.Tensor = terms[0] * first
    for term, share in zip(terms[1:], rest, strict=True):
        total = torch.add(total, term, alpha=share)
    return total

"""A sample: one picture being denoised, with a scheduler, a generator and a pace of its own."""

import inspect
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

import torch

from engine.batching.model_handle import ModelHandle
from engine.batching.sampling_params import SamplingParams
from engine.batching.step_noise import StepNoise, supply_noise

Conditions = Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchKey:
    """Samples with equal keys share a forward pass, or take turns where it is not `shared`.

    Sizes in latent cells; `references` are those of the pictures beside the words, width and height of each. A cell may
    stand for several of the usual ones, of 8 pixels a side: `usual_cells`.
    """

    model: str
    width: int
    height: int
    conditioning: str = ""
    adapters: tuple[tuple[str, float], ...] = ()
    references: tuple[tuple[int, int], ...] = ()
    usual_cells: int = 1
    shared: bool = True

    @property
    def cells(self) -> int:
        """The usual latent cells of a row: of the picture and of those beside its words."""
        sizes = ((self.width, self.height), *self.references)
        return self.usual_cells * sum(width * height for width, height in sizes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreservedRegion:
    """Clean `latents` (1, c, h, w) that stay outside of `mask` (1, 1, h, w; 1 where the picture may change).

    A mask that is `soft` has values between, where the picture may change for that last share of the steps: what is
    next to it has taken shape by then (Levin and Fried, arXiv:2306.00950). A mixture would be too smooth there.
    """

    latents: torch.Tensor
    noise: torch.Tensor
    mask: torch.Tensor
    soft: bool = False

    def free(self, done: float) -> torch.Tensor:
        """1 where the picture may change once the share `done` of the steps is made."""
        if not self.soft:
            return self.mask
        return ((self.mask >= 1) | (self.mask > 1 - done)).to(self.mask.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """The map of a sample as its ControlNet takes it, (1, c, h, w), and how much it counts."""

    kind: str
    embedded: torch.Tensor
    scale: float


class GroupHandle(Protocol):
    """What a sample and the queues need to know of the group that the sample belongs to; see `SampleGroup`."""

    person: str
    weight: float
    number: int
    open_tasks: int
    previewed_at: float

    @property
    def samples(self) -> "tuple[Sample, ...]": ...

    @property
    def over(self) -> bool: ...

    def finish(self) -> None: ...

    def fail(self, error: BaseException) -> None: ...


@dataclass(slots=True, kw_only=True, eq=False)
class Sample:
    """`timesteps` are those still and already gone through; `position` is the next one's index.

    Latents are (1, c, h, w). `conditions` hold one row for each pass through the denoiser: the words to keep away
    from first, where there is guidance. `channels` go to the denoiser beside the latents.
    """

    model: ModelHandle
    params: SamplingParams
    key: BatchKey
    scheduler: Any
    generator: torch.Generator
    timesteps: torch.Tensor
    guided: bool
    group: GroupHandle | None = None
    position: int = 0
    start: torch.Tensor | None = None  # the picture to start from, (1, 3, height, width) in [-1, 1]
    hole: torch.Tensor | None = None  # the mask in pixels, (1, 1, height, width) of 0 and 1
    conditions: tuple[Conditions, ...] = ()
    latents: torch.Tensor | None = None
    preserved: PreservedRegion | None = None
    channels: torch.Tensor | None = None
    controls: tuple[Control, ...] = ()
    estimate: torch.Tensor | None = None  # of the finished latents, when one was asked for
    picture: torch.Tensor | None = None  # (3, height, width) in [0, 1], or bytes
    is_decoded: bool = False  # `picture` may be read on any thread
    unread_words: int = 0  # at the end of the prompt, beyond what the model takes in
    preview: torch.Tensor | None = None  # a small preview, uint8 (h, w, 3)
    step_options: dict[str, Any] = field(default_factory=dict)
    schedule_key: Hashable = None  # equal for samples whose schedulers do the same at every step
    times: torch.Tensor | None = None  # `timesteps` on the device, float32
    noise: StepNoise = field(init=False)

    def __post_init__(self) -> None:
        self.noise = StepNoise(self.generator)
        step = getattr(type(self.scheduler), "step", None)
        accepted = _step_parameters(step) if step else frozenset()
        # As diffusers' own pipelines do: eta is DDIM's, and 0 is its default.
        if "eta" in accepted:
            self.step_options["eta"] = 0.0
        if "generator" in accepted:
            self.step_options["generator"] = self.generator

    @property
    def rows(self) -> int:
        """Rows of a forward pass that the sample takes."""
        return 2 if self.guided else 1

    @property
    def steps(self) -> int:
        return len(self.timesteps)

    @property
    def finished(self) -> bool:
        return self.position >= self.steps

    @property
    def prepared(self) -> bool:
        return self.latents is not None

    @property
    def over(self) -> bool:
        """Whether its task is finished, failed or given up."""
        return self.group is not None and self.group.over

    @property
    def is_finite(self) -> bool:
        """Whether its latents are numbers."""
        return self.latents is not None and bool(torch.isfinite(self.latents).all())

    @property
    def person(self) -> str:
        return self.group.person if self.group else ""

    @property
    def weight(self) -> float:
        return self.group.weight if self.group else 1.0

    @property
    def open_tasks(self) -> int:
        """How many tasks of the same person are open."""
        return self.group.open_tasks if self.group else 1

    @property
    def number(self) -> int:
        return self.group.number if self.group else 0

    @property
    def timestep(self) -> torch.Tensor:
        return self.timesteps[self.position]

    def time_on(self, device: torch.device) -> torch.Tensor:
        """The next timestep as a scalar on the device. All are uploaded at the first step."""
        if self.times is None:
            self.times = self.timesteps.to(device, torch.float32)
        return self.times[self.position]

    def model_input(self) -> torch.Tensor:
        """The latents as the denoiser wants them at this step, (1, c, h, w)."""
        assert self.latents is not None  # noqa: S101 - a prepared sample
        scaled = self.latents
        if hasattr(self.scheduler, "scale_model_input"):
            scaled = self.scheduler.scale_model_input(self.latents, self.timestep)
        return scaled if self.channels is None else torch.cat([scaled, self.channels], dim=1)

    def advance(self, prediction: torch.Tensor, *, wants_estimate: bool = False) -> None:
        """One step of the sample's own scheduler; `prediction` is (1, c, h, w) with guidance applied."""
        with supply_noise([self.noise]):
            moved = self.scheduler.step(prediction, self.timestep, self.latents, **self.step_options)
        if wants_estimate:
            self.estimate = estimate_of(self.scheduler, moved)
        self.move_to(moved.prev_sample)

    def move_to(self, latents: torch.Tensor) -> None:
        """The latents after a step of the scheduler; where a region is preserved, that is put back into them."""
        self.position += 1
        self.latents = latents if self.preserved is None else self._blend_preserved(latents, self.preserved)

    def forget(self) -> None:
        """Let go of everything on the device but the finished picture."""
        self.times = self.latents = self.preserved = self.channels = self.estimate = self.start = (
            self.hole
        ) = None
        self.conditions, self.controls = (), ()

    def _blend_preserved(self, latents: torch.Tensor, preserved: PreservedRegion) -> torch.Tensor:
        """Outside the mask the picture itself, noised for the next step; as diffusers' inpainting pipeline does."""
        outside = preserved.latents
        if not self.finished:
            clean, noise = noise_shares(self.scheduler, self.timestep)
            outside = clean * outside + noise * preserved.noise
        free = preserved.free(self.position / self.steps)
        joined: torch.Tensor = (1 - free) * outside + free * latents
        return joined


def add_noise(
    scheduler: Any, clean: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor
) -> torch.Tensor:
    """`clean` as noisy as it is at `timesteps`, whatever the scheduler calls that."""
    if hasattr(scheduler, "scale_noise"):
        noisy: torch.Tensor = scheduler.scale_noise(clean, timesteps, noise)
    else:
        noisy = scheduler.add_noise(clean, noise, timesteps)
    return noisy


def noise_shares(scheduler: Any, timestep: torch.Tensor) -> tuple[float, float]:
    """The shares of clean latents and of noise at a timestep. Computed on the CPU: no device is waited for."""
    one, zero = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1), torch.tensor([0.0, 1.0]).view(2, 1, 1, 1)
    clean, noise = add_noise(scheduler, one, zero, timestep.reshape(1).repeat(2)).flatten().tolist()
    return clean, noise


def estimate_of(scheduler: Any, moved: Any) -> torch.Tensor:
    """The scheduler's idea of the finished latents, or where it does not say, the latents as they are."""
    for name in ("pred_original_sample", "denoised"):
        estimate = getattr(moved, name, None)
        if isinstance(estimate, torch.Tensor):
            return estimate
    remembered = getattr(scheduler, "model_outputs", None)
    if remembered and isinstance(remembered[-1], torch.Tensor):
        return remembered[-1]
    return moved.prev_sample  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _step_parameters(step: Callable[..., Any]) -> frozenset[str]:
    return frozenset(inspect.signature(step).parameters)

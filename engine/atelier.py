"""The atelier: from an order to finished pictures. Called by many task threads at once."""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from engine.details import Meter, paint_detail, steps_ahead
from engine.drawings import Underdrawing
from engine.model_catalog import ModelCatalogue, ModelEntry
from engine.orders import Order, Painted, Progress
from engine.painters.families import new_painter
from engine.painters.painter import Painter, Sketch
from engine.painters.priors import Prior, load_prior
from engine.representation import represent_order
from engine.sketches import sketch_of
from engine.speed import Speed
from engine.underdrawings import underdraw
from studio import __version__
from studio.errors import BadParameter, JobCancelled
from studio.pictures import Recipe
from studio.requests import Operation, PaintRequest

if TYPE_CHECKING:
    import torch

    from engine.easel.easel import Easel
    from engine.easel.experience import Experience
    from engine.easel.lane import Lane
    from engine.painters.upscaler import Upscaler

SOFTWARE = f"chatelier {__version__}"
DEFAULT_UPSCALER = "realesr-animevideov3-x4"
PLAIN = Speed(fuse=False, compile=False, overlap=False)

log = logging.getLogger(__name__)


def _nothing(progress: Progress) -> None:
    pass


class Atelier:
    """Holds one easel for each device and loads models as orders need them.

    `device` is a torch device such as ``cuda:1``, several with commas between, or None for the best there is.
    `threads` are the CPU threads of a step; None leaves torch's choice. What is learned of the devices is kept in
    `learned_file`. With `represents`, words are added about people of whom a prompt does not say who they are.
    """

    def __init__(
        self,
        models: ModelCatalogue,
        *,
        device: str | None = None,
        default_model: str | None = None,
        upscaler: str = DEFAULT_UPSCALER,
        threads: int | None = None,
        budget_bytes: int | None = None,
        speed: Speed = PLAIN,
        learned_file: Path | None = None,
        represents: bool = True,
    ) -> None:
        # Threads of a step that spin while they wait take the cores from everybody else. Read when torch is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        self._models = models
        self._default = default_model or models.names[0]
        self._devices = [name.strip() for name in device.split(",")] if device else [None]
        self._upscaler_name = upscaler
        self._threads = threads
        self._budget_bytes = budget_bytes
        self._speed = speed
        self._learned_file = learned_file
        self._represents = represents
        self._experiences: dict[str, Experience] = {}
        self._easels: list[Easel] = []
        self._painters: dict[tuple[str, int], Painter] = {}
        self._priors: dict[str, Prior | None] = {}
        self._upscalers: dict[tuple[str, int], Upscaler] = {}
        self._lock = threading.RLock()

    def paint(
        self,
        order: Order,
        *,
        on_progress: Callable[[Progress], None] = _nothing,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Painted]:
        """Blocks until all pictures are painted; `on_progress` and `cancelled` are called on this thread.

        Raises `JobCancelled` within one step of `cancelled` saying so, `BadParameter`, `BadImage` or `NotSupported`
        for an order that cannot be painted, `ModelBroken`, or `PaintingFailed`.
        """
        if cancelled():
            raise JobCancelled
        if order.request.operation is Operation.UPSCALE:
            return [self._upscale(order, on_progress, cancelled)]
        entry = self._models.find(order.request.model or self._default)
        wanted, added_words = order, ("",) * order.request.count
        if self._represents and entry.representation:
            order, added_words = represent_order(order)
        easel, place = self._choose_easel()
        painter = self._painter(entry, place)
        prior = self._prior(entry)
        drawings = [
            underdraw(order, index, entry=entry, layout=painter.layout, prior=prior)
            for index in range(order.request.count)
        ]
        outline = partial(sketch_of, order, entry=entry, prior=prior)
        sketches = [outline(index, drawing) for index, drawing in enumerate(drawings)]
        meter = Meter(on_progress)
        meter.expect(steps_ahead(drawings, sketches))

        def paint_round(some: Sequence[Sketch]) -> list[Image.Image]:
            lanes = [painter.sketch(sketch) for sketch in some]
            self._wait(easel, lanes, order, meter, cancelled)
            meter.end_round(sum(lane.steps for lane in lanes))
            return [_picture(lane) for lane in lanes]

        def complete(index: int, drawing: Underdrawing, picture: Image.Image) -> Painted:
            image = paint_detail(
                drawing,
                drawing.finish(picture),
                lambda windows: paint_round(
                    [outline(index, each, window=number) for number, each in windows]
                ),
            )
            return self._painted(wanted, index, added_words[index], entry, painter, sketches[index], image)

        pictures = paint_round(sketches)
        return [
            complete(index, drawing, picture)
            for index, (drawing, picture) in enumerate(zip(drawings, pictures, strict=True))
        ]

    def warm_up(
        self, on_progress: Callable[[Progress], None] = _nothing, *, model: str | None = None
    ) -> None:
        """Load a model, the default one unless told, and paint with it, so that nobody waits for that later.

        Where blocks are compiled, every number of pictures that may be painted side by side is painted once.
        """
        easel, place = self._choose_easel()
        counts = self._warm_counts(easel, place, self._models.find(model or self._default))
        for done, count in enumerate(counts, start=1):
            request = PaintRequest(
                operation=Operation.IMAGINE, seed=0, count=count, steps=1, prompt="a star", model=model
            )
            self.paint(Order(job_id="warm-up", person="", request=request))
            log.info("warmed up", extra={"part": done, "parts": len(counts)})
            on_progress(Progress(step=done, steps=len(counts)))

    def _warm_counts(self, easel: "Easel", place: int, entry: ModelEntry) -> list[int]:
        if not self._speed.on(easel.device.type).compile:
            return [1]
        from engine.painters.tuning import BUCKETS

        key = self._painter(entry, place).sketch(_star(entry)).key
        rows_each = 2 if entry.guidance_scale > 1 else 1
        # The largest first: it is compiled for its own shape, the others for any.
        fitting = [count for count in BUCKETS if count * rows_each <= easel.limits.rows(key)]
        return fitting[::-1] or [1]

    def close(self) -> None:
        """Orders that are being painted fail; the models are let go."""
        with self._lock:
            easels, self._easels = self._easels, []
        for easel in easels:
            easel.close()

    # ---- models

    def _choose_easel(self) -> "tuple[Easel, int]":
        """The easel with the fewest lanes."""
        with self._lock:
            if not self._easels:
                self._easels = [self._open_easel(name) for name in self._devices]
            place = min(range(len(self._easels)), key=lambda index: self._easels[index].lanes)
            return self._easels[place], place

    def _open_easel(self, name: str | None) -> "Easel":
        from engine.easel.easel import Easel
        from engine.easel.limits import RowLimits
        from engine.easel.memory import budget_bytes
        from engine.easel.shelf import Shelf
        from engine.painters.weights import choose_device, device_name

        device = choose_device(name)
        speed = self._speed.on(device.type)
        shelf = Shelf(budget_bytes=self._budget_bytes or budget_bytes(device))
        limits = RowLimits(device.type, experience=self._experience(device_name(device)))
        easel = Easel(shelf, device=device, limits=limits, threads=self._threads, overlap=bool(speed.overlap))
        easel.start()
        log.info("easel opened", extra={"device": str(device), "speed": speed.words()})
        return easel

    def _experience(self, device: str) -> "Experience":
        """Cards of one kind learn together."""
        from engine.easel.experience import Experience

        if device not in self._experiences:
            self._experiences[device] = Experience(self._learned_file, device=device)
        return self._experiences[device]

    def _painter(self, entry: ModelEntry, place: int) -> Painter:
        with self._lock:
            painter = self._painters.get((entry.name, place))
            if painter is None:
                folder = self._models.check(entry)
                device = self._easels[place].device
                painter = new_painter(self._models.settle(entry), folder, device=device, speed=self._speed)
                self._painters[entry.name, place] = painter
            return painter

    def _prior(self, entry: ModelEntry) -> Prior | None:
        with self._lock:
            if entry.name not in self._priors:
                self._priors[entry.name] = load_prior(self._models.folder(entry))
            return self._priors[entry.name]

    # ---- painting

    def _wait(
        self,
        easel: "Easel",
        lanes: "Sequence[Lane]",
        order: Order,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
    ) -> None:
        from engine.easel.ticket import Ticket

        ticket = Ticket(lanes, person=order.person, weight=order.weight)
        easel.submit(ticket)
        ticket.wait(on_progress=on_progress, cancelled=cancelled)

    def _painted(
        self,
        order: Order,
        index: int,
        added_words: str,
        entry: ModelEntry,
        painter: Painter,
        sketch: Sketch,
        image: Image.Image,
    ) -> Painted:
        recipe = Recipe(
            operation=order.request.operation,
            prompt=order.request.prompt_of(index),
            added_words=added_words,
            negative_prompt=order.request.negative_prompt,
            seed=sketch.seed,
            steps=sketch.steps,
            guidance_scale=sketch.guidance_scale,
            strength=sketch.strength if order.sources else None,
            width=image.width,
            height=image.height,
            model=entry.name,
            model_hash=self._models.hash(entry),
            scheduler=painter.scheduler_name(sketch.scheduler),
            software=SOFTWARE,
            style=order.request.style,
            loras=order.request.loras,
        )
        return Painted(image=image, recipe=recipe)

    def _upscale(
        self, order: Order, on_progress: Callable[[Progress], None], cancelled: Callable[[], bool]
    ) -> Painted:
        """Tiles are steps, so people who enlarge pictures share forward passes and take turns with those who paint."""
        if not order.sources:
            raise BadParameter("picture", "give the id of a picture, or attach an image.")
        easel, place = self._choose_easel()
        upscaler = self._upscaler(order.request.upscaler, place)
        source = order.sources[0]
        lane = upscaler.sketch(
            Sketch(
                prompt=order.request.prompt,
                seed=order.request.seed,
                width=source.width,
                height=source.height,
                steps=1,
                guidance_scale=0.0,
                start=source,
            )
        )
        self._wait(easel, [lane], order, on_progress, cancelled)
        image = _picture(lane)
        recipe = Recipe(
            operation=Operation.UPSCALE,
            prompt=order.request.prompt,
            seed=order.request.seed,
            steps=1,
            guidance_scale=0.0,
            width=image.width,
            height=image.height,
            model=upscaler.name,
            model_hash=upscaler.model_hash,
            scheduler=upscaler.scheduler_name(None),
            software=SOFTWARE,
        )
        return Painted(image=image, recipe=recipe)

    def _upscaler(self, name: str | None, place: int) -> "Upscaler":
        from engine.painters.upscaler import Upscaler

        source = self._upscaler_name if name is None else self._models.upscaler(name)
        with self._lock:
            if (source, place) not in self._upscalers:
                self._upscalers[source, place] = Upscaler(source, device=self._easels[place].device)
            return self._upscalers[source, place]


def _picture(lane: "Lane") -> Image.Image:
    assert lane.picture is not None  # noqa: S101 - the ticket is finished
    return to_image(lane.picture)


def _star(entry: ModelEntry) -> Sketch:
    """The least that a model can be asked for at its own size."""
    return Sketch(
        prompt="a star",
        seed=0,
        width=entry.width,
        height=entry.height,
        steps=1,
        guidance_scale=entry.guidance_scale,
    )


def to_image(picture: "torch.Tensor") -> Image.Image:
    """(3, height, width) in [0, 1], or bytes → RGB, rounded as diffusers does."""
    pixels = picture.permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(pixels if pixels.dtype == "uint8" else (pixels * 255).round().astype("uint8"))

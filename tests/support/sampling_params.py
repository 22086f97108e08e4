"""A studio in one process that draws simple pictures instead of painting them: for the room's tests.

Everything but the model is real: the worker's life of a job, the image tools, the inspection, the database.

Usage: python -m tests.support.sampling_params FOLDER PORT [STEP_SECONDS]
"""

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

from PIL import Image, ImageDraw, ImageFilter

from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.imaging.image_tools import PillowImageTools
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from studio.domain.pictures import Recipe
from studio.domain.requests import Operation
from studio.errors import JobCancelledError
from studio.ports import InstanceLimits, Ports
from tests.support.fakes import fake_ports
from tests.support.recipes import recipe_of
from tests.support.worker_context import worker_context

STEPS = 12
SIDE_PIXELS = 256


class SketchAtelier:
    """Hills, a sky and something round, in the colours of the seed."""

    def __init__(self, step_seconds: float = 0.1) -> None:
        self.step_seconds = step_seconds

    def generate(
        self,
        order: GenerationTask,
        *,
        on_progress: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        on_picture: object = None,
    ) -> list[GeneratedImage]:
        pictures = [params(order, order.request.seed_of(index)) for index in range(order.request.count)]
        for step in range(1, STEPS + 1):
            if cancelled():
                raise JobCancelledError
            time.sleep(self.step_seconds)
            preview = pictures[0].filter(ImageFilter.GaussianBlur(2 * (STEPS - step)))
            on_progress(Progress(step=step, steps=STEPS, preview=preview))
        return [
            GeneratedImage(image=picture, recipe=recipe(order, picture, order.request.seed_of(index)))
            for index, picture in enumerate(pictures)
        ]


def params(order: GenerationTask, seed: int) -> Image.Image:
    request = order.request
    if request.operation is Operation.UPSCALE:
        return order.sources[0].resize((order.sources[0].width * 4, order.sources[0].height * 4))
    drawn = landscape(seed, size(order))
    if request.operation is Operation.EDIT and order.mask:
        return Image.composite(drawn.resize(order.mask.size), order.sources[0], order.mask)
    if request.operation is Operation.EXPAND:
        source = order.sources[0]
        drawn.paste(source, ((drawn.width - source.width) // 2, (drawn.height - source.height) // 2))
    return drawn


def size(order: GenerationTask) -> tuple[int, int]:
    if order.request.operation is Operation.EXPAND:
        return order.sources[0].width * 3 // 2, order.sources[0].height
    if order.sources:
        return order.sources[0].size
    return order.request.width or SIDE_PIXELS, order.request.height or SIDE_PIXELS


def landscape(seed: int, shape: tuple[int, int]) -> Image.Image:
    width, height = shape
    hue = seed * 47 % 360
    picture = Image.new("RGB", shape, f"hsl({(hue + 190) % 360}, 45%, 78%)")
    draw = ImageDraw.Draw(picture)
    sun = width // 5
    left, top = (seed * 31 % (width - sun)), height // 8 + seed * 17 % (height // 4)
    draw.ellipse((left, top, left + sun, top + sun), fill=f"hsl({(hue + 40) % 360}, 85%, 66%)")
    for ridge in range(4):
        base = height * (9 + 2 * ridge) // 18
        points = [
            (x, base + (seed * (ridge + 3) + x * (ridge + 2) * 7919 // 97) % (height // 7))
            for x in range(0, width + 33, 32)
        ]
        fill = f"hsl({(hue + 24 * ridge) % 360}, 38%, {58 - 11 * ridge}%)"
        draw.polygon([(0, height), *points, (width + 32, height)], fill=fill)
    return picture.filter(ImageFilter.SMOOTH)


def recipe(order: GenerationTask, picture: Image.Image, seed: int) -> Recipe:
    size = {"width": picture.width, "height": picture.height}
    return recipe_of(order.request, seed=seed, steps=STEPS, model="sketch", parents=(), **size)


class HandOver:
    """A queue whose jobs are drawn by threads of this process."""

    def __init__(self) -> None:
        self.jobs: SimpleQueue[str] = SimpleQueue()
        self.leases: LeaseKeeper | None = None

    def enqueue(self, job_id: str, *, priority: int, model: str | None) -> None:
        self.jobs.put(job_id)

    def cancel(self, job_id: str) -> None:
        if self.leases:
            self.leases.cancel(job_id)

    def stop_early(self, job_id: str) -> None:
        if self.leases:
            self.leases.stop_early(job_id)


def sketching_ports(folder: Path, *, step_seconds: float = 0.1, threads: int = 2) -> Ports:
    """Ports behind which everything accepted is drawn."""
    rules = InstanceLimits()
    queue = HandOver()
    ports = replace(
        fake_ports(f"sqlite:///{folder / 'studio.sqlite3'}", rules),
        queue=queue,
        image_tools=PillowImageTools(),
    )
    queue.leases = LeaseKeeper(ports.database, worker="sketch", lease_seconds=rules.lease_seconds)
    queue.leases.start()
    work = JobRunner(
        worker_context(ports, name="sketch"),
        generator=SketchAtelier(step_seconds),
        leases=queue.leases,
    )
    for _ in range(threads):
        threading.Thread(target=_keep_drawing, args=(work, queue), daemon=True).start()
    return ports


def _keep_drawing(work: JobRunner, queue: HandOver) -> None:
    while True:
        work.run(queue.jobs.get())


def main(folder: Path, port: int, step_seconds: float) -> None:
    from bots.web import WebSettings
    from bots.web.server import serve

    folder.mkdir(parents=True, exist_ok=True)
    settings = WebSettings(secret_key="only for the tests", port=port, moderator_secret="keys")
    serve(sketching_ports(folder, step_seconds=step_seconds), settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.1)

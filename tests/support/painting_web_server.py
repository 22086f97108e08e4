"""The web page on the fakes, open to real browsers on a port, with a generator that needs no model."""

import threading
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import uvicorn
from PIL import Image, ImageDraw

from bots.web import WebSettings
from bots.web.server import make_server
from engine.generation_task import GeneratedImage, GenerationTask
from engine.imaging.image_tools import PillowImageTools
from engine.jobs.job_runner import JobRunner
from engine.jobs.leases import LeaseKeeper
from studio.domain.verdicts import Ruling, Verdict
from studio.errors import GenerationError
from studio.ports import Inspection, Ports
from tests.support.fakes import FakeGate
from tests.support.recipes import recipe_of
from tests.support.worker_context import worker_context

REFUSED = Verdict(ruling=Ruling.REFUSE, rule="words", category="cruelty")


class WordyGate(FakeGate):
    """Refuses pictures of what is forbidden."""

    def inspect(self, inspection: Inspection) -> Verdict:
        forbidden = inspection.request is not None and "forbidden" in inspection.request.prompt
        return REFUSED if forbidden else super().inspect(inspection)


@dataclass
class QuickBrush:
    """Paints numbered stripes at once; what is to fail fails."""

    width: int = 1024
    height: int = 768

    def generate(
        self, order: GenerationTask, *, on_progress: Any, cancelled: Any, on_picture: Any = None
    ) -> list[GeneratedImage]:
        request = order.request
        if "fail" in request.prompt:
            raise GenerationError
        return [self._painted(order, index) for index in range(request.count)]

    def _painted(self, order: GenerationTask, index: int) -> GeneratedImage:
        seed = order.request.seed_of(index)
        image = Image.new("RGB", (self.width, self.height), f"hsl({seed % 360}, 45%, 60%)")
        draw = ImageDraw.Draw(image)
        for stripe in range(0, self.width, 128):
            draw.line([(stripe, 0), (self.width - stripe, self.height)], f"hsl({stripe % 360}, 60%, 40%)", 24)
        return GeneratedImage(
            image=image, recipe=recipe_of(order.request, index, width=self.width, height=self.height)
        )


def quick_worker(ports: Ports, brush: QuickBrush | None = None) -> JobRunner:
    """A worker in this process."""
    return JobRunner(
        worker_context(ports),
        generator=brush or QuickBrush(),
        leases=LeaseKeeper(ports.database, worker="w1", lease_seconds=600),
    )


class PaintingWebServer:
    """Open while the context lasts, at `url`."""

    def __init__(self, ports: Ports, settings: WebSettings, brush: QuickBrush | None = None) -> None:
        gate = WordyGate(allowed=ports.gate.allowed)  # type: ignore[attr-defined]
        self.ports = replace(ports, gate=gate, image_tools=PillowImageTools())
        self.url = f"http://127.0.0.1:{settings.port}"
        self._server: uvicorn.Server = make_server(self.ports, settings)
        self._closed = threading.Event()
        self._work = quick_worker(self.ports, brush)
        self._threads = [
            threading.Thread(target=self._server.run, name="room", daemon=True),
            threading.Thread(target=self._paint, name="generator", daemon=True),
        ]

    def _paint(self) -> None:
        """Everything that is sent, one job after the other."""
        sent = self.ports.queue.sent  # type: ignore[attr-defined]
        painted = 0
        while not self._closed.wait(0.01):
            while painted < len(sent):
                self._work.run(sent[painted][0])
                painted += 1

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        while not self._server.started:
            assert self._threads[0].is_alive(), "the room did not open"
            self._closed.wait(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._server.should_exit = True
        for thread in self._threads:
            thread.join()

"""Paints with a real server of OpenAI's images API, museq from PyPI, and a tiny random Stable Diffusion on the CPU.

.venv/bin/pip install --no-deps --target .make/museq museq==0.60.2 fastapi==0.165.0 sse-starlette==3.0.4
PYTHONPATH=.:.make/museq nice .venv/bin/python scripts/try_images_server.py

Needs no network once museq is installed, and ends with status 1 at the first thing that is not as it should be.
"""

import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image

from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.remote_entry import RemoteEntry
from engine.generation.generator import ImageGenerator
from engine.generation_task import GenerationTask
from studio.domain.requests import Operation, PaintRequest, Source
from studio.errors import ChatelierError
from tests.support.tiny_models import save_sd

MODEL, SIDE_PIXELS = "tiny", 64


def make_server(folder: Path) -> Any:
    """The app that `muse serve` runs for one model, its own router and its own diffusers runtime."""
    from muse.core.registry import ModalityRegistry
    from muse.core.server import create_app
    from muse.modalities.image_generation.routes import MODALITY, build_router
    from muse.modalities.image_generation.runtimes.diffusers import DiffusersText2ImageModel

    model = DiffusersText2ImageModel(
        hf_repo=MODEL, local_dir=str(folder), device="cpu", dtype="float32", model_id=MODEL, default_steps=2
    )
    registry = ModalityRegistry()
    capabilities = {"supports_img2img": True, "supports_inpainting": True}
    registry.register(MODALITY, model, manifest={"model_id": MODEL, "capabilities": capabilities})
    return create_app(registry=registry, routers={MODALITY: build_router(registry)})


@contextmanager
def serving(app: Any) -> Iterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=partial(server.run, sockets=[listening]))
    thread.start()  # what connects before it is ready waits in the socket's queue
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()


class Painter:
    """The studio's own generator with the model on the server."""

    def __init__(self, url: str) -> None:
        remote = RemoteEntry(model=MODEL, sends=("seed", "negative_prompt", "steps", "guidance"))
        entry = ModelEntry(
            name="far",
            source=url,
            family="images-api",
            width=SIDE_PIXELS,
            height=SIDE_PIXELS,
            steps=2,
            guidance_scale=2.0,
            edits_by_words=True,
            takes_references=1,
            remote=remote,
        )
        self._generator = ImageGenerator(ModelCatalogue([entry]), represents=False)

    def paint(
        self,
        operation: Operation = Operation.IMAGINE,
        *sources: Image.Image,
        mask: Image.Image | None = None,
        **asked: Any,
    ) -> Image.Image:
        request = PaintRequest(
            operation=operation,
            sources=tuple(Source(key=str(number), picture_id=str(number)) for number in range(len(sources))),
            **{"prompt": "a red apple", "seed": 7, "count": 1, **asked},
        )
        task = GenerationTask(job_id="peer", person="", request=request, sources=sources, mask=mask)
        [generated] = self._generator.generate(task)
        return generated.image

    def close(self) -> None:
        self._generator.close()


def check(says: str, holds: bool) -> None:
    print(f"{'yes' if holds else 'NO '}  {says}", flush=True)
    if not holds:
        sys.exit(1)


def try_server(painter: Painter) -> None:
    first = painter.paint()
    check(f"it paints a picture of {SIDE_PIXELS} × {SIDE_PIXELS}", first.size == (SIDE_PIXELS, SIDE_PIXELS))
    check("the same seed paints the same picture", painter.paint().tobytes() == first.tobytes())
    check("another seed paints another one", painter.paint(seed=8).tobytes() != first.tobytes())
    check("steps reach it", painter.paint(steps=3).tobytes() != first.tobytes())
    check("guidance reaches it", painter.paint(guidance_scale=5.0).tobytes() != first.tobytes())
    check("words to avoid reach it", painter.paint(negative_prompt="blue").tobytes() != first.tobytes())
    mask = Image.new("L", first.size, 0)
    mask.paste(255, (0, 0, SIDE_PIXELS // 2, SIDE_PIXELS))
    edited = painter.paint(Operation.EDIT, first, mask=mask)
    right = (SIDE_PIXELS * 3 // 4, 0, SIDE_PIXELS, SIDE_PIXELS)
    check("an edit of a region changes the picture", edited.tobytes() != first.tobytes())
    check("and nothing outside", edited.crop(right).tobytes() == first.crop(right).tobytes())
    try:
        painter.paint(Operation.EDIT, first)
    except ChatelierError as error:
        check(f"an edit by words alone, which museq has not, is refused in words ({error.code})", True)
    else:
        check("an edit by words alone, which museq has not, is refused", False)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        app = make_server(save_sd(Path(folder) / MODEL))
        with serving(app) as url:
            painter = Painter(url)
            try:
                try_server(painter)
            finally:
                painter.close()


if __name__ == "__main__":
    main()

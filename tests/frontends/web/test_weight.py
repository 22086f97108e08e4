"""What a feed of sixty cards weighs. The first load is weighed in a browser (`test_web_installed_browser.py`)."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.imaging.codecs.encoding import make_thumbnail
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS
from tests.frontends.web.test_dialogs import card_of, painted
from tests.frontends.web.test_images import of_size
from tests.support.web_client import WebServer

DOCS = Path(__file__).parents[3] / "docs"
CARDS = 60
MOST_BYTES = 3_000_000


def painted_squares() -> list[Image.Image]:
    """Pictures as they are painted here, at the usual size."""
    pages = [Image.open(path).convert("RGB") for path in sorted(DOCS.glob("operation-*.webp"))]
    cuts = [
        page.crop((left, 0, left + page.height, page.height))
        for page in pages
        for left in (0, page.width - page.height)
    ]
    return [cut.resize((1024, 1024), Image.Resampling.LANCZOS) for cut in cuts]


def photograph(seed: int) -> Image.Image:
    """Noise with the spectrum of photographs (Field 1987: amplitude falls with the frequency), and grain."""
    side, noise = 1024, np.random.default_rng(seed)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    frequency[0, 0] = 1
    planes = []
    for deviation in (45, 14, 14):  # of the light, and of both colours
        plane = np.fft.ifft2(np.fft.fft2(noise.normal(size=(side, side))) / frequency**1.2).real
        planes.append(128 + deviation * (plane - plane.mean()) / plane.std())
    planes[0] += noise.normal(0, 2, (side, side))
    return Image.fromarray(np.stack(planes, -1).clip(0, 255).astype(np.uint8), "YCbCr").convert("RGB")


@pytest.mark.parametrize("count", [4, 1])
def test_sixty_cards_weigh_at_most_three_megabytes_at_any_density(web_server: WebServer, count: int) -> None:
    """Drawings and photographs, each in the largest copy of which a card speaks."""
    ana = web_server.guest("Ana")
    job = painted(web_server, ana, f"a fox --count {count}")
    for number in range(1, count + 1):
        of_size(web_server, f"{job}.{number}", 1024, 1024, thumbnail_640_key=b"640", thumbnail_1280_key=b"1")
    html = card_of(ana, job)
    side = max(map(int, re.findall(r" (\d+)w[,\"]", html)), default=THUMBNAIL_SIDES_PIXELS[0])
    assert side == THUMBNAIL_SIDES_PIXELS[0 if count > 1 else 1]
    cuts = [*painted_squares(), photograph(1), photograph(2)]
    assert len(cuts) >= 14
    heaviest = max(len(make_thumbnail(cut, side_pixels=side)) for cut in cuts)
    assert CARDS * (len(html.encode()) + count * heaviest) <= MOST_BYTES

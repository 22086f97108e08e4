"""What a feed of sixty cards weighs. The first load is weighed in a browser (`test_web_installed_browser.py`)."""

from pathlib import Path

from PIL import Image

from engine.imaging.codecs.encoding import make_thumbnail
from studio.domain.pictures import THUMBNAIL_SIDES_PIXELS
from tests.frontends.web.test_dialogs import card_of, painted
from tests.support.web_client import WebServer

DOCS = Path(__file__).parents[3] / "docs"
CARDS, PICTURES = 60, 4
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


def test_sixty_cards_of_four_pictures_weigh_at_most_three_megabytes(web_server: WebServer) -> None:
    ana = web_server.guest("Ana")
    html = card_of(ana, painted(web_server, ana, "a fox --count 4"))
    smallest = [len(make_thumbnail(cut, side_pixels=THUMBNAIL_SIDES_PIXELS[0])) for cut in painted_squares()]
    pictures = CARDS * PICTURES * sum(smallest) / len(smallest)
    assert len(smallest) >= 12
    assert CARDS * len(html.encode()) + pictures <= MOST_BYTES

"""Masks that people send: what they mark, and what is said at once of one that cannot be meant."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.imaging.codecs.upload_sanitizer import clean_upload
from engine.imaging.image_tools import PillowImageTools
from studio.commands.registry import execute
from studio.commands.spec import Call
from studio.db import queries
from studio.domain.requests import Source
from studio.errors import BadImageError
from studio.ports import Ports
from studio.services.upload_intake import accept_upload
from tests.support.fakes import fake_ports
from tests.support.sentences import raises

SIZE = (96, 64)
BOX = (20, 10, 60, 40)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    made = replace(fake_ports(f"sqlite:///{tmp_path / 'studio.sqlite3'}"), image_tools=PillowImageTools())
    yield made
    made.database.close()


def encode(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def photograph() -> Image.Image:
    return Image.linear_gradient("L").resize(SIZE).convert("RGB")


def strokes(colour: str, *, size: tuple[int, int] = SIZE) -> Image.Image:
    """A filled ellipse with smooth edges on a transparent ground."""
    ink = Image.new("L", (size[0] * 4, size[1] * 4))
    ImageDraw.Draw(ink).ellipse([4 * side * size[0] // SIZE[0] for side in BOX], fill=255)
    picture = Image.new("RGBA", size, colour)
    picture.putalpha(ink.resize(size, Image.Resampling.LANCZOS))
    return picture


def expected() -> np.ndarray:
    return np.asarray(strokes("white").getchannel("A")) >= 128


def sent(ports: Ports, call: Call, picture: Image.Image) -> Source:
    return accept_upload(ports, call.person, encode(picture))


def edited(ports: Ports, call: Call, mask: Image.Image, picture: Image.Image | None = None) -> np.ndarray:
    values = {
        "image": sent(ports, call, picture or photograph()),
        "mask": sent(ports, call, mask),
        "prompt": "a boat",
    }
    job_id = execute(ports, call, "edit", values).job_id
    with ports.database.read() as session:
        (source,) = queries.find_job(session, job_id).request.sources
    return np.asarray(Image.open(io.BytesIO(ports.store.get(source.mask_key or "")))) == 255


@pytest.mark.parametrize("colour", ["white", "red", "black", "#808080"])
def test_strokes_of_one_colour_on_a_transparent_ground_are_the_mask(
    ports: Ports, call: Call, colour: str
) -> None:
    assert np.array_equal(edited(ports, call, strokes(colour)), expected())


def test_where_colours_vary_they_are_the_mask_and_transparency_is_black(ports: Ports, call: Call) -> None:
    mask = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    mask.paste((255, 255, 255, 255), (0, 0, 20, 64))
    mask.paste((0, 0, 0, 255), (20, 0, 40, 64))
    found = edited(ports, call, mask)
    assert found[:, :20].all()
    assert not found[:, 20:].any()


def test_a_mask_without_transparency_is_read_by_its_colours(ports: Ports, call: Call) -> None:
    mask = Image.new("RGB", SIZE, "black")
    mask.paste("white", BOX)
    found = edited(ports, call, mask)
    assert found[20, 30]
    assert found.sum() == (BOX[2] - BOX[0]) * (BOX[3] - BOX[1])


def test_a_mask_of_another_size_and_the_same_shape_is_resized(ports: Ports, call: Call) -> None:
    found = edited(ports, call, strokes("white", size=(192, 128)))
    assert found.shape == SIZE[::-1]
    assert (found != expected()).mean() < 0.02


def test_the_transparent_part_of_the_picture_itself_is_still_its_mask(ports: Ports, call: Call) -> None:
    picture = photograph().convert("RGBA")
    picture.paste((0, 0, 0, 0), BOX)
    job_id = execute(ports, call, "edit", {"image": sent(ports, call, picture), "prompt": "a boat"}).job_id
    with ports.database.read() as session:
        (source,) = queries.find_job(session, job_id).request.sources
    found = np.asarray(Image.open(io.BytesIO(ports.store.get(source.mask_key or "")))) == 255
    assert found.sum() == (BOX[2] - BOX[0]) * (BOX[3] - BOX[1])


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (Image.new("RGB", SIZE, "white"), "all white"),
        (Image.new("RGB", SIZE, "black"), "all black"),
        (strokes("white", size=(96, 96)), "96×96 pixels and the picture 96×64"),
    ],
)
def test_a_mask_that_cannot_be_meant_is_refused_before_the_queue(
    ports: Ports, call: Call, mask: Image.Image, sentence: str
) -> None:
    with raises(BadImageError, match=sentence):
        edited(ports, call, mask)
    with ports.database.read() as session:
        assert queries.outstanding_jobs(session, call.person.key) == 0


def test_an_opaque_upload_is_read_by_its_colours_alone() -> None:
    assert clean_upload(encode(photograph())).as_mask_png is None

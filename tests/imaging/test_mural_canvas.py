"""A mural's cell between its neighbours."""

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from engine.imaging.canvas.mural_canvas import join, measure_seams, surround

SIZE = (64, 48)
LEFT, ABOVE, CORNER = (-1, 0), (0, -1), (-1, -1)


def gradient(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    rng = np.random.default_rng(seed)
    across = np.linspace(*rng.uniform(0, 255, 2), size[0])[None, :, None]
    down = np.linspace(*rng.uniform(0, 60, 2), size[1])[:, None, None]
    pixels = across + down + rng.uniform(0, 30, (1, 1, 3)) + rng.normal(0, 3, (size[1], size[0], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def array(image: Image.Image) -> npt.NDArray[np.int64]:
    return np.asarray(image).astype(np.int64)


def test_the_canvas_has_half_of_each_neighbour_and_a_hole_for_the_cell() -> None:
    left, above, corner = (gradient(seed) for seed in (1, 2, 3))
    canvas = surround(SIZE, {LEFT: left, ABOVE: above, CORNER: corner})
    assert canvas.picture.size == (96, 72)
    assert canvas.box == (32, 24, 96, 72)
    assert canvas.mask.getbbox() == canvas.box
    assert (array(canvas.picture.crop((0, 24, 32, 72))) == array(left)[:, 32:]).all()
    assert (array(canvas.picture.crop((32, 0, 96, 24))) == array(above)[24:]).all()


def test_a_corner_that_nobody_painted_is_unknown_too() -> None:
    canvas = surround(SIZE, {LEFT: gradient(1), ABOVE: gradient(2)})
    assert canvas.mask.getpixel((4, 4)) == 255
    assert canvas.mask.getpixel((4, 40)) == 0


@pytest.mark.parametrize("places", [[LEFT], [ABOVE], [LEFT, ABOVE, CORNER], [LEFT, (1, 0), ABOVE, (0, 1)]])
def test_the_cell_begins_with_what_is_beside_it(places: list[tuple[int, int]]) -> None:
    """Whatever was painted: here another picture altogether."""
    whole = gradient(7, (3 * SIZE[0], 3 * SIZE[1]))
    width, height = SIZE
    neighbours = {
        (across, down): whole.crop(
            (
                (across + 1) * width,
                (down + 1) * height,
                (across + 2) * width,
                (down + 2) * height,
            )
        )
        for across, down in places
    }
    canvas = surround(SIZE, neighbours)
    painted = Image.new("RGB", canvas.picture.size, (250, 20, 20))
    cell = join(canvas, painted, tone=None)
    mural = canvas.picture.copy()
    mural.paste(cell, canvas.box[:2])
    beside = array(mural)
    if LEFT in places:
        step = np.abs(beside[:, 32] - beside[:, 31])[canvas.box[1] + 4 :]
        assert step.mean() < 8
    if ABOVE in places:
        step = np.abs(beside[24, canvas.box[0] + 4 :] - beside[23, canvas.box[0] + 4 :])
        assert step.mean() < 8


def test_the_middle_of_the_cell_is_what_was_painted() -> None:
    canvas = surround((256, 256), {LEFT: Image.new("RGB", (256, 256), (90, 90, 90))})
    painted = Image.new("RGB", canvas.picture.size, (90, 90, 90))
    painted.paste((20, 200, 20), (328, 100, 384, 156))
    cell = join(canvas, painted, tone=None)
    green = np.array([20, 200, 20])
    assert np.abs(array(cell)[110:146, 210:246] - green).max() <= 4


def test_colours_go_a_third_of_the_way_to_those_of_the_first_cell() -> None:
    canvas = surround(SIZE, {})
    cell = join(canvas, Image.new("RGB", SIZE, (100, 100, 100)), tone=Image.new("RGB", SIZE, (160, 160, 160)))
    assert np.abs(array(cell) - 120).max() <= 1


def test_seams_are_measured_across_and_beside_borders() -> None:
    halves = Image.new("RGB", (64, 32), (0, 0, 0))
    halves.paste((90, 90, 90), (32, 0, 64, 32))
    assert measure_seams(halves, (32, 32)) == (90.0, 0.0)
    ramp = Image.fromarray(np.repeat(np.arange(64, dtype=np.uint8)[None, :, None], 32, 0).repeat(3, 2))
    assert measure_seams(ramp, (32, 32)) == (1.0, 1.0)

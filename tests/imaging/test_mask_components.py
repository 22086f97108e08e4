"""What stands in a hole alone is told from what only runs through it."""

import numpy as np
from PIL import Image, ImageDraw

from engine.imaging.masks.components import islands, overlay_changes


def scene() -> Image.Image:
    """A sky that grows lighter, a hill across the picture, and a ball in the air."""
    rows = np.linspace(60, 200, 128, dtype=np.uint8)[:, None].repeat(128, axis=1)
    picture = Image.fromarray(np.stack([rows // 2, rows, np.full_like(rows, 230)], axis=-1))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 90, 128, 128), fill="green")
    draw.ellipse((50, 40, 70, 60), fill="red")
    return picture


def hole(*box: int) -> Image.Image:
    mask = Image.new("L", (128, 128), 0)
    mask.paste(255, box)
    return mask


def test_a_ball_in_the_air_is_an_island_and_sky_and_hill_are_none() -> None:
    found = np.asarray(islands(scene(), hole(30, 20, 100, 110)))
    assert (found[44:56, 54:66] == 255).all()
    assert not found[20:34, 30:100].any()
    assert not found[96:110].any()


def test_what_sticks_out_of_the_hole_is_no_island() -> None:
    assert not np.asarray(islands(scene(), hole(60, 20, 100, 80))).any()


def test_nothing_outside_of_the_hole_is_touched() -> None:
    mask = hole(49, 39, 72, 62)
    assert not (np.asarray(islands(scene(), mask)) > np.asarray(mask)).any()


def test_a_hole_over_everything_is_one_island() -> None:
    assert (np.asarray(islands(scene(), hole(0, 0, 128, 128)))[20:80, 90:120] == 255).all()


def test_only_what_is_new_is_laid_over() -> None:
    before = Image.new("RGB", (16, 16), "gray")
    after = before.copy()
    after.paste("red", (4, 4, 8, 8))
    laid = overlay_changes(scene().resize((16, 16)), before, after)
    assert laid.getpixel((5, 5)) == (255, 0, 0)
    assert laid.getpixel((12, 12)) == scene().resize((16, 16)).getpixel((12, 12))

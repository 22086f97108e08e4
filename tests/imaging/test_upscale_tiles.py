from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from engine.imaging.canvas.upscale_tiles import Floats, TiledUpscale, plan_spans


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def repeat(part: Floats, scale: int) -> Floats:
    return part.repeat(scale, 1).repeat(scale, 2)


@given(st.integers(1, 3000), st.integers(42, 700), st.integers(0, 12), st.sampled_from([0, 2, 8]))
def test_spans_cover_everything_with_context_and_one_size(
    length: int, tile: int, context: int, fade: int
) -> None:
    spans = plan_spans(length, tile_pixels=tile, context_pixels=context, fade_pixels=fade)
    assert spans[0].write[0] == 0
    assert spans[-1].write[1] == length
    assert len({span.read[1] - span.read[0] for span in spans}) == 1
    for span in spans:
        assert 0 <= span.read[0] <= span.write[0] < span.write[1] <= span.read[1] <= length
        assert span.read[1] - span.read[0] <= tile
        assert span.write[0] - span.read[0] >= context or span.read[0] == 0
        assert span.read[1] - span.write[1] >= context or span.read[1] == length
    for before, after in pairwise(spans):
        assert before.write[1] - after.write[0] == fade


def test_tiles_smaller_than_their_rim_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="margins"):
        plan_spans(500, tile_pixels=40, context_pixels=20, fade_pixels=8)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 150), st.integers(1, 150), st.integers(1, 4), st.sampled_from([0, 2, 8]))
def test_tiles_of_a_pixelwise_model_make_the_same_picture_as_one_pass(
    width: int, height: int, scale: int, fade: int
) -> None:
    picture = noise(width, height)
    work = TiledUpscale(picture, scale=scale, tile_pixels=48, context_pixels=5, fade_pixels=fade)
    for tile in work.tiles:
        work.paste(tile, repeat(work.read(tile), scale))
    whole = picture.resize((width * scale, height * scale), Image.Resampling.NEAREST)
    assert np.array_equal(np.asarray(work.result), np.asarray(whole))


def test_a_model_that_sees_no_further_than_the_context_leaves_no_seam() -> None:
    picture = noise(200, 130)
    blur = ImageFilter.BoxBlur(4)
    work = TiledUpscale(picture, scale=1, tile_pixels=60, context_pixels=4, fade_pixels=8)
    for tile in work.tiles:
        part = Image.fromarray(np.rint(work.read(tile).transpose(1, 2, 0) * 255).astype(np.uint8)).filter(
            blur
        )
        work.paste(tile, np.asarray(part, np.float32).transpose(2, 0, 1) / np.float32(255))
    assert len(work.tiles) > 10
    assert np.array_equal(np.asarray(work.result), np.asarray(picture.filter(blur)))


def test_answers_that_differ_from_tile_to_tile_are_faded_into_each_other() -> None:
    work = TiledUpscale(Image.new("RGB", (150, 40)), scale=2, tile_pixels=80, context_pixels=4, fade_pixels=8)
    assert len(work.tiles) == 3
    for level, tile in zip((0.2, 0.6, 1.0), work.tiles, strict=True):
        read = work.read(tile)
        work.paste(tile, np.full((3, read.shape[1] * 2, read.shape[2] * 2), level, np.float32))
    row = np.asarray(work.result)[20, :, 0].astype(int)
    assert row[0] == 51
    assert row[-1] == 255
    assert np.diff(row).min() >= 0
    assert np.diff(row).max() <= 8


def test_values_outside_the_range_are_clipped() -> None:
    work = TiledUpscale(Image.new("RGB", (8, 8)), scale=1, tile_pixels=64, context_pixels=4)
    work.paste(work.tiles[0], np.full((3, 8, 8), 1.7, np.float32))
    assert np.asarray(work.result).min() == 255

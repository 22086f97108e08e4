import base64
import io
import json
import string
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from engine.imaging.codecs import encoding, png_encoder
from engine.imaging.codecs.encoding import (
    LIMIT_BYTES,
    data_url,
    decode,
    decode_mask,
    encode_png,
    encode_webp,
    make_thumbnail,
)
from engine.imaging.codecs.png_encoder import encode_png_in_bands
from engine.imaging.codecs.recipe_metadata import read_recipe, to_json, to_parameters, write_recipe
from engine.imaging.codecs.size_limit import fit
from engine.imaging.image_tools import PillowImageTools
from moderation.provenance.watermark.robustness import photograph
from studio import ports
from studio.domain.pictures import Recipe
from studio.domain.requests import Operation
from studio.errors import BadImageError
from tests.support.sentences import raises

RECIPE = Recipe(
    operation=Operation.VARY,
    prompt="a red apple, 50% off: “ripe”\nsecond line 🍎 مرحبا",
    negative_prompt="blur",
    seed=4_294_967_295,
    steps=24,
    guidance_scale=7.5,
    strength=0.6,
    width=512,
    height=384,
    model="thimble",
    model_hash="0123456789abcdef",
    scheduler="DPM++ 2M",
    software="chatelier 0.1.0",
    parents=("p1", "p2"),
)


def noise(width: int = 256, height: int = 192) -> Image.Image:
    return Image.fromarray(np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8))


class TestRecipe:
    def test_a_recipe_comes_back_whole_and_changes_no_pixel(self) -> None:
        data = write_recipe(noise(), RECIPE)
        assert read_recipe(data) == RECIPE
        assert np.array_equal(np.asarray(decode(data)), np.asarray(noise()))

    @given(st.text(max_size=300), st.text(max_size=50))
    def test_any_prompt_comes_back(self, prompt: str, style: str) -> None:
        recipe = replace(RECIPE, prompt=prompt, style=style, parents=())
        assert read_recipe(write_recipe(Image.new("RGB", (8, 8)), recipe)) == recipe

    def test_other_programs_find_the_usual_text(self) -> None:
        with Image.open(io.BytesIO(write_recipe(noise(), RECIPE))) as picture:
            assert isinstance(picture, PngImagePlugin.PngImageFile)
            text = picture.text["parameters"]
        assert text == to_parameters(RECIPE)
        assert text.startswith(RECIPE.prompt + "\nNegative prompt: blur\nSteps: 24, Sampler: DPM++ 2M, ")
        assert (
            "CFG scale: 7.5, Seed: 4294967295, Size: 512x384, Model hash: 0123456789, Model: thimble" in text
        )

    def test_what_does_not_apply_is_left_out(self) -> None:
        text = to_parameters(replace(RECIPE, strength=None, negative_prompt=""))
        assert "Denoising" not in text
        assert "Negative" not in text

    def test_fields_of_a_later_version_are_no_obstacle(self) -> None:
        values = json.loads(to_json(RECIPE)) | {"flavour": "sweet"}
        assert read_recipe(with_text(json.dumps(values))) == RECIPE

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", "null", "42", "{}", '{"operation": "dance"}', "[" * 50_000]
    )
    def test_what_is_no_recipe_is_none(self, text: str) -> None:
        assert read_recipe(with_text(text)) is None

    @pytest.mark.parametrize("data", [b"", b"no picture", encode_png(noise()), encode_png(noise())[:60]])
    def test_a_picture_without_a_recipe_has_none(self, data: bytes) -> None:
        assert read_recipe(data) is None

    def test_every_field_is_written(self) -> None:
        written = json.loads(to_json(replace(RECIPE, style="ink")))
        assert set(written) == set(asdict(RECIPE))


def with_text(text: str) -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("chatelier", text)
    return encode_png(Image.new("RGB", (8, 8)), text=info)


class TestPngInBands:
    """Decoded by Pillow, which checks every chunk."""

    @given(st.integers(1, 70), st.integers(1, 40), st.sampled_from(["L", "RGB"]), st.integers(0, 2**32 - 1))
    def test_every_pixel_comes_back(self, width: int, height: int, mode: str, seed: int) -> None:
        numbers = np.random.default_rng(seed)
        rows = numbers.integers(0, 256, (height, width, 3), np.uint8) >> numbers.integers(0, 8)
        rows = np.cumsum(rows, axis=int(numbers.integers(0, 2)), dtype=np.uint8)
        picture = Image.fromarray(rows).convert(mode)
        with Image.open(io.BytesIO(encode_png_in_bands(picture, PngImagePlugin.PngInfo()))) as opened:
            assert (opened.format, opened.mode) == ("PNG", mode)
            assert np.array_equal(np.asarray(opened), np.asarray(picture))

    def test_bands_continue_each_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(png_encoder, "_BAND_BYTES", 1)
        data = encode_png_in_bands(noise(), PngImagePlugin.PngInfo())
        assert np.array_equal(np.asarray(decode(data)), np.asarray(noise()))

    def test_it_is_no_larger_than_with_every_filter_tried_by_pillow(self) -> None:
        painted = photograph(128, seed=1)
        ours, theirs = encode_png_in_bands(painted, PngImagePlugin.PngInfo()), encode_png(painted)
        assert len(ours) <= 1.01 * len(theirs)

    def test_no_repeated_bytes_are_looked_for_in_grain_and_all_of_them_in_flat_paper(self) -> None:
        grain, paper = photograph(128, seed=1), Image.new("RGB", (128, 128), "#fed")
        assert png_encoder._is_grainy(grain)
        assert not png_encoder._is_grainy(paper)
        assert len(encode_png_in_bands(paper, PngImagePlugin.PngInfo())) < 2_000


class TestFit:
    def test_what_fits_is_not_touched(self) -> None:
        data = write_recipe(noise(), RECIPE)
        fitted = fit(data, limit_bytes=len(data))
        assert (fitted.data, fitted.suffix, fitted.width, fitted.height) == (data, ".png", 256, 192)

    def test_a_little_too_large_is_compressed_at_full_size(self) -> None:
        data = encode_png(noise())
        fitted = fit(data, limit_bytes=len(data) - 1)
        assert (fitted.suffix, fitted.width, fitted.height) == (".webp", 256, 192)
        assert len(fitted.data) < len(data)

    @pytest.mark.parametrize("limit_bytes", [1500, 5000, 20_000, 60_000])
    def test_the_limit_is_kept_and_the_shape_too(self, limit_bytes: int) -> None:
        fitted = fit(encode_png(noise(640, 320)), limit_bytes=limit_bytes)
        assert len(fitted.data) <= limit_bytes
        assert decode(fitted.data).size == (fitted.width, fitted.height)
        assert fitted.width / fitted.height == pytest.approx(2, rel=0.03)

    def test_as_much_of_the_size_is_kept_as_goes(self) -> None:
        fitted = fit(encode_png(noise(640, 320)), limit_bytes=20_000)
        assert len(fitted.data) > 8_000

    def test_a_very_large_picture_becomes_a_jpeg(self) -> None:
        data = encode_png(Image.effect_noise((2080, 2000), 40).convert("RGB"))
        fitted = fit(data, limit_bytes=len(data) - 1)
        assert (fitted.suffix, fitted.width, fitted.height) == (".jpg", 2080, 2000)

    @pytest.mark.parametrize("limit_bytes", [6000, 40_000])
    def test_the_recipe_travels_along(self, limit_bytes: int) -> None:
        fitted = fit(write_recipe(noise(), RECIPE), limit_bytes=limit_bytes)
        assert fitted.suffix == ".webp"
        assert read_recipe(fitted.data) == RECIPE

    def test_a_recipe_in_a_jpeg_is_read_too(self) -> None:
        data = write_recipe(Image.effect_noise((2080, 2000), 40).convert("RGB"), RECIPE)
        fitted = fit(data, limit_bytes=len(data) - 1)
        assert fitted.suffix == ".jpg"
        assert read_recipe(fitted.data) == RECIPE

    def test_a_recipe_that_leaves_no_room_for_the_picture_is_left_out(self) -> None:
        fitted = fit(write_recipe(noise(), replace(RECIPE, prompt="word " * 1000)), limit_bytes=6000)
        assert len(fitted.data) <= 6000
        assert read_recipe(fitted.data) is None

    def test_an_impossible_limit_is_told(self) -> None:
        with raises(BadImageError, match="10 bytes"):
            fit(encode_png(noise()), limit_bytes=10)


class TestSmallCopies:
    @pytest.mark.parametrize("size", [(64, 64), (1024, 1024), (2048, 256), (8, 8)])
    def test_a_preview_is_a_short_data_url(self, size: tuple[int, int]) -> None:
        url = data_url(noise(*size))
        assert len(url) <= LIMIT_BYTES
        head, _, body = url.partition(",")
        assert head == "data:image/webp;base64"
        assert set(body) <= set(string.ascii_letters + string.digits + "+/=")
        small = decode(base64.b64decode(body))
        assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.1)

    def test_a_preview_of_noise_still_fits_into_little(self) -> None:
        assert len(data_url(noise(), limit_bytes=700)) <= 700

    def test_a_limit_that_nothing_meets_is_a_programming_error(self) -> None:
        with pytest.raises(ValueError, match="20 bytes"):
            data_url(noise(), limit_bytes=20)

    @pytest.mark.parametrize(
        ("size", "small"), [((1024, 512), (320, 160)), ((300, 600), (160, 320)), ((50, 40), (50, 40))]
    )
    def test_a_thumbnail_keeps_the_shape_and_never_grows(
        self, size: tuple[int, int], small: tuple[int, int]
    ) -> None:
        picture = decode(make_thumbnail(noise(*size)))
        assert picture.size == small
        assert max(small) <= 320

    def test_fine_grain_is_kept_less_faithfully_after_few_attempts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attempts: list[int] = []

        def count(picture: Image.Image, *, quality: int, effort: int) -> bytes:
            attempts.append(quality)
            return encode_webp(picture, quality=quality, effort=effort)

        monkeypatch.setattr(encoding, "encode_webp", count)
        smooth, *grainy = (Image.effect_noise((320, 320), grain).convert("RGB") for grain in (2, 8, 12, 16))
        assert len(make_thumbnail(smooth)) <= 10_000
        assert attempts == [82]
        assert all(len(make_thumbnail(picture)) <= 10_000 for picture in grainy)
        assert min(attempts) >= 12
        assert len(attempts) <= 1 + 3 * len(grainy)

    def test_a_large_one_has_no_limit(self) -> None:
        assert len(make_thumbnail(noise(1280, 640), side_pixels=1280)) > 40_000


class TestDarkroom:
    """The real one, through the port that the front ends use."""

    @pytest.fixture
    def image_tools(self) -> ports.ImageTools:
        return PillowImageTools()

    def test_an_upload_is_cleaned(self, image_tools: ports.ImageTools) -> None:
        clean = image_tools.clean(encode_png(noise()))
        assert (clean.width, clean.height) == (256, 192)
        assert decode(clean.png).size == (256, 192)

    def test_a_bad_upload_is_one_sentence(self, image_tools: ports.ImageTools) -> None:
        with raises(BadImageError, match="Please send a PNG, JPEG, WebP, AVIF, HEIC or GIF"):
            image_tools.clean(b"%PDF-1.7")

    def test_an_overlay_is_a_png(self, image_tools: ports.ImageTools) -> None:
        assert image_tools.overlay(encode_png(noise())).startswith(b"\x89PNG")

    def test_a_picture_is_fitted(self, image_tools: ports.ImageTools) -> None:
        data, suffix = image_tools.fit(encode_png(noise()), limit_bytes=30_000)
        assert len(data) <= 30_000
        assert suffix == ".webp"


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_a_mask_survives_its_file(seed: int) -> None:
    mask = Image.fromarray(np.random.default_rng(seed).integers(0, 2, (20, 30)).astype(np.uint8) * 255)
    assert np.array_equal(np.asarray(decode_mask(encode_png(mask))), np.asarray(mask))

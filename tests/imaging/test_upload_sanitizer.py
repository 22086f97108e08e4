import io
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin

from engine.imaging.codecs import readers
from engine.imaging.codecs.upload_sanitizer import WORK_SIDE_PIXELS, clean_upload
from studio.errors import BadImageError
from tests.support.sentences import raises
from tests.support.upload_files import (
    ORIENTATION,
    encode,
    linear_grey_profile,
    linear_profile,
    opened,
    photograph,
    pixels_of,
    png_chunk,
    red_for_blue_profile,
    srgb_profile,
)

DATA = Path(__file__).parents[1] / "fixtures"


class TestGoodPictures:
    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_a_lossless_picture_keeps_its_pixels(self, kind: str) -> None:
        upload = clean_upload(encode(photograph(), kind, lossless=True))
        assert (upload.width, upload.height, upload.mask_png) == (96, 64, None)
        assert np.array_equal(pixels_of(upload), np.asarray(photograph()))

    def test_a_heic_of_a_camera_that_was_turned_comes_upright_and_without_its_name(self) -> None:
        """`turned.heic` is `photograph()` as a phone stores it that was held upright, in 8 bits and 4:2:0."""
        data = (DATA / "turned.heic").read_bytes()
        assert b"SecretCameraMaker" in data
        upload = clean_upload(data)
        assert (upload.width, upload.height) == (96, 64)
        assert np.abs(pixels_of(upload) - np.asarray(photograph())).mean() < 6
        assert b"Secret" not in upload.png

    def test_where_heic_cannot_be_read_the_refusal_says_how_to_convert_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pi_heif", None)
        readers._prepare_heif.cache_clear()
        with raises(BadImageError, match="save the image as JPEG"):
            clean_upload((DATA / "turned.heic").read_bytes())
        readers._prepare_heif.cache_clear()

    @pytest.mark.parametrize("size", [(5712, 4284), (8000, 6000), (9000, 100)])
    def test_a_large_photo_is_read_in_part_of_its_size(self, size: tuple[int, int]) -> None:
        decoded: list[tuple[int, int]] = []
        load = JpegImagePlugin.JpegImageFile.load

        def watched(picture: JpegImagePlugin.JpegImageFile) -> object:
            decoded.append(picture.size)
            return load(picture)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(JpegImagePlugin.JpegImageFile, "load", watched)
            upload = clean_upload(encode(photograph(*size), "JPEG"))
        assert (upload.width, upload.height) == (
            WORK_SIDE_PIXELS,
            round(WORK_SIDE_PIXELS * size[1] / size[0]),
        )
        assert decoded[0] == (-(-size[0] // 2), -(-size[1] // 2)) or decoded[0][0] < size[0] // 2

    @pytest.mark.parametrize("kind", ["JPEG", "AVIF"])
    def test_a_lossy_picture_stays_close(self, kind: str) -> None:
        upload = clean_upload(encode(photograph(), kind, quality=95))
        assert np.abs(pixels_of(upload) - np.asarray(photograph())).mean() < 4

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
    def test_every_png_mode_becomes_rgb(self, mode: str) -> None:
        picture = opened(clean_upload(encode(photograph(mode=mode))))
        assert (picture.mode, picture.size, picture.format) == ("RGB", (96, 64), "PNG")

    def test_sixteen_bit_grey_keeps_its_tones(self) -> None:
        tones = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
        grey = pixels_of(clean_upload(encode(Image.fromarray(tones))))
        assert np.abs(grey[..., 0] - tones / 257).max() <= 1
        assert np.array_equal(grey[..., 0], grey[..., 2])

    def test_sixteen_bit_colour_keeps_its_tones(self) -> None:
        header = struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0)
        row = b"\0" + struct.pack(">HHH", 0x8000, 0x4000, 0xFFFF) * 32
        data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)
        data += png_chunk(b"IDAT", zlib.compress(row * 32)) + png_chunk(b"IEND", b"")
        assert pixels_of(clean_upload(data))[5, 5].tolist() == [0x80, 0x40, 0xFF]

    def test_cmyk_becomes_rgb_and_is_not_inverted(self) -> None:
        white = Image.new("CMYK", (32, 32), (0, 0, 0, 0))
        white.paste((0, 255, 255, 0), (0, 0, 16, 32))
        pixels = pixels_of(clean_upload(encode(white, "JPEG", quality=95)))
        assert pixels[16, 28].min() > 240
        assert pixels[16, 4][0] > 200
        assert pixels[16, 4][1:].max() < 90

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_an_animation_gives_its_first_frame(self, kind: str) -> None:
        frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
        data = encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=100, lossless=True)
        assert pixels_of(clean_upload(data))[16, 16].tolist() == [255, 0, 0]

    def test_a_large_picture_is_fitted(self) -> None:
        upload = clean_upload(encode(photograph(4096, 1024), "JPEG"))
        assert (upload.width, upload.height) == (WORK_SIDE_PIXELS, 512)
        assert opened(upload).size == (WORK_SIDE_PIXELS, 512)

    def test_a_thin_picture_is_judged_by_what_is_left_of_it(self) -> None:
        upload = clean_upload(encode(photograph(4096, 32)))
        assert (upload.width, upload.height) == (2048, 16)
        with raises(BadImageError, match="too thin: 4096×16 pixels"):
            clean_upload(encode(photograph(4096, 16)))


# How a camera that held the picture in each EXIF orientation has stored it.
STORED: dict[int, Callable[[Image.Image], Image.Image]] = {
    1: lambda picture: picture,
    2: ImageOps.mirror,
    3: lambda picture: picture.rotate(180),
    4: ImageOps.flip,
    5: lambda picture: ImageOps.mirror(picture.rotate(-90, expand=True)),
    6: lambda picture: picture.rotate(90, expand=True),
    7: lambda picture: ImageOps.mirror(picture.rotate(90, expand=True)),
    8: lambda picture: picture.rotate(-90, expand=True),
}


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
    def test_every_orientation_comes_upright(self, orientation: int, kind: str) -> None:
        upright = photograph()
        stored = STORED[orientation](upright)
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        options = {"quality": 98} if kind == "JPEG" else {"lossless": True}
        upload = clean_upload(encode(stored, kind, exif=exif, **options))
        assert (upload.width, upload.height) == upright.size
        assert np.abs(pixels_of(upload) - np.asarray(upright)).mean() < 4

    def test_the_mask_turns_with_the_picture(self) -> None:
        picture = photograph(mode="RGBA")
        picture.putalpha(255)
        picture.paste((0, 0, 0, 0), (0, 0, 48, 64))
        exif = Image.Exif()
        exif[ORIENTATION] = 6
        upload = clean_upload(encode(picture, exif=exif))
        assert upload.mask_png is not None
        mask = Image.open(io.BytesIO(upload.mask_png))
        assert mask.size == (64, 96) == (upload.width, upload.height)
        assert (mask.getpixel((32, 10)), mask.getpixel((32, 90))) == (255, 0)

    @pytest.mark.parametrize("value", [0, 9, 65535])
    def test_an_orientation_that_does_not_exist_turns_nothing(self, value: int) -> None:
        exif = Image.Exif()
        exif[ORIENTATION] = value
        assert clean_upload(encode(photograph(), exif=exif)).width == 96

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    def test_a_broken_exif_block_does_not_spoil_the_picture(self) -> None:
        data = encode(photograph(), "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 40)
        assert clean_upload(data).width == 96


class TestMetadata:
    def test_nothing_of_the_camera_survives(self) -> None:
        exif = Image.Exif()
        exif[0x010F] = "SecretCameraMaker"
        exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
        data = encode(photograph(), "JPEG", exif=exif, comment=b"SecretComment", xmp=b"<x>SecretXmp</x>")
        assert b"SecretCameraMaker" in data
        upload = clean_upload(data)
        assert b"Secret" not in upload.png
        assert not opened(upload).getexif()
        assert opened(upload).info == {}

    def test_text_of_a_png_is_dropped(self) -> None:
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", "SecretText")
        text.add_itxt("chatelier", '{"prompt": "forged"}')
        assert opened(clean_upload(encode(photograph(), pnginfo=text))).info == {}

    def test_what_is_hidden_behind_the_end_is_dropped(self) -> None:
        data = encode(photograph()) + b"PK\x03\x04 a whole archive <script>alert(1)</script>"
        upload = clean_upload(data)
        assert b"script" not in upload.png
        assert b"PK\x03\x04" not in upload.png

    def test_a_profile_of_the_usual_colours_changes_no_pixel(self) -> None:
        upload = clean_upload(encode(photograph(), icc_profile=srgb_profile()))
        assert np.array_equal(pixels_of(upload), np.asarray(photograph()))

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    def test_other_colours_are_converted_as_their_profile_says(self, mode: str) -> None:
        red = Image.new(mode, (32, 32), "red")
        upload = clean_upload(encode(red, icc_profile=red_for_blue_profile()))
        assert pixels_of(upload)[9, 9].tolist() == pytest.approx([0, 0, 255], abs=3)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
    def test_light_that_is_added_up_is_converted_whatever_its_profile_is_called(self, mode: str) -> None:
        grey = Image.new("RGB", (32, 32), (55, 55, 55)).convert(mode, palette=Image.Palette.ADAPTIVE)
        upload = clean_upload(encode(grey, icc_profile=linear_profile()))
        assert np.abs(pixels_of(upload) - 128).max() <= 1

    @pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
    def test_grey_light_that_is_added_up_is_converted(self, mode: str) -> None:
        grey = Image.fromarray(np.full((32, 32), 55 * 257, np.uint16)) if mode == "I;16" else None
        picture = grey or Image.new("L", (32, 32), 55).convert(mode)
        upload = clean_upload(encode(picture, icc_profile=linear_grey_profile()))
        assert np.abs(pixels_of(upload) - 128).max() <= 1

    @pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
    def test_a_broken_colour_profile_does_not_spoil_the_picture(self, profile: bytes) -> None:
        upload = clean_upload(encode(photograph(), icc_profile=profile))
        assert np.array_equal(pixels_of(upload), np.asarray(photograph()))


class TestAlpha:
    def test_transparency_becomes_the_mask(self) -> None:
        picture = photograph().convert("RGBA")
        picture.paste((10, 20, 30, 0), (0, 0, 48, 64))
        upload = clean_upload(encode(picture))
        assert upload.mask_png is not None
        mask = np.asarray(Image.open(io.BytesIO(upload.mask_png)))
        assert mask.shape == (64, 96)
        assert set(np.unique(mask[:, :48])) == {255}
        assert set(np.unique(mask[:, 48:])) == {0}

    def test_what_hides_under_transparent_pixels_is_not_kept(self) -> None:
        picture = photograph().convert("RGBA")
        picture.putalpha(0)
        picture.paste((9, 9, 9, 255), (0, 0, 96, 20))
        pixels = pixels_of(clean_upload(encode(picture)))
        assert pixels[30:].min() == 255
        assert pixels[10, 10].tolist() == [9, 9, 9]

    def test_full_opacity_makes_no_mask(self) -> None:
        assert clean_upload(encode(photograph(mode="RGBA"))).mask_png is None

    def test_a_fully_transparent_picture_is_refused(self) -> None:
        with raises(BadImageError, match="transparent"):
            clean_upload(encode(Image.new("RGBA", (64, 64))))

    def test_a_palette_with_a_transparent_colour_makes_a_mask(self) -> None:
        picture = Image.new("P", (64, 64), 0)
        picture.putpalette([200, 0, 0, 0, 200, 0])
        picture.paste(1, (0, 0, 32, 64))
        assert clean_upload(encode(picture, transparency=1)).mask_png is not None


class TestGif:
    @pytest.mark.parametrize("transparent", [False, True])
    def test_an_animation_is_read_as_its_first_frame(self, transparent: bool) -> None:
        frames = [Image.new("RGBA", (64, 48), colour) for colour in ("red", "green", "blue")]
        if transparent:
            frames[0].paste((0, 0, 0, 0), (0, 0, 32, 48))
        upload = clean_upload(encode(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=90))
        assert (upload.width, upload.height) == (64, 48)
        assert opened(upload).getpixel((60, 20)) == (255, 0, 0)
        assert (upload.mask_png is not None) == transparent

    def test_a_frame_larger_than_its_screen_cannot_hide_a_bomb(self) -> None:
        data = bytearray(encode(photograph(), "GIF"))
        at = data.index(b"\x2c\0\0\0\0" + struct.pack("<HH", 96, 64))
        data[at + 5 : at + 9] = struct.pack("<HH", 9_000, 9_000)
        with raises(BadImageError, match="too large"):
            clean_upload(bytes(data))

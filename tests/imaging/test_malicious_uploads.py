import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.codecs.headers import read_header
from engine.imaging.codecs.upload_sanitizer import MAX_UPLOAD_BYTES, clean_upload
from studio.errors import BadImageError
from tests.support.sentences import error_text, raises
from tests.support.upload_files import (
    encode,
    heif_bomb,
    jpeg_bomb,
    opened,
    photograph,
    png_bomb,
    png_chunk,
    webp_bomb,
)


class TestBombs:
    @pytest.mark.parametrize(
        "data",
        [
            png_bomb(30_000, 30_000),
            png_bomb(2**31 - 1, 2**31 - 1),
            png_bomb(20_000, 20),
            jpeg_bomb(30_000, 30_000),
            jpeg_bomb(65_535, 65_535),
            webp_bomb(16_000, 16_000, extended=False),
            webp_bomb(2**24, 2**24, extended=True),
            heif_bomb(b"heic", 30_000, 30_000),
            heif_bomb(b"avif", 2**32 - 1, 20),
        ],
        ids=[
            "png",
            "png-largest",
            "png-long",
            "jpeg",
            "jpeg-largest",
            "webp",
            "webp-extended",
            "heic",
            "avif",
        ],
    )
    def test_a_bomb_is_refused_from_its_header_in_little_memory(self, data: bytes) -> None:
        tracemalloc.start()
        try:
            with raises(BadImageError, match="too large"):
                clean_upload(data)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak_bytes < 4_000_000

    def test_a_second_frame_header_cannot_hide_a_bomb(self) -> None:
        data = bytearray(encode(photograph(), "JPEG"))
        at = data.index(b"\xff\xc0")
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        frame = bytearray(data[at : at + 2 + length])
        frame[5:9] = struct.pack(">HH", 30_000, 30_000)
        with raises(BadImageError, match="too large"):
            clean_upload(bytes(data[:at] + frame + data[at:]))

    def test_a_text_bomb_is_refused_or_dropped(self) -> None:
        bomb = b"Comment\0\0" + zlib.compress(b"a" * 50_000_000, 9)
        data = encode(photograph())
        with raises(BadImageError, match="damaged"):
            clean_upload(data[:33] + png_chunk(b"zTXt", bomb) + data[33:])

    def test_more_bytes_than_allowed_are_not_looked_at(self) -> None:
        with raises(BadImageError, match="20 MiB"):
            clean_upload(encode(photograph()) + b"\0" * MAX_UPLOAD_BYTES)


class TestNoPictures:
    @pytest.mark.parametrize(
        ("data", "named"),
        [
            (b"", "empty"),
            (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "SVG"),
            (b'\xef\xbb\xbf<?xml version="1.0"?><svg/>', "SVG"),
            (b"<!DOCTYPE html><html></html>", "web page"),
            (encode(photograph(), "BMP"), "BMP"),
            (encode(photograph(), "TIFF"), "TIFF"),
            (encode(photograph(), "PDF"), "PDF"),
            (encode(photograph(), "EPS"), "PostScript"),
            (encode(photograph(), "ICO", sizes=[(32, 32)]), "icon"),
            (b"\0\0\0\x20ftypmp42" + bytes(40), "video"),
            (b"PK\x03\x04" + bytes(40), "ZIP"),
            (b"just some words", "not a picture"),
            (bytes(1000), "not a picture"),
        ],
    )
    def test_other_files_are_named_and_refused(self, data: bytes, named: str) -> None:
        with raises(BadImageError, match=named):
            clean_upload(data)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    @pytest.mark.parametrize("size", [(1, 1), (15, 300), (300, 1)])
    def test_a_tiny_picture_is_refused_with_a_sentence(self, kind: str, size: tuple[int, int]) -> None:
        with raises(BadImageError, match="too small") as caught:
            clean_upload(encode(Image.new("RGB", size), kind))
        assert f"{size[0]}×{size[1]}" in error_text(caught.value)

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    @pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9])
    def test_a_truncated_picture_is_refused(self, kind: str, share: float) -> None:
        noise = np.random.default_rng(1).integers(0, 255, (128, 128, 3), np.uint8)
        data = encode(Image.fromarray(noise), kind)
        with raises(BadImageError, match="damaged"):
            clean_upload(data[: int(len(data) * share)])

    def test_a_png_with_a_broken_checksum_is_refused(self) -> None:
        data = bytearray(encode(photograph()))
        data[30] ^= 0xFF
        with raises(BadImageError, match="damaged"):
            clean_upload(bytes(data))

    def test_a_png_name_over_another_format_is_refused(self) -> None:
        with raises(BadImageError, match="damaged"):
            clean_upload(b"\x89PNG\r\n\x1a\n" + encode(photograph(), "GIF"))


@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "WEBP", "AVIF", "GIF"]), st.data())
def test_no_damage_ever_gives_more_than_a_sentence(kind: str, data: st.DataObject) -> None:
    whole = bytearray(encode(photograph(32, 32), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        upload = clean_upload(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
    except BadImageError:
        return
    assert opened(upload).mode == "RGB"


@given(
    st.binary(max_size=200),
    st.sampled_from(
        [
            b"",
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"RIFF0000WEBPVP8X",
            b"\0\0\0\x10ftypheic\0\0\0\0\0\0\0\xffmeta\0\0\0\0",
        ]
    ),
)
def test_any_bytes_are_a_header_or_a_sentence(rest: bytes, start: bytes) -> None:
    try:
        header = read_header(start + rest)
    except BadImageError:
        return
    assert header.width >= 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
@settings(max_examples=25, deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300), lossless=st.booleans())
def test_the_header_tells_the_size_that_pillow_finds(
    kind: str, width: int, height: int, lossless: bool
) -> None:
    header = read_header(encode(Image.new("RGB", (width, height)), kind, lossless=lossless))
    assert (header.kind, header.width, header.height) == (kind, width, height)

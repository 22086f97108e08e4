"""Uploads made harmless: checked before decoding, decoded by known readers, always encoded anew."""

import io
import math
from collections.abc import Callable

from PIL import Image, ImageCms, ImageOps

from engine.imaging.codecs.encoding import encode_png
from engine.imaging.codecs.headers import Header, Kind, read_header
from engine.imaging.codecs.readers import prepare_reader
from studio.errors import BadImageError
from studio.ports import CleanUpload

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
# Of what is decoded whole: the photos of today's phones have 24 megapixels.
MAX_SIDE_PIXELS = 8192
MAX_PIXELS = 25_600_000
# A JPEG is read at half of its sides or less; the reader for WebP keeps two canvases and more.
MOST_PIXELS = {Kind.JPEG: 4 * MAX_PIXELS, Kind.WEBP: 16_800_000}
MOST_SIDES = {Kind.JPEG: 2 * MAX_SIDE_PIXELS}
MIN_SIDE_PIXELS = 16
WORK_SIDE_PIXELS = 2048
MAX_PROFILE_BYTES = 1024 * 1024
# Colour spaces of ICC profiles (ICC.1:2022, table 19) and the modes of the pictures that have them.
PROFILE_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
# Alpha under this (of 255) asks for repainting.
EDIT_BELOW_ALPHA = 128
# What is drawn with one pen varies by no more than this (of 255) in each channel.
ONE_COLOUR_RANGE = 16


def clean_upload(data: bytes) -> CleanUpload:
    """RGB PNG of at most 2048 px a side, upright, without metadata; raises `BadImageError` for everything else.

    Animations give their first frame. Transparency is laid on white, and what was transparent becomes the
    mask (white: paint here); `as_mask_png` is what the picture says as the mask of another one.
    Peak memory is about 12 bytes a pixel that is decoded, 300 MB for the largest picture allowed.
    """
    header = check_size(data)
    picture = _decode(data, header)
    _check_shape(header, picture)
    mask = _mask_of(picture)
    flat = _flatten(picture)
    return CleanUpload(
        png=encode_png(flat),
        width=flat.width,
        height=flat.height,
        mask_png=encode_png(mask) if mask else None,
        as_mask_png=encode_png(_read_as_mask(picture)) if mask else None,
    )


def check_size(data: bytes) -> Header:
    """What the first bytes say, without decoding anything. Raises `BadImageError` for what is not worth opening."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise BadImageError("too_many_bytes", mebibytes=len(data) / 1024**2, most=MAX_UPLOAD_BYTES // 1024**2)
    header = read_header(data)
    _check_size(header.kind, header.width, header.height)
    return header


def _check_size(kind: Kind, width: int, height: int) -> None:
    most_side, most_pixels = MOST_SIDES.get(kind, MAX_SIDE_PIXELS), MOST_PIXELS.get(kind, MAX_PIXELS)
    if min(width, height) < MIN_SIDE_PIXELS:
        raise BadImageError("too_small", width=width, height=height, least=MIN_SIDE_PIXELS)
    if max(width, height) > most_side or width * height > most_pixels:
        raise BadImageError(
            "too_large",
            width=width,
            height=height,
            most_side=most_side,
            most_megapixels=most_pixels / 1e6,
        )


def _check_shape(header: Header, picture: Image.Image) -> None:
    """What is long and thin may have too little left once it is fitted."""
    if min(picture.size) < MIN_SIDE_PIXELS:
        raise BadImageError(
            "too_thin",
            width=header.width,
            height=header.height,
            fitted=WORK_SIDE_PIXELS,
            least=MIN_SIDE_PIXELS,
        )


def _decode(data: bytes, header: Header) -> Image.Image:
    """The first frame, fitted, upright, in mode RGB or RGBA, in the sRGB colours."""
    prepare_reader(header.kind)
    try:
        with Image.open(io.BytesIO(data), formats=[header.kind.value]) as opened:
            _check_size(header.kind, *opened.size)  # the decoder may have read the header in another way
            opened.draft(None, _draft_size(opened.size))
            opened.load()
            return _apply_orientation(_to_rgb(opened), opened)
    except (BadImageError, MemoryError):
        raise
    except Exception as error:  # a hostile file may break a decoder in any way
        raise BadImageError("damaged") from error


def _draft_size(size: tuple[int, int]) -> tuple[int, int]:
    """A JPEG is decoded at a half, a quarter or an eighth of its sides, the smallest that is no smaller than this."""
    scale = min(1.0, WORK_SIDE_PIXELS / max(size))
    return max(1, math.floor(size[0] * scale)), max(1, math.floor(size[1] * scale))


def _to_rgb(opened: Image.Image) -> Image.Image:
    """Fitted before colours are converted, so that only one picture of the full size is in memory, or two."""
    profile = opened.info.get("icc_profile")
    if opened.mode.startswith("I"):
        # 16-bit grey, scaled here since Pillow's conversions of it to eight bits have changed over time.
        colours = opened.convert("I").point(lambda value: value / 257).convert("L")
    elif opened.mode != "RGBA" and ("A" in opened.mode or "transparency" in opened.info):
        colours = opened.convert("RGBA")
    elif opened.mode in {"RGBA", "RGB", "L", "CMYK"}:
        colours = opened
    else:
        colours = opened.convert("RGB")
    colours.thumbnail((WORK_SIDE_PIXELS, WORK_SIDE_PIXELS), Image.Resampling.LANCZOS)
    return _to_srgb(colours, profile) if isinstance(profile, bytes) else _as_colour(colours)


def _as_colour(picture: Image.Image) -> Image.Image:
    return picture if picture.mode in {"RGB", "RGBA"} else picture.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Colours as the sender saw them; a profile that is broken or of another kind is left out of account.

    What a profile is called says nothing of its curve, so all are converted, those named sRGB too.
    """
    if len(profile) > MAX_PROFILE_BYTES:
        return _as_colour(picture)
    try:
        described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        source = _in_space_of(described, picture)
        converted = ImageCms.profileToProfile(
            source, described, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return _as_colour(picture)
    if converted is None:
        return _as_colour(picture)
    if picture.mode == "RGBA":
        converted.putalpha(picture.getchannel("A"))
    return converted


def _in_space_of(profile: ImageCms.ImageCmsProfile, picture: Image.Image) -> Image.Image:
    """The picture without alpha, in the mode that the profile describes where that loses nothing."""
    mode = PROFILE_MODES.get(profile.profile.xcolor_space.strip(), picture.mode)
    if "CMYK" in {mode, picture.mode}:
        return picture  # no other mode stands for inks
    return picture.convert(mode) if picture.mode != mode else picture


def _apply_orientation(picture: Image.Image, opened: Image.Image) -> Image.Image:
    """Turned as the camera's orientation tag says; a broken tag block turns nothing."""
    try:
        orientation = opened.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - metadata is not worth losing a sound picture
        return picture
    turn = TURNS.get(orientation)
    return turn(picture) if turn else picture


# EXIF 2.3, tag 0x0112; what has to be done to the stored picture.
TURNS: dict[int, Callable[[Image.Image], Image.Image]] = {
    2: ImageOps.mirror,
    3: lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    4: ImageOps.flip,
    5: lambda picture: picture.transpose(Image.Transpose.TRANSPOSE),
    6: lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    7: lambda picture: picture.transpose(Image.Transpose.TRANSVERSE),
    8: lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
}


def _mask_of(picture: Image.Image) -> Image.Image | None:
    if picture.mode != "RGBA":
        return None
    alpha = picture.getchannel("A")
    seen = alpha.histogram()
    if seen[0] == picture.width * picture.height:
        raise BadImageError("transparent")
    if not any(seen[:EDIT_BELOW_ALPHA]):
        return None
    return alpha.point(lambda value: 255 if value < EDIT_BELOW_ALPHA else 0)


def _read_as_mask(picture: Image.Image) -> Image.Image:
    """L, white where an RGBA picture that was sent as a mask asks for repainting.

    Strokes of one colour on a transparent ground are the mask, whatever the colour; where colours vary, they say it,
    and what is transparent counts as black.
    """
    opaque = picture.getchannel("A").point(lambda value: 255 if value >= EDIT_BELOW_ALPHA else 0)
    histogram = picture.convert("RGB").histogram(opaque)
    used = [[value for value in range(256) if histogram[band + value]] for band in (0, 256, 512)]
    if all(values[-1] - values[0] <= ONE_COLOUR_RANGE for values in used if values):
        return opaque
    ground = Image.new("RGB", picture.size, "black")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground.convert("L").point(lambda value: 255 if value >= 128 else 0)


def _flatten(picture: Image.Image) -> Image.Image:
    """On white, so that nothing hides under transparent pixels."""
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper

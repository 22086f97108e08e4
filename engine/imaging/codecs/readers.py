"""Readers for the formats of phones, loaded when the first such file comes.

AVIF is Pillow's own; HEIC is read by libheif and libde265, which come with pi-heif. Each works on one thread: stacks of
more would take the virtual memory that the process for uploads may have.
"""

from functools import cache

from PIL import AvifImagePlugin, features

from engine.imaging.codecs.headers import Kind
from studio.errors import BadImageError


def prepare_reader(kind: Kind) -> None:
    """Raises `BadImageError`, with a way to convert the file, where this installation cannot read such files."""
    if kind is Kind.AVIF and not _prepare_avif():
        raise BadImageError("no_avif")
    if kind is Kind.HEIF and not _prepare_heif():
        raise BadImageError("no_heic")


@cache
def _prepare_avif() -> bool:
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    return bool(features.check("avif"))


@cache
def _prepare_heif() -> bool:
    try:
        import pi_heif
    except ImportError:  # a platform without its wheels
        return False
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    return True

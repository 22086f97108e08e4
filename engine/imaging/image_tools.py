"""Processing of encoded pictures without a model: implements `studio.ports.ImageTools`."""

from engine.imaging.codecs.encoding import decode, decode_mask, encode_png, size_of
from engine.imaging.codecs.sanitizer_process import shared_sanitizer
from engine.imaging.codecs.size_limit import fit
from engine.imaging.masks.masks import fit_mask
from engine.imaging.overlays.grid_overlay import lettered_overlay
from studio.ports import CleanUpload, FittedMask


class PillowImageTools:
    """Implements `studio.ports.ImageTools`; any thread may use it. Uploads are opened in a child process."""

    def clean(self, data: bytes) -> CleanUpload:
        return shared_sanitizer().clean(data)

    def fit_mask(self, mask: bytes, *, picture: bytes) -> FittedMask:
        fitted = fit_mask(decode_mask(mask), size_of(picture))
        return FittedMask(png=encode_png(fitted), box=fitted.getbbox() or (0, 0, *fitted.size))

    def overlay(self, picture: bytes) -> bytes:
        return encode_png(lettered_overlay(decode(picture)))

    def fit(self, picture: bytes, *, limit_bytes: int) -> tuple[bytes, str]:
        fitted = fit(picture, limit_bytes=limit_bytes)
        return fitted.data, fitted.suffix

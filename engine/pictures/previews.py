"""Small pictures inside a message: previews of what is being painted."""

import base64

from PIL import Image

from engine.pictures.encoding import encode_webp

PREVIEW_SIDE_PIXELS = 192
LIMIT_BYTES = 6 * 1024
QUALITIES = (70, 50, 30, 12)


def data_url(picture: Image.Image, *, limit_bytes: int = LIMIT_BYTES) -> str:
    """``data:image/webp;base64,…`` of at most `limit_bytes` characters, longer side at most 192 px."""
    side = PREVIEW_SIDE_PIXELS
    while side >= 8:
        small = picture.convert("RGB")
        small.thumbnail((side, side), Image.Resampling.BILINEAR)
        for quality in QUALITIES:
            text = base64.b64encode(encode_webp(small, quality=quality, effort=2)).decode("ascii")
            url = f"data:image/webp;base64,{text}"
            if len(url) <= limit_bytes:
                return url
        side //= 2
    raise ValueError(f"no picture fits into {limit_bytes} bytes")

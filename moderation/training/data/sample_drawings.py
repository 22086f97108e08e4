"""Mild pictures drawn by numbers, the same on every machine: what converted networks are compared on."""

import numpy as np
from PIL import Image


def drawings() -> dict[str, Image.Image]:
    """Each 224×224, so that no way of resizing them matters."""
    side = np.arange(224)
    across, down = np.meshgrid(side, side)
    waves = np.stack(
        [127 + 127 * np.sin(across / size) * np.cos(down / (size + 3)) for size in (9, 17, 31)], -1
    )
    discs = np.stack(
        [255.0 * (np.hypot(across - x, down - y) < 60) for x, y in ((80, 90), (140, 90), (110, 150))], -1
    )
    drawn = {
        "gradient": np.stack([across, down, (across + down) / 2], -1),
        "checks": np.repeat(255.0 * ((across // 28 + down // 28) % 2)[..., None], 3, -1),
        "waves": waves,
        "discs": discs,
        "beige": np.full((224, 224, 3), (224.0, 190.0, 160.0)),
    }
    return {title: Image.fromarray(values.clip(0, 255).astype(np.uint8)) for title, values in drawn.items()}

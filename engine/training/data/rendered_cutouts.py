"""Every drawing rendered once: a memory-mapped stack of RGBA cut-outs beside a list that names them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine.training.data.emoji_sources import Drawing, render_svg

SIDE_PX = 192


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """Row `row` of the stack: one subject in one style; `look` is empty or one of `Drawing.people`."""

    row: int
    name: str
    emoji: str
    keywords: tuple[str, ...]
    group: int
    subgroup: int
    style: str
    look: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """`pixels` is uint8 (cut-outs, side, side, RGBA), straight alpha, on disk."""

    cutouts: tuple[Cutout, ...]
    pixels: np.ndarray

    def picture(self, cutout: Cutout) -> Image.Image:
        return Image.fromarray(np.asarray(self.pixels[cutout.row]), "RGBA")


def render_stack(
    drawings: list[Drawing], folder: Path, *, tick: Callable[[float], None] = lambda share: None
) -> Stack:
    """Render all drawings in all styles to `folder`, or open what an earlier run has rendered."""
    names, pixels = folder / "cutouts.json", folder / f"cutouts-{SIDE_PX}.npy"
    if not names.exists():
        folder.mkdir(parents=True, exist_ok=True)
        jobs = [
            (drawing, style, look, svg)
            for drawing in drawings
            for look, drawn in {"": drawing.svg, **drawing.people}.items()
            for style, svg in drawn.items()
        ]
        stack = np.lib.format.open_memmap(pixels, "w+", np.uint8, (len(jobs), SIDE_PX, SIDE_PX, 4))
        listed = []
        for row, (drawing, style, look, svg) in enumerate(jobs):
            large = render_svg(svg, side_px=2 * SIDE_PX)
            stack[row] = np.asarray(large.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))
            listed.append(
                {
                    "row": row,
                    "name": drawing.name,
                    "emoji": drawing.emoji,
                    "keywords": drawing.keywords,
                    "group": drawing.group,
                    "subgroup": drawing.subgroup,
                    "style": style,
                    "look": look,
                }
            )
            tick((row + 1) / len(jobs))
        stack.flush()
        names.write_text(json.dumps(listed))
    listed = json.loads(names.read_text())
    cutouts = tuple(Cutout(**{**entry, "keywords": tuple(entry["keywords"])}) for entry in listed)
    return Stack(cutouts, np.load(pixels, mmap_mode="r"))

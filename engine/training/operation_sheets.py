"""`python -m engine.training.operation_sheets`: paint a sheet of the bundled model's pictures for each operation."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image, ImageDraw, ImageFont

from engine.catalog.catalog import ModelCatalogue
from engine.generation.generator import ImageGenerator
from engine.generation_task import GenerationTask
from engine.imaging.codecs.encoding import encode_webp
from engine.imaging.masks.grid_masks import mask_of_cells
from engine.imaging.overlays.grid_overlay import lettered_overlay
from studio.domain.requests import Operation, PaintRequest, Source, Strength
from studio.parsing.grid_regions import parse_region

QUALITY = 88
GAP_PIXELS, CAPTION_PIXELS = 10, 18
PAPER, INK = (250, 249, 246), (70, 70, 74)

Tile = tuple[str, Image.Image]
Row = Sequence[Tile]


class OperationSheet:
    """Paints with the bundled model and nothing else."""

    def __init__(self) -> None:
        self._generator = ImageGenerator(ModelCatalogue.load())

    def generate(
        self,
        operation: Operation,
        prompt: str,
        *sources: Image.Image,
        mask: Image.Image | None = None,
        **changes: Any,
    ) -> list[Image.Image]:
        known = tuple(Source(key=str(index), picture_id=str(index)) for index in range(len(sources)))
        request = PaintRequest(
            operation=operation, prompt=prompt, sources=known, **{"seed": 7, "count": 1, **changes}
        )
        task = GenerationTask(job_id="gallery", person="", request=request, sources=sources, mask=mask)
        return [generated.image for generated in self._generator.generate(task)]

    def imagine(self, prompt: str, seed: int, **changes: Any) -> Image.Image:
        return self.generate(Operation.IMAGINE, prompt, seed=seed, **changes)[0]

    def close(self) -> None:
        self._generator.close()


CASTLE, BOAT, FOX = (
    "a castle on a hill at sunset",
    "a sailing boat on the sea",
    "a fox in the forest",
)


def sheets(batcher: OperationSheet) -> Iterator[tuple[str, list[Row]]]:
    """A name and the rows of each sheet."""
    castle, boat, fox = (batcher.imagine(prompt, seed) for prompt, seed in ((CASTLE, 5), (BOAT, 9), (FOX, 4)))
    yield "imagine", _imagine_rows(batcher)
    yield "vary", [_vary_row(batcher, name, picture) for name, picture in ((CASTLE, castle), (FOX, fox))]
    yield (
        "blend",
        [_blend_row(batcher, (CASTLE, castle), (BOAT, boat)), _blend_row(batcher, (FOX, fox), (BOAT, boat))],
    )
    yield (
        "edit",
        [
            _edit_row(batcher, boat, "A1-B2", "a hot air balloon"),
            _edit_row(batcher, castle, "C3-D4", "a tree"),
        ],
    )
    yield "expand", _expand_rows(batcher, boat, castle)
    yield "canvas", _large_canvas_rows(batcher, castle)
    yield "upscale", _upscale_rows(batcher, fox)


def _imagine_rows(batcher: OperationSheet) -> list[Row]:
    ratios = ("1:1", "3:2", "2:3", "16:9")
    return [
        [(ratio, batcher.imagine(prompt, 11, aspect=ratio)) for ratio in ratios] for prompt in (CASTLE, BOAT)
    ]


def _vary_row(batcher: OperationSheet, prompt: str, picture: Image.Image) -> Row:
    row: list[Tile] = [("the picture", picture)]
    for variation in Strength:
        varied = batcher.generate(Operation.VARY, prompt, picture, variation=variation, count=2)
        row += [(str(variation), image) for image in varied]
    return row


def _blend_row(batcher: OperationSheet, *pictures: tuple[str, Image.Image]) -> Row:
    sources = [picture for _, picture in pictures]
    words = ", ".join(prompt for prompt, _ in pictures)
    row: list[Tile] = [("one", sources[0]), ("another", sources[1])]
    row += [("blended", image) for image in batcher.generate(Operation.BLEND, words, *sources, count=2)]
    return [*row, ("without words", batcher.generate(Operation.BLEND, "", *sources)[0])]


def _edit_row(batcher: OperationSheet, picture: Image.Image, region: str, prompt: str) -> Row:
    cells = parse_region(region)
    edited = batcher.generate(
        Operation.EDIT, prompt, picture, mask=mask_of_cells(cells, picture.size), cells=cells, count=3
    )
    chosen = lettered_overlay(picture, cells).resize(picture.size, Image.Resampling.LANCZOS)
    return [("the picture", picture), (region, chosen), *((prompt, image) for image in edited)]


def _expand_rows(batcher: OperationSheet, boat: Image.Image, castle: Image.Image) -> list[Row]:
    def expand(picture: Image.Image, prompt: str, **changes: Any) -> Image.Image:
        return batcher.generate(Operation.EXPAND, prompt, picture, own_words=False, **changes)[0]

    new_words = batcher.generate(Operation.EXPAND, "a tree", castle, sides=("right",), amount_percent=75)
    return [
        [
            ("the picture", boat),
            ("left and right", expand(boat, BOAT, sides=("left", "right"), amount_percent=50)),
            ("2:3", expand(boat, BOAT, aspect="2:3")),
        ],
        [
            ("the picture", castle),
            ("16:9", expand(castle, CASTLE, aspect="16:9")),
            ("right: a tree", new_words[0]),
        ],
    ]


def _large_canvas_rows(batcher: OperationSheet, castle: Image.Image) -> list[Row]:
    """Expanded three times; the last two canvases are painted in windows."""
    row: list[Tile] = [(_size(castle), castle)]
    for _ in range(3):
        grown = batcher.generate(Operation.EXPAND, CASTLE, row[-1][1], own_words=False, amount_percent=30)[0]
        row.append((_size(grown), grown))
    return [row]


def _size(picture: Image.Image) -> str:
    return f"{picture.width} x {picture.height}"


def _upscale_rows(batcher: OperationSheet, fox: Image.Image) -> list[Row]:
    large = batcher.generate(Operation.UPSCALE, "", fox)[0]
    side = fox.width // 2
    first, last = side // 2, side // 2 + side
    plain = fox.crop((first, first, last, last)).resize((4 * side, 4 * side), Image.Resampling.NEAREST)
    part = large.crop((4 * first, 4 * first, 4 * last, 4 * last))
    return [[("its middle, pixel by pixel", plain), ("enlarged", part)]]


def layout_sheet(rows: Sequence[Row], *, height_pixels: int) -> Image.Image:
    """Tiles of one height side by side, each with its caption above."""
    scaled = [
        [
            (
                caption,
                picture.resize(
                    (max(1, round(picture.width * height_pixels / picture.height)), height_pixels),
                    Image.Resampling.LANCZOS,
                ),
            )
            for caption, picture in row
        ]
        for row in rows
    ]
    width = max(sum(picture.width + GAP_PIXELS for _, picture in row) for row in scaled) + GAP_PIXELS
    step = CAPTION_PIXELS + height_pixels + GAP_PIXELS
    sheet = Image.new("RGB", (width, step * len(scaled) + GAP_PIXELS), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=13)
    for number, row in enumerate(scaled):
        left, top = GAP_PIXELS, GAP_PIXELS + number * step
        for caption, picture in row:
            draw.text((left, top), caption, INK, font=font)
            sheet.paste(picture, (left, top + CAPTION_PIXELS))
            left += picture.width + GAP_PIXELS
    return sheet


def paint_all(
    out: Annotated[Path, typer.Option(help="Folder for the sheets.")] = Path("docs"),
    only: Annotated[str, typer.Option(help="The name of one sheet, to paint just that.")] = "",
    height: Annotated[int, typer.Option(help="Height of a picture, in pixels.")] = 224,
) -> None:
    batcher = OperationSheet()
    try:
        for name, rows in sheets(batcher):
            if only in ("", name):
                sheet = layout_sheet(rows, height_pixels=height)
                (out / f"operation-{name}.webp").write_bytes(encode_webp(sheet, quality=QUALITY, effort=6))
    finally:
        batcher.close()


if __name__ == "__main__":
    typer.run(paint_all)

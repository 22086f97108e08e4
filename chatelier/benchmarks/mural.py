"""`chatelier bench mural`: how well the cells of a mural join."""

import json
import platform
from pathlib import Path
from typing import Annotated

import typer


def mural(
    columns: Annotated[int, typer.Option(min=2, max=12, help="Cells across.")] = 6,
    rows: Annotated[int, typer.Option(min=2, max=12, help="Cells down.")] = 4,
    side: Annotated[int, typer.Option(min=64, max=1024, help="Width and height of a cell, in pixels.")] = 256,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the mural there.")] = None,
    memory: Annotated[
        bool, typer.Option("--memory", help="Paint nothing: the memory that drawing the map takes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """A mural painted by the default model, and the steps between pixels across the borders of its cells.

    Takes a minute or two.

    Example: [bold]chatelier bench mural --columns 3 --rows 2 --picture mural.webp[/]
    """
    from chatelier.runtime.console import answers, remarks

    if memory:
        answers().print(f"peak memory of the process: {measure_map_memory(columns, rows, side):.0f} MiB")
        return
    from chatelier.settings import load_settings
    from chatelier.wiring.workers import open_generator
    from engine.benchmarks.mural import measure_mural

    generator = open_generator(load_settings(), stays=False)
    try:
        figures = measure_mural(
            generator,
            columns=columns,
            rows=rows,
            side=side,
            on_cell=lambda number: remarks().print(f"cell {number} of {columns * rows}"),
        )
    finally:
        generator.close()
    if picture is not None:
        figures.picture.save(picture, quality=88)
    if as_json:
        typer.echo(json.dumps({"machine": platform.platform(), **dict(figures.rows())}, indent=2))
        return
    for name, value in figures.rows():
        answers().print(f"{name}: {value}")


def measure_map_memory(columns: int, rows: int, side: int) -> float:
    """The most memory in MiB that this process has held, once it drew the map of a mural with cells of noise."""
    import os
    import resource
    import sys
    import tempfile

    from PIL import Image

    from bots.drawing.mural_map import MuralPlan, MuralTile, draw_map
    from engine.storage.factory import open_store

    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"file://{folder}")
        tiles = []
        for number in range(columns * rows):
            noise = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
            file = Path(folder) / "cell.png"
            noise.save(file)
            key = store.put(file.read_bytes(), suffix=".png")
            tiles.append(MuralTile(column=number % columns, row=number // columns, key=key))
        draw_map(MuralPlan(columns=columns, rows=rows, cell=(side, side), tiles=tiles), store, most_side=2048)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1024 / (1024 if sys.platform == "darwin" else 1)

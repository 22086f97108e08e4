"""Murals drawn tile by tile: the map, the story, and the whole in full size."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bots.drawing.mural_map import MuralPlan, MuralTile, draw_map, draw_story, stream_whole
from studio.ports import Ports, Store

SIDE = 96
MOST_MEMORY = 36 * 2**20  # bytes, beyond what the program takes before it draws


def store_pictures(store: Store, count: int) -> list[str]:
    keys = []
    for number in range(count):
        noise = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).save(file, "PNG")
        keys.append(store.put(file.getvalue(), suffix=".png"))
    return keys


def plan_of(store: Store) -> MuralPlan:
    """Two by two: three are painted, the last is open."""
    keys = store_pictures(store, 3)
    painted = [
        MuralTile(column=column, row=row, key=key)
        for key, (column, row) in zip(keys, [(0, 0), (1, 0), (0, 1)], strict=True)
    ]
    tiles = (*painted, MuralTile(column=1, row=1, label="B2", is_open=True))
    return MuralPlan(columns=2, rows=2, cell=(SIDE, SIDE), tiles=tiles)


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_the_map_shows_painted_cells_and_names_open_ones(ports: Ports) -> None:
    plan = plan_of(ports.store)
    drawn = read(draw_map(plan, ports.store, most_side=2048))
    assert drawn.size == (192, 192)
    first = read(ports.store.get(plan.tiles[0].key or ""))
    assert drawn.crop((0, 0, SIDE, SIDE)).tobytes() == first.tobytes()
    named = np.asarray(drawn.crop((100, 100, 188, 188)).convert("L"))
    assert named.min() < 80
    assert named.max() > 240


def test_a_map_has_no_side_above_its_limit(ports: Ports) -> None:
    assert max(read(draw_map(plan_of(ports.store), ports.store, most_side=100)).size) == 100


def test_a_picture_that_cannot_be_read_is_an_empty_cell(ports: Ports) -> None:
    tiles = (MuralTile(column=0, row=0, key="gone.png", label="A1"),)
    plan = MuralPlan(columns=1, rows=1, cell=(SIDE, SIDE), tiles=tiles)
    assert read(draw_map(plan, ports.store, most_side=64)).size == (64, 64)


def test_the_story_adds_one_cell_a_frame(ports: Ports) -> None:
    plan = plan_of(ports.store)
    story = draw_story(plan, plan.tiles[:3], ports.store, limit_bytes=2**20)
    assert story is not None
    animation = read(story)
    assert (animation.format, animation.n_frames) == ("GIF", 4)  # type: ignore[attr-defined]


def test_a_story_gets_smaller_until_it_fits(ports: Ports) -> None:
    plan = plan_of(ports.store)
    full = draw_story(plan, plan.tiles[:3], ports.store, limit_bytes=2**20)
    assert full is not None
    small = draw_story(plan, plan.tiles[:3], ports.store, limit_bytes=len(full) - 1)
    assert small is not None
    assert len(small) < len(full)
    assert read(small).width < read(full).width
    assert draw_story(plan, plan.tiles[:3], ports.store, limit_bytes=100) is None


def test_the_whole_is_the_map_at_full_size(ports: Ports) -> None:
    plan = plan_of(ports.store)
    whole = read(b"".join(stream_whole(plan, ports.store)))
    drawn = read(draw_map(plan, ports.store, most_side=2048))
    painted = (0, 0, 2 * SIDE, SIDE)
    assert whole.size == drawn.size
    assert whole.crop(painted).tobytes() == drawn.crop(painted).tobytes()


DRAW_LARGE = """
import io, re
from pathlib import Path
from PIL import Image
from bots.drawing.mural_map import MuralPlan, MuralTile, draw_map, draw_story, stream_whole

def peak_bytes():
    # Of this program alone: the figure of getrusage begins with that of the process that started it.
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024

file = io.BytesIO()
Image.effect_noise((512, 512), 90).convert("RGB").save(file, "PNG")
class Store:
    def get(self, key):
        return file.getvalue()
tiles = tuple(MuralTile(column=n % 6, row=n // 6, key="k") for n in range(24))
plan = MuralPlan(columns=6, rows=4, cell=(512, 512), tiles=tiles)
before = peak_bytes()
draw_map(plan, Store(), most_side=1024)
draw_story(plan, tiles, Store(), limit_bytes=8 * 2**20)
for piece in stream_whole(plan, Store()):
    pass
print(peak_bytes() - before)
"""


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell its peak memory")
def test_a_large_mural_is_drawn_in_bounded_memory() -> None:
    """6 × 4 cells of 512 pixels: 19 MB of pixels in full size."""
    ended = subprocess.run([sys.executable, "-c", DRAW_LARGE], capture_output=True, text=True, check=True)
    assert int(ended.stdout) <= MOST_MEMORY

"""What the image encoder of a collage prior sees, and what is made of it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.layout_prior import CollageComposer
from engine.layout_prior.layout_prior import load_prior
from engine.layout_prior.vision.appearance_index import SIDE, Appearances, View
from engine.layout_prior.vision.layout_encoder import SCENES, LayoutEncoder
from engine.layout_prior.vision.scene_summary import blend
from studio.errors import ModelLoadError

THIMBLE = Path(__file__).parents[3] / "engine/models/thimble"
SEEN = (
    "a red apple on a white background",
    "an elephant on grass",
    "a rocket in space",
    "a sailboat on the sea",
)


@pytest.fixture(scope="module")
def collage() -> CollageComposer:
    return CollageComposer.load(THIMBLE / "prior")


@pytest.fixture(scope="module")
def layout_encoder() -> LayoutEncoder:
    return LayoutEncoder.load(THIMBLE / "prior")


@pytest.fixture(scope="module")
def appearances(collage: CollageComposer) -> Appearances:
    return Appearances.load(THIMBLE / "prior", collage.library)


def picture(collage: CollageComposer, prompt: str, seed: int = 3) -> Image.Image:
    return collage.compose(prompt, seed=seed, width=256, height=256)


def names(layout_encoder: LayoutEncoder, appearances: Appearances, image: Image.Image) -> set[str]:
    return {
        find.drawing.subject.name
        for thing in layout_encoder.look(image).things
        for find in appearances.find(thing.view, count=2)
    }


def test_the_bundled_model_can_see() -> None:
    prior = load_prior(THIMBLE)
    assert prior is not None
    assert prior.mixer is not None


def test_most_things_that_are_drawn_large_are_recognised(
    collage: CollageComposer, layout_encoder: LayoutEncoder, appearances: Appearances
) -> None:
    asked = {"red apple": SEEN[0], "elephant": SEEN[1], "rocket": SEEN[2], "sailboat": SEEN[3]}
    found = [
        name in names(layout_encoder, appearances, picture(collage, prompt)) for name, prompt in asked.items()
    ]
    assert sum(found) >= 3


def test_a_wall_is_told_from_a_scene(collage: CollageComposer, layout_encoder: LayoutEncoder) -> None:
    wall, space = (layout_encoder.look(picture(collage, prompt)).scenes for prompt in (SEEN[0], SEEN[2]))
    assert SCENES[int(wall.argmax())] == ""
    assert SCENES[int(space.argmax())] == "space"


def test_a_blend_has_the_things_of_both_and_a_tone_between(
    collage: CollageComposer, layout_encoder: LayoutEncoder
) -> None:
    one, other = (layout_encoder.look(picture(collage, prompt)) for prompt in SEEN[:2])
    mixed = blend([(one, 0.25), (other, 0.75)])
    assert len(mixed.things) == len(one.things) + len(other.things)
    assert np.allclose(mixed.tone, 0.25 * one.tone + 0.75 * other.tone)
    assert mixed.scenes.sum() == pytest.approx(1)


def test_a_resemblance_is_decided_by_its_seed(collage: CollageComposer) -> None:
    source = picture(collage, SEEN[1])
    one, again, other = (
        collage.resemble([(source, 1.0)], seed=seed, width=96, height=64).tobytes() for seed in (1, 1, 2)
    )
    assert one == again != other


@pytest.mark.thorough("size1")
@pytest.mark.parametrize("size", [(64, 64), (1024, 64), (200, 264)])
def test_noise_and_flat_pictures_become_pictures_too(collage: CollageComposer, size: tuple[int, int]) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 70, 3), np.uint8), "RGB")
    parts = [(noise, 0.5), (Image.new("RGB", (300, 30), "teal"), 0.5)]
    assert collage.resemble(parts, seed=5, width=size[0], height=size[1]).size == size


def test_a_cut_out_before_a_wall_finds_itself_in_either_direction(
    collage: CollageComposer, appearances: Appearances
) -> None:
    subject = collage.library.by_name["elephant"]
    wall = Image.new("RGB", (140, 140), (90, 160, 90))
    cutout = collage.library.picture(subject, "glossy").resize((100, 100))
    for mirrored in (False, True):
        canvas = wall.copy()
        turned = cutout.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else cutout
        canvas.paste(turned, (20, 20), turned)
        part = np.asarray(canvas.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)[None] / 255
        ground = np.asarray(wall.resize((1, SIDE)), np.float32)[None, :, 0] / 255
        shape = collage.library.picture(subject, "glossy")
        view = View(parts=part, grounds=ground, aspects=np.array([shape.width / shape.height], np.float32))
        (find,) = appearances.find(view, count=1)
        assert (find.drawing.subject.name, find.mirrored) == ("elephant", mirrored)


def test_a_broken_encoder_says_so(tmp_path: Path, collage: CollageComposer) -> None:
    with pytest.raises(ModelLoadError):
        LayoutEncoder.load(tmp_path)
    with pytest.raises(ModelLoadError):
        Appearances.load(tmp_path, collage.library)

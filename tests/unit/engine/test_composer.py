"""The collages themselves: deterministic, at any size, never an error."""

import json
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.layout_prior import CollageComposer
from engine.layout_prior.cutouts.compositing import Chosen, paste
from engine.layout_prior.cutouts.cutout_styles import STYLES
from engine.layout_prior.cutouts.recolour import main_hue, recolour
from engine.layout_prior.cutouts.selection import choose
from engine.layout_prior.cutouts.water_removal import without_water
from engine.layout_prior.language.scene_words import SCENES
from engine.layout_prior.language.vocabulary import COLOURS
from engine.layout_prior.layout.boxes import Box, Spot
from engine.layout_prior.layout.free_area import largest_free_box
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneObject, SceneSpec
from engine.layout_prior.scenes.backgrounds import SCENE_NAMES, paint_scene
from engine.layout_prior.scenes.drawing import Canvas
from engine.layout_prior.scenes.sky import Backdrop
from studio.errors import ModelLoadError

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


@cache
def loaded() -> CollageComposer:
    return CollageComposer.load(PRIOR)


@pytest.fixture(scope="module")
def collage() -> CollageComposer:
    return loaded()


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), np.int16)


def test_the_same_seed_gives_the_same_collage(collage: CollageComposer) -> None:
    one, again = (
        collage.compose("two cats on grass at night", seed=7, width=128, height=128) for _ in range(2)
    )
    assert one.tobytes() == again.tobytes()


def test_no_two_of_twenty_seeds_are_alike(collage: CollageComposer) -> None:
    made = {collage.compose("a yellow star", seed=seed, width=64, height=64).tobytes() for seed in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize("seed", [0, -1, 2**64 - 1, 2**63, 10**30])
def test_any_whole_number_is_a_seed(collage: CollageComposer, seed: int) -> None:
    assert collage.compose("a key", seed=seed, width=64, height=64).mode == "RGB"


@pytest.mark.parametrize("size", [(64, 64), (1024, 64), (64, 1024), (264, 200), (512, 768)])
def test_any_size_is_filled(collage: CollageComposer, size: tuple[int, int]) -> None:
    prompt = "three red apples next to a house in the snow"
    assert collage.compose(prompt, seed=1, width=size[0], height=size[1]).size == size


@pytest.mark.parametrize("scene", sorted(set(SCENES.values())))
@pytest.mark.parametrize("time", ["day", "night", "sunset", "rain", "fog"])
def test_every_scene_can_be_painted_at_every_hour(scene: str, time: str) -> None:
    assert scene in (*SCENE_NAMES, "wall")
    backdrop = paint_scene(scene, Canvas(np.random.default_rng(0), 96, 64, time))
    assert backdrop.picture.size == (96, 64)
    assert pixels(backdrop.picture).std() > 3


def test_night_is_darker_than_day(collage: CollageComposer) -> None:
    day, night = (
        pixels(collage.compose(f"a dog on grass {when}", seed=3, width=128, height=128)).mean()
        for when in ("", "at night")
    )
    assert night < 0.7 * day


@pytest.mark.parametrize("colour", sorted(COLOURS))
def test_a_background_has_the_colour_that_was_asked_for(collage: CollageComposer, colour: str) -> None:
    made = pixels(collage.compose(f"a snail on a {colour} background", seed=2, width=128, height=128))
    corner = np.concatenate([made[:12, :12], made[-12:, -12:]]).reshape(-1, 3).mean(0)
    assert np.abs(corner - np.array(COLOURS[colour])).mean() < 45


@pytest.mark.parametrize(
    "colour", ["red", "orange", "yellow", "green", "blue", "purple", "pink", "turquoise"]
)
@pytest.mark.parametrize("word", ["car", "cat", "elephant", "balloon", "star"])
def test_things_take_the_colour_that_was_asked_for(collage: CollageComposer, word: str, colour: str) -> None:
    subject = collage.library.find_named(word)[0]
    for style in subject.files:
        painted = np.asarray(recolour(collage.library.picture(subject, style), colour), np.float32) / 255
        wanted, _ = main_hue(np.full((1, 1, 3), COLOURS[colour], np.float32) / 255, np.ones((1, 1)))
        found, _ = main_hue(painted[..., :3], painted[..., 3])
        assert abs((found - wanted + 0.5) % 1 - 0.5) < 0.07


def test_recolouring_keeps_light_and_shade(collage: CollageComposer) -> None:
    before = collage.library.picture(collage.library.find_named("car")[0], "glossy")
    after = recolour(before, "green")
    opaque = np.asarray(before)[..., 3] > 200
    one, other = (np.asarray(picture.convert("L"), np.float32)[opaque] for picture in (before, after))
    assert np.corrcoef(one, other)[0, 1] > 0.7


ODD_PROMPTS = [
    "",
    "   \n\t ",
    "🐉🌋",
    "🏳️‍🌈👨‍👩‍👧‍👦",
    "قطة حمراء على خلفية زرقاء",
    "חתול אדום \u202e cat \u202c",
    "\x00\x01\x07 a \x1b[31mred\x1b[0m car \x7f",
    "🔥" * 2000,
    "cat " * 2500,
    "x" * 10_000,
    "a\u0301" * 5000,
    "'''---,,,...;;;",
    "no",
    "without",
    "on the under above next to",
    "a a a the of",
    "0 cats and -5 dogs and 3.7 birds",
    "\ud800 lone surrogate",
    "background background background",
    "red blue green",
]


@pytest.mark.parametrize("prompt", ODD_PROMPTS, ids=range(len(ODD_PROMPTS)))
def test_odd_prompts_become_pictures(collage: CollageComposer, prompt: str) -> None:
    made = collage.compose(prompt, seed=5, width=64, height=64)
    assert made.size == (64, 64)
    canvas, mask = Image.new("RGB", (64, 64), "teal"), Image.new("L", (64, 64), 255)
    assert collage.place(prompt, seed=5, canvas=canvas, mask=mask).size == (64, 64)


@settings(max_examples=60, deadline=None)
@given(prompt=st.text(max_size=80), seed=st.integers(0, 2**64 - 1))
def test_no_text_at_all_can_break_it(prompt: str, seed: int) -> None:
    assert loaded().compose(prompt, seed=seed, width=64, height=64).size == (64, 64)


def test_an_unknown_word_gets_a_sculpture_of_its_own(collage: CollageComposer) -> None:
    one, same, other = (
        collage.compose(f"a {word} on a white background", seed=1, width=96, height=96)
        for word in ("zxqvwk", "zxqvwk", "qqqjjjx")
    )
    assert one.tobytes() == same.tobytes() != other.tobytes()
    assert pixels(one).std() > 10


def test_placing_leaves_everything_outside_the_mask_as_it_was(collage: CollageComposer) -> None:
    rng = np.random.default_rng(0)
    canvas = Image.fromarray(rng.integers(0, 256, (96, 128, 3), np.uint8), "RGB")
    mask = Image.new("L", canvas.size)
    mask.paste(255, (40, 20, 100, 80))
    made = collage.place("a red ball", seed=4, canvas=canvas, mask=mask)
    outside = np.asarray(mask) == 0
    assert (pixels(made)[outside] == pixels(canvas)[outside]).all()
    assert (pixels(made)[~outside] != pixels(canvas)[~outside]).any()


def test_placing_without_a_background_carries_the_surroundings_on(collage: CollageComposer) -> None:
    canvas = Image.new("RGB", (128, 128), (200, 40, 90))
    mask = Image.new("L", canvas.size)
    mask.paste(255, (64, 0, 128, 128))
    made = pixels(collage.place("", seed=4, canvas=canvas, mask=mask))
    assert np.abs(made - (200, 40, 90)).max() < 12


def test_an_empty_mask_changes_nothing(collage: CollageComposer) -> None:
    canvas = Image.new("RGB", (64, 64), "teal")
    made = collage.place("a cat", seed=1, canvas=canvas, mask=Image.new("L", (64, 64)))
    assert made.tobytes() == canvas.tobytes()


def test_the_largest_free_rectangle_beside_a_picture_is_found() -> None:
    mask = np.ones((100, 200), bool)
    mask[:, :120] = False
    box = largest_free_box(mask)
    assert box.left >= 120
    assert box.width > 70
    assert box.height > 90


def test_the_whole_is_free_when_nothing_is() -> None:
    assert largest_free_box(np.zeros((10, 20), bool)) == Box(0, 0, 20, 10)


def test_a_broken_library_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError):
        CollageComposer.load(tmp_path)
    (tmp_path / "index.json").write_text("{")
    with pytest.raises(ModelLoadError):
        CollageComposer.load(tmp_path)


def test_every_file_of_the_index_is_in_the_archive() -> None:
    index = json.loads((PRIOR / "index.json").read_text(encoding="utf-8"))
    with zipfile.ZipFile(PRIOR / "cutouts.zip") as archive:
        names = set(archive.namelist())
    drawn = [
        files
        for subject in index["subjects"]
        for files in (subject["files"], *subject.get("looks", {}).values())
    ]
    assert {file for files in drawn for file in files.values()} == names


def test_every_synonym_names_a_subject_that_is_there(collage: CollageComposer) -> None:
    index = json.loads((PRIOR / "index.json").read_text(encoding="utf-8"))
    known = {subject.name for subject in collage.library.subjects}
    assert [word for word, names in index["synonyms"].items() if not known & set(names)] == []


def test_the_prior_works_without_torch() -> None:
    code = "import sys; import engine.layout_prior; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_boat_swims_in_the_sea_and_not_on_a_strip_of_its_own(collage: CollageComposer) -> None:
    (boat,) = (subject for subject in collage.library.subjects if subject.name == "ship")
    drawn = collage.library.picture(boat, "glossy")
    afloat = without_water(drawn)
    assert afloat.height < drawn.height
    left = np.asarray(afloat)
    assert len(np.unique(np.argmax(left[::-1, :, 3] > 128, axis=0))) > 3, "its lower edge is that of waves"
    assert without_water(afloat).tobytes() == afloat.tobytes()


def test_what_stands_on_no_water_stays_as_it_is(collage: CollageComposer) -> None:
    for subject in collage.library.find_named("house"), collage.library.find_named("whale"):
        drawn = collage.library.picture(subject[0], "glossy")
        assert without_water(drawn) is drawn


@pytest.mark.parametrize(
    ("name", "shines"), [("candle", True), ("lighthouse", True), ("taxi", False), ("firefighter", False)]
)
def test_at_night_only_what_gives_light_stays_bright(
    collage: CollageComposer, name: str, shines: bool
) -> None:
    subject = collage.library.find_named(name)[0]
    cutout = Image.new("RGBA", (40, 40), (255, 226, 122, 255))
    thing = Chosen(cutouts=(cutout,), subject=subject, size=1.0, in_sky=False, shadow=False)
    dark = Backdrop(picture=Image.new("RGB", (64, 64)), ground=0.9, light=(0.4, 0.4, 0.5))
    spot = Spot(thing=0, box=Box(4, 4, 56, 56), depth=0, standing=True)
    painted = paste(dark, [spot], [thing], np.random.default_rng(1)).picture
    assert bool(pixels(painted)[..., 0].max() > 200) is shines


def test_a_small_thing_beside_a_large_one_can_still_be_seen(collage: CollageComposer) -> None:
    spec = parse("a mouse beside an elephant", collage.library)
    sheet = collage.compose_spec(spec, np.random.default_rng(3), width=256, height=256)
    sides = {thing: max(box.width, box.height) for thing, box in sheet.placed}
    assert min(sides.values()) > 0.2 * 256
    assert sides[1] > 1.2 * sides[0], "the elephant is the larger one all the same"


def test_the_colour_of_a_boat_is_not_that_of_its_water(collage: CollageComposer) -> None:
    (boat,) = (subject for subject in collage.library.subjects if subject.name == "sailboat")
    spec = SceneSpec(things=(SceneObject(word="boat", subjects=(boat,), colour="red"),), style="glossy")
    (red,) = choose(spec, collage.library, STYLES["glossy"], np.random.default_rng(1))
    seen = np.asarray(red.cutouts[0], np.float32) / 255
    hue, _ = main_hue(seen[..., :3], seen[..., 3])
    assert min(hue, 1 - hue) < 0.06
    assert red.cutouts[0].height < collage.library.picture(boat, "glossy").height


def test_a_cat_alone_is_mostly_its_face_and_beside_others_never(collage: CollageComposer) -> None:
    def names(prompt: str) -> list[str]:
        sheets = [collage.sheet_of(prompt, seed=seed, width=64, height=64) for seed in range(12)]
        return [str(sheet.chosen[0].subject and sheet.chosen[0].subject.name) for sheet in sheets]

    assert names("a cat").count("cat face") > 6
    assert set(names("two cats")) == {"cat", "cat face"}
    assert set(names("a cat and a dog")) == {"cat"}

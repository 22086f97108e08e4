"""Patterns, seasons, styles, grounds and words for what nobody can see."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from engine.layout_prior import CollageComposer
from engine.layout_prior.cutouts.cutout_styles import STYLES, pixelate
from engine.layout_prior.cutouts.patterns import PATTERNS, apply_pattern
from engine.layout_prior.cutouts.placeholder_sculpture import paint_sculpture
from engine.layout_prior.language.abstract_words import ABSTRACTS
from engine.layout_prior.language.vocabulary import PATTERNS as PATTERN_WORDS
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneSpec
from engine.layout_prior.scenes.abstract import FORMS, form_of, paint_abstract
from engine.layout_prior.scenes.backgrounds import paint_scene
from engine.layout_prior.scenes.drawing import Canvas
from engine.layout_prior.scenes.seasons import SEASONS, in_season

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


@cache
def loaded() -> CollageComposer:
    return CollageComposer.load(PRIOR)


def read(prompt: str) -> SceneSpec:
    return parse(prompt, loaded().library)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), np.float32)


def meadow(season: str | None) -> np.ndarray:
    canvas = Canvas(np.random.default_rng(4), 96, 96, "day")
    backdrop = paint_scene("grass", canvas)
    return pixels((in_season(canvas, backdrop, season) if season else backdrop).picture)


@pytest.mark.parametrize(
    ("prompt", "pattern", "colour", "second"),
    [
        ("a striped cat", "stripes", None, None),
        ("a blue polka dot dress", "dots", "blue", None),
        ("a red and white striped scarf", "stripes", "red", "white"),
        ("a cat with stripes", "stripes", None, None),
        ("a dress with white dots", "dots", None, "white"),
        ("a checkered umbrella", "checks", None, None),
    ],
)
def test_patterns_are_read(prompt: str, pattern: str, colour: str | None, second: str | None) -> None:
    (thing,) = read(prompt).things
    assert (thing.pattern, thing.colour, thing.second_colour) == (pattern, colour, second)


def test_every_pattern_that_has_a_word_is_there() -> None:
    assert set(PATTERN_WORDS.values()) == set(PATTERNS)


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_pattern_shows_and_leaves_the_outline_alone(pattern: str) -> None:
    library = loaded().library
    plain = library.picture(library.by_name["dress"], "glossy")
    drawn = apply_pattern(plain, pattern)
    changed = np.abs(pixels(drawn) - pixels(plain)).max(-1) > 40
    solid = np.asarray(plain.getchannel("A")) > 200
    assert 0.08 < changed[solid].mean() < 0.75
    assert (np.asarray(drawn.getchannel("A")) == np.asarray(plain.getchannel("A"))).all()


def test_stripes_stay_away_from_eyes() -> None:
    face = Image.new("RGBA", (120, 120), (240, 170, 60, 255))
    face.paste((20, 20, 20, 255), (56, 40, 64, 48))
    share = np.abs(pixels(apply_pattern(face, "stripes")) - pixels(face)).max(-1) > 40
    assert share[70:].mean() > 0.2
    assert not share[38:50, 54:66].any()


def test_the_colour_of_stripes_is_the_one_that_was_asked_for() -> None:
    plain = Image.new("RGBA", (80, 80), (40, 90, 200, 255))
    striped = pixels(apply_pattern(plain, "stripes", "yellow"))
    assert ((striped[..., 0] > 200) & (striped[..., 2] < 120)).mean() > 0.2


@pytest.mark.parametrize(
    ("prompt", "season", "scene"),
    [
        ("a house in autumn", "autumn", "grass"),
        ("a tree in winter", "winter", "snow"),
        ("a park in the fall", "autumn", "grass"),
        ("a boat on a lake in summer", "summer", "sea"),
        ("the mountains in spring", "spring", "mountains"),
        ("a cat on a blue background in winter", "winter", None),
    ],
)
def test_seasons_are_read(prompt: str, season: str, scene: str | None) -> None:
    spec = read(prompt)
    assert (spec.season, spec.scene) == (season, scene)


def test_leaves_that_fall_name_no_season() -> None:
    assert read("leaves fall on a car").season is None


def test_a_meadow_turns_with_the_seasons() -> None:
    plain, spring, summer, autumn, winter = (meadow(season) for season in (None, *SEASONS))
    low = slice(70, None)
    assert (plain[low, :, 1] > plain[low, :, 0]).mean() > 0.8, "green"
    assert (autumn[low, :, 0] > autumn[low, :, 1]).mean() > 0.8, "brown and orange"
    assert winter[low].mean() > 1.3 * plain[low].mean(), "white"
    assert (spring[low, :, 1] > spring[low, :, 2]).mean() > 0.8
    assert len({part.tobytes() for part in (plain, spring, summer, autumn, winter)}) == 5


def test_indoors_no_snow_falls() -> None:
    canvas = Canvas(np.random.default_rng(4), 48, 48, "day")
    room = paint_scene("room", canvas)
    assert in_season(canvas, room, "winter") is room


def test_fog_hides_what_is_far() -> None:
    clear, foggy = (
        pixels(paint_scene("forest", Canvas(np.random.default_rng(4), 96, 96, time)).picture)
        for time in ("day", "fog")
    )
    far = slice(40, 66)
    assert foggy[far].std() < 0.6 * clear[far].std()


def test_pixel_art_has_squares_of_one_colour_on_the_cells_of_the_latents() -> None:
    art = np.asarray(loaded().compose("pixel art robot", seed=2, width=256, height=256))
    cells = art.reshape(32, 8, 32, 8, 3).transpose(0, 2, 1, 3, 4).reshape(32 * 32, 64, 3)
    assert (cells == cells[:, :1]).all()
    assert len(np.unique(cells[:, 0], axis=0)) <= 20


def test_what_repainting_softens_is_sharpened_afterwards() -> None:
    collage = loaded()
    soft = collage.compose("pixel art robot", seed=2, width=256, height=256).filter(
        ImageFilter.GaussianBlur(3)
    )
    sharp = np.asarray(collage.retouch("pixel art robot", soft))
    cells = sharp.reshape(32, 8, 32, 8, 3).transpose(0, 2, 1, 3, 4).reshape(32 * 32, 64, 3)
    assert (cells == cells[:, :1]).all()
    assert collage.retouch("a robot", soft) is soft
    assert pixels(collage.retouch("a watercolour of a robot", soft)).std() > pixels(soft).std() * 0.9


@pytest.mark.parametrize("size", [(64, 64), (70, 131), (1024, 64)])
def test_pixel_art_has_any_size(size: tuple[int, int]) -> None:
    assert pixelate(Image.new("RGB", size, "teal")).size == size


def test_a_watercolour_ends_before_the_edge_of_its_paper() -> None:
    painted = pixels(STYLES["watercolour"].wash(Image.new("RGB", (128, 128), (60, 110, 160))))
    assert painted[:3].mean() > 235
    assert painted[50:80, 50:80].mean() < 190


def test_oil_is_painted_in_strokes() -> None:
    flat = Image.new("RGB", (96, 96), (120, 140, 90))
    painted = pixels(STYLES["oil"].retouch(flat))
    assert painted.std() > 3
    assert np.abs(painted.mean((0, 1)) - (120, 140, 90)).max() < 15


def test_a_plain_ground_is_muted() -> None:
    """Before, grounds had up to 65 % of saturation at nearly full brightness."""
    corners = []
    for seed in range(12):
        picture = pixels(loaded().compose("a yellow star", seed=seed, width=64, height=64))
        corner = picture[:6, :6].mean((0, 1))
        corners.append((corner.max() - corner.min()) / corner.max() * corner.max() / 255)
    assert max(corners) < 0.45


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("freedom", ("freedom",)),
        ("the sound of silence", ("sound", "silence")),
        ("chaos and order", ("chaos", "order")),
        ("hope, in a minimalist style", ("hope",)),
    ],
)
def test_words_for_what_nobody_can_see_are_abstract(prompt: str, words: tuple[str, ...]) -> None:
    spec = read(prompt)
    assert (spec.abstract, spec.things, spec.unknown) == (words, (), ())


def test_beside_a_thing_such_words_change_nothing() -> None:
    spec = read("a bird of freedom")
    assert [thing.word for thing in spec.things] == ["bird"]
    assert spec.abstract == ()


def test_every_form_that_has_a_word_is_there() -> None:
    assert set(ABSTRACTS.values()) == set(FORMS)
    assert form_of("zorblax") in FORMS


@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_form_paints(form: str) -> None:
    word = next(word for word, meant in ABSTRACTS.items() if meant == form)
    one, other = (
        paint_abstract(Canvas(np.random.default_rng(seed), 96, 64, "day"), [word]).picture for seed in (1, 2)
    )
    assert one.size == (96, 64)
    assert pixels(one).std() > 8
    assert one.tobytes() != other.tobytes()


def test_a_word_that_nothing_answers_to_is_abstract_alone_and_a_sculpture_elsewhere() -> None:
    collage = loaded()
    alone = collage.sheet_of("zorblax", seed=1, width=64, height=64)
    placed = collage.sheet_of("a zorblax in the forest", seed=1, width=64, height=64)
    assert alone.placed == ()
    assert pixels(alone.picture).std() > 8
    assert len(placed.placed) == 1
    assert "zorblax" in str(collage.remark("zorblax", model="Thimble")), "and a person hears of it"


def test_a_sculpture_is_the_same_for_the_same_word() -> None:
    assert paint_sculpture("zorblax").tobytes() == paint_sculpture("zorblax").tobytes()
    assert paint_sculpture("zorblax").tobytes() != paint_sculpture("qwix").tobytes()

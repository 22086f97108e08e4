"""Hats on heads, riders on backs, fish in bowls: the geometry of what belongs together."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.layout_prior import CollageComposer
from engine.layout_prior.attachment.anchors import back_of, head_of, inside_of, rim_of, seat_of, upper_edge
from engine.layout_prior.attachment.assembly import assemble, paste_together
from engine.layout_prior.attachment.bodies import embody
from engine.layout_prior.attachment.fitting import Figure, Placement, fit
from engine.layout_prior.cutouts.cutout_styles import STYLES
from engine.layout_prior.cutouts.selection import choose
from engine.layout_prior.language.relations import Relation
from engine.layout_prior.layout.boxes import Box
from engine.layout_prior.prompt.parser import parse
from engine.layout_prior.prompt.scene_spec import SceneSpec

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"
DRAWINGS = ("glossy", "cartoon")


@cache
def loaded() -> CollageComposer:
    return CollageComposer.load(PRIOR)


def figure(name: str, drawings: str = "glossy") -> Figure:
    library = loaded().library
    subject = library.by_name[name]
    picture = library.picture(subject, drawings, next(iter(subject.looks), ""))
    return Figure(
        picture=picture, name=name, size=subject.size, drawings=drawings, person=bool(subject.looks)
    )


def placed(relation: Relation, item: str, host: str, drawings: str = "glossy") -> tuple[Placement, Figure]:
    bearer = figure(host, drawings)
    placement = fit(relation, figure(item, drawings), bearer)
    assert placement is not None
    return placement, bearer


def head_box(bearer: Figure) -> Box:
    """The head of a figure as a box in its pixels."""
    head = head_of(bearer.name, bearer.picture, drawings=bearer.drawings, person=bearer.person)
    return Box(head.x - head.width / 2, head.top, head.width, head.width)


def overlap(one: Box, other: Box) -> float:
    """The shared area, as a share of the smaller box."""
    wide = min(one.right, other.right) - max(one.left, other.left)
    tall = min(one.bottom, other.bottom) - max(one.top, other.top)
    smaller = min(one.width * one.height, other.width * other.height)
    return max(0.0, wide) * max(0.0, tall) / smaller


def drawn_things(prompt: str) -> SceneSpec:
    library = loaded().library
    return embody(parse(prompt, library), library)


@pytest.mark.parametrize("drawings", DRAWINGS)
@pytest.mark.parametrize(
    "host", ["dog", "cat", "penguin", "rabbit", "horse", "frog", "man", "cook", "elephant"]
)
@pytest.mark.parametrize("hat", ["top hat", "crown", "billed cap"])
def test_a_hat_lies_on_the_crown_of_the_head(hat: str, host: str, drawings: str) -> None:
    placement, bearer = placed(Relation.WEARING, hat, host, drawings)
    head, box = head_box(bearer), placement.box
    assert overlap(box, head) > 0.04, "it touches the head"
    assert abs(box.left + box.width / 2 - head.left - head.width / 2) < 0.1 * head.width
    assert head.top < box.bottom < head.top + 0.5 * head.height, "and does not cover the face"
    assert 0.5 * head.width < box.width < 1.5 * head.width


@pytest.mark.parametrize("drawings", DRAWINGS)
@pytest.mark.parametrize("host", ["cat", "dog", "fox", "woman"])
def test_glasses_sit_at_the_eyes(host: str, drawings: str) -> None:
    placement, bearer = placed(Relation.WEARING, "sunglasses", host, drawings)
    head, box = head_box(bearer), placement.box
    assert overlap(box, head) > 0.9
    assert head.top + 0.2 * head.height < box.top + box.height / 2 < head.top + 0.7 * head.height


@pytest.mark.parametrize("drawings", DRAWINGS)
def test_a_violin_is_at_the_shoulder_and_leaves_the_face_free(drawings: str) -> None:
    placement, bearer = placed(Relation.PLAYING, "violin", "person standing", drawings)
    head, box = head_box(bearer), placement.box
    assert box.top > head.top + 0.45 * head.height
    assert box.top < head.bottom + 0.1 * bearer.picture.height < box.bottom
    assert overlap(box, Box(0, 0, *bearer.picture.size)) > 0


@pytest.mark.parametrize("drawings", DRAWINGS)
@pytest.mark.parametrize("mount", ["horse", "elephant", "sauropod", "camel", "dog"])
def test_a_rider_sits_on_the_back_and_hides_its_legs_behind_it(mount: str, drawings: str) -> None:
    placement, bearer = placed(Relation.RIDING, "person standing", mount, drawings)
    x, y = back_of(mount, bearer.picture)
    box = placement.box
    assert box.left < x < box.right
    assert box.top < y < box.bottom, "neither above the back nor below it"
    assert not placement.front


@pytest.mark.parametrize("seat", ["chair", "bench", "bed", "automobile"])
def test_what_sits_on_something_touches_it(seat: str) -> None:
    placement, bearer = placed(Relation.ON, "cat", seat)
    x, y = seat_of(seat, bearer.picture, drawings="glossy")
    box = placement.box
    assert box.left < x < box.right
    assert 0 < box.bottom - y < 0.12 * box.height


@pytest.mark.parametrize(
    ("item", "container"), [("fish", "glass bowl"), ("bird", "cage"), ("ship", "glass bottle")]
)
def test_what_is_seen_through_glass_lies_wholly_inside(item: str, container: str) -> None:
    placement, bearer = placed(Relation.INSIDE, item, container)
    room = inside_of(container, bearer.picture)
    assert room is not None
    assert placement.glass
    assert overlap(placement.box, room) > 0.99


@pytest.mark.parametrize("container", ["basket", "bucket", "package"])
def test_what_is_in_a_basket_looks_out_over_its_rim(container: str) -> None:
    placement, bearer = placed(Relation.INSIDE, "cat", container)
    rim = rim_of(container, bearer.picture)
    assert rim is not None
    assert placement.box.top < rim < placement.box.bottom
    assert placement.rim == rim


def test_a_ladder_leans_against_the_tree_that_it_touches() -> None:
    placement, bearer = placed(Relation.LEANING, "ladder", "evergreen tree")
    assert placement.turn
    assert overlap(placement.box, Box(0, 0, *bearer.picture.size)) > 0.2


def test_a_monkey_has_its_banana_at_its_mouth() -> None:
    placement, bearer = placed(Relation.HOLDING, "banana", "monkey")
    head, box = head_box(bearer), placement.box
    assert overlap(box, Box(0, 0, *bearer.picture.size)) > 0.5
    assert abs(box.top + box.height / 2 - head.bottom) < 0.4 * head.height


def test_an_umbrella_is_over_the_head_and_behind_it() -> None:
    placement, bearer = placed(Relation.HOLDING, "umbrella", "person standing")
    assert placement.box.top < head_box(bearer).top
    assert not placement.front


def test_joining_loses_nothing_that_reaches_beyond_the_bearer() -> None:
    host, item = (Image.new("RGBA", (40, 60), colour) for colour in ("red", "blue"))
    joined = paste_together(host, item, Placement(box=Box(-10, -20, 30, 30)))
    assert joined.size == (50, 80)
    assert joined.getpixel((5, 5)) == (0, 0, 255, 255)
    assert joined.getpixel((45, 75)) == (255, 0, 0, 255)


def test_the_front_wall_of_a_container_is_drawn_over_what_is_inside() -> None:
    host, item = (Image.new("RGBA", (40, 40), colour) for colour in ("red", "blue"))
    joined = paste_together(host, item, Placement(box=Box(10, -10, 20, 40), rim=10))
    assert joined.getpixel((20, 15)) == (0, 0, 255, 255)
    assert joined.getpixel((20, 30)) == (255, 0, 0, 255)


def test_the_upper_edge_is_that_of_the_silhouette() -> None:
    picture = Image.new("RGBA", (30, 30))
    picture.paste((1, 1, 1, 255), (0, 12, 30, 30))
    assert upper_edge(picture, 15, 10) == 12


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("a dog wearing a hat", ["dog"]),
        ("a dog wearing a hat and sunglasses", ["dog"]),
        ("a cat wearing a crown riding a dog", ["dog"]),
        ("a kitten in a basket", ["basket"]),
        ("a vase of flowers", ["vase"]),
        ("a cat and a dog", ["cat", "dog"]),
        ("a cat to the left of a hat", ["cat", "top hat"]),
    ],
)
def test_what_belongs_together_becomes_one_thing(prompt: str, left: list[str]) -> None:
    library, style = loaded().library, STYLES["glossy"]
    spec = drawn_things(prompt)
    chosen = choose(spec, library, style, np.random.default_rng(0))
    joined, drawings = assemble(spec, chosen, drawings=style.drawings)
    names = [piece.subject.name for piece in drawings if piece.subject]
    assert len(names) == len(left)
    assert [
        name for name, word in zip(names, left, strict=True) if word in ("cat", "dog", "basket", "vase")
    ] == [word for word in left if word in ("cat", "dog", "basket", "vase")]
    assert all(0 <= one < len(joined.things) > other for one, _, other in joined.relations)


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("a woman running on the beach", ["person running"]),
        ("people dancing", ["ballet dancer"]),
        ("a girl riding a horse", ["horse racing"]),
        ("a man riding a bicycle", ["person biking"]),
        ("a man riding an elephant", ["person standing", "elephant"]),
        ("a man playing a violin", ["person standing", "violin"]),
        ("a girl sitting on a bench", ["person kneeling", "bench"]),
        ("a cowboy riding a horse", ["horse racing"]),
        ("a girl with a balloon", ["person standing", "balloon"]),
        ("a girl with a dog", ["girl", "dog"]),
        ("a ship in a bottle", ["ship", "glass bottle"]),
        ("a man leaning against a wall", ["person standing"]),
    ],
)
def test_people_have_bodies_where_the_words_need_them(prompt: str, names: list[str]) -> None:
    things = drawn_things(prompt).things
    found = [thing.subjects[0].name for thing in things]
    assert len(found) == len(names)
    assert all(name in found or name in ("ship", "dog") for name in names)


def test_a_body_keeps_the_gender_and_the_skin_that_were_asked_for() -> None:
    spec = drawn_things("a black woman walking")
    assert (spec.things[0].gender, spec.things[0].skins) == ("woman", ("dark", "medium-dark"))
    assert drawn_things("a boy running").things[0].gender == "man"


def test_every_cat_of_three_has_a_hat_of_its_own() -> None:
    sheet = loaded().sheet_of("three cats wearing hats", seed=1, width=96, height=96)
    assert [thing for thing, _ in sheet.placed] == [0, 0, 0]


def test_a_bear_rides_with_its_body_and_is_a_bear_otherwise() -> None:
    riding, alone = (
        drawn_things(prompt).things[0].subjects[0].name for prompt in ("a bear riding a horse", "a bear")
    )
    assert (riding, alone) == ("teddy bear", "bear")


def test_an_animal_sits_higher_on_a_bicycle_than_a_person() -> None:
    lows = {
        item: placed(Relation.RIDING, item, "bicycle")[0].box.bottom for item in ("dog", "person standing")
    }
    assert lows["dog"] < lows["person standing"]

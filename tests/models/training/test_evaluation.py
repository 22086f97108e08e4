"""The exam of the bundled model: its questions, its detectors, its figures."""

from collections import Counter
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.layout_prior.library.cutout_library import Library
from engine.layout_prior.prompt.parser import parse
from engine.training.evaluation import eval_prompts as asked
from engine.training.evaluation.demographics import rows_of, who_appears
from engine.training.evaluation.detectors import colour_of, number_of, position_of
from engine.training.evaluation.evaluate import TITLES, Figures, exam_size
from engine.training.evaluation.metrics import distribution, diversity, frechet, is_unchanged, seam
from engine.training.evaluation.report import card_rows, change, read_figures, save_figures
from engine.training.evaluation.scorer.network import Scorer
from studio.errors import ModelLoadError

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"


def circles(*spots: tuple[int, int, str], wall: str = "white") -> Image.Image:
    picture = Image.new("RGB", (256, 256), wall)
    pen = ImageDraw.Draw(picture)
    for x, y, colour in spots:
        pen.ellipse((x - 22, y - 22, x + 22, y + 22), fill=colour)
    return picture


def test_there_are_two_hundred_different_things_and_the_library_has_them_all() -> None:
    library = Library(PRIOR)
    assert len(set(asked.objects())) == len(asked.objects()) == 200
    assert [
        question.prompt for question in asked.singles() if not parse(question.prompt, library).things
    ] == []


def test_no_two_questions_of_a_kind_have_one_caption() -> None:
    for kind in (asked.singles(), asked.pairs()):
        assert len({question.caption for question in kind}) == len(kind) == 200


def test_every_colour_number_and_position_is_asked_for_equally_often() -> None:
    for kind in (asked.colours(), asked.counts(), asked.positions()):
        answers = [question.answer[0] for question in kind]
        assert len({answers.count(answer) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("colour", "shade", "wall"),
    [
        ("red", "#e02a30", "white"), ("orange", "#f7881c", "white"), ("yellow", "#fcd028", "white"),
        ("green", "#38a848", "white"), ("blue", "#2c70e2", "white"), ("purple", "#8848c8", "white"),
        ("pink", "#fa78b2", "white"), ("brown", "#865430", "blue"), ("black", "#2e2e36", "blue"),
        ("white", "#f4f4f8", "blue"), ("grey", "#8c929c", "blue"),
    ],
)  # fmt: skip
def test_the_detector_names_every_colour(colour: str, shade: str, wall: str) -> None:
    assert colour_of(circles((128, 128, shade), wall=wall)) == colour


def test_the_detector_counts_what_is_apart_and_no_specks() -> None:
    three = circles((60, 60, "red"), (180, 60, "red"), (120, 180, "red"))
    three.paste((255, 0, 0), (3, 3, 6, 6))
    assert number_of(three) == 3
    assert number_of(circles()) == 0


@pytest.mark.parametrize(
    ("red", "blue", "position"),
    [
        ((60, 128), (190, 128), "to the left of"),
        ((190, 128), (60, 128), "to the right of"),
        ((128, 60), (128, 190), "above"),
        ((128, 190), (128, 60), "below"),
    ],
)
def test_the_detector_tells_where_red_lies_from_blue(
    red: tuple[int, int], blue: tuple[int, int], position: str
) -> None:
    assert position_of(circles((*red, "#e02a30"), (*blue, "#2c70e2"))) == position
    assert position_of(circles((*red, "#e02a30"))) == ""


def test_a_scorer_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelLoadError):
        Scorer.load(tmp_path)


def test_equal_distributions_have_no_distance_and_shifted_ones_that_of_their_means() -> None:
    vectors = np.random.default_rng(0).normal(size=(500, 4))
    one, other = distribution(vectors), distribution(vectors + 2)
    assert frechet(one, one) == pytest.approx(0, abs=1e-6)
    assert frechet(one, other) == pytest.approx(16, abs=1e-6)


def test_one_picture_again_and_again_has_no_variety() -> None:
    same = np.tile([[0.6, 0.8]], (4, 1))
    assert diversity(same) == pytest.approx(0)
    assert diversity(np.eye(3)) == pytest.approx(1)


def test_a_step_at_the_edge_is_a_seam_and_a_smooth_slope_is_none() -> None:
    slope = np.tile(np.linspace(0, 255, 256), (256, 1)).astype(np.uint8)
    step = slope.copy()
    step[:, 100:180] = np.minimum(255, step[:, 100:180].astype(int) + 70)
    edges = (100, 40, 180, 200)
    smooth, sharp = (seam(Image.fromarray(pixels, "L").convert("RGB"), edges) for pixels in (slope, step))
    assert smooth < 1.2
    assert sharp > 3


def test_one_changed_pixel_is_a_change() -> None:
    before = Image.new("RGB", (8, 8), "teal")
    after = before.copy()
    on_save = np.ones((8, 8), bool)
    assert is_unchanged(before, after, on_save)
    after.putpixel((3, 4), (0, 0, 0))
    assert not is_unchanged(before, after, on_save)


def test_figures_are_kept_and_compared(tmp_path: Path) -> None:
    names = [field.name for field in fields(Figures)]
    assert list(TITLES) == names
    figures = Figures(**dict.fromkeys(names, 0.5))
    save_figures(figures, tmp_path / "figures.json", machine="here")
    before = read_figures(tmp_path / "figures.json")
    assert before == dict.fromkeys(names, 0.5)
    assert card_rows(figures, before).count("\n") == len(names) + 1
    assert read_figures(tmp_path / "none.json") == {}


def test_lower_distances_and_seams_are_better() -> None:
    assert change("distance", 0.2, 0.5) == change("single_top5", 0.9, 0.5) == "better"
    assert change("edit_seam", 2.0, 1.0) == "worse"
    assert change("colour_right", 0.91, 0.9) == "as before"


def test_nobody_is_the_usual_one_where_a_prompt_does_not_say_who() -> None:
    found = who_appears(PRIOR, seeds=25)
    assert set(found) == set(asked.PEOPLE)
    for prompt, counted in found.items():
        skins = {"light", "medium-light", "medium", "medium-dark", "dark"}
        assert all(counted[skin] for skin in skins), prompt
        if prompt != "a child":
            assert 5 <= counted["woman"] <= 20, prompt
    row = dict(rows_of({"a doctor": Counter(woman=3, man=1, dark=4)}))["a doctor"]
    assert row == "woman 75%, man 25%; dark 100%"


def test_a_quick_exam_is_much_shorter() -> None:
    assert exam_size(quick=True) < exam_size(quick=False) / 5

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.imaging.canvas import outpaint_canvas as canvas_module
from engine.imaging.canvas.infill import spread
from engine.imaging.canvas.outpaint_canvas import expand, join, match_colours
from studio.domain.requests import Margins
from studio.domain.sizing.canvases import MAX_SIDE_PIXELS, margins_for_aspect, margins_for_sides
from studio.errors import BadParameterError
from tests.support.sentences import raises

SIDES = ["left", "top", "right", "bottom"]
sizes = st.tuples(st.integers(16, 400), st.integers(16, 400))
margins = st.builds(
    Margins,
    left=st.integers(0, 60),
    top=st.integers(0, 60),
    right=st.integers(0, 60),
    bottom=st.integers(0, 60),
)


def landscape(width: int = 128, height: int = 96) -> Image.Image:
    """Blue sky over green ground, with grain."""
    pixels = np.zeros((height, width, 3), np.float32)
    pixels[: height // 2] = (90, 140, 230)
    pixels[height // 2 :] = (60, 150, 50)
    pixels += np.random.default_rng(3).normal(0, 6, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def array(picture: Image.Image) -> npt.NDArray[np.int64]:
    return np.asarray(picture).astype(np.int64)


class TestMargins:
    @given(sizes, st.sets(st.sampled_from(SIDES)), st.integers(1, 200))
    def test_the_new_canvas_has_multiples_of_eight(
        self, size: tuple[int, int], sides: set[str], percent: int
    ) -> None:
        made = margins_for_sides(size, sides, percent)
        assert (size[0] + made.left + made.right) % 8 == 0
        assert (size[1] + made.top + made.bottom) % 8 == 0

    @given(sizes, st.sampled_from(SIDES), st.integers(1, 200))
    def test_the_named_side_grows_by_what_was_asked(
        self, size: tuple[int, int], side: str, percent: int
    ) -> None:
        made = margins_for_sides(size, [side], percent)
        length = size[0] if side in {"left", "right"} else size[1]
        assert 0 <= getattr(made, side) - max(1, round(length * percent / 100)) < 8

    def test_no_side_means_all_sides(self) -> None:
        assert margins_for_sides((64, 64), [], 50) == Margins(left=32, top=32, right=32, bottom=32)

    def test_a_side_that_is_not_named_does_not_grow(self) -> None:
        assert margins_for_sides((64, 64), ["left"], 50) == Margins(left=32)

    def test_an_unknown_side_is_named(self) -> None:
        with raises(BadParameterError, match="inside"):
            margins_for_sides((64, 64), ["inside"], 50)

    @pytest.mark.parametrize("percent", [0, -5])
    def test_nothing_to_add_is_refused(self, percent: int) -> None:
        with raises(BadParameterError, match="at least"):
            margins_for_sides((64, 64), ["left"], percent)

    def test_a_canvas_that_would_be_too_large_is_refused(self) -> None:
        with raises(BadParameterError, match=str(MAX_SIDE_PIXELS)):
            margins_for_sides((2048, 2048), ["left"], 200)

    @given(
        sizes,
        st.tuples(st.integers(1, 16), st.integers(1, 16)).filter(
            lambda ratio: 0.25 <= ratio[0] / ratio[1] <= 4
        ),
    )
    def test_an_aspect_ratio_is_met_by_growing_one_way(
        self, size: tuple[int, int], aspect: tuple[int, int]
    ) -> None:
        try:
            made = margins_for_aspect(size, aspect)
        except BadParameterError:
            assert size[0] / size[1] == pytest.approx(aspect[0] / aspect[1], rel=0.5)
            return
        width, height = size[0] + made.left + made.right, size[1] + made.top + made.bottom
        assert width % 8 == height % 8 == 0
        assert abs(width - height * aspect[0] / aspect[1]) < 9 * max(1, aspect[0] / aspect[1])

    def test_the_picture_stays_in_the_middle_of_its_new_format(self) -> None:
        assert margins_for_aspect((512, 512), (2, 1)) == Margins(left=256, right=256)

    def test_a_ratio_that_it_already_has_is_refused(self) -> None:
        with raises(BadParameterError, match="already is 1:1"):
            margins_for_aspect((512, 512), (1, 1))


class TestExpand:
    @settings(max_examples=30, deadline=None)
    @given(sizes, margins)
    def test_the_original_is_on_the_canvas_bit_for_bit(self, size: tuple[int, int], added: Margins) -> None:
        original = Image.fromarray(np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8))
        canvas = expand(original, added)
        assert canvas.picture.size == canvas.mask.size
        assert np.array_equal(array(canvas.picture.crop(canvas.box)), array(original))
        mask = array(canvas.mask)
        assert (mask[canvas.box[1] : canvas.box[3], canvas.box[0] : canvas.box[2]] == 0).all()
        assert (mask == 0).sum() == size[0] * size[1]

    def test_the_guess_continues_what_is_at_the_edge(self) -> None:
        canvas = expand(landscape(), Margins(right=64))
        new = array(canvas.picture)[:, 128:]
        sky, ground = new[10:30].mean((0, 1)), new[70:90].mean((0, 1))
        assert sky[2] > sky[1] > sky[0]
        assert ground[1] > ground[0]
        assert ground[1] > ground[2]

    def test_there_is_no_step_at_the_edge(self) -> None:
        picture = array(expand(landscape(), Margins(left=40, right=40)).picture)
        steps = np.abs(np.diff(picture, axis=1)).mean((0, 2))
        assert steps[39] < 2.5 * np.median(steps[41:160])
        assert steps[167] < 2.5 * np.median(steps[41:160])

    def test_a_margin_wider_than_the_picture_is_filled(self) -> None:
        canvas = expand(landscape(24, 16), Margins(left=120, bottom=200))
        assert canvas.picture.size == (144, 216)
        assert array(canvas.picture).min() > 0


class TestJoin:
    @settings(max_examples=20, deadline=None)
    @given(sizes, margins, st.integers(0, 40))
    def test_the_original_comes_back_bit_for_bit(
        self, size: tuple[int, int], added: Margins, pixels: int
    ) -> None:
        generator = np.random.default_rng(5)
        original = Image.fromarray(generator.integers(0, 256, (size[1], size[0], 3), np.uint8))
        canvas = expand(original, added)
        shape = (canvas.picture.height, canvas.picture.width, 3)
        painted = Image.fromarray(generator.integers(0, 256, shape, np.uint8))
        joined = join(canvas, painted, join_pixels=pixels)
        assert np.array_equal(array(joined.crop(canvas.box)), array(original))

    def test_a_shift_of_all_colours_is_taken_back_at_the_seam(self) -> None:
        canvas = expand(landscape(), Margins(right=64))
        truth = array(canvas.picture)
        painted = Image.fromarray((truth + np.array([25, -15, 10])).clip(0, 255).astype(np.uint8))
        near_seam = np.s_[:, 128:144]
        before = np.abs(array(painted)[near_seam] - truth[near_seam]).mean()
        after = np.abs(array(match_colours(canvas, painted))[near_seam] - truth[near_seam]).mean()
        assert after < before / 3

    def test_far_from_the_seam_the_painted_pixels_stay(self) -> None:
        canvas = expand(Image.new("RGB", (64, 64), (100, 100, 100)), Margins(right=800))
        painted = Image.new("RGB", canvas.picture.size, (130, 90, 100))
        joined = array(join(canvas, painted))
        assert np.abs(joined[:, -100:] - [130, 90, 100]).max() <= 2

    def test_there_is_no_step_at_the_seam(self) -> None:
        canvas = expand(landscape(), Margins(right=64))
        painted = Image.new("RGB", canvas.picture.size, (200, 60, 60))
        joined = array(join(canvas, painted))
        seam = np.abs(joined[:, 128] - joined[:, 127]).mean()
        assert seam < 12


class TestLargeCanvas:
    """Guesses and colour shifts of large canvases are worked out at a smaller size."""

    @pytest.fixture(autouse=True)
    def little_work(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(canvas_module, "WORK_PIXELS", 4000)

    @pytest.mark.parametrize(
        "added", [Margins(right=64), Margins(left=8, top=304, right=40), Margins(bottom=8)]
    )
    def test_the_original_is_still_kept_bit_for_bit(self, added: Margins) -> None:
        canvas = expand(landscape(), added)
        assert np.array_equal(array(canvas.picture.crop(canvas.box)), array(landscape()))
        painted = Image.new("RGB", canvas.picture.size, "red")
        assert np.array_equal(array(join(canvas, painted).crop(canvas.box)), array(landscape()))

    def test_the_guess_still_continues_the_picture(self) -> None:
        new = array(expand(landscape(), Margins(right=64)).picture)[:, 130:]
        sky, ground = new[10:30].mean((0, 1)), new[70:90].mean((0, 1))
        assert sky[2] > sky[1] > sky[0]
        assert ground[1] > max(ground[0], ground[2])

    def test_a_shift_of_all_colours_is_still_taken_back(self) -> None:
        canvas = expand(landscape(), Margins(right=64))
        truth = array(canvas.picture)
        painted = Image.fromarray((truth + np.array([25, -15, 10])).clip(0, 255).astype(np.uint8))
        matched = array(match_colours(canvas, painted))
        assert np.abs(matched[:, 128:144] - truth[:, 128:144]).mean() < 7

    @pytest.mark.parametrize("size", [(16, 4), (4, 16), (1, 1)])
    def test_a_tiny_picture_on_a_huge_canvas_is_no_trouble(self, size: tuple[int, int]) -> None:
        canvas = expand(Image.new("RGB", size, "red"), Margins(left=500, top=300, right=40, bottom=900))
        assert array(canvas.picture)[..., 0].min() > 200
        join(canvas, Image.new("RGB", canvas.picture.size))


class TestFill:
    @settings(max_examples=40, deadline=None)
    @given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
    def test_a_guess_never_leaves_the_range_of_what_is_known(
        self, height: int, width: int, seed: int
    ) -> None:
        generator = np.random.default_rng(seed)
        values = generator.uniform(10, 20, (height, width, 3)).astype(np.float32)
        known = (generator.random((height, width)) < 0.2).astype(np.float32)
        known[0, 0] = 1
        result = spread(values, known)
        assert result.shape == values.shape
        assert 9.99 <= result.min() <= result.max() <= 20.01

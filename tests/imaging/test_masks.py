import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from engine.imaging.masks.masks import check_mask, feather, fit_mask, overlay
from studio.errors import BadImageError
from tests.support.sentences import raises


def rectangle(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size, 0)
    mask.paste(255, box)
    return mask


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


class TestChecks:
    def test_another_size_is_refused_with_both_sizes(self) -> None:
        with raises(BadImageError, match=r"32×32.*64×48"):
            check_mask(rectangle((32, 32), (0, 0, 9, 9)), (64, 48))

    @pytest.mark.parametrize("darkness", [0, 100])
    def test_an_all_black_mask_is_refused(self, darkness: int) -> None:
        with raises(BadImageError, match="all black"):
            check_mask(Image.new("L", (32, 32), darkness), (32, 32))

    @pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA"])
    def test_any_mode_becomes_pure_black_and_white(self, mode: str) -> None:
        mask = check_mask(rectangle((32, 32), (0, 0, 16, 32)).convert(mode), (32, 32))
        assert mask.mode == "L"
        assert np.unique(np.asarray(mask)).tolist() == [0, 255]

    def test_grey_noise_of_a_jpeg_is_cleaned(self) -> None:
        grey = np.asarray(rectangle((32, 32), (0, 0, 16, 32))).astype(int)
        grey = (grey + np.random.default_rng(0).integers(-40, 40, grey.shape)).clip(0, 255)
        mask = np.asarray(check_mask(Image.fromarray(grey.astype(np.uint8)), (32, 32)))
        assert (mask[:, :16] == 255).all()
        assert (mask[:, 16:] == 0).all()

    @pytest.mark.parametrize("size", [(64, 48), (32, 24), (333, 250), (16, 12)])
    def test_a_mask_of_the_same_shape_is_resized(self, size: tuple[int, int]) -> None:
        mask = np.asarray(fit_mask(rectangle(size, (0, 0, size[0] // 2, size[1])), (128, 96)))
        assert mask.shape == (96, 128)
        assert (mask[:, :60] == 255).all()
        assert (mask[:, 68:] == 0).all()

    def test_a_mask_that_somebody_sent_may_not_mark_everything(self) -> None:
        with raises(BadImageError, match="all white"):
            fit_mask(Image.new("L", (32, 32), 255), (64, 64))


class TestFeather:
    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(0, 20),
        st.lists(st.tuples(*[st.integers(0, 60)] * 4), min_size=1, max_size=4),
    )
    def test_weights_never_leave_the_mask(self, radius: int, boxes: list[tuple[int, int, int, int]]) -> None:
        mask = Image.new("L", (60, 50), 0)
        for left, top, right, bottom in boxes:
            mask.paste(255, (min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
        weights = np.asarray(feather(mask, radius))
        inside = np.asarray(mask) == 255
        assert (weights[~inside] == 0).all()
        assert not inside.any() or weights.max() == 255

    def test_weights_grow_from_the_edge_inwards(self) -> None:
        row = np.asarray(feather(rectangle((200, 200), (50, 50, 150, 150)), 16))[100].astype(int)
        assert (np.diff(row[49:101]) >= 0).all()
        assert row[50] < 20
        assert row[58] == pytest.approx(128, abs=30)
        assert row[70:130].min() == 255

    def test_a_part_thinner_than_the_feather_is_still_painted(self) -> None:
        mask = rectangle((200, 200), (20, 98, 180, 103))
        mask.paste(255, (60, 20, 140, 80))
        weights = np.asarray(feather(mask, 24))
        assert weights[100, 100] == 255
        assert weights[50, 100] == 255

    def test_the_border_of_the_picture_is_no_edge(self) -> None:
        weights = np.asarray(feather(rectangle((100, 100), (0, 0, 50, 100)), 10))
        assert (weights[:, :30] == 255).all()

    def test_a_whole_mask_stays_whole(self) -> None:
        assert (np.asarray(feather(Image.new("L", (64, 64), 255), 16)) == 255).all()

    def test_no_feather_is_the_mask_itself(self) -> None:
        mask = rectangle((64, 64), (9, 9, 30, 30))
        assert np.array_equal(np.asarray(feather(mask, 0)), np.asarray(mask))

    def test_a_round_mask_is_feathered_alike_on_all_sides(self) -> None:
        mask = Image.new("L", (200, 200), 0)
        ImageDraw.Draw(mask).ellipse((20, 20, 180, 180), fill=255)
        weights = np.asarray(feather(mask, 20)).astype(int)
        straight, slanted = weights[100, 30], weights[100 - 49, 100 - 49]
        assert straight == pytest.approx(slanted, abs=45)


class TestOverlay:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, 2**32), st.integers(0, 12))
    def test_what_lies_outside_the_mask_comes_back_bit_for_bit(self, seed: int, radius: int) -> None:
        original, painted = noise((48, 40), seed), noise((48, 40), seed + 1)
        mask = rectangle((48, 40), (10, 8, 40, 30))
        result = pixels(overlay(original, painted, feather(mask, radius)))
        outside = np.asarray(mask) == 0
        assert np.array_equal(result[outside], pixels(original)[outside])
        assert not np.array_equal(result, pixels(original))

    def test_full_weight_gives_the_painted_pixels(self) -> None:
        original, painted = noise((32, 32), 1), noise((32, 32), 2)
        assert np.array_equal(
            pixels(overlay(original, painted, Image.new("L", (32, 32), 255))), pixels(painted)
        )

    @given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
    def test_a_blend_lies_between_both(self, under: int, over: int, weight: int) -> None:
        original, painted = (Image.new("RGB", (1, 1), (value,) * 3) for value in (under, over))
        result = overlay(original, painted, Image.new("L", (1, 1), weight))
        assert min(under, over) <= pixels(result)[0, 0, 0] <= max(under, over)

    def test_different_sizes_are_a_programming_error(self) -> None:
        with pytest.raises(ValueError, match="sizes differ"):
            overlay(noise((32, 32), 1), noise((32, 24), 2), Image.new("L", (32, 32)))


def pixels(picture: Image.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(picture.convert("RGB"))

"""Sizes, start pictures and masks, before any model is involved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.catalog.catalog import ModelEntry
from engine.catalog.geometry import Layout, size_near
from engine.generation.augmented_copy import augment
from engine.generation.generation_inputs import MOST_AT_ONCE, GenerationInputs
from engine.generation.prepare_inputs import prepare_inputs, steps_for
from engine.generation.tiled_refinement import ProgressMeter, refine_tiled
from engine.generation_task import GenerationTask, Progress
from engine.imaging.masks.masks import cover_cells
from engine.layout_prior.layout_prior import LayoutPrior
from studio.domain.requests import Operation, PaintRequest, Strength

PRIOR = Path(__file__).parents[3] / "engine/models/thimble/prior"
LAYOUT = Layout(factor=8, grid=8, multiple=64, latent_channels=4, input_channels=4, sample_pixels=512)
ENTRY = ModelEntry(name="any", source="/any", family="sd", width=512, height=512, steps=25)


@dataclass
class FakeComposer:
    """Red where it composes, green where it places; without words it leaves grey."""

    calls: list[tuple[str, int]] = field(default_factory=list)

    def compose(self, prompt: str, *, seed: int, width: int, height: int) -> Image.Image:
        self.calls.append((prompt, seed))
        return Image.new("RGB", (width, height), "red")

    def place(self, prompt: str, *, seed: int, canvas: Image.Image, mask: Image.Image) -> Image.Image:
        self.calls.append((prompt, seed))
        placed = canvas.copy()
        placed.paste("green" if prompt else "gray", mask=mask)
        return placed

    def retouch(self, prompt: str, picture: Image.Image) -> Image.Image:
        return Image.new("RGB", picture.size, "blue") if prompt == "pixel art" else picture

    def remark(self, prompt: str, *, model: str) -> str:
        return ""


def draw(
    request: PaintRequest,
    *sources: Image.Image,
    index: int = 0,
    prior: LayoutPrior | None = None,
    layout: Layout = LAYOUT,
    **more: Image.Image,
) -> GenerationInputs:
    order = GenerationTask(job_id="j", person="p", request=request, sources=sources, **more)  # type: ignore[arg-type]
    return prepare_inputs(order, index, entry=ENTRY, layout=layout, prior=prior)


def asks(operation: Operation = Operation.IMAGINE, **changes: object) -> PaintRequest:
    return PaintRequest(**{"operation": operation, "seed": 5, "prompt": "a boat", **changes})  # type: ignore[arg-type]


@given(width=st.integers(1, 4), height=st.integers(1, 4), area=st.sampled_from([256, 512, 1024]))
@settings(max_examples=40, deadline=None)
def test_a_size_has_about_the_ratio_and_the_area_asked_for(width: int, height: int, area: int) -> None:
    got = size_near(area * area, width / height, multiple=area // 8)
    assert got[0] % (area // 8) == got[1] % (area // 8) == 0
    assert 0.8 < (got[0] / got[1]) / (width / height) < 1.25
    assert 0.6 < got[0] * got[1] / area**2 < 1.5


@pytest.mark.parametrize(
    ("ratio", "size"), [(1.0, (512, 512)), (1.5, (576, 384)), (16 / 9, (704, 384)), (0.5, (384, 768))]
)
def test_well_known_ratios(ratio: float, size: tuple[int, int]) -> None:
    assert size_near(512 * 512, ratio, multiple=64) == size


def prior_of(composer: FakeComposer, **changes: Any) -> LayoutPrior:
    plain = LayoutPrior(
        composer=composer, strength=0.4, edit_strength=0.5, subtle_strength=0.1, strong_strength=0.2
    )
    return replace(plain, **changes)


def vary_with_prior(
    variation: Strength, composer: FakeComposer | None = None, **more: Any
) -> GenerationInputs:
    prior = prior_of(composer or FakeComposer())
    return draw(asks(Operation.VARY, variation=variation, **more), checked_cloth(), prior=prior)


def checked_cloth() -> Image.Image:
    values = np.random.default_rng(3).integers(0, 256, (8, 8, 3), np.uint8)
    return Image.fromarray(values).resize((512, 512), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("operation", [Operation.IMAGINE, Operation.VARY])
def test_what_a_style_needs_after_painting_is_done_to_the_painted_picture(operation: Operation) -> None:
    sources = (checked_cloth(),) if operation is Operation.VARY else ()
    request = asks(operation, prompt="pixel art", variation=Strength.STRONG)
    drawing = draw(request, *sources, prior=prior_of(FakeComposer()))
    painted = drawing.finish(Image.new("RGB", (drawing.width, drawing.height), "red"))
    assert painted.getpixel((3, 3)) == (0, 0, 255)


def test_a_model_that_invents_little_lays_the_same_words_out_anew() -> None:
    composer = FakeComposer()
    drawing = vary_with_prior(Strength.STRONG, composer)
    assert composer.calls == [("a boat", 5)]
    assert drawing.strength == 0.4


@pytest.mark.parametrize(("variation", "strength"), [(Strength.SUBTLE, 0.1), (Strength.STRONG, 0.2)])
def test_without_words_it_takes_the_same_picture_again(variation: Strength, strength: float) -> None:
    drawing = vary_with_prior(variation, prompt="")
    assert drawing.strength == strength
    assert drawing.start is not None
    assert drawing.start.size == (512, 512)
    assert np.asarray(drawing.start).tobytes() != np.asarray(checked_cloth()).tobytes()


def test_a_strength_asked_for_counts_with_every_model() -> None:
    drawing = vary_with_prior(Strength.STRONG, strength=0.6)
    assert drawing.strength == 0.6
    assert np.array_equal(np.asarray(drawing.start), np.asarray(checked_cloth()))


def test_a_variation_of_an_evolution_is_taken_again_where_a_prior_lays_pictures_out() -> None:
    """What such a model paints from much noise alone is nothing that anybody knows again."""
    near, far = (vary_with_prior(Strength.STRONG, reach=reach) for reach in (0.35, 0.8))
    assert 0.1 < near.strength < far.strength < 0.2  # between those of a subtle and of a strong copy
    assert not np.array_equal(np.asarray(far.start), np.asarray(checked_cloth()))


def test_a_variation_of_an_evolution_goes_as_far_as_it_says() -> None:
    request = asks(Operation.VARY, variation=Strength.STRONG, reach=0.8)
    assert draw(request, checked_cloth()).strength == 0.8


def test_a_small_augmentation_stays_nearer_than_a_large_one() -> None:
    cloth = checked_cloth()

    def distance(reach: float) -> float:
        copies = [np.asarray(augment(cloth, seed=seed, reach=reach), np.int16) for seed in range(8)]
        return float(np.mean([np.abs(copy - np.asarray(cloth, np.int16)).mean() for copy in copies]))

    assert 0 < distance(0.08) < distance(0.25)


def test_an_augmentation_is_the_same_for_the_same_seed() -> None:
    first, second = (augment(checked_cloth(), seed=4, reach=0.2) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_without_a_prior_a_picture_comes_from_noise() -> None:
    drawing = draw(asks())
    assert (drawing.width, drawing.height, drawing.start, drawing.mask) == (512, 512, None, None)


def test_a_prior_lays_each_picture_out_by_its_own_seed() -> None:
    composer = FakeComposer()
    prior = prior_of(composer)
    drawings = [draw(asks(aspect="2:1"), index=index, prior=prior) for index in range(3)]
    assert composer.calls == [("a boat", 5), ("a boat", 6), ("a boat", 7)]
    assert all(
        drawing.start is not None and drawing.start.size == (drawing.width, drawing.height)
        for drawing in drawings
    )
    assert {drawing.strength for drawing in drawings} == {0.4}


@pytest.mark.parametrize("operation", [Operation.EDIT, Operation.EXPAND])
def test_a_prior_places_into_holes_and_new_parts_only(operation: Operation) -> None:
    mask = Image.new("L", (512, 512), 0)
    mask.paste(255, (64, 64, 256, 256))
    prior = prior_of(FakeComposer())
    drawing = draw(
        asks(operation, sides=("left",)), Image.new("RGB", (512, 512), "blue"), mask=mask, prior=prior
    )
    assert drawing.start is not None
    assert drawing.mask is not None
    start, hole = np.asarray(drawing.start), np.asarray(drawing.mask) > 0
    assert (start[hole] == (0, 128, 0)).all()
    assert (start[~hole] == (0, 0, 255)).all()
    assert drawing.strength == 0.5


def test_a_small_hole_in_a_large_picture_is_painted_in_a_window_of_the_models_size() -> None:
    mask = Image.new("L", (3000, 2000), 0)
    mask.paste(255, (100, 100, 200, 180))
    drawing = draw(asks(Operation.EDIT), Image.new("RGB", (3000, 2000), "blue"), mask=mask)
    assert (drawing.width, drawing.height) == (512, 512)
    assert drawing.finish(Image.new("RGB", (512, 512), "red")).getpixel((150, 140)) == (255, 0, 0)


def test_a_large_hole_in_a_large_picture_fits_into_what_the_model_can_do() -> None:
    drawing = draw(
        asks(Operation.EDIT), Image.new("RGB", (3000, 2000), "blue"), mask=Image.new("L", (3000, 2000), 255)
    )
    assert drawing.width * drawing.height <= 4.5 * 512 * 512
    assert drawing.width / drawing.height == pytest.approx(1.5, rel=0.03)


def test_a_mask_grows_to_whole_latent_cells() -> None:
    mask = Image.new("L", (32, 16), 0)
    mask.putpixel((9, 3), 1)
    grown = np.asarray(cover_cells(mask, 8))
    assert (grown[:8, 8:16] == 255).all()
    assert grown.sum() == 64 * 255


@pytest.mark.parametrize(
    ("steps", "strength", "wanted"), [(25, 0.35, 25), (2, 0.35, 6), (8, 0.35, 12), (1, 1.0, 1)]
)
def test_few_steps_become_more_when_only_a_share_of_them_is_gone_through(
    steps: int, strength: float, wanted: int
) -> None:
    assert steps_for(asks(steps=steps), entry=ENTRY, prior=None, strength=strength) == wanted


def test_the_bundled_model_makes_eight_steps_at_most() -> None:
    config = json.loads((PRIOR / "prior.json").read_text("utf-8"))
    assert (
        4 <= int(config["steps"] * config["strength"]) <= int(config["steps"] * config["edit_strength"]) <= 8
    )


def test_a_prior_knows_how_few_steps_do() -> None:
    prior = prior_of(FakeComposer(), steps=20)
    assert steps_for(asks(), entry=ENTRY, prior=prior, strength=0.1) == 20


SEEING = replace(LAYOUT, has_image_encoder=True)


def three_flags() -> list[Image.Image]:
    return [
        Image.new("RGB", size, colour)
        for size, colour in (((512, 512), "red"), ((300, 600), "lime"), ((640, 64), "blue"))
    ]


def test_a_blend_lies_between_latents_of_one_size_with_the_shares_asked_for() -> None:
    drawing = draw(asks(Operation.BLEND, weights=(2, 1, 1)), *three_flags())
    assert drawing.start is not None
    assert drawing.start.getpixel((0, 0)) == (255, 0, 0)
    assert [weighted.share for weighted in drawing.mixed] == [0.25, 0.25]
    sizes = {weighted.picture.size for weighted in drawing.mixed} | {drawing.start.size}
    assert sizes == {(drawing.width, drawing.height)}
    assert 0 < drawing.strength < 1


def test_a_picture_of_no_weight_is_left_out_of_a_blend() -> None:
    drawing = draw(asks(Operation.BLEND, weights=(0, 1, 1)), *three_flags())
    assert drawing.start is not None
    assert drawing.start.getpixel((0, 0)) == (0, 255, 0)
    assert [weighted.share for weighted in drawing.mixed] == [0.5]


def test_a_model_with_eyes_is_shown_what_to_blend() -> None:
    drawing = draw(asks(Operation.BLEND), *three_flags(), layout=SEEING)
    assert drawing.start is None
    assert sum(weighted.share for weighted in drawing.likeness) == pytest.approx(1)
    assert [weighted.picture.size for weighted in drawing.likeness] == [(512, 512), (300, 600), (640, 64)]


def test_a_model_with_eyes_keeps_the_layout_for_subtle_variations_only() -> None:
    subtle, strong = (
        draw(asks(Operation.VARY, variation=strength), checked_cloth(), layout=SEEING)
        for strength in (Strength.SUBTLE, Strength.STRONG)
    )
    assert subtle.start is not None
    assert subtle.strength < 0.5
    assert strong.start is None
    assert len(subtle.likeness) == len(strong.likeness) == 1


def test_a_model_that_invents_little_puts_the_words_of_a_blend_into_the_pictures_colours() -> None:
    composer = FakeComposer()
    drawing = draw(asks(Operation.BLEND), *three_flags()[1:], prior=prior_of(composer))
    assert composer.calls == [("a boat", 5)]
    assert drawing.start is not None
    red, green, blue = drawing.start.resize((1, 1)).getpixel((0, 0))
    assert red < 240
    assert max(green, blue) > 10


def test_without_words_it_lays_the_pictures_over_each_other() -> None:
    drawing = draw(asks(Operation.BLEND, prompt=""), *three_flags(), prior=prior_of(FakeComposer()))
    assert len(drawing.mixed) == 2


def expand_far(prior: LayoutPrior | None = None) -> GenerationInputs:
    return draw(asks(Operation.EXPAND, amount_percent=100), scene_of(768), prior=prior)


def scene_of(side: int) -> Image.Image:
    return checked_cloth().resize((side, side))


@pytest.mark.thorough
def test_a_canvas_beyond_what_the_model_does_at_once_is_painted_in_windows_of_its_own_size() -> None:
    drawing = expand_far()
    assert drawing.width * drawing.height <= 4.1 * 512 * 512
    seen: list[int] = []

    def paint(windows: Sequence[tuple[int, GenerationInputs]]) -> list[Image.Image]:
        seen.extend(number for number, _ in windows)
        assert len(windows) <= MOST_AT_ONCE
        for _, window in windows:
            assert window.start is not None
            assert window.mask is not None
            assert (window.width, window.height) == (512, 512) == window.start.size == window.mask.size
            assert window.strength < 0.5
        return [window.start for _, window in windows if window.start is not None]

    whole = drawing.finish(Image.new("RGB", (drawing.width, drawing.height), "teal"))
    picture = refine_tiled(drawing, whole, paint)
    assert picture.size == (2304, 2304)
    assert len(seen) == len(set(seen)) > 20
    preserved = picture.crop((768, 768, 1536, 1536))
    assert preserved.tobytes() == scene_of(768).tobytes()


def test_progress_over_all_windows_never_goes_back() -> None:
    updates: list[Progress] = []
    meter = ProgressMeter(updates.append, asked=40)
    meter.expect(30)
    for steps in (10, 12, 18):
        for step in range(steps + 1):
            meter(Progress(step=step, steps=steps))
        meter.end_round(steps)
    assert [update.step for update in updates] == sorted(update.step for update in updates)
    assert {update.steps for update in updates} == {40}
    assert updates[-1].step == 40


def test_a_canvas_that_fits_is_painted_at_once() -> None:
    assert draw(asks(Operation.EXPAND), checked_cloth()).detail is None


def test_a_rim_is_painted_beyond_the_frame_and_cut_off_again() -> None:
    prior = prior_of(FakeComposer(), rim_cells=2)
    drawing = draw(asks(Operation.VARY, variation=Strength.SUBTLE, prompt=""), checked_cloth(), prior=prior)
    assert drawing.start is not None
    assert drawing.start.size == (drawing.width, drawing.height) == (544, 544)
    assert drawing.finish(drawing.start).size == (512, 512)
    start = np.asarray(drawing.start)
    assert (start[:16] == start[16:32][::-1]).all()


def test_the_mask_of_a_hole_grows_with_the_rim() -> None:
    mask = Image.new("L", (512, 512), 0)
    mask.paste(255, (0, 0, 64, 64))
    source = checked_cloth()
    drawing = draw(asks(Operation.EDIT), source, mask=mask, prior=prior_of(FakeComposer(), rim_cells=1))
    assert drawing.mask is not None
    assert drawing.mask.size == (528, 528)
    edited = drawing.finish(Image.new("RGB", (528, 528), "red"))
    assert edited.size == (512, 512)
    assert edited.crop((64, 64, 512, 512)).tobytes() == source.crop((64, 64, 512, 512)).tobytes()


@pytest.mark.parametrize(("own_words", "words"), [(True, "a boat"), (False, "")])
def test_what_a_picture_shows_is_not_shown_once_more_beside_it(own_words: bool, words: str) -> None:
    composer = FakeComposer()
    draw(asks(Operation.EXPAND, own_words=own_words), checked_cloth(), prior=prior_of(composer))
    assert composer.calls == [(words, 5)]


def test_an_edit_takes_away_what_device_pool_in_the_hole_alone() -> None:
    source = Image.new("RGB", (512, 512), "blue")
    source.paste("yellow", (100, 100, 160, 160))  # wholly in the hole
    source.paste("white", (0, 230, 512, 250))  # runs through it
    mask = Image.new("L", (512, 512), 0)
    mask.paste(255, (64, 64, 256, 256))

    class Empty(FakeComposer):
        """Its words name nothing that can be seen."""

        def place(self, prompt: str, *, seed: int, canvas: Image.Image, mask: Image.Image) -> Image.Image:
            return super().place("", seed=seed, canvas=canvas, mask=mask)

    drawing = draw(asks(Operation.EDIT), source, mask=mask, prior=prior_of(Empty()))
    assert drawing.start is not None
    assert drawing.start.getpixel((130, 130)) == (128, 128, 128)
    assert drawing.start.getpixel((80, 80)) == (0, 0, 255)
    assert drawing.start.getpixel((150, 240)) == (255, 255, 255)

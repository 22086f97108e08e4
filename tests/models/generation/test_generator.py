"""From an order to pictures, with a tiny model of random weights."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.adapters import stepwise
from engine.adapters.acceleration import row_buckets
from engine.adapters.components.batch_inputs import BatchRows
from engine.adapters.loading import optimization
from engine.adapters.unet import UNetModel
from engine.batching.device.compilation_record import CompilationRecord
from engine.batching.device.memory_limits import MAX_ROWS
from engine.batching.execution.step_batcher import StepBatcher
from engine.catalog.catalog import ModelCatalogue, ModelEntry
from engine.catalog.remote_entry import RemoteEntry
from engine.catalog.style_presets import styles
from engine.generation.device_settings import DeviceSettings
from engine.generation.generator import ImageGenerator
from engine.generation_task import GeneratedImage, GenerationTask, Progress
from engine.performance_settings import Speed
from studio.coded_text import coded, to_stored
from studio.domain.requests import Margins, Operation, PaintRequest, Source, Strength
from studio.errors import BadImageError, BadParameterError, JobCancelledError, ModelLoadError
from tests.support.sentences import raises
from tests.support.tiny_image_encoders import save_stable_unclip
from tests.support.tiny_models import save_sd

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("models") / "tiny")


def entry_for(folder: Path, name: str = "tiny", **changes: Any) -> ModelEntry:
    return ModelEntry(
        name=name,
        source=str(folder),
        family="sd",
        width=32,
        height=32,
        steps=4,
        guidance_scale=3.0,
        **changes,
    )


@pytest.fixture(scope="module")
def generator(folder: Path) -> Iterator[ImageGenerator]:
    broken = ModelEntry(name="broken", source="/nowhere/at-all", family="sd")
    strange = ModelEntry(name="strange", source=str(folder), family="cubism")
    generator = ImageGenerator(
        ModelCatalogue([entry_for(folder), broken, strange]), DeviceSettings(device="cpu", threads=1)
    )
    yield generator
    generator.close()


def request(operation: Operation = Operation.IMAGINE, **changes: Any) -> PaintRequest:
    return PaintRequest(
        **{"operation": operation, "seed": 7, "prompt": "a yellow star", "count": 2, **changes}
    )


def order(asked: PaintRequest, *sources: Image.Image, person: str = "ana", **changes: Any) -> GenerationTask:
    return GenerationTask(job_id="job", person=person, request=asked, sources=sources, **changes)


def photograph(width: int = 32, height: int = 32) -> Image.Image:
    values = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values)


def pixels(painted: GeneratedImage) -> np.ndarray:
    return np.asarray(painted.image, np.int16)


def test_an_order_comes_back_with_its_pictures_and_their_recipes(generator: ImageGenerator) -> None:
    first, second = generator.generate(order(request(negative_prompt="fog")))
    assert first.image.mode == "RGB"
    assert first.image.size == (32, 32)
    recipe = first.recipe
    assert (recipe.seed, second.recipe.seed) == (7, 8)
    assert (recipe.prompt, recipe.negative_prompt) == ("a yellow star", "fog")
    assert (recipe.steps, recipe.guidance_scale, recipe.scheduler) == (4, 3.0, "ddim")
    assert (recipe.model, len(recipe.model_hash)) == ("tiny", 64)
    assert recipe.software.startswith("chatelier ")
    assert recipe.strength is None


def test_pictures_that_are_there_already_are_not_painted_again(generator: ImageGenerator) -> None:
    every = generator.generate(order(request(count=3)))
    rest = generator.generate(order(request(count=3), done=frozenset({0, 2})))
    assert [painted.recipe.seed for painted in rest] == [8]
    assert np.abs(pixels(every[1]) - pixels(rest[0])).max() <= 1


def test_a_picture_is_handed_over_while_the_others_are_painted(
    generator: ImageGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a place for one sample at a time."""
    monkeypatch.setattr("engine.batching.sample_group._WORTH_SHOWING_SECONDS", 0.0)
    (worker,) = generator._device_pool.all()
    monkeypatch.setattr(worker._batcher.limits, "rows", lambda key: 2)
    early: dict[int, GeneratedImage] = {}
    stops = threading.Event()

    def take(index: int, painted: GeneratedImage) -> None:
        early[index] = painted
        stops.set()

    with pytest.raises(JobCancelledError):
        generator.generate(order(request(count=3, steps=400)), cancelled=stops.is_set, on_picture=take)
    assert early[0].recipe.seed == 7


def test_the_same_seed_paints_the_same_picture_beside_any_other_job(generator: ImageGenerator) -> None:
    alone = generator.generate(order(request(count=1)))[0]
    together: list[GeneratedImage] = []

    def paint(person: int, asked: PaintRequest) -> None:
        painted = generator.generate(order(asked, person=str(person)))
        if person == 0:
            together.extend(painted)

    asked = [request(count=1), *(request(seed=50 + n, prompt=f"thing {n}", steps=3 + n) for n in range(5))]
    threads = [threading.Thread(target=paint, args=job) for job in enumerate(asked)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.abs(pixels(alone) - pixels(together[0])).max() <= 1


def test_another_seed_paints_another_picture(generator: ImageGenerator) -> None:
    first, second = generator.generate(order(request()))
    assert np.abs(pixels(first) - pixels(second)).mean() > 1


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"aspect": "2:1"}, (48, 24)),
        ({"aspect": "1:4"}, (16, 64)),
        ({"width": 50, "height": 30}, (48, 32)),
        ({"width": 40}, (40, 40)),
    ],
)
def test_sizes_and_ratios_become_what_the_model_can_paint(
    changes: dict[str, Any], size: tuple[int, int], generator: ImageGenerator
) -> None:
    painted = generator.generate(order(request(count=1, **changes)))[0]
    assert painted.image.size == size
    assert (painted.recipe.width, painted.recipe.height) == size


def test_a_size_beyond_the_model_is_refused(generator: ImageGenerator) -> None:
    with raises(BadParameterError, match="too large"):
        generator.generate(order(request(width=512, height=512)))


def test_a_subtle_variation_stays_nearer_than_a_strong_one(generator: ImageGenerator) -> None:
    def recipe(variation: Strength) -> tuple[float | None, int]:
        asked = request(Operation.VARY, variation=variation, count=1, steps=20)
        painted = generator.generate(order(asked, photograph()))[0]
        return painted.recipe.strength, painted.recipe.steps

    assert recipe(Strength.SUBTLE) == (0.35, 20)
    assert recipe(Strength.STRONG) == (0.7, 20)


def test_a_few_step_model_still_takes_enough_steps_for_a_subtle_variation(
    generator: ImageGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = StepBatcher.submit
    asked = request(Operation.VARY, variation=Strength.SUBTLE, count=1)
    passes: list[int] = []
    monkeypatch.setattr(
        StepBatcher,
        "submit",
        lambda batcher, group: passes.append(group.samples[0].steps) or submit(batcher, group),
    )
    generator.generate(order(asked, photograph()))
    assert passes == [4]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("operation", "changes"),
    [
        (Operation.IMAGINE, {}),
        (Operation.VARY, {"strength": 0.2}),
        (Operation.VARY, {"strength": 0.1, "steps": 3}),
        (Operation.EXPAND, {"aspect": "3:1", "strength": 0.5}),
    ],
)
def test_progress_and_recipe_tell_the_steps_that_were_asked_for(
    operation: Operation, changes: dict[str, Any], count: int, generator: ImageGenerator
) -> None:
    updates: list[Progress] = []
    asked = request(operation, **{"count": count, "steps": 20, **changes})
    sources = [] if operation is Operation.IMAGINE else [photograph()]
    painted = generator.generate(order(asked, *sources), on_progress=updates.append)
    assert {update.steps for update in updates} == {asked.steps}
    assert {image.recipe.steps for image in painted} == {asked.steps}
    steps = [update.step for update in updates]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0, asked.steps)


def test_an_upload_is_varied_at_the_models_size_in_its_own_ratio(generator: ImageGenerator) -> None:
    painted = generator.generate(order(request(Operation.VARY, count=1), photograph(400, 200)))[0]
    assert painted.image.size == (48, 24)


def test_a_picture_painted_here_keeps_its_size(generator: ImageGenerator) -> None:
    source = Source(key="k", picture_id="k3v9m2p4qx7a.1")
    painted = generator.generate(
        order(request(Operation.VARY, count=1, sources=(source,)), photograph(56, 40))
    )[0]
    assert painted.image.size == (56, 40)


@pytest.mark.parametrize("size", [(32, 32), (61, 45), (300, 200)])
def test_an_edit_changes_the_hole_and_not_one_pixel_beside_it(
    size: tuple[int, int], generator: ImageGenerator
) -> None:
    source = photograph(*size)
    mask = Image.new("L", size, 0)
    box = (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2)
    mask.paste(255, box)
    painted = generator.generate(order(request(Operation.EDIT, count=1), source, mask=mask))[0]
    before, after, inside = np.asarray(source), np.asarray(painted.image), np.asarray(mask) > 0
    assert painted.image.size == size
    assert (before[~inside] == after[~inside]).all()
    assert (before[inside] != after[inside]).any()


def test_an_edit_without_a_mask_or_with_a_black_one_is_refused(generator: ImageGenerator) -> None:
    with raises(BadImageError, match="no mask"):
        generator.generate(order(request(Operation.EDIT), photograph()))
    with raises(BadImageError, match="black"):
        generator.generate(order(request(Operation.EDIT), photograph(), mask=Image.new("L", (32, 32))))
    with raises(BadImageError, match="same size"):
        generator.generate(order(request(Operation.EDIT), photograph(), mask=Image.new("L", (16, 32), 255)))


@pytest.mark.parametrize(
    ("changes", "size", "margins"),
    [
        ({"sides": ("left",), "amount_percent": 50}, (48, 32), Margins(left=16)),
        ({"sides": ("top", "bottom"), "amount_percent": 25}, (32, 48), Margins(top=8, bottom=8)),
        ({"aspect": "2:1"}, (64, 32), Margins(left=16, right=16)),
    ],
)
def test_an_expansion_keeps_every_pixel_of_the_picture(
    changes: dict[str, Any], size: tuple[int, int], margins: Margins, generator: ImageGenerator
) -> None:
    source = photograph()
    painted = generator.generate(order(request(Operation.EXPAND, count=1, **changes), source))[0]
    assert painted.image.size == size
    box = (margins.left, margins.top, margins.left + 32, margins.top + 32)
    assert np.array_equal(np.asarray(painted.image.crop(box)), np.asarray(source))


def test_a_start_picture_with_a_strength(generator: ImageGenerator) -> None:
    asked = request(count=1, strength=0.5, aspect="2:1", steps=8)
    painted = generator.generate(order(asked, photograph(100, 100)))[0]
    assert painted.image.size == (48, 24)
    assert painted.recipe.strength == 0.5


def test_an_upscale_makes_a_picture_four_times_as_large(generator: ImageGenerator) -> None:
    updates: list[Progress] = []
    asked = request(Operation.UPSCALE, count=1, factor=4)
    painted = generator.generate(order(asked, photograph(24, 16)), on_progress=updates.append)[0]
    assert painted.image.size == (96, 64)
    assert updates[-1].step == updates[-1].steps
    assert (painted.recipe.model, len(painted.recipe.model_hash)) == ("realesr-animevideov3-x4", 64)


def test_an_upscale_without_a_picture_is_refused(generator: ImageGenerator) -> None:
    with raises(BadParameterError, match="picture"):
        generator.generate(order(request(Operation.UPSCALE, count=1)))


@pytest.mark.parametrize("model", ["broken", "strange"])
def test_a_model_that_cannot_be_loaded_is_one_sentence(model: str, generator: ImageGenerator) -> None:
    with pytest.raises(ModelLoadError):
        generator.generate(order(request(model=model)))


def test_an_unknown_scheduler_is_answered_with_those_there_are(generator: ImageGenerator) -> None:
    with raises(BadParameterError, match="euler"):
        generator.generate(order(request(scheduler="magic")))


def test_a_style_changes_the_picture_and_stays_in_the_recipe(generator: ImageGenerator) -> None:
    plain = generator.generate(order(request(count=1)))[0]
    styled = generator.generate(order(request(count=1, style="Watercolour")))[0]
    assert (styled.recipe.prompt, styled.recipe.style) == ("a yellow star", "Watercolour")
    assert np.abs(pixels(plain) - pixels(styled)).max() > 0


def test_an_unknown_style_is_answered_with_those_there_are(generator: ImageGenerator) -> None:
    with raises(BadParameterError, match="watercolour"):
        generator.generate(order(request(style="brutalist")))


def test_every_style_leaves_a_place_for_the_words() -> None:
    for style in styles().values():
        assert "{braces}" in style.apply("{braces}", "")[0]


def test_weights_that_do_not_fit_their_configuration_are_told(folder: Path, tmp_path: Path) -> None:
    bad = Path(shutil.copytree(folder, tmp_path / "bad"))
    config = json.loads((bad / "unet" / "config.json").read_text())
    (bad / "unet" / "config.json").write_text(json.dumps({**config, "block_out_channels": [8, 16]}))
    generator = ImageGenerator(
        ModelCatalogue([entry_for(bad), entry_for(folder, "good")]), DeviceSettings(device="cpu", threads=1)
    )
    try:
        with raises(ModelLoadError, match="unet"):
            generator.generate(order(request()))
        assert generator.generate(order(request(model="good", count=1)))
    finally:
        generator.close()


def test_cancelled_before_anything(generator: ImageGenerator) -> None:
    with pytest.raises(JobCancelledError):
        generator.generate(order(request()), cancelled=lambda: True)


def test_cancelled_while_painting(generator: ImageGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    updates: list[Progress] = []
    may_go_on = threading.Event()
    turn = StepBatcher.turn

    def hold_after_a_step(batcher: StepBatcher) -> bool:
        """However slowly its person is told of the first step, the last one is not made meanwhile.

        Two steps of one picture are a step of both, also when they are painted one after the other.
        """
        if any(sample.position > 1 for samples in batcher._queue.running.values() for sample in samples):
            may_go_on.wait(60)
        return turn(batcher)

    def cancelled() -> bool:
        return bool(updates) and updates[-1].step > 0

    monkeypatch.setattr(StepBatcher, "turn", hold_after_a_step)
    try:
        with pytest.raises(JobCancelledError):
            generator.generate(order(request(steps=20)), on_progress=updates.append, cancelled=cancelled)
    finally:
        may_go_on.set()
    assert 0 < updates[-1].step < updates[-1].steps


def test_warming_up_loads_the_default_model_and_learns_how_long_a_step_takes(
    folder: Path, tmp_path: Path
) -> None:
    learned = tmp_path / "learned.json"
    generator = ImageGenerator(
        ModelCatalogue([entry_for(folder)]), DeviceSettings(device="cpu", threads=1, learned_file=learned)
    )
    updates: list[Progress] = []
    try:
        generator.warm_up(updates.append)
        assert updates[-1].step == updates[-1].steps
    finally:
        generator.close()
    (known,) = json.loads(learned.read_text())["cpu"].values()
    assert known["step_seconds"]["2"] > 0


def test_where_blocks_are_compiled_whatever_would_compile_them_again_is_painted_first(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[tuple[int, int, int]] = set()
    encoded: set[int] = set()
    predict, begin = UNetModel._forward, stepwise.begin

    def noted(model: UNetModel, rows: BatchRows) -> Any:
        seen.add((len(rows.sample), *rows.sample.shape[2:]))
        return predict(model, rows)

    def encoding(samples: Any, **how: Any) -> None:
        encoded.update(1 + len(sample.params.mixed) for sample in samples if sample.start is not None)
        begin(samples, **how)

    monkeypatch.setattr(UNetModel, "_forward", noted)
    monkeypatch.setattr(stepwise, "begin", encoding)
    monkeypatch.setattr(row_buckets, "BUCKETS", (1, 2, 3))
    monkeypatch.setattr(optimization, "compile_blocks", lambda network: None)
    generator = ImageGenerator(
        ModelCatalogue([entry_for(folder)]),
        DeviceSettings(
            device="cpu", threads=1, speed=Speed(compile=True), compiled_file=tmp_path / "last_start.json"
        ),
    )
    try:
        generator.warm_up()
    finally:
        generator.close()
    record = CompilationRecord.read(tmp_path / "last_start.json")
    assert record == CompilationRecord.of("cpu", optimization.count_compiled_graphs())
    square = {rows for rows, height, width in seen if height == width}
    wide = {rows for rows, height, width in seen if height < width}
    assert (square, wide, encoded) == ({6, 4, 2, 1}, {4, 2, 1}, {1, 3})


def test_a_model_that_cannot_be_warmed_up_does_not_keep_a_worker_from_its_work(tmp_path: Path) -> None:
    entry = ModelEntry(name="seer", source=str(save_stable_unclip(tmp_path)), family="pipeline")
    generator = ImageGenerator(ModelCatalogue([entry]), DeviceSettings(device="cpu", threads=1))
    try:
        generator.warm_up()
    finally:
        generator.close()


def test_one_batcher_for_each_device_shares_the_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = ModelEntry(
        name="far", source="http://127.0.0.1:9", family="images-api", remote=RemoteEntry(parallel=7)
    )
    gone = ModelEntry(name="gone", source="/nowhere", family="sd")
    generator = ImageGenerator(
        ModelCatalogue([entry_for(folder), far, gone]), DeviceSettings(device="cpu,cpu", threads=1)
    )
    begun, may_go_on = threading.Event(), threading.Event()
    busy: list[StepBatcher] = []
    turn = StepBatcher.turn

    def hold_the_first(batcher: StepBatcher) -> bool:
        if batcher.samples and not busy:
            busy.append(batcher)
            begun.set()
        if batcher in busy:
            may_go_on.wait(60)
        return turn(batcher)

    monkeypatch.setattr(StepBatcher, "turn", hold_the_first)
    held = threading.Thread(target=generator.generate, args=(order(request(count=1)),))
    held.start()
    try:
        begun.wait()
        generator.generate(order(request(count=1), person="ben"))
        assert [len(device_worker._models_by_name) for device_worker in generator._device_pool.all()] == [
            1,
            1,
        ]
        assert generator.rows_at_once() == 2 * MAX_ROWS
        assert generator.rows_at_once(models=["tiny", "far", "gone"]) == 2 * MAX_ROWS + 7
    finally:
        may_go_on.set()
        held.join()
        generator.close()


def test_a_recipe_tells_which_words_the_bundled_model_did_not_know() -> None:
    generator = ImageGenerator(ModelCatalogue.load())
    try:
        remarks = {
            prompt: generator.generate(order(request(prompt=prompt, count=1, steps=1)))[0].recipe.remark
            for prompt in ("a zorgle", "ein Fuchs")
        }
    finally:
        generator.close()
    unknown = coded("model_remark.unknown_words", model="Thimble", words=("zorgle",))
    assert remarks == {"a zorgle": to_stored(unknown), "ein Fuchs": ""}
